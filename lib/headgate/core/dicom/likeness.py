"""Data sets that are alike: the next of a series mostly differs from the last in a few values.

What they have in common is compared in runs of bytes, which costs a tenth of a walk.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from headgate.core.dicom.elements import (
    DELIMITERS,
    EXPLICIT,
    LONG_VRS,
    Data,
    Element,
    Encoding,
    Malformed,
    element_at,
    header_end,
    value_of,
)

MOST_CHANGES = 40
# By how many bytes a header may be longer than the first
LONGER = 4096
PIXEL_DATA = b"\xe0\x7f\x10\0OW\0\0"  # how its element begins: PS3.5 7.1
MayVary = Callable[[bytes, Element], bool]


class Followed(NamedTuple):
    """A data set that is like the others: what holds for all, the bytes of its elements that vary,
    in the order of their places, and where its header ends.
    """

    likeness: "Likeness"
    varying: list[bytes]
    end: int

    def value(self, tag: int) -> bytes:
        """Given a tag, return the value of its element; none: no bytes."""
        place = self.likeness.order.get(tag)
        if place is None:
            return self.likeness.values.get(tag, b"")
        return value_of(self.varying[place], self.likeness.encoding)


class _Different(Exception):
    """A data set is not like the others."""


@dataclass(frozen=True)
class Likeness:
    """The first of the data sets that are alike, with its elements, and the places that vary.

    `may_vary` tells of an element in its data set whether it concerns nobody but itself.
    """

    data: bytes
    elements: list[Element]
    encoding: Encoding
    may_vary: MayVary
    varying: tuple[int, ...] = ()

    @cached_property
    def end(self) -> int:
        """Where the first one ends."""
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
        return [self.data[start:end] for start, end in zip(starts, ends, strict=True)]

    @cached_property
    def steps(self) -> list[tuple[int, bytes, bytes, int]]:
        """Of each element that varies, its place, its tag and VR (blank where it needs a closer
        look), and the bytes that follow it, with their length.
        """
        heads = [self._plain_head(self.elements[place]) for place in self.varying]
        runs = self.runs[1:]
        return list(zip(self.varying, heads, runs, map(len, runs), strict=True))

    @cached_property
    def tags(self) -> tuple[int, ...]:
        """The tags of the elements that vary."""
        return tuple(self.elements[place].tag for place in self.varying)

    @cached_property
    def order(self) -> dict[int, int]:
        """Which of the elements that vary has a tag, counted from 0."""
        return {tag: number for number, tag in enumerate(self.tags)}

    @cached_property
    def constant(self) -> list[int]:
        """The places that do not vary."""
        return sorted(set(range(len(self.elements))) - set(self.varying))

    @cached_property
    def values(self) -> dict[int, bytes]:
        """The values of the elements that do not vary, by tag."""
        still = [self.elements[place] for place in self.constant]
        return {one.tag: self.data[one.value : one.end] for one in still}

    def follow(self, dataset: Data) -> Followed | None:
        """Given the next data set, up to its pixels at least, return it compared with the others.

        None: it differs in more than values that concern nobody but themselves.
        """
        if not self.is_ordered:
            return None
        likeness, data = self, bytes(dataset[: self.end + LONGER])
        try:
            found = self._compared(data)
            if found is None:
                likeness = replace(self, varying=tuple(self._varying(data)))
                found = likeness._compared(data)
            if found is None:
                return None
            if self.encoding == EXPLICIT and data.startswith(PIXEL_DATA, found.end):
                return found
            return None if header_end(dataset[found.end :], self.encoding) else found
        except (_Different, Malformed):
            return None

    def _compared(self, data: bytes) -> Followed | None:
        """Return the data set compared with the others; None: something else varies as well."""
        run = self.runs[0]
        if not data.startswith(run):
            return None
        position, varying = len(run), []
        for place, head, run, length in self.steps:
            if head and data.startswith(head, position):
                end = position + 8 + int.from_bytes(data[position + 6 : position + 8], "little")
            else:
                element = element_at(data, position, self.encoding)
                self._check(self.elements[place], element, data)
                end = element.end
            if not data.startswith(run, end):
                return None
            varying.append(data[position:end])
            position = end + length
        return Followed(self, varying, position)

    def _plain_head(self, element: Element) -> bytes:
        """Return the tag and VR of an element that may vary whatever its value; blank where its
        bytes have to be looked at.
        """
        is_plain = self.encoding == EXPLICIT and element.vr not in LONG_VRS
        if not is_plain or element.tag >> 16 == DELIMITERS:
            return b""
        if not self.may_vary(self.data, element):
            return b""
        return self.data[element.start : element.start + 6]

    def _varying(self, data: bytes) -> Iterator[int]:
        """Yield the places that vary, those included in which this one is the first to do so."""
        known, position = frozenset(self.varying), 0
        count = len(known)
        for place, old in enumerate(self.elements):
            raw = self.data[old.start : old.end]
            if place not in known and data.startswith(raw, position):
                position += len(raw)
                continue
            element = element_at(data, position, self.encoding)
            self._check(old, element, data)
            position, count = element.end, count + (place not in known)
            if count > MOST_CHANGES:
                raise _Different
            yield place

    def _check(self, old: Element, new: Element, data: bytes) -> None:
        if new.tag != old.tag or new.vr != old.vr or not self.may_vary(data, new):
            raise _Different
