"""Names with the endings that other languages than English give them in a sentence.

Of a language nothing is known but the name: what ends alike is declined alike. An ending that makes
a word of the field out of a name is left out.
"""

import re
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import permutations

from headgate.core.deid.identifiers.searching import Group
from headgate.core.deid.identifiers.spelling import UNSURE, of_name
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identifiers.text import fold
from headgate.core.deid.identifiers.vocabulary import FOLDED, STEMS, is_clinical
from headgate.core.dicom.repertoire import script_of

FEWEST = {"LATIN": 4, "GREEK": 4, "CYRILLIC": 4}  # letters, by script: shorter ones are other words
FEWEST_TOGETHER = 3  # where another part of the name stands beside it
SHORT, LONG_ENDING = 4, 2  # letters of a Latin name, and of the endings that tell it from a word
SURE, MOST_WORDS = 5, 4  # so long a name is found alone
BEFORE, BETWEEN, AFTER = r"(?<![^\W\d_])", r"[\W_]{1,3}", r"(?![^\W\d_])"
# Endings of one letter as they are written; a plain e is that of German adjectives: lange Achse
OF_ONE_LETTER = {
    "a": "aáą", "e": "éęě", "i": "ií", "m": "m", "n": "n", "t": "t", "u": "uúů", "y": "yý",
}  # fmt: skip
AFTER_MARK = "['’`][^\\W\\d_]{1,5}"  # Turkish, and as English is written abroad: Yılmaz'ın
# Endings that follow a whole name: Slavic, Estonian, Hungarian, Turkish, Icelandic; after a vowel
# also Finnish
AFTER_CONSONANT = (
    "a u e i y em om ie im ou ovi ovy owi iem ova ove ovou ovej le lt ga ale alt ele elt ile ilt"
    " s ne nak nek val vel ban ben ot et at tol hoz hez in un dan den da de ul ului iga ille illa"
    " ilta issa ista ar"
)
AFTER_VOWEL = (
    "n lle lta lla ssa sta na t nak nek ne val vel m ho mu go s nin nun ya ye dan den da de le lt"
    " ga"
)
# What a name ends with, how much of that falls, and what takes its place. Longest first.
DECLENSIONS: dict[str, tuple[tuple[str, int, str], ...]] = {
    "LATIN": (
        # Finnish, with what changes within: Virtanen, Lehtimäki, Hammaslahti, Koskenranta, Pekka
        ("nen", 3, "sen sta selle selta sella seen sena sessa sesta seksi"),
        ("nta", 2, "nan nalle nalta nalla"), ("lto", 2, "lon lolle lolta lolla"),
        ("kka", 2, "an alle alta alla"), ("tti", 2, "in ille ilta illa"),
        ("ki", 2, "en elle elta ella"), ("mpi", 2, "men melle melta mella"),
        # Icelandic: Jónsdóttir, Jónsson
        ("dóttir", 2, "ur"), ("sson", 2, "yni"),
        # Slavic, with a vowel that falls: Marek, Němec; and the others that end with one
        ("ta", 2, "cie"), ("da", 2, "dzie"), ("ra", 2, "rze"), ("ka", 2, "ce"), ("ga", 2, "dze"),
        ("ek", 2, "ka ku kovi kem kiem kowi ke"), ("ec", 2, "ce ci cem covi ca cu"),
        ("el", 2, "la lu lovi lem le"),
        ("a", 1, "y i u e o ou ie ej iej oj ii om ei ai as ovi owi em"),
        ("o", 1, "a u y e om ovi owi"),
        ("y", 1, "eho emu ego ej ych ym"), ("i", 1, "eho emu iego iemu ego ej ich im en elle elta"),
        # Lithuanian, Latvian, Greek: Petrauskas, Žemaitis, Bērziņš, Papadopoulos
        ("as", 2, "o ui a u e am ai"), ("is", 2, "io iui iu a im i ui"), ("us", 2, "aus ui u um"),
        ("os", 2, "ou o e"), ("s", 1, "a am u i im"), ("e", 1, "es ei is u"),
    ),
    "CYRILLIC": (
        ("ий", 2, "ого его ому ему им ом ем их ия ию ого і"), ("ый", 2, "ого ому ым ом ых"),
        ("ой", 2, "ого ому ым ом ых"), ("ая", 2, "ой ую ою"), ("яя", 2, "ей юю"),
        ("ек", 2, "ка ку ком ке"), ("ец", 2, "ца цу цом цем це"), ("ок", 2, "ка ку ком ке"),
        ("й", 1, "я ю ем е еві"), ("ь", 1, "я ю ем ем и ью еві"), ("я", 1, "и ю ей е ею ї і"),
        ("а", 1, "ы и у е ой ою ей і ові"), ("о", 1, "а у ом ові е"),
    ),
    "GREEK": (
        ("ος", 2, "ου ο ε ον"), ("ης", 2, "η ην"), ("ας", 2, "α αν"), ("ις", 2, "ι ιν η"),
        ("α", 1, "ας αν"), ("η", 1, "ης ην"), ("ω", 1, "ως"),
    ),
}  # fmt: skip
WHOLE = {
    "LATIN": AFTER_CONSONANT, "CYRILLIC": "а у ом ем е ым ой ою ых ы и ові", "GREEK": "",
}  # fmt: skip
VOWELS = frozenset("aeiouyаеиоуыэюяіїєαεηιουω")


