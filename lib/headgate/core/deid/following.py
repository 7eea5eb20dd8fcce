"""The next instance of a series: like the ones before it but for a few elements.

Bytes that are the same as in the instances before became what they became there. Whatever could
change the meaning of another element (character set, private creators, the patient's own words,
the order of tags) ends the comparison, and the instance is judged anew.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from headgate.core.deid import private
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.patient import CHARACTER_SET, may_tell
from headgate.core.deid.refusal import STUDY_INSTANCE_UID
from headgate.core.deid.rewriting import Level, rewritten
from headgate.core.deid.telling import TELLING
from headgate.core.elements import Data, Element
from headgate.core.likeness import Likeness

DECISIVE = frozenset({CHARACTER_SET, STUDY_INSTANCE_UID, *TELLING})


class Output(NamedTuple):
    """Encoded elements that leave, by tag in their order, where a leak is left in them, and what
    they refer to.
    """

    elements: dict[int, bytes]
    leaks: tuple[str, ...]
    references: tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """What instances have in common, the first of them judged.

    `outputs` are what leaves of the elements that do not vary, by whether pixels are cleaned.
    """

    level: Level
    likeness: Likeness
    results: list[Result]
    outputs: dict[bool, Output] = field(default_factory=dict)

    @classmethod
    def of(cls, level: Level, elements: list[Element], results: list[Result]) -> "Pattern":
        """Given an instance's level, its elements and what they became, return its pattern."""
        encoding = level.context.reading
        return cls(level, Likeness(bytes(level.data), elements, encoding, may_vary), results)


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
        common = self.pattern.likeness.values
        found = {tag: common[tag] for tag in tags if tag in common}
        for one in self.elements:
            if one.tag in tags:
                found[one.tag] = bytes(self.level.data[one.value : one.end])
        return found


def follow(pattern: Pattern, dataset: Data, memory: Memory) -> Judged | None:
    """Given what instances have in common and the next one's data set, return that one judged.

    None: it differs in more than values that concern nobody but themselves.
    """
    found = pattern.likeness.follow(dataset)
    if found is None:
        return None
    if found.likeness is not pattern.likeness:
        pattern = Pattern(pattern.level, found.likeness, pattern.results)
    level = pattern.level._replace(data=found.data)
    results = rewritten(level, found.elements, memory, None)
    return Judged(pattern, level, found.elements, results, found.end)


def may_vary(data: bytes, element: Element) -> bool:
    """Given an element and its data set, return whether it concerns nobody but itself."""
    if element.tag in DECISIVE or (element.tag & 0x10000 and private.is_creator(element.tag)):
        return False
    return not may_tell(data[element.start : element.end], element)
