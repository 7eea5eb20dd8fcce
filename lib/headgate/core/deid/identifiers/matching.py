"""How a patient's identifiers are recognised in a text.

A name of six letters and more is found anywhere, also within a longer word; a shorter one only
as a word of its own, digits and marks parting words. A number of six characters and more is
found anywhere; a shorter one only where no letter or digit is next to it. A birth date is found
in the forms people write, where no digit is next to it.

What a text is searched for when it is cut is more than what the gate refuses: initials, names of
two letters, and the people and places around the patient tell little on their own.
"""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import permutations

from headgate.core.deid.identifiers import (
    dating,
    inflection,
    initials,
    joining,
    romanizing,
    spelling,
)
from headgate.core.deid.identifiers.patient import numbers_as_written
from headgate.core.deid.identifiers.searching import Search
from headgate.core.deid.identifiers.telling import Identifiers, is_alphabetic
from headgate.core.deid.identifiers.text import alphanumeric, fold, fold_letter
from headgate.core.deid.identifiers.vocabulary import is_clinical
from headgate.core.dicom import repertoire
from headgate.core.dicom.repertoire import PLAUSIBLE, sets_words_apart

LONG = 6
FEWEST = 4  # characters of what is told from a chance when it is set apart or cut
FEWEST_DISGUISED = 3
FEWEST_COUNTED = 5  # digits of a number, its zeros before it set aside, that no measure has
MOST_WORDS = 4
NO_LETTER_BEFORE, NO_LETTER_AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"
NO_WORD_BEFORE, NO_WORD_AFTER = r"(?<![^\W_])", r"(?![^\W_])"
NO_DIGIT_BEFORE, NO_DIGIT_AFTER = r"(?<!\d)", r"(?!\d)"
SEPARATORS = ("", "-", ".", "/", " ", "_")
GENITIVE = f"(?:['’]?s|{inflection.AFTER_MARK})?"
# What is written as one with the word after it: and, with, to, like, the, from, that
PREFIXES = {"ARABIC": "[وف]?(?:[بلك]?ال|لل|[بلك])?", "HEBREW": "[והבלמשכ]{0,2}"}
BETWEEN_CODES = r"[\s^,.=-]{1,3}"
Span = tuple[int, int]


@lru_cache(maxsize=256)
def pattern(identifiers: Identifiers) -> Search:
    """Given identifiers, return what finds any of them in a folded text."""
    return Search.of(_own(identifiers))


@lru_cache(maxsize=256)
def wide_pattern(identifiers: Identifiers) -> Search:
    """Given identifiers, return what finds what is cut from a text beside what `pattern` finds:
    names with their initials, and what tells little on its own.
    """
    letters = joining.of_initials(identifiers.persons)
    before = rf"(?:{NO_WORD_BEFORE}{letters}\.?[ ^-]?)*"
    after = rf"(?:(?:[ ,^]{{1,2}}|(?<=\.)){letters}{NO_WORD_AFTER}\.?)*"
    parts = [*_around(identifiers), *joining.of_persons((*identifiers.persons, *identifiers.staff))]
    parts += [before + _name(name) + after for name in identifiers.names]
    parts += [
        NO_LETTER_BEFORE + parted + NO_LETTER_AFTER
        for name in identifiers.names
        if (parted := spelling.of_two_words(name))
    ]
    parts += map(spelling.of_reversed, (*identifiers.names, *identifiers.numbers))
    found = Search.of([*filter(None, parts), *_cut_short(identifiers)])
    beginnings = joining.groups_of_beginnings(identifiers.persons)
    return found.beside([*inflection.groups_of(identifiers), *beginnings])


@lru_cache(maxsize=256)
def exact_pattern(identifiers: Identifiers) -> Search:
    """Given identifiers, return what finds those that their capitals alone tell.

    Initials and names of two letters are words of every text in small letters.
    """
    years = frozenset(date[:4] for date in identifiers.birth_dates)
    parts = [part for words in identifiers.persons for part in initials.of_person(words, years)]
    parts += [part for name in identifiers.names for part in inflection.in_capitals(name)]
    return Search.of(NO_WORD_BEFORE + part for part in parts)


@lru_cache(maxsize=256)
def day_pattern(identifiers: Identifiers) -> Search:
    """Given identifiers, return what finds days of the study in a folded text."""
    return Search.of(dating.of_study(identifiers.study_dates))


