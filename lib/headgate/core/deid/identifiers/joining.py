"""Words of a name that stand together: whole, as initials, or only their beginnings."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import combinations, permutations

from headgate.core.deid.identifiers import initials, spelling
from headgate.core.deid.identifiers.searching import Group
from headgate.core.deid.identifiers.spelling import UNSURE
from headgate.core.deid.identifiers.text import fold
from headgate.core.deid.identifiers.vocabulary import FOLDED, is_abbreviation, is_clinical

MOST_WORDS, FEWEST = 4, 4
FEWEST_OF_BEGINNING = 3
BEGINNINGS = frozenset(word[: 2 * FEWEST_OF_BEGINNING] for word in FOLDED)
NO_LETTER_BEFORE, NO_LETTER_AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"
BETWEEN = r"[\W_]{0,3}"
BETWEEN_BEGINNINGS = "[_.-]?"
INITIAL_AFTER = "[ ,^]{1,2}"


def of_persons(persons: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    """Given persons, yield the patterns of two words of one that stand together, one perhaps as
    initial.
    """
    for words in persons:
        if len(words) > 2:
            for order in (words, (*words[1:], words[0])):
                whole = BETWEEN.join(map(spelling.of_name, order[:MOST_WORDS]))
                yield NO_LETTER_BEFORE + whole + NO_LETTER_AFTER
        for one, other in permutations(words[:MOST_WORDS], 2):
            if len(one) > 1 and len(other) > 1:
                first, second = spelling.of_name(one), spelling.of_name(other)
                yield NO_LETTER_BEFORE + first + BETWEEN + second + NO_LETTER_AFTER
                initial = re.escape(fold(one)[0])
                yield NO_LETTER_BEFORE + initial + initials.DOTTED + second + NO_LETTER_AFTER
                yield NO_LETTER_BEFORE + first + INITIAL_AFTER + re.escape(fold(other)[0]) + r"\."
                # what people are called by machines: mberg, bergm
                if len(other) >= FEWEST:
                    for joined in (initial + second, second + initial):
                        if not is_clinical(joined):
                            yield NO_LETTER_BEFORE + joined + NO_LETTER_AFTER


def of_initials(persons: tuple[tuple[str, ...], ...]) -> str:
    """Given persons, return the pattern of what stands beside a name of one in place of the others:
    a letter of it, or several as one where these are no abbreviation of the field.
    """
    several = [
        [fold(half)[:1] for word in words[:MOST_WORDS] for half in word.split("-")]
        for words in persons
    ]
    single = "".join(sorted({letter for letters in several for letter in letters}))
    spans = [combinations(range(len(one) + 1), 2) for one in several]
    joined = {
        "".join(one[start:end])
        for one, ends in zip(several, spans, strict=True)
        for start, end in ends
    }
    whole = sorted(one for one in joined if one.isascii() and len(one) > 1 and one.isalpha())
    forms = [one for one in whole if not is_abbreviation(one)]
    return f"(?:{'|'.join([*forms, f'[{re.escape(single)}]'])})" if single else "(?!)"


def groups_of_beginnings(persons: tuple[tuple[str, ...], ...]) -> Iterator[Group]:
    """Given persons, yield what finds the beginnings of two words as one, as plans and folders are
    called where a field is short: BergLis, LIS_BERG.
    """
    for words in persons:
        for one, other in permutations(words[:MOST_WORDS], 2):
            if min(len(one), len(other)) < FEWEST_OF_BEGINNING or not (one + other).isalpha():
                continue
            shortest = fold(one)[:FEWEST_OF_BEGINNING] + fold(other)[:FEWEST_OF_BEGINNING]
            if shortest not in BEGINNINGS:
                yield Group(frozenset(shortest) - UNSURE, partial(_beginnings, one, other))


def _beginnings(one: str, other: str) -> list[str]:
    parts = map(spelling.of_beginning, (one, other))
    return [NO_LETTER_BEFORE + BETWEEN_BEGINNINGS.join(parts) + NO_LETTER_AFTER]
