"""How a patient's identifiers are recognised in a text.

A name of six letters and more is found anywhere, also within a longer word; a shorter one only
as a word of its own, digits and marks parting words. A number of six characters and more is
found anywhere; a shorter one only where no letter or digit is next to it. A birth date is found
in the forms people write, where no digit is next to it.
"""

import re
from functools import lru_cache

from headgate.core.deid.patient import Identifiers, numbers_as_written
from headgate.core.deid.text import fold, fold_letter

LONG = 6
NO_LETTER_BEFORE, NO_LETTER_AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"
NO_WORD_BEFORE, NO_WORD_AFTER = r"(?<![^\W_])", r"(?![^\W_])"
NO_DIGIT_BEFORE, NO_DIGIT_AFTER = r"(?<!\d)", r"(?!\d)"
SEPARATORS = ("", "-", ".", "/", " ")
NOTHING = re.compile(r"(?!)")


@lru_cache(maxsize=256)
def pattern(identifiers: Identifiers) -> re.Pattern[str]:
    """Given identifiers, return the one pattern that finds any of them in a folded text."""
    parts = [
        *(_name(fold(name)) for name in identifiers.names),
        *(_number(number) for number in numbers_as_written(identifiers.numbers)),
        *(_guarded_date(form) for form in birth_date_forms(identifiers.birth_dates)),
    ]
    # longest first, so that a cut leaves no rest of an identifier that holds another
    parts = sorted(set(parts), key=lambda part: (-len(part), part))
    return re.compile("|".join(parts)) if parts else NOTHING


@lru_cache(maxsize=256)
def code_pattern(identifiers: Identifiers) -> re.Pattern[str]:
    """Given identifiers, return the pattern for code strings, whose own vocabulary is short.

    There an underscore joins words (MAX_IP), and identifiers under four characters are not
    looked for, since Image Type alone is full of them.
    """
    words = [*map(fold, identifiers.names), *numbers_as_written(identifiers.numbers)]
    parts = sorted({_code(word) for word in words if len(word) > 3})
    parts += [_guarded_date(form) for form in birth_date_forms(identifiers.birth_dates)]
    return re.compile("|".join(parts)) if parts else NOTHING


def birth_date_forms(dates: tuple[str, ...]) -> list[str]:
    """Given dates as YYYYMMDD, return the forms in which people write them."""
    forms = []
    for digits in dates:
        year, month, day = digits[:4], digits[4:6], digits[6:]
        for orders in ((year, month, day), (day, month, year), (month, day, year)):
            forms += [separator.join(orders) for separator in SEPARATORS]
        forms += [f"{int(day)}.{int(month)}.{year}", f"{int(day)}/{int(month)}/{year}"]
    return sorted(set(forms))


def spans(text: str, expression: re.Pattern[str]) -> list[tuple[int, int]]:
    """Given a text and a pattern for folded texts, return where it is found in the text itself."""
    if text.isascii():
        return [found.span() for found in expression.finditer(text.lower())]
    places = [index for index, letter in enumerate(text) for _ in fold_letter(letter)]
    places.append(len(text))
    return [
        (places[found.start()], places[found.end() - 1] + 1)
        for found in expression.finditer(fold(text))
    ]


def _name(name: str) -> str:
    is_whole = len(name) < LONG and name.isascii()
    word = re.escape(name)
    return NO_LETTER_BEFORE + word + NO_LETTER_AFTER if is_whole else word


def _number(number: str) -> str:
    word = re.escape(number)
    return NO_WORD_BEFORE + word + NO_WORD_AFTER if len(number) < LONG else word


def _code(word: str) -> str:
    return rf"\b{re.escape(word)}\b" if len(word) < LONG else re.escape(word)


def _guarded_date(form: str) -> str:
    return NO_DIGIT_BEFORE + re.escape(form) + NO_DIGIT_AFTER
