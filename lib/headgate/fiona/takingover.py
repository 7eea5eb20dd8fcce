"""A study in the data tree of FIONA held against its archive, and what does not fit mended."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from headgate.context import Context
from headgate.core.errors import Rejected
from headgate.stores import files, links
from headgate.stores.dicomfiles import look_at, understanding
from headgate.stores.layout import STUDY_PREFIX
from headgate.stores.quarantine.archive import is_filed_as, without_kind
from headgate.stores.quarantine.drafts import arrival_of
from headgate.stores.trees import SERIES_SUFFIX

ARCHIVE = "archive"
HALF = "not whole, or no DICOM file: FIONA's receiver or its disk broke off; have it sent again"


@dataclass
class Study:
    """What was found of a study: each list is what is to be done, or left."""

    uid: str
    archived: int = 0
    filed: int = 0
    mend: list[tuple[Path, Path]] = field(default_factory=list)
    dangling: list[Path] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)
    announce: list[Path] = field(default_factory=list)
    aside: list[tuple[Path, str]] = field(default_factory=list)
    waiting: int = 0
    is_unlisted: bool = False

    def told(self) -> dict[str, int | bool]:
        """Return it as counts."""
        return {
            "archived": self.archived, "filed": self.filed, "mended": len(self.mend),
            "dangling": len(self.dangling), "kept": len(self.kept),
            "announced": len(self.announce), "set_aside": len(self.aside),
            "unlisted": self.is_unlisted,
        }  # fmt: skip

    @property
    def is_fit(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.mend or self.dangling or self.announce or self.aside or self.is_unlisted)


def compare(context: Context, uid: str) -> Study:
    """Given a study, read its archive and its links; nothing is changed."""
    study = Study(uid)
    archived = {path.name: path for path in context.archive.files_of(uid) if path.is_file()}
    study.archived = len(archived)
    filed = _links(context, study)
    study.filed = len(filed)
    aside = {path for _, _, path in context.once("unknown", lambda: list(context.trees.unknown()))}
    names = {without_kind(path.name) for path in filed}
    for path in archived.values():
        if path in aside or (path not in filed and path.name in names):
            continue
        if reason := _broken(path):
            study.aside.append((path, reason))
        elif path not in filed and not _is_announced(context, path):
            study.announce.append(path)
    study.waiting = sum(_is_announced(context, path) for path in archived.values())
    known = {*study.announce, *(path for path, _ in study.aside), *aside}
    for path in _untold(context, study, filed):
        if path not in known and not _is_announced(context, path):
            study.announce.append(path)
            known.add(path)
    return study


def mend(context: Context, study: Study) -> None:
    """Given what was found, do what is to be done. Every part can be done twice.

    Raise Unavailable, PermissionError.
    """
    for link, target in study.mend:
        links.repoint(link, target)
    for link in study.dangling:
        files.remove(link)
    for path, reason in study.aside:
        context.trees.set_aside(arrival_of(context.layout, path).name, path, reason)
    for path in study.announce:
        context.archive.announce(path)
    if study.is_unlisted:
        last = max(path.stat().st_mtime for path in context.archive.files_of(study.uid))
        context.spool.mark_changed(study.uid, last)


def in_archive(context: Context, link: Path) -> Path | None:
    """Given a link, return the place in our archive that it means, whether a file is there or not;
    None where it means another. Absolute ones may still name the place where FIONA had its tree.
    """
    parts = links.target_of(link).parts
    places = [at for at, part in enumerate(parts) if part.startswith(STUDY_PREFIX)]
    if not places or ARCHIVE not in parts[: places[-1]] or len(parts) != places[-1] + 2:
        return None
    return context.layout.archive.joinpath(*parts[places[-1] :])


def _links(context: Context, study: Study) -> dict[Path, Path]:
    """The files that are filed, each with its link; notes links that do not fit."""
    filed: dict[Path, Path] = {}
    folder = context.layout.study_raw(study.uid)
    for place in sorted(folder.iterdir()) if folder.is_dir() else []:
        if not place.is_dir() or place.is_symlink():
            if place.suffix != SERIES_SUFFIX:
                study.kept.append(place)
            continue
        for name in files.names_in(place):
            link = place / name
            target = in_archive(context, link) if link.is_symlink() else None
            if target is None:
                study.kept.append(link)
            elif not target.is_file():
                study.dangling.append(link)
            else:
                filed[target] = link
                if links.target_of(link) != target or _is_absolute(link):
                    study.mend.append((link, target))
    return filed


def _untold(context: Context, study: Study, filed: dict[Path, Path]) -> Iterator[Path]:
    """A file of each series whose JSON is half, or not there, or counts otherwise."""
    by_series: dict[str, list[Path]] = {}
    for path, link in filed.items():
        by_series.setdefault(link.parent.name, []).append(path)
    going = Counter(link.parent.name for link in study.dangling)
    for series, paths in by_series.items():
        told = context.trees.read_series(study.uid, series)
        count = context.trees.count(study.uid, series) - going[series]
        if told.get("NumFiles") != count or "SeriesInstanceUID" not in told:
            yield min(paths)
    if filed and study.uid not in _linked(context):
        yield min(filed)


def _linked(context: Context) -> set[str]:
    found: set[str] = context.once("linked", lambda: _studies_of_participants(context))
    return found


def _studies_of_participants(context: Context) -> set[str]:
    folder = context.layout.participants
    return {
        links.target_of(folder / participant / name).name
        for participant in files.names_in(folder)
        for name in files.names_in(folder / participant)
    }


def _is_absolute(link: Path) -> bool:
    return link.readlink().is_absolute()


def _is_announced(context: Context, path: Path) -> bool:
    return arrival_of(context.layout, path).exists()


def _broken(path: Path) -> str:
    """Why it cannot be filed, or ''. What lies between its elements is not read."""
    try:
        instance = look_at(path)
        with understanding():
            instance.pixels_from(len(instance.head))
            name = str(instance.header.get("SOPInstanceUID", ""))
    except Rejected:
        return HALF
    return "" if is_filed_as(path.name, name) else "its name is not its SOP Instance UID"
