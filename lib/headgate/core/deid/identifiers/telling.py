"""Which attributes tell of people and places, and what their texts are taken apart into."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from headgate.core.deid.identifiers.text import fold
from headgate.core.deid.identifiers.vocabulary import is_clinical, is_common_in_places
from headgate.core.hashed import hashed_once

NAME_TAGS = {  # PS3.6: names of the patient and of the family
    0x00100010: "Patient's Name",
    0x00101001: "Other Patient Names",
    0x00101005: "Patient's Birth Name",
    0x00101060: "Patient's Mother's Birth Name",
    0x00102297: "Responsible Person",
}
NUMBER_TAGS = {
    0x00080050: "Accession Number",
    0x00100020: "Patient ID",
    0x00101000: "Other Patient IDs",
    0x00101040: "Patient's Address",
    0x00101090: "Medical Record Locator",
    0x00102154: "Patient's Telephone Numbers",
    0x00102155: "Patient's Telecom Information",
    0x00380010: "Admission ID",
    0x00380060: "Service Episode ID",
}
PATIENT_NAME, PATIENT_ID = 0x00100010, 0x00100020
ADDRESS = 0x00101040
BIRTH_DATE = 0x00100030
STUDY_DATE = 0x00080020  # the same in all of a study, so that its instances stay alike
# PS3.6: names of others. They are cut from texts, and no reason to refuse an instance.
STAFF_TAGS = (
    0x00080090, 0x0008009C, 0x00081048, 0x00081050, 0x00081060, 0x00081070, 0x00321032, 0x00400006,
    0x00401010, 0x00402008, 0x00404037, 0x0040A067, 0x0040A075, 0x0040A123, 0x0040A307, 0x0040A352,
    0x00700084, 0x300600A6, 0x300E0008, 0x40080102, 0x4008010A, 0x4008010C, 0x40080114, 0x40080119,
)  # fmt: skip
PLACE_TAGS = (0x00080080,)  # Institution Name
ADDRESS_TAGS = (0x00080081, 0x00080092, 0x00401102)  # of institutions and persons
PHONE_TAGS = (0x00080094, 0x00401103)
# numbers of studies, steps and orders
ORDER_TAGS = (
    0x00200010, 0x00400009, 0x00400253, 0x00401001, 0x00401006, 0x00401007, 0x00402006, 0x00402007,
    0x00402016, 0x00402017,
)  # fmt: skip
OTHER_TAGS = frozenset({*STAFF_TAGS, *PLACE_TAGS, *ADDRESS_TAGS, *PHONE_TAGS, *ORDER_TAGS})
TELLING = frozenset({*NAME_TAGS, *NUMBER_TAGS, BIRTH_DATE, *OTHER_TAGS})
TELLING_OF_STUDY = TELLING | {STUDY_DATE}  # which no sequence is entered for

FEWEST_DIGITS = 3  # of an order's number: what has fewer says what is done
NAME_LETTERS, STAFF_LETTERS, OTHER_LENGTH, FEWEST, ADDRESS_LENGTH = 3, 4, 5, 3, 6
PLACE_LETTERS = 4
DIGITS_OF_DATE = 8
# Words that stand in the place of a name and name nobody
PLACEHOLDERS = frozenset({
    "anonymous", "anonymized", "anonymised", "unknown", "patient", "none", "phantom", "test",
})  # fmt: skip
# PS3.5 6.2.1: prefixes and suffixes of names; and what stands in many
TITLES = frozenset({
    "dr", "prof", "professor", "med", "phd", "md", "msc", "mr", "mrs", "ms", "miss", "jr", "sr",
    "ii", "iii", "iv", "herr", "frau", "hr", "fr", "fru",
})  # fmt: skip
# Words within names that every text has: in small letters, and those that are so in capitals
PARTICLES = frozenset({
    "van", "von", "der", "den", "de", "del", "della", "di", "da", "du", "la", "le", "ter", "ten",
    "zu", "zum", "zur", "af", "av", "bin", "ibn", "al", "el", "y", "und", "og",
})  # fmt: skip
PARTICLES_IN_CAPITALS = frozenset({
    "VAN", "VON", "DER", "DEN", "DE", "DEL", "ZU", "MAC", "Mac", "MC", "Mc",
})  # fmt: skip
JOINED = PARTICLES | {"st", "san", "santa", "mac", "mc", "o", "dos", "das", "abu", "ben"}
NUMBER_IN_NAME = re.compile(r"(?<![^\W_])\d{6,}(?![^\W_])")
NAME_FOR_NUMBER = re.compile(r"[^\W\d_]{2,}(?:[\s^,.-]+[^\W\d_]{2,}){1,3}")
PARTS_OF_ADDRESS = re.compile(r"[,;^\r\n]+")
HOUSE = re.compile(r"(?<![^\W_])[^\W\d_]{0,2}-?\d[\w/-]*(?: [^\W\d_](?![^\W_]))?")
# of so many digits, or of letters and digits, that they are no measure: Britain, Canada, the rest
POSTAL_CODE = re.compile(
    r"(?<!\w)(?:[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d"
    r"|\d{4} [A-Z]{2}|\d{3} \d\d|\d{5}(?<!00)|\d{6})(?!\w)"
)
BETWEEN_WORDS = re.compile(r"[\^\s,.;/()\"]+")
WITHIN_WORDS = re.compile(r"[-'’‐‑]+")


@hashed_once
@dataclass(frozen=True)
class Identifiers:
    """The patient's own words: parts of names, numbers, birth dates; and how they may be written.

    Names and numbers are as they stood; dates are YYYYMMDD; encodings are Python's. Persons are
    the names as whole, word by word. Others are words of people and places around the patient,
    staff the names of those people as whole.
    """

    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()
    persons: tuple[tuple[str, ...], ...] = ()
    others: tuple[str, ...] = ()
    staff: tuple[tuple[str, ...], ...] = ()
    study_dates: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return how many there are: no log may hold them."""
        return f"Identifiers({len(self.names)} names, {len(self.numbers)} numbers)"


