"""What elements became, remembered by all that decides it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from headgate.core.deid.context import Context
from headgate.core.deid.identifiers.patient import Remembered
from headgate.core.deid.identity import Recipe
from headgate.core.dicom.elements import Encoding

if TYPE_CHECKING:
    from headgate.core.deid.following import Pattern

MOST = 50_000


class Result(NamedTuple):
    """What became of an element: its new bytes (None: it goes), where a leak is left in it, and
    the UIDs of the instances and series that it refers to.
    """

    written: bytes | None
    leaks: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass
class Memory:
    """Results by context and bytes, what elements told of the patient, what a series has in common.

    What has grown large is forgotten whole: remembering saves time and decides nothing.
    """

    results: dict[tuple[Context, bool], dict[bytes, Result]] = field(default_factory=dict)
    told: Remembered = field(default_factory=dict)
    previous: "dict[tuple[Recipe, Encoding], Pattern]" = field(default_factory=dict)

    def of(self, context: Context, *, is_nested: bool) -> dict[bytes, Result]:
        """Given a context, return what elements became in it, by their bytes.

        Those within items are kept apart: they are searched for leaks with their sequence.
        """
        return self.results.setdefault((context, is_nested), {})

    def trim(self) -> None:
        """Forget everything, if it is too much."""
        if len(self.told) + sum(map(len, self.results.values())) > MOST:
            self.results.clear()
            self.told.clear()
            self.previous.clear()
