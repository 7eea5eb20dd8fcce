"""The next instance of a series: like the one before it but for a few elements.

Runs of bytes that are the same as in the instance before became what they became there. Whatever
could change the meaning of another element (character set, private creators, the patient's own
words, the order of tags) ends the comparison, and the instance is judged anew.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from headgate.core.deid import private
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.patient import CHARACTER_SET, may_tell
from headgate.core.deid.refusal import STUDY_INSTANCE_UID
from headgate.core.deid.rewriting import Level, rewritten
from headgate.core.deid.telling import TELLING
from headgate.core.elements import Element, Malformed, element_at

DECISIVE = frozenset({CHARACTER_SET, STUDY_INSTANCE_UID, *TELLING})
MOST_CHANGES = 40
# Bytes that are compared at once: few at first, as most runs are short.
FIRST_STRETCH, LONGEST_STRETCH = 256, 16_384


@dataclass(frozen=True)
class Previous:
    """An instance that was judged: its level, its elements, and what each of them became."""

    level: Level
    elements: list[Element]
    results: list[Result]

    @cached_property
    def tags(self) -> list[int]:
        """The tags of the elements, in their order."""
        return [element.tag for element in self.elements]

    @cached_property
    def ends(self) -> list[int]:
        """Where each element ends."""
        return [element.end for element in self.elements]

    @cached_property
    def is_ordered(self) -> bool:
        """Whether no tag comes twice or out of order."""
        return all(one < other for one, other in zip(self.tags, self.tags[1:], strict=False))


def follow(before: Previous, data: bytes, memory: Memory) -> Previous | None:
    """Given the instance before and the next one's header, return the next one judged.

    None: it differs in more than values that concern nobody but themselves.
    """
    if not before.is_ordered:
        return None
    try:
        changed, elements = _changes(before, data)
    except (_Different, Malformed):
        return None
    level = before.level._replace(data=data)
    results = list(before.results)
    places = sorted(changed)
    new = rewritten(level, [changed[place] for place in places], memory, None)
    for place, result in zip(places, new, strict=True):
        results[place] = result
    after = Previous(level, elements, results)
    # The same tags in the same order: what was worked out of them holds.
    after.__dict__.update(tags=before.tags, is_ordered=True)
    return after


class _Different(Exception):
    """The instance is to be judged anew."""


def _changes(before: Previous, data: bytes) -> tuple[dict[int, Element], list[Element]]:
    """Return the elements that differ, by their place, and all elements where they now lie."""
    old, encoding = bytes(before.level.data), before.level.context.reading
    changed: dict[int, Element] = {}
    elements: list[Element] = []
    place = here = there = 0
    while True:
        same = _common(data, here, old, there)
        reached = bisect_right(before.ends, there + same, place)
        elements += _moved(before.elements[place:reached], here - there)
        if reached == len(before.elements):
            if here + before.ends[-1] - there != len(data):
                raise _Different
            return changed, elements
        start = before.elements[reached].start
        element = element_at(data, here + start - there, encoding)
        if len(changed) == MOST_CHANGES or not _is_alike(before.elements[reached], element, data):
            raise _Different
        changed[reached] = element
        elements.append(element)
        place, here, there = reached + 1, element.end, before.elements[reached].end


def _is_alike(old: Element, new: Element, data: bytes) -> bool:
    """Return whether a new element in an old one's place concerns nobody but itself."""
    if new.tag != old.tag or new.vr != old.vr or new.tag in DECISIVE:
        return False
    if new.tag & 0x10000 and private.is_creator(new.tag):
        return False
    return not may_tell(data[new.start : new.end], new)


def _moved(elements: list[Element], by: int) -> list[Element]:
    if not by:
        return elements
    return [
        Element(one.tag, one.start + by, one.value + by, one.end + by, one.vr, one.is_open)
        for one in elements
    ]


def _common(one: bytes, here: int, other: bytes, there: int) -> int:
    """Return how many bytes are the same from two places on."""
    same, most = 0, min(len(one) - here, len(other) - there)
    size = FIRST_STRETCH
    while same < most:
        left = one[here + same : here + min(same + size, most)]
        right = other[there + same : there + min(same + size, most)]
        if left != right:
            # The lowest bit that differs lies in the first byte that does.
            bits = int.from_bytes(left, "little") ^ int.from_bytes(right, "little")
            return same + ((bits & -bits).bit_length() - 1) // 8
        same += len(left)
        size = min(size * 4, LONGEST_STRETCH)
    return most
