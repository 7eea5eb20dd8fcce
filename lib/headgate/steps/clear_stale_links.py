"""Remove links in raw/ and participants/ that point nowhere, and the folders they leave empty."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.context import Context
from headgate.core.grammar import short_hash
from headgate.core.step import Outcome, Step, error, ok
from headgate.stores import files, stale
from headgate.stores.trees import SERIES_SUFFIX

NAME = "clear-stale-links"


@dataclass(frozen=True)
class Folder:
    """A folder in raw/ or participants/; `name` tells it without telling whose it is."""

    path: Path
    name: str

    def __str__(self) -> str:
        return self.name


class NoArchive:
    """The archive is empty though studies are filed: its disk may not be mounted."""

    def __str__(self) -> str:
        return "archive"


def plan(context: Context) -> Iterator[Folder | NoArchive]:
    """Yield the studies, then the participants, that have a link to nowhere or an empty folder."""
    layout = context.layout
    studies = files.names_in(layout.raw)
    if studies and not files.names_in(layout.archive):
        yield NoArchive()
        return
    for study in studies:
        path = layout.raw / study
        if stale.has_stale(path) or _widowed(path):
            yield Folder(path, study)
    for participant in files.names_in(layout.participants):
        path = layout.participants / participant
        if stale.has_stale(path):
            yield Folder(path, f"participant {short_hash(context.hashed(participant))}")


def apply(context: Context, item: Folder | NoArchive) -> Iterator[Outcome]:
    """Clear one folder; the JSON of a series goes after its last link."""
    if isinstance(item, NoArchive):
        text = "is empty though studies are filed: is its disk mounted? Nothing was removed"
        yield error(item, f"{context.layout.archive} {text}")
        return
    cleared = stale.clear(item.path)
    if item.path.parent == context.layout.raw and (widowed := _widowed(item.path)):
        for path in widowed:
            files.remove(path)
        cleared.folders += stale.clear(item.path).folders
        cleared.links += len(widowed)
    if cleared:
        yield ok(item, f"{cleared.links} links and {cleared.folders} empty folders removed")


def _widowed(study: Path) -> list[Path]:
    """The JSON of series that have no folder any more."""
    if study.is_symlink():
        return []
    names = files.names_in(study) if study.is_dir() else []
    return [
        study / name
        for name in names
        if name.endswith(SERIES_SUFFIX) and name.removesuffix(SERIES_SUFFIX) not in names
    ]


# with process held off: it makes a folder, then the links in it
STEP = Step(NAME, __doc__, plan, apply, locks=(NAME, "process"))
