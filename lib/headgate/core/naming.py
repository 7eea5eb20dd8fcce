"""The names that a project's naming pattern allows: how many they are, and one at random."""

import math
import re
import string
from collections.abc import Callable, Collection
from dataclasses import dataclass

import greenery
from greenery.fsm import Fsm
from greenery.parse import NoMatch

from headgate.core.errors import Rejected

LETTERS = frozenset(string.ascii_letters + string.digits + "-_.+")
LONGEST = 64  # PS3.5 Table 6.2-1, LO
SMALLEST = 100
NEARLY_USED_UP = 0.8
# beyond this the pattern takes longer to take apart than anybody waits
MOST_REPEATS = 4096
REPEATS = re.compile(r"\{(?:\d*,)?(\d+)\}")
TRIES = 200
MOST_LISTED = 100_000


@dataclass(frozen=True)
class Names:
    """The names of a pattern, in a fixed order: how many can follow each state, and the ways on."""

    pattern: str
    fsm: Fsm
    counts: dict[int, int]

    @property
    def count(self) -> int:
        return self.counts[_initial(self.fsm)]

    def at(self, index: int) -> str:
        """Given an index below `count`, return the name there."""
        name, state = "", _initial(self.fsm)
        while True:
            if state in self.fsm.finals:
                if not index:
                    return name
                index -= 1
            for letter, following in _ways(self.fsm, state):
                if index < self.counts[following]:
                    name, state = name + letter, following
                    break
                index -= self.counts[following]

    def draw(self, taken: Collection[str], below: Callable[[int], int]) -> str | None:
        """Given folded names that are taken, and what draws a number below another, return a name
        that is free, each as likely as any other; None when there is none.
        """
        for _ in range(TRIES):
            name = self.at(below(self.count))
            if folded(name) not in taken:
                return name
        if self.count > MOST_LISTED:
            return None
        free = [name for name in map(self.at, range(self.count)) if folded(name) not in taken]
        return free[below(len(free))] if free else None

    def used(self, taken: Collection[str]) -> float:
        """Given folded names that are taken, return what part of all names they are."""
        whole = re.compile(self.pattern, re.IGNORECASE)
        return sum(whole.fullmatch(name) is not None for name in taken) / self.count


def folded(name: str) -> str:
    """Given a name, return it as names are told apart: a PACS may not know capitals from others."""
    return name.strip().casefold()


def names_of(pattern: str, project: str) -> Names:
    """Given a project and its naming pattern, return the names that it allows.

    Raise Rejected where names cannot be drawn from it: no pattern, no end to it, too few names.
    """
    place = f"project_patient_naming of {project}"
    if not pattern:
        raise Rejected(f"{place} is blank: write a pattern that participants' names are made by")
    if math.prod(int(number) or 1 for number in REPEATS.findall(pattern)) > MOST_REPEATS:
        raise Rejected(f"{place} repeats too much for a name of {LONGEST} characters: shorten it")
    try:
        re.compile(pattern)
        fsm = greenery.parse(_without_ends(pattern)).to_fsm().reduce()
    except (NoMatch, re.error, ValueError, RecursionError) as error:
        raise Rejected(
            f"{place} is no expression that names can be made by: use letters, classes such as "
            "[0-9], alternatives, and {} with numbers"
        ) from error
    names = Names(pattern, fsm, _counted(fsm, place))
    if names.count < SMALLEST:
        raise Rejected(
            f"{place} allows {names.count} names of letters, digits and - _ . +: widen it, so that "
            f"it allows {SMALLEST} at least"
        )
    return names


def _without_ends(pattern: str) -> str:
    """A name is held against the whole pattern anyway, and the parser takes ^ and $ for letters."""
    bare = pattern.removeprefix("^").removeprefix("\\A").removesuffix("\\Z")
    return bare[:-1] if bare.endswith("$") and not bare.endswith("\\$") else bare


def _counted(fsm: Fsm, place: str) -> dict[int, int]:
    """How many ways there are from each state to an end. Raise Rejected where they never end."""
    counts: dict[int, int] = {}

    def count(state: int, depth: int) -> int:
        if depth > LONGEST:
            raise Rejected(
                f"{place} allows names without end, or longer than {LONGEST} characters: use {{}} "
                "with numbers in place of * and +, and no more of them"
            )
        if state not in counts:
            ways = _ways(fsm, state)
            counts[state] = int(state in fsm.finals) + sum(
                count(following, depth + 1) for _, following in ways
            )
        return counts[state]

    count(_initial(fsm), 0)
    return counts


def _ways(fsm: Fsm, state: int) -> list[tuple[str, int]]:
    """The letters that may follow, each with where it leads; dead ends are left out."""
    found = []
    for letters, following in fsm.map[state].items():
        if fsm.islive(following):
            found += [(one, int(following)) for one in LETTERS if letters.accepts(one)]
    return sorted(found)


def _initial(fsm: Fsm) -> int:
    return int(fsm.initial)