@lru_cache(maxsize=256)
def code_pattern(identifiers: Identifiers) -> Search:
    """Given identifiers, return what finds them in code strings, whose own vocabulary is short.

    There an underscore joins words (MAX_IP), and identifiers under four characters are not
    looked for, since Image Type alone is full of them.
    """
    parts = [_code(name, spelling.of_name(name)) for name in identifiers.names if len(name) > 3]
    parts += [
        _code(number, spelling.of_long_number(number) if len(number) >= LONG else re.escape(number))
        for number in numbers_as_written(identifiers.numbers)
        if len(number) > 3
    ]
    parts += [_guarded_date(form) for form in birth_date_forms(identifiers.birth_dates)]
    parts += [
        NO_WORD_BEFORE
        + spelling.of_name(one)
        + BETWEEN_CODES
        + spelling.of_name(other)
        + NO_WORD_AFTER
        for one, other in short_names(identifiers)
        if len(one) > 1 and len(other) > 1
    ]
    return Search.of([*parts, *_cut_short(identifiers)])


@lru_cache(maxsize=256)
def staff_in_codes(identifiers: Identifiers) -> Search:
    """Given identifiers, return what finds the people around the patient in code strings."""
    return Search.of(
        NO_LETTER_BEFORE + spelling.of_name(word) + NO_LETTER_AFTER
        for word in identifiers.others
        if len(word) > FEWEST and word.isalpha() and not is_clinical(word)
    )


@lru_cache(maxsize=256)
def long_numbers(identifiers: Identifiers) -> frozenset[str]:
    """Given identifiers, return the numbers that are the patient's wherever they stand alone."""
    several = {run for one in identifiers.numbers for run in (one, *spelling.runs(one))}
    numbers = {one for one in several if len(one) >= LONG}
    numbers |= {form for form in birth_date_forms(identifiers.birth_dates) if form.isdigit()}
    counted = (one for one in numbers if one.isdecimal() and len(one.lstrip("0")) >= FEWEST_COUNTED)
    decimal = (form for one in counted for form in spelling.of_decimal(one))
    return frozenset([*numbers, *decimal])


def birth_date_forms(dates: tuple[str, ...]) -> list[str]:
    """Given dates as YYYYMMDD, return the commonest forms in which they are written."""
    forms = []
    for digits in dates:
        year, month, day = digits[:4], digits[4:6], digits[6:]
        for orders in ((year, month, day), (day, month, year), (month, day, year)):
            forms += [separator.join(orders) for separator in SEPARATORS]
        forms += [f"{int(day)}.{int(month)}.{year}", f"{int(day)}/{int(month)}/{year}"]
    return sorted(set(forms))


def spans(text: str, find: Callable[[str], Iterator[Span]]) -> list[Span]:
    """Given a text and what finds places in a folded one, return the places in the text itself."""
    if text.isascii():
        return list(find(text.lower()))
    places = [index for index, letter in enumerate(text) for _ in fold_letter(letter)]
    places.append(len(text))
    # with the marks after the last letter, of which folding leaves nothing
    return [
        (places[start], max(places[end - 1] + 1, places[end])) for start, end in find(fold(text))
    ]


def short_names(identifiers: Identifiers) -> Iterator[tuple[str, str]]:
    """Given identifiers, yield the pairs of words that tell only together, in either order."""
    for words in identifiers.persons:
        alone = [word for word in words if word not in identifiers.names]
        for one, other in permutations(words[:MOST_WORDS], 2):
            if (one in alone or other in alone) and len(one) + len(other) > 2:
                yield one, other


def _own(identifiers: Identifiers) -> list[str]:
    return [
        *map(_name, identifiers.names),
        *(_name(form) for name in identifiers.names for form in disguised(name, identifiers)),
        *(
            NO_LETTER_BEFORE + lost + NO_LETTER_AFTER
            for name in identifiers.names
            if (lost := spelling.of_lost(name))
        ),
        *(
            NO_WORD_BEFORE + written + NO_WORD_AFTER
            for name in identifiers.names
            if (written := spelling.of_seven_bits(name))
        ),
        *(
            NO_LETTER_BEFORE + spelling.of_parted(name) + NO_LETTER_AFTER
            for name in identifiers.names
            if len(name) >= FEWEST or not is_alphabetic(name)
        ),
        *(
            NO_LETTER_BEFORE + spelled + (NO_LETTER_AFTER if len(name) <= FEWEST else "")
            for name in identifiers.names
            if (spelled := romanizing.of_name(name))
        ),
        *(_number(number) for number in numbers_as_written(identifiers.numbers)),
        *(
            NO_WORD_BEFORE + spelling.of_long_number(number) + NO_WORD_AFTER
            for number in numbers_as_written(identifiers.numbers)
            if len(number) >= LONG
        ),
        *(_guarded_date(form) for form in birth_date_forms(identifiers.birth_dates)),
        *(
            NO_DIGIT_BEFORE + form + NO_DIGIT_AFTER
            for digits in identifiers.birth_dates
            for form in spelling.of_date(digits)
        ),
        *(
            NO_LETTER_BEFORE + spelling.of_name(one) + joining.BETWEEN + spelling.of_name(other)
            + NO_LETTER_AFTER
            for one, other in short_names(identifiers)
            if (len(one) > 1 and len(other) > 1) or not (one + other).isascii()
        ),
    ]  # fmt: skip


