"""An instance on its way into the archive: written aside, then named, announced and synced."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from headgate.core.grammar import is_uid, short_hash
from headgate.stores import files, straight
from headgate.stores.layout import NO_STUDY, STUDY_PREFIX, Layout
from headgate.stores.quarantine.inspection import keep_digest

PREAMBLE_AND_PREFIX = 132
GROUP_LENGTH_ELEMENT = 12
CHUNK_BYTES = 1 << 20
TRIES = 5


class Kept(StrEnum):
    """What keeping an instance found."""

    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


class Draft:
    """An instance that is being written, in temp/, by one thread; `close` it in the end."""

    def __init__(
        self, layout: Layout, aside: Path, head: bytes, *, has_digest: bool = False
    ) -> None:
        """Raise OSError as the disk does."""
        self._digest = hashlib.sha256() if has_digest else None
        self._layout, self._aside, self._head = layout, aside, len(head)
        self._file = files.open_new(aside)
        self._file.write(head)

    def write(self, part: bytes | memoryview) -> None:
        """Given more of the data set, write it. Raise OSError as the disk does."""
        self._file.write(part)
        if self._digest:
            self._digest.update(part)

    def settle(self, study: str | None, sop_instance: str) -> Kept:
        """Given what it is, name and announce it; return what was found when both are durable.

        UIDs that are none get a safe name. The same bytes again are announced again and not
        doubled; other bytes under the same UID are kept beside the first. Raise OSError.
        """
        folder = self._layout.study_archive(study) if study else self._layout.archive / NO_STUDY
        name = sop_instance if is_uid(sop_instance) else "invalid-" + short_hash(sop_instance)
        self._file.finish()
        if self._digest:
            keep_digest(self._file.descriptor, self._digest.digest())
        if not self._file.is_straight:  # no name before its bytes
            os.fsync(self._file.descriptor)
        kept, path = self._named(folder / name)
        if kept is Kept.SAME:
            files.sync_file(path)  # another association may not have got so far
        elif not straight.is_ordered(self._layout.arrived):
            os.fsync(self._file.descriptor)
        # the last name takes along what stands before it in the journal
        files.sync_folder(self._layout.arrived)
        return kept

    def close(self) -> None:
        """Leave nothing of it in temp/."""
        files.remove(self._aside)
        self._file.close()

    def _named(self, path: Path) -> tuple[Kept, Path]:
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                kept, settled = place(self._aside, self._head, path)
                link_new(settled, arrival_of(self._layout, settled))
                return kept, settled
            # the first of its study, or clear-old-files took folder or file in this moment
            files.make_folders(path.parent)
        raise FileNotFoundError(errno.ENOENT, "a folder of the data tree is gone")


def place(file: Path, head: int, path: Path) -> tuple[Kept, Path]:
    """Given a file, how many bytes its meta information ends after, and a name, give it that name
    too, or one beside it where other bytes have it; return what was found, and the name.
    """
    if link_new(file, path):
        return Kept.NEW, path
    if _is_same(path, file, head):
        return Kept.SAME, path
    other = path.with_name(f"{path.name}.{_digest(file, head)[:16]}")
    link_new(file, other)
    return Kept.CONFLICT, other


def arrival_of(layout: Layout, path: Path) -> Path:
    """Given a file in the archive, return where its arrival link is."""
    study = path.parent.name.removeprefix(STUDY_PREFIX)
    return layout.arrived / f"{study}_{path.name}"


def announced_by(layout: Layout, arrival: Path) -> Path:
    """Given an arrival link, return where its file is in the archive."""
    study, _, name = arrival.name.rpartition("_")
    return Path(f"{layout.archive}/{STUDY_PREFIX}{study}/{name}")


def announced_as(arrival: Path) -> str:
    """Given an arrival link, return the study that was announced, or `without_study`."""
    return arrival.name.rpartition("_")[0]


def link_new(aside: Path, path: Path) -> bool:
    """Given a file and a name, give it that name too; return False where the name is taken.

    A rename would replace what is there; a link never does.
    """
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    return True


def head_length(path: Path) -> int:
    """Given a file of ours, return where its data set begins."""
    with path.open("rb") as file:
        start = file.read(PREAMBLE_AND_PREFIX + GROUP_LENGTH_ELEMENT)
    return PREAMBLE_AND_PREFIX + GROUP_LENGTH_ELEMENT + int.from_bytes(start[-4:], "little")


def _is_same(path: Path, aside: Path, head: int) -> bool:
    """The meta information tells who sent it when, so it is the data sets that are compared."""
    offset = head_length(path)
    if path.stat().st_size - offset != aside.stat().st_size - head:
        return False
    pairs = zip(_from(path, offset), _from(aside, head), strict=True)
    return all(one == other for one, other in pairs)


def _digest(aside: Path, head: int) -> str:
    found = hashlib.sha256()
    for chunk in _from(aside, head):
        found.update(chunk)
    return found.hexdigest()


def _from(path: Path, offset: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
