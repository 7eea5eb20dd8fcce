"""Many patterns searched for in short texts, each made ready when a text may hold it.

Making all that finds a patient ready takes longer than searching a study for it, and most texts
have not the letters for most of it.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import NamedTuple

QUANTIFIER = r"(?:[?*+]|\{[^}]*\})*"
# an escaped letter, or a class
OF_SEVERAL = re.compile(r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\])" + QUANTIFIER, re.DOTALL)
OPTIONAL = re.compile(r"[^()|](?:[?*]|\{0?,[^}]*\})", re.DOTALL)
COUNT = re.compile(r"(?<!\))\{[^}]*\}")
GROUP = re.compile(r"\((?:\?(:|<?[!=]))?([^()]*)\)(" + QUANTIFIER + ")")
END = "\x1e"


class Group:
    """Patterns that need the same letters."""

    def __init__(self, letters: frozenset[str], make: Callable[[], Iterable[str]]) -> None:
        self.letters = letters
        self._make = make

    @cached_property
    def patterns(self) -> list[str]:
        """The patterns, longest first, so that a cut leaves no rest of what holds another one."""
        return sorted(self._make(), key=lambda one: (-len(one), one))

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """The patterns as one."""
        return re.compile("|".join(self.patterns))


class Search(NamedTuple):
    """Patterns to look for at once."""

    groups: tuple[Group, ...]

    @classmethod
    def of(cls, patterns: Iterable[str]) -> "Search":
        """Given patterns, return the search for any of them."""
        several = list(dict.fromkeys(patterns))
        together: dict[frozenset[str], list[str]] = {}
        for one, letters in zip(several, needed(several), strict=True):
            together.setdefault(letters, []).append(one)
        return cls(
            tuple(Group(letters, partial(list, found)) for letters, found in together.items())
        )

    def beside(self, groups: Iterable[Group]) -> "Search":
        """Given groups of patterns, return the search for any of them, too."""
        return Search((*self.groups, *groups))

    @property
    def patterns(self) -> list[str]:
        """All of the patterns."""
        return [one for group in self.groups for one in group.patterns]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Given a text, yield where something is found; the places may overlap."""
        letters = frozenset(text)
        for group in self.groups:
            if group.letters <= letters:
                for found in group.expression.finditer(text):
                    yield found.span()

    def finds(self, text: str) -> bool:
        """Given a text, return whether anything is found in it."""
        return next(self.spans(text), None) is not None


def needed(patterns: list[str]) -> list[frozenset[str]]:
    """Given patterns, return of each the letters and digits that whatever it finds must have, but
    for those of classes.
    """
    bare = END.join(patterns)
    if bare.count(END) >= len(patterns):  # it stands in one of them
        return [frozenset() for _ in patterns]
    for removed in (OF_SEVERAL, OPTIONAL, COUNT):
        bare = removed.sub("", bare)
    while (outer := GROUP.sub(_of_group, bare)) != bare:
        bare = outer
    return [_in_each(one) for one in bare.split(END)]


def _of_group(found: re.Match[str]) -> str:
    """Return what a group needs in its place: nothing where it may be missing, or looks around."""
    kind, content, quantifier = found.groups()
    is_optional = quantifier.startswith(("?", "*", "{0", "{,"))
    return "" if is_optional or kind != ":" else "".join(_in_each(content))


def _in_each(content: str) -> frozenset[str]:
    several = (frozenset(filter(str.isalnum, one)) for one in content.split("|"))
    return frozenset.intersection(*several)
