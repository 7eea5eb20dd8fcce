"""The next instance of a series: like the ones before it but for a few elements.

Bytes that are the same as in the instances before became what they became there. Whatever could
change the meaning of another element (character set, private creators, the patient's own words,
the order of tags) ends the comparison, and the instance is judged anew.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from headgate.core.deid.identifiers.patient import CHARACTER_SET, may_tell
from headgate.core.deid.identifiers.telling import TELLING_OF_STUDY
from headgate.core.deid.levels import Level, beside_bytes
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.rewriting import rewritten_alone
from headgate.core.deid.rules.refusal import STUDY_INSTANCE_UID
from headgate.core.deid.ruling import Ruling
from headgate.core.dicom.elements import Data, Element, Malformed
from headgate.core.dicom.likeness import Followed, Likeness
from headgate.core.dicom.private import is_creator

Told = frozenset[tuple[int, bytes]]  # values by tag
DECISIVE = frozenset({CHARACTER_SET, STUDY_INSTANCE_UID, *TELLING_OF_STUDY})


@dataclass(frozen=True)
class Output:
    """What leaves of the elements that do not vary: encoded, by tag in their order, where a leak is
    left in them, what they refer to, and the tags that are set whatever an instance has there.
    """

    elements: dict[int, bytes]
    leaks: tuple[str, ...]
    references: tuple[str, ...]
    marked: frozenset[int] = frozenset()
    varying: tuple[int, ...] = ()

    @cached_property
    def runs(self) -> list[bytes]:
        """The bytes before, between and after the elements that vary."""
        runs, cuts = [list[bytes]()], list(self.varying)
        for tag, element in self.elements.items():
            while cuts and cuts[0] < tag:
                cuts.pop(0)
                runs.append([])
            runs[-1].append(element)
        return [b"".join(run) for run in runs] + [b""] * len(cuts)

    def joined(self, own: Mapping[int, bytes]) -> bytes:
        """Given an instance's own elements, return these and the others in their order."""
        if not own:
            return b"".join(self.runs)
        parts = [b""] * (2 * len(self.varying) + 1)
        parts[::2] = self.runs
        parts[1::2] = [own.get(tag, b"") for tag in self.varying]
        return b"".join(parts)


@dataclass(frozen=True)
class Pattern:
    """What instances have in common, the first of them judged.

    `outputs` are what leaves of the elements that do not vary, by whether pixels are cleaned;
    `told` is what these elements say, by the tags that were asked for; `rulings` are what the rules
    say of those that vary.
    """

    level: Level
    likeness: Likeness
    results: list[Result]
    outputs: dict[bool, Output] = field(default_factory=dict)
    told: dict[frozenset[int], Told] = field(default_factory=dict)
    rulings: dict[tuple[int, bytes], Ruling] = field(default_factory=dict)

    @classmethod
    def of(cls, level: Level, elements: list[Element], results: list[Result]) -> "Pattern":
        """Given an instance's level, its elements and what they became, return its pattern."""
        encoding = level.context.reading
        return cls(level, Likeness(bytes(level.data), elements, encoding, may_vary), results)

    @cached_property
    def beside(self) -> list[bytes]:
        """What decides, beside its bytes, what becomes of each element that varies."""
        return [beside_bytes(self.level, tag) for tag in self.likeness.tags]


class Judged(NamedTuple):
    """An instance of a pattern: how it was found to be like the others, and what each of its
    elements that vary became.
    """

    pattern: Pattern
    found: Followed
    results: list[Result]

    def told(self, tags: frozenset[int]) -> Told:
        """Given tags, return the values of those that it has."""
        likeness = self.found.likeness
        common = self.pattern.told.get(tags)
        if common is None:
            values = likeness.values
            common = frozenset((tag, values[tag]) for tag in tags if tag in values)
            self.pattern.told[tags] = common
        own = [tag for tag in likeness.tags if tag in tags]
        return common.union((tag, self.found.value(tag)) for tag in own) if own else common


def follow(pattern: Pattern, dataset: Data, memory: Memory) -> Judged | None:
    """Given what instances have in common and the next one's data set, return that one judged.

    None: it differs in more than values that concern nobody but themselves, or cannot be read.
    """
    found = pattern.likeness.follow(dataset)
    if found is None:
        return None
    if found.likeness is not pattern.likeness:
        pattern = Pattern(pattern.level, found.likeness, pattern.results)
    try:
        several = zip(found.likeness.tags, found.varying, pattern.beside, strict=True)
        results = rewritten_alone(pattern.level, several, pattern.rulings, memory)
    except Malformed:  # who judges it anew tells where
        return None
    return Judged(pattern, found, results)


def may_vary(data: bytes, element: Element) -> bool:
    """Given an element and its data set, return whether it concerns nobody but itself."""
    if element.tag in DECISIVE or (element.tag & 0x10000 and is_creator(element.tag)):
        return False
    return not may_tell(data[element.start : element.end], element)
