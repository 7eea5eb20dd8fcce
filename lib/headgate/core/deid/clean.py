"""Clean Descriptors (DCM 113105): what names somebody is cut out of a text."""

import re
from collections.abc import Callable, Iterator

from headgate.core.deid.identifiers import matching, shapes, veils
from headgate.core.deid.identifiers.telling import Identifiers

LEFT_OVER = re.compile(r"\s+")
MOST_CUTS = 8  # places that come together where something between them was cut
EDGES = " ,;:^_-/()[]"


def cut(text: str, identifiers: Identifiers) -> str:
    """Given a text and a patient's identifiers, return the text without them.

    What can be nothing but somebody's goes too. What stays is as it was when nothing is found.
    """
    # initials tell nothing among the names of machines, which are full of two letters
    return _without(text, lambda now: [*_in_any_case(now, identifiers), *shapes.certain_spans(now)])


def cut_patient(text: str, identifiers: Identifiers) -> str:
    """Given a text about a hospital that stays, return it without the patient's identifiers."""
    return _without(text, lambda now: matching.spans(now, matching.pattern(identifiers).spans))


def cut_anybody(text: str, identifiers: Identifiers) -> str:
    """Given a free text, return it without the patient's identifiers and anybody's names, numbers,
    addresses and dates.
    """
    return _without(text, lambda now: [*_of_patient(now, identifiers), *shapes.spans(now)])


def is_certain(text: str) -> bool:
    """Given a text, return whether something in it can be nothing but somebody's."""
    return next(shapes.certain_spans(text), None) is not None


def _of_patient(text: str, identifiers: Identifiers) -> Iterator[tuple[int, int]]:
    yield from _in_any_case(text, identifiers)
    yield from matching.exact_pattern(identifiers).spans(text)
    yield from matching.spans(text, matching.day_pattern(identifiers).spans)


def _in_any_case(text: str, identifiers: Identifiers) -> Iterator[tuple[int, int]]:
    yield from matching.spans(text, matching.pattern(identifiers).spans)
    yield from matching.spans(text, matching.wide_pattern(identifiers).spans)


def _without(text: str, find: Callable[[str], list[tuple[int, int]]]) -> str:
    """Return a text without what is found in it, nor in what is left: a cut sets words apart."""
    text = _without_seen(text, find)
    for read in veils.lifted(text):
        if any(start < end for start, end in find(read)):
            return _without_seen(read, find)
    return text


def _without_seen(text: str, find: Callable[[str], list[tuple[int, int]]]) -> str:
    for _ in range(MOST_CUTS):
        found = [one for one in find(text) if one[0] < one[1]]
        if not found:
            return text
        text = _cut(text, found)
    return ""  # whatever it is, nobody wrote it


def _cut(text: str, found: list[tuple[int, int]]) -> str:
    kept, position = [], 0
    for start, end in sorted(found):
        kept.append(text[position : max(start, position)])
        position = max(position, end)
    rest = " ".join([*kept, text[position:]])
    return LEFT_OVER.sub(" ", rest).strip(EDGES)


def named_groups(text: str, pattern: str) -> str:
    """Given a text and a regular expression, return its named groups, joined by blanks.

    Without named groups all groups count; where the expression is not found, nothing is left.
    """
    found = re.search(pattern, text)
    if found is None:
        return ""
    groups = found.groupdict().values() if found.re.groupindex else found.groups()
    return " ".join(group for group in groups if group)
