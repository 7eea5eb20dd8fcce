"""The archive: every instance as it was received, safe on disk before anybody is told."""

import errno
import itertools
import os
import re
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from headgate.core.grammar import is_uid
from headgate.stores import disks, files
from headgate.stores.layout import NO_STUDY, STUDY_PREFIX, Layout
from headgate.stores.quarantine import inspection
from headgate.stores.quarantine.drafts import (
    Draft,
    Kept,
    announced_by,
    arrival_of,
    head_length,
    link_new,
    place,
)

DISCARDED = "discarded-"
OTHER_TREE = (
    "the data tree is another one than when the receiver started: mount its disk, or restart it"
)
DIGEST = re.compile(r"[0-9a-f]{16}")
# FIONA's receiver, DCMTK's storescp, writes what kind it is before the UID
KIND = re.compile(r"[A-Z][A-Za-z]{1,3}\.(?=[0-9])")


class Archive:
    """The folders `archive/scp_<study>/`, and the arrival links in `spool/arrived/`: second names
    of the files, which cost no inode.
    """

    def __init__(
        self, layout: Layout, free_floor_bytes: int = 0, *, has_digests: bool = False
    ) -> None:
        self._has_digests = has_digests
        self._layout = layout
        self._free_floor_bytes = free_floor_bytes
        self._numbers = itertools.count()
        self._place: tuple[int, int] | None = None

    def anchor(self) -> None:
        """Take the archive for what lies there now: when its disk is unmounted, or another one
        mounted, nothing is taken until it is back, as it would be hidden then. Raise OSError.
        """
        self._place = _identity(self._layout.archive)

    def has_room(self, size: int) -> bool:
        """Given a size in bytes, return whether it leaves the disk's floor free."""
        return disks.free_bytes(self._layout.datadir) - size >= self._free_floor_bytes

    def probe(self) -> None:
        """Write a file as the receiver does, and remove it. Raise OSError as the disk does."""
        aside = self._layout.temp / f"probe-{_host()}-{os.getpid()}"
        try:
            files.write_new(aside, b"probe")
        finally:
            files.remove(aside)

    def draft(self, head: bytes) -> Draft:
        """Given a preamble and file meta information, return an instance that begins with them.

        Raise OSError as the disk does.
        """
        if self._place and self._place != _identity(self._layout.archive):
            raise OSError(errno.ESTALE, OTHER_TREE)
        aside = f"{self._layout.temp}/{_name_aside(next(self._numbers))}"
        return Draft(self._layout, aside, head, has_digest=self._has_digests)

    def failures(self, references: Iterable[tuple[str, str]]) -> dict[str, int]:
        """Given SOP classes and instances, return why those fail (PS3.3 C.14.1.1) that are not
        safe here: by instance, after their bytes were read again.
        """
        return inspection.failures(self._layout, references)

    def keep(self, study: str | None, sop_instance: str, head: bytes, dataset: memoryview) -> Kept:
        """Given an instance, put it on disk durably and announce it; return what was found.

        Raise OSError as the disk does; then nothing is half-written.
        """
        draft = self.draft(head)
        try:
            draft.write(dataset)
            return draft.settle(study, sop_instance)
        finally:
            draft.close()

    def announce(self, path: Path) -> bool:
        """Given a file in the archive, make its arrival link durably; return whether it was new."""
        is_new = link_new(path, arrival_of(self._layout, path))
        files.sync_folder(self._layout.arrived)
        return is_new

    def announced(self, arrival: Path) -> Path:
        """Given an arrival link, return its file in the archive; one that was lost is put back."""
        path = announced_by(self._layout, arrival)
        if not path.exists() and not arrival.is_symlink():
            files.make_folders(path.parent)
            with suppress(FileNotFoundError):
                link_new(arrival, path)
        return path

    def given_its_study(self, path: Path, study: str, sop_instance: str) -> Path:
        """Given a file in the archive and what it turned out to be, return its place there: one
        that was kept without a study is moved to its own, and announced there.

        Until the old announcement goes, it brings the file back, so that this can be done twice.
        The receiver may give the name to another file meanwhile and find it announced: then it is
        announced anew. Raise Unavailable.
        """
        if path.parent.name != NO_STUDY:
            return path
        folder = self._layout.study_archive(study)
        files.make_folders(folder)
        with files.disk_errors(folder):
            _, name = place(str(path), head_length(path), str(folder / sop_instance))
            placed = Path(name)
            files.sync_folder(folder)
            self.announce(placed)
        files.remove(path)
        files.remove(arrival_of(self._layout, path))
        if path.exists():
            self.announce(path)
        return placed

    def without_study(self) -> list[Path]:
        """Return the files in which nobody found a study."""
        folder = self._layout.archive / NO_STUDY
        return [folder / name for name in files.names_in(folder)]

    def is_announced(self, path: Path) -> bool:
        """Given a file in the archive, return whether process has yet to look at it."""
        return arrival_of(self._layout, path).exists()

    def waits_for_process(self, study: str) -> bool:
        """Given a study, return whether process has yet to look at one of its files."""
        return any(self.is_announced(path) for path in self.files_of(study))

    def instances(self) -> Iterator[Path]:
        """Yield every file in the archive."""
        for study in self.studies():
            yield from self.files_of(study)

    def studies(self) -> list[str]:
        """Return the UIDs of the studies, and `without_study` for files that name none."""
        return [one.removeprefix(STUDY_PREFIX) for one in files.names_in(self._layout.archive)]

    def files_of(self, study: str) -> list[Path]:
        """Given a study, return its files."""
        folder = self._layout.study_archive(study)
        return [folder / name for name in files.names_in(folder)]

    def studies_by_age(self, now: float) -> list[tuple[str, float]]:
        """Given the POSIX time, return each study and its age in seconds, the oldest first."""
        ages = []
        for study in filter(is_uid, self.studies()):
            with suppress(FileNotFoundError):  # it was deleted meanwhile
                ages.append((study, now - self._layout.study_archive(study).stat().st_mtime))
        return sorted(ages, key=lambda one: -one[1])

    def discard(self, study: str) -> int:
        """Given a study, delete its files; return how many stay, as they came again meanwhile."""
        kept = sum(self.discard_file(path) for path in self.files_of(study))
        with suppress(OSError):
            self._layout.study_archive(study).rmdir()
        return kept

    def discard_file(self, path: Path) -> int:
        """Given a file in the archive, delete it; return 1 where it stays, as it came again.

        It is first moved away, then its arrival link is looked for: the receiver does the two in
        the other order, so that no instance it acknowledges can fall between.
        """
        arrival = arrival_of(self._layout, path).name
        files.move(path, self._layout.temp / f"{DISCARDED}{arrival}")
        return self.finish_discards()

    def has_discards(self) -> bool:
        """Return whether a run that died left files that were moved away."""
        return any(name.startswith(DISCARDED) for name in files.names_in(self._layout.temp))

    def finish_discards(self) -> int:
        """Delete what was moved away, and put back what came again; return how many the latter."""
        kept = 0
        for aside in files.names_in(self._layout.temp):
            if not aside.startswith(DISCARDED):
                continue
            arrival = aside.removeprefix(DISCARDED)
            if os.path.lexists(self._layout.arrived / arrival):
                study, _, name = arrival.rpartition("_")
                files.make_folders(self._layout.study_archive(study))
                link_new(self._layout.temp / aside, self._layout.study_archive(study) / name)
                kept += 1
            files.remove(self._layout.temp / aside)
        return kept

    def clear_temporary(self) -> int:
        """Remove what a receiver that died left half-written; return how many files."""
        left = [name for name in files.names_in(self._layout.temp) if _is_orphan(name)]
        for name in left:
            files.remove(self._layout.temp / name)
        return len(left)


def is_filed_as(name: str, sop_instance: str) -> bool:
    """Given a file's name and a SOP Instance UID, return whether it is kept under that UID."""
    bare = without_kind(name)
    base, _, digest = bare.rpartition(".")
    is_conflict = base == sop_instance and DIGEST.fullmatch(digest) is not None
    return bare == sop_instance or is_conflict


def without_kind(name: str) -> str:
    """Given a file's name, return it as we name files: FIONA writes `MR.<UID>`."""
    return KIND.sub("", name, count=1)


def _identity(folder: Path) -> tuple[int, int]:
    found = os.stat(folder)
    return found.st_dev, found.st_ino


def _name_aside(number: int) -> str:
    return f"storescpd-{_host()}-{os.getpid()}-{number}"


@lru_cache(maxsize=1)
def _host() -> str:
    return socket.gethostname()


def _is_orphan(name: str) -> bool:
    writer, _, process = name.rpartition("-")[0].rpartition("-")
    is_ours = writer == f"storescpd-{_host()}"
    return is_ours and process.isdigit() and not _is_alive(process)


def _is_alive(process: str) -> bool:
    """One that died and was not asked for yet is listed too, as a zombie."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return not stat.rpartition(")")[2].startswith(" Z")