def groups_of(identifiers: Identifiers) -> Iterator[Group]:
    """Given identifiers, yield what finds their names with endings; the patterns are long, and made
    where a text has the letters of a name.
    """
    for name in identifiers.names:
        fewest = FEWEST.get(script_of(name[:1]))
        if fewest is not None and len(name) >= fewest:
            yield Group(_letters_of(name), partial(_of_name, name))
    for words in (*identifiers.persons, *identifiers.staff):
        for one, other in permutations(words[:MOST_WORDS], 2):
            if 1 < min(len(one), len(other)) < SURE:
                letters = _letters_of(one) | _letters_of(other)
                yield Group(letters, partial(_of_two, one, other))


def in_capitals(name: str) -> Iterator[str]:
    """Given a name, yield the patterns of it with an ending of one letter where that tells it only
    from a word that is no name if it is short, and begins with a capital.
    """
    if len(name) != SHORT or script_of(name[:1]) != "LATIN":
        return
    for stem, several in _stems(name):
        endings = _harmless(fold(stem), [one for one in several if one in OF_ONE_LETTER])
        if endings:
            letters = "".join(OF_ONE_LETTER[one] for one in endings)
            yield f"{re.escape(stem.capitalize())}[{letters}]{AFTER}"


@lru_cache(maxsize=1024)
def _letters_of(name: str) -> frozenset[str]:
    """Return the letters and digits that a name has with any ending."""
    bent = script_of(name[:1]) in FEWEST
    stems = [stem for stem, _ in _stems(name)] if bent and len(name) >= FEWEST_TOGETHER else []
    return frozenset(filter(str.isalnum, fold(min(stems, key=len, default=name)))) - UNSURE


def _of_name(name: str) -> list[str]:
    is_short = len(name) <= SHORT and script_of(name[:1]) == "LATIN"
    return [BEFORE + _inflected(name, LONG_ENDING if is_short else 1) + AFTER]


def _of_two(one: str, other: str) -> list[str]:
    return [BEFORE + BETWEEN.join(map(_beside_another, (one, other))) + AFTER]


def _beside_another(name: str) -> str:
    if len(name) < FEWEST_TOGETHER or script_of(name[:1]) not in FEWEST:
        return of_name(name)
    return f"(?:{of_name(name)}|{_inflected(name, 1)})"


@lru_cache(maxsize=1024)
def _inflected(name: str, shortest: int) -> str:
    forms = []
    for stem, several in _stems(name):
        endings = _harmless(fold(stem), [one for one in several if len(one) >= shortest])
        if endings:
            forms.append(f"{of_name(stem)}(?:{'|'.join(endings)})")
    return f"(?:{'|'.join([*forms, of_name(name) + AFTER_MARK])})"


def _stems(name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what of a name stays, and the endings that come after it."""
    script, plain = script_of(name[:1]), fold(name)
    if plain[-1:] not in VOWELS:
        yield name, fold(WHOLE[script]).split()
    elif script == "LATIN":
        yield name, AFTER_VOWEL.split()
    for ending, falls, endings in DECLENSIONS[script]:
        if plain.endswith(fold(ending)) and len(name) - falls >= FEWEST_TOGETHER - 1:
            yield name[:-falls], fold(endings).split()


def _harmless(stem: str, endings: list[str]) -> list[str]:
    """Return the endings that make no word of the field."""
    if not stem.startswith(STEMS) and not any(word.startswith(stem) for word in FOLDED):
        return endings
    return [one for one in endings if not is_clinical(stem + one)]
