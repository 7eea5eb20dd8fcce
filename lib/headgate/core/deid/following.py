"""The next instance of a series: like the ones before it but for a few elements.

Bytes that are the same as in the instances before became what they became there. Whatever could
change the meaning of another element (character set, private creators, the patient's own words,
the order of tags) ends the comparison, and the instance is judged anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from headgate.core.deid import private
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.patient import CHARACTER_SET, may_tell
from headgate.core.deid.refusal import STUDY_INSTANCE_UID
from headgate.core.deid.rewriting import Level, rewritten
from headgate.core.deid.telling import TELLING
from headgate.core.elements import (
    DELIMITERS,
    LONG_VRS,
    Data,
    Element,
    Encoding,
    Malformed,
    element_at,
    header_end,
)

DECISIVE = frozenset({CHARACTER_SET, STUDY_INSTANCE_UID, *TELLING})
MOST_CHANGES = 40
EXPLICIT_LITTLE = Encoding(is_implicit=False, is_little=True)
# By how many bytes a header may be longer than the one before
LONGER = 4096


class Output(NamedTuple):
    """Encoded elements that leave, by tag in their order, where a leak is left in them, and what
    they refer to.
    """

    elements: dict[int, bytes]
    leaks: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """What instances have in common: the first of them, judged, and the places that vary.

    `outputs` are what leaves of the elements that do not vary, by whether pixels are cleaned.
    """

    level: Level
    elements: list[Element]
    results: list[Result]
    varying: tuple[int, ...] = ()
    outputs: dict[bool, Output] = field(default_factory=dict)

    @cached_property
    def end(self) -> int:
        """Where the first instance's header ends."""
        return self.elements[-1].end if self.elements else 0

    @cached_property
    def is_ordered(self) -> bool:
        """Whether no tag comes twice or out of order."""
        tags = [element.tag for element in self.elements]
        return all(one < other for one, other in pairwise(tags))

    @cached_property
    def runs(self) -> list[bytes]:
        """The bytes before, between and after the elements that vary."""
        cuts = [self.elements[place] for place in self.varying]
        starts = [0, *(one.end for one in cuts)]
        ends = [*(one.start for one in cuts), self.end]
        return [bytes(self.level.data[start:end]) for start, end in zip(starts, ends, strict=True)]

    @cached_property
    def heads(self) -> list[bytes]:
        """Of each element that varies, its tag and VR: blank where it needs a closer look."""
        encoding = self.level.context.reading
        return [
            _plain_head(self.elements[place], bytes(self.level.data), encoding)
            for place in self.varying
        ]

    @cached_property
    def constant(self) -> list[int]:
        """The places that do not vary."""
        return sorted(set(range(len(self.elements))) - set(self.varying))

    @cached_property
    def values(self) -> dict[int, bytes]:
        """The values of the elements that do not vary, by tag."""
        still = [self.elements[place] for place in self.constant]
        return {one.tag: bytes(self.level.data[one.value : one.end]) for one in still}


class Judged(NamedTuple):
    """An instance of a pattern: its elements that vary, what each of them became, and where its
    header ends.
    """

    pattern: Pattern
    level: Level
    elements: list[Element]
    results: list[Result]
    end: int

    def values(self, tags: frozenset[int]) -> dict[int, bytes]:
        """Given tags, return the values of those that it has."""
        common = self.pattern.values
        found = {tag: common[tag] for tag in tags if tag in common}
        for one in self.elements:
            if one.tag in tags:
                found[one.tag] = bytes(self.level.data[one.value : one.end])
        return found


def follow(pattern: Pattern, dataset: Data, memory: Memory) -> Judged | None:
    """Given what instances have in common and the next one's data set, return that one judged.

    None: it differs in more than values that concern nobody but themselves.
    """
    if not pattern.is_ordered:
        return None
    data = bytes(dataset[: pattern.end + LONGER])
    try:
        found = _located(pattern, data)
        if found is None:
            pattern = replace(pattern, varying=tuple(_varying(pattern, data)), outputs={})
            found = _located(pattern, data)
        if found is None or header_end(dataset[found[1] :], pattern.level.context.reading):
            return None
    except (_Different, Malformed):
        return None
    elements, end = found
    level = pattern.level._replace(data=data)
    return Judged(pattern, level, elements, rewritten(level, elements, memory, None), end)


class _Different(Exception):
    """The instance is to be judged anew."""


def _located(pattern: Pattern, data: bytes) -> tuple[list[Element], int] | None:
    """Return the elements that vary and where they end; None: something else varies as well."""
    runs, encoding = pattern.runs, pattern.level.context.reading
    if not data.startswith(runs[0]):
        return None
    position, elements = len(runs[0]), []
    for place, head, run in zip(pattern.varying, pattern.heads, runs[1:], strict=True):
        old = pattern.elements[place]
        if head and data.startswith(head, position):
            end = position + 8 + int.from_bytes(data[position + 6 : position + 8], "little")
            element = Element(old.tag, position, position + 8, end, old.vr, False)
        else:
            element = element_at(data, position, encoding)
            _check(old, element, data)
        elements.append(element)
        if not data.startswith(run, element.end):
            return None
        position = element.end + len(run)
    return elements, position


def _plain_head(element: Element, data: bytes, encoding: Encoding) -> bytes:
    """Return the tag and VR of an element that concerns nobody but itself whatever its value;
    blank where its bytes have to be looked at.
    """
    is_plain = encoding == EXPLICIT_LITTLE and element.vr not in LONG_VRS
    if not is_plain or element.tag >> 16 == DELIMITERS or _is_decisive(element.tag):
        return b""
    return data[element.start : element.start + 6]


def _varying(pattern: Pattern, data: bytes) -> Iterator[int]:
    """Yield the places that vary, those included in which this instance is the first to do so."""
    known, position = frozenset(pattern.varying), 0
    count, encoding = len(known), pattern.level.context.reading
    for place, old in enumerate(pattern.elements):
        raw = pattern.level.data[old.start : old.end]
        if place not in known and data.startswith(raw, position):
            position += len(raw)
            continue
        element = element_at(data, position, encoding)
        _check(old, element, data)
        position, count = element.end, count + (place not in known)
        if count > MOST_CHANGES:
            raise _Different
        yield place


def _check(old: Element, new: Element, data: bytes) -> None:
    """Raise _Different unless a new element in an old one's place concerns nobody but itself."""
    if new.tag != old.tag or new.vr != old.vr or _is_decisive(new.tag):
        raise _Different
    if may_tell(data[new.start : new.end], new):
        raise _Different


def _is_decisive(tag: int) -> bool:
    return tag in DECISIVE or bool(tag & 0x10000 and private.is_creator(tag))
