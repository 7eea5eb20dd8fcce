"""People told by the initials of their names, in capitals, and by these and a year of birth."""

import re
from collections.abc import Iterable, Iterator
from itertools import permutations

from headgate.core.deid.identifiers.text import is_small_form
from headgate.core.deid.identifiers.vocabulary import is_abbreviation

MOST_WORDS = 4
DOTTED, DOTTED_END = r"\.[ -]?", r"(?:\.|(?![^\W_]))"
NO_WORD_AFTER, NO_LETTER_AFTER, NO_DIGIT_AFTER = r"(?![^\W_])", r"(?![^\W\d_])", r"(?!\d)"


def of_person(words: tuple[str, ...], years: Iterable[str]) -> Iterator[str]:
    """Given the words of a name and years of birth, yield the patterns of what tells somebody by
    capitals alone: initials, and words of two letters.
    """
    initialled = [re.escape(one) for word in words if (one := _initial(word))]
    if len(initialled) < 2:
        return
    yield from _of_letters(initialled, sorted(years))
    yield from _of_halves(words)
    for word in words:
        if len(word) == 2:
            yield from _of_two_letters(word)


def _of_two_letters(word: str) -> Iterator[str]:
    if word.isascii():
        for form in sorted({word.capitalize(), word.upper()}):
            if not form.isupper() or not is_abbreviation(form):
                yield re.escape(form) + NO_WORD_AFTER
    else:  # which hardly anything else is, whatever its case, ending and number: Bøs, bø2
        yield f"(?i:{re.escape(word)}s?)" + NO_LETTER_AFTER


def _of_letters(initialled: list[str], years: list[str]) -> Iterator[str]:
    family, *given = initialled
    for one, other in permutations(initialled[:MOST_WORDS], 2):
        yield DOTTED.join((one, other)) + DOTTED_END
    orders = [[*given, family], [given[0], family], [family, *given], [family, given[0]]]
    # of two family names before two given ones
    orders += [[*initialled[2:], *initialled[:2]]] if len(initialled) >= MOST_WORDS else []
    for letters in orders:
        joined = "".join(letters)
        if years:
            yield from _with_year(letters, years)
        yield DOTTED.join(letters) + DOTTED_END
        if not is_abbreviation(joined):
            yield joined + NO_WORD_AFTER
        if len(letters) > 2:
            yield r"\.? ".join(letters) + NO_WORD_AFTER


def _with_year(letters: list[str], years: list[str]) -> Iterator[str]:
    whole, short = "|".join(years), "|".join(year[2:] for year in years)
    yield rf"{DOTTED.join(letters)}\.?(?:[ _-]?(?:{whole})|['-]?(?:{short})){NO_DIGIT_AFTER}"
    joined = "".join(letters)
    yield rf"{joined}[ ._-]?(?:{whole}){NO_DIGIT_AFTER}"
    if not is_abbreviation(joined):  # TE62 is a time
        yield rf"{joined}['-]?(?:{short}){NO_WORD_AFTER}"


def _of_halves(words: tuple[str, ...]) -> Iterator[str]:
    """Yield the initials of a name with those of both halves of a double one: AGV."""
    initialled = ["".join(map(_initial, word.split("-"))) for word in words if _initial(word)]
    if sum(map(len, initialled)) > len(initialled) > 1:
        family, *given = map(re.escape, initialled)
        for letters in ([*given, family], [given[0], family], [family, *given]):
            if not is_abbreviation("".join(letters)):
                yield "".join(letters) + NO_WORD_AFTER


def _initial(word: str) -> str:
    """Return the letter that stands for a word: in al-Rashidi the R; none: blank."""
    return next((one for one in word if one.isalpha() and not is_small_form(one)), "")