def _around(identifiers: Identifiers) -> Iterator[str]:
    for number in identifiers.numbers:
        for run in spelling.runs(number):
            spelled = spelling.of_long_number(run) if len(run) >= LONG else re.escape(run)
            yield NO_DIGIT_BEFORE + spelled + NO_DIGIT_AFTER
        if tail := spelling.of_number_without_prefix(number):
            yield NO_DIGIT_BEFORE + tail + NO_DIGIT_AFTER
        if shortened := spelling.of_number_cut_short(number):
            yield NO_WORD_BEFORE + shortened
        if FEWEST <= len(alphanumeric(number)) < LONG:
            yield NO_DIGIT_BEFORE + spelling.of_long_number(number) + NO_DIGIT_AFTER
    for date in identifiers.birth_dates:
        yield from dating.of_birth(date)
    for word in identifiers.others:
        yield from _of_other(word)


def _of_other(word: str) -> Iterator[str]:
    """Yield the patterns of a word or number of people and places around the patient."""
    if spelling.is_number(word):
        yield NO_WORD_BEFORE + spelling.of_long_number(word) + NO_WORD_AFTER
        for run in spelling.runs(word):
            yield NO_DIGIT_BEFORE + spelling.of_long_number(run) + NO_DIGIT_AFTER
    elif not all(map(is_clinical, word.split())):
        yield NO_WORD_BEFORE + spelling.of_cut_short(word) + GENITIVE + NO_WORD_AFTER


def _cut_short(identifiers: Identifiers) -> Iterator[str]:
    for name in identifiers.names:
        if not is_clinical(name) and (shortened := spelling.of_name_cut_short(name)):
            yield rf"{NO_LETTER_BEFORE}[^\W\d_]?{shortened}"


def is_chance_within(name: str) -> bool:
    """Given a name, return whether it is so short that it stands in other words by chance."""
    # fewer words have letters that ASCII lacks
    return len(name) < (LONG if name.isascii() else LONG - 1) and sets_words_apart(name)


def disguised(name: str, identifiers: Identifiers) -> set[str]:
    """Given a name, return how it looks where it was written in one character set and read in
    another.
    """
    if name.isascii():
        return set()
    read_as = ("latin-1", "cp1252", *identifiers.encodings)
    cases = {name, name.lower(), name.upper()}
    encodings = {*identifiers.encodings, *PLAUSIBLE}
    data = {repertoire.written(case, one) for case in cases for one in encodings} - {b""}
    found = {one.decode(encoding, "ignore") for one in data for encoding in dict.fromkeys(read_as)}
    # as folded: marks of other scripts leave nothing, and nothing is in every text
    return {
        text
        for text in found - {name}
        if len(fold(text).strip()) >= (LONG if text.isascii() else FEWEST_DISGUISED)
    }


def _name(name: str) -> str:
    word, plain = spelling.of_name(name), fold(name)
    if not is_chance_within(plain):
        return word
    prefix = "" if plain.isascii() else PREFIXES.get(repertoire.script_of(plain[:1]), "")
    return NO_LETTER_BEFORE + prefix + word + GENITIVE + NO_LETTER_AFTER


def _number(number: str) -> str:
    word = re.escape(number)
    zeros = "0*" if number.isdigit() else ""
    return NO_WORD_BEFORE + zeros + word + NO_WORD_AFTER if len(number) < LONG else word


def _code(word: str, spelled: str) -> str:
    return rf"\b{spelled}\b" if len(word) < LONG else spelled


def _guarded_date(form: str) -> str:
    return NO_DIGIT_BEFORE + re.escape(form) + NO_DIGIT_AFTER
