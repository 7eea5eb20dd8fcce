"""People in free texts, whoever they are: what stands after their titles and marks of address."""

import re
from collections.abc import Iterator

from headgate.core.deid.identifiers.roles import (
    ADDRESS,
    BEFORE_A_NAME,
    BY,
    LABELS,
    PATIENTS,
    TITLES,
)
from headgate.core.deid.identifiers.telling import PARTICLES
from headgate.core.deid.identifiers.text import is_small_form
from headgate.core.deid.identifiers.vocabulary import is_clinical

NO_LETTER_BEFORE = r"(?<![^\W_])"
AS_A_NAME = r"(?:(?: (?:er|är))?[\s:]+|, | [(-] ?)(?=[A-ZÀ-ÖØ-ÞČĐŠŽ](?:[a-zß-öø-ÿčđŋšŧž]|\.\s))"
TITLE = re.compile(
    rf"{NO_LETTER_BEFORE}(?:(?:(?i:{'|'.join((*TITLES, *BY, *PATIENTS))})|{'|'.join(ADDRESS)})"
    rf"(?:[.:：]|(?=\s))|(?i:{'|'.join(LABELS)}) ?[:：]|(?i:{'|'.join(BEFORE_A_NAME)}){AS_A_NAME})"
    r"[\s:：]*"
)
# What stands within names and is none, as it is written after a title
BETWEEN = PARTICLES | {"Ó", "Ní", "Nic", "Mac", "Mc", "Al", "El", "Ap", "De", "La", "Van", "Von"}
SMALL = re.compile(
    rf"(?i:{'|'.join(TITLES[:2])})\.?\s*$"
)  # said before names in small letters, too
WORD = re.compile(r"[^\W\d_][^\W\d_'’.-]*(?:['’-][^\W\d_]+)*\.?")
GAP = re.compile(r"[\s,^]{1,3}")
MOST_WORDS, INITIAL = 3, 2


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Given a text, yield where a title and the name after it stand."""
    position = 0
    while found := TITLE.search(text, position):
        start, position = found.start(), found.end()
        # titles stand in rows: Prof. Dr. med.
        while (next_one := TITLE.match(text, position)) is not None:
            found, position = next_one, next_one.end()
        end = _end_of_name(text, position, is_small=SMALL.fullmatch(found[0].strip()) is not None)
        if end is not None:
            yield start, end
            position = end


def _end_of_name(text: str, position: int, *, is_small: bool) -> int | None:
    end, names = None, 0
    while names < MOST_WORDS and (found := WORD.match(text, position)) is not None:
        if found[0] not in BETWEEN:
            if not _is_name(found[0], is_first=end is None, is_small=is_small):
                break
            end, names = found.end(), names + 1
        gap = GAP.match(text, found.end())
        if gap is None:
            break
        position = gap.end()
    return end


def _is_name(word: str, *, is_first: bool, is_small: bool) -> bool:
    bare = word.rstrip(".")
    if len(bare) < INITIAL and not (word.endswith(".") and word.isupper()):
        return False
    is_capital = not is_small_form(word[0])
    return (is_capital or (is_first and is_small)) and not is_clinical(bare)