NOBODY = Identifiers()


def told_by(tag: int, texts: Sequence[str]) -> Identifiers:
    """Given the tag of a telling attribute and its texts, return what they tell."""
    if tag in NAME_TAGS:
        return Identifiers(
            names=tuple(part for text in texts for part in _parts(text)),
            numbers=tuple(one for text in texts for one in NUMBER_IN_NAME.findall(text)),
            persons=tuple(words for text in texts for words in _persons(text)),
        )
    if tag == BIRTH_DATE:
        return Identifiers(birth_dates=tuple(_whole_dates(texts)))
    if tag == STUDY_DATE:
        return Identifiers(study_dates=tuple(_whole_dates(texts)))
    numbers = tuple(one for one in texts if len(one) > 1) if tag in NUMBER_TAGS else ()
    if tag == PATIENT_ID and (named := [one for text in texts if (one := _name_in(text))]):
        return replace(told_by(PATIENT_NAME, named), numbers=numbers)
    staff = tuple(words for text in texts for words in _persons(text)) if tag in STAFF_TAGS else ()
    return Identifiers(numbers=numbers, others=tuple(_around(tag, texts)), staff=staff)


def _name_in(number: str) -> str:
    """Return the name that stands in the place of a number; blank where it is none."""
    words = number.replace("_", " ")
    is_name = NAME_FOR_NUMBER.fullmatch(words) and not any(map(is_clinical, words.split()))
    return words if is_name else ""


def _around(tag: int, texts: Iterable[str]) -> Iterator[str]:
    """Yield the words of people and places around the patient that a text tells."""
    for text in texts:
        if tag == ADDRESS or tag in ADDRESS_TAGS:
            yield from _streets(text)
            yield from _parts_of_address(text) if tag == ADDRESS else ()
        elif tag in ORDER_TAGS and sum(map(str.isdigit, text)) < FEWEST_DIGITS:
            continue
        elif tag in STAFF_TAGS:
            yield from (word for word in _parts(text) if len(word) >= STAFF_LETTERS)
        elif tag in OTHER_TAGS and len(text) >= (OTHER_LENGTH if is_alphabetic(text) else FEWEST):
            yield text
            yield from _of_institution(text) if tag in PLACE_TAGS else ()


def _of_institution(name: str) -> Iterator[str]:
    """Yield the words of the name of an institution that tell alone which one it is."""
    for word in BETWEEN_WORDS.split(name):
        is_name = word.isalpha() and word[:1].isupper() and len(word) >= PLACE_LETTERS
        if is_name and is_alphabetic(word) and not is_common_in_places(word):
            yield word


def _words(name: str) -> Iterator[list[str]]:
    """Given a person's name (PS3.5 6.2.1), yield the words of each of its representations."""
    for representation in name.split("="):
        words = (word for word in BETWEEN_WORDS.split(representation) if word)
        yield [word for word in words if fold(word) not in TITLES]


def _parts(name: str) -> Iterator[str]:
    for words in _words(name):
        yield from _with_particles(words)
        for word in words:
            halves = [half for half in WITHIN_WORDS.split(word) if half]
            joined = "".join(halves)
            yield from (one for one in dict.fromkeys((word, joined, *halves)) if _is_telling(one))
        # names of one character each tell nobody alone, but do together
        if len(words) > 1 and not any(map(is_alphabetic, words)):
            yield "".join(words)


def _with_particles(words: Sequence[str]) -> Iterator[str]:
    """Yield the words that follow others of a name, written as one with them: vanderBerg."""
    before = ""
    for word in words:
        if fold(word) in JOINED:
            before += word
        elif before:
            yield before + word
            before = ""


def _persons(name: str) -> Iterator[tuple[str, ...]]:
    for words in _words(name):
        named = tuple(word for word in words if any(map(str.isalpha, word)))
        if len(named) > 1 and not {fold(word) for word in named} & PLACEHOLDERS:
            yield named


def _is_telling(word: str) -> bool:
    # in scripts of India vowels are marks beside the letters
    letters = sum(one.isalpha() or unicodedata.category(one) == "Mc" for one in word)
    enough = NAME_LETTERS if is_alphabetic(word) else NAME_LETTERS - 1
    is_particle = word in PARTICLES_IN_CAPITALS or (word.islower() and word in PARTICLES)
    return letters >= enough and not is_particle and fold(word) not in PLACEHOLDERS


@lru_cache(maxsize=4096)
def is_alphabetic(word: str) -> bool:
    ideographic = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH")
    return not any(unicodedata.name(letter, "").startswith(ideographic) for letter in word)


def _streets(address: str) -> Iterator[str]:
    """Yield the parts of an address that say more than a town."""
    for part in PARTS_OF_ADDRESS.split(address):
        text = part.strip()
        has_both = any(map(str.isalpha, text)) and any(map(str.isdigit, text))
        if has_both and len(text) >= ADDRESS_LENGTH:
            yield text


def _parts_of_address(address: str) -> Iterator[str]:
    """Yield the street, the town and the postal code of somebody's own address, each alone."""
    for part in PARTS_OF_ADDRESS.split(address):
        text = HOUSE.sub("", POSTAL_CODE.sub("", part)).strip(" .-")
        if sum(map(str.isalpha, text)) >= OTHER_LENGTH:
            yield text
    for code in POSTAL_CODE.findall(address):
        yield from dict.fromkeys((code, code.replace(" ", "")))


def _whole_dates(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        digits = re.sub(r"\D", "", text)
        if len(digits) == DIGITS_OF_DATE:
            yield digits
