"""An instance on its way into the archive: written aside, then named, announced and synced."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from headgate.core.dicom import filling
from headgate.core.grammar import is_uid, short_hash
from headgate.stores import files, straight
from headgate.stores.layout import NO_STUDY, STUDY_PREFIX, Layout
from headgate.stores.quarantine.inspection import keep_digest

PREAMBLE_AND_PREFIX = 132
GROUP_LENGTH_ELEMENT = 12
CHUNK_BYTES = 1 << 20
TRIES = 5
NAMES = 2  # of a file: in the archive, and its arrival link


class Kept(StrEnum):
    """What keeping an instance found."""

    NEW = "new"
    SAME = "same"
    CONFLICT = "conflict"


class Draft:
    """An instance that is being written, in temp/, by one thread; `close` it in the end."""

    def __init__(
        self, layout: Layout, aside: str, head: bytes, *, has_digest: bool = False
    ) -> None:
        """Raise OSError as the disk does."""
        self._digest = hashlib.sha256() if has_digest else None
        self._layout, self._aside, self._head = layout, aside, head
        self._file = files.open_new(aside)
        self._is_aside = True
        self._file.write(head)

    def room(self) -> memoryview:
        """Return where more of the data set can be put; `took` tells how much was."""
        return self._file.room()

    def took(self, part: memoryview) -> None:
        """Given what was put into the room, keep it. Raise OSError as the disk does."""
        if self._digest:
            self._digest.update(part)
        self._file.took(len(part))

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
        folder = STUDY_PREFIX + study if study else NO_STUDY
        name = sop_instance if is_uid(sop_instance) else "invalid-" + short_hash(sop_instance)
        self._fill_up()
        self._file.finish()
        descriptor = self._file.descriptor
        if self._digest:
            keep_digest(descriptor, self._digest.digest())
        is_ordered = self._file.is_straight and straight.is_ordered(descriptor)
        if not is_ordered:
            os.fsync(descriptor)  # no name before its bytes
        kept = self._named(f"{self._layout.archive}/{folder}/{name}")
        if is_ordered and kept is Kept.NEW:
            os.fsync(descriptor)  # takes along the names, which stand before it in the journal
        else:
            files.sync_folder(self._layout.arrived)
        return kept

    def close(self) -> None:
        """Leave nothing of it open, and nothing in temp/, unless the disk takes no change any more:
        then the next start removes it.
        """
        self._file.close()
        if self._is_aside:
            with suppress(OSError):
                files.remove(self._aside)

    def _fill_up(self) -> None:
        """Have the file end with a block: to cut the last one, the disk would read it again."""
        if self._file.is_straight and (whole := self._file.unwritten):
            head = filling.filled(self._head, whole, straight.BLOCK)
            if whole + len(head) - len(self._head) <= straight.ROOM:
                self._file.begin_anew(len(self._head), head)
                self._head = head

    def _named(self, path: str) -> Kept:
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                kept, settled = place(self._aside, len(self._head), path)
                self._announce(kept, settled)
                return kept
            # the first of its study, or clear-old-files took folder or file in this moment
            files.make_folders(Path(path).parent)
        raise FileNotFoundError(errno.ENOENT, "a folder of the data tree is gone")

    def _announce(self, kept: Kept, path: str) -> None:
        arrival = _arrival(self._layout, path)
        if kept is Kept.NEW:
            os.rename(self._aside, arrival)  # noqa: PTH104 (one system call)
            # where the arrival was a name of this file already, nothing was renamed
            self._is_aside = os.stat(self._file.descriptor).st_nlink > NAMES
            return
        files.sync_file(path)  # another association may not have got so far
        link_new(path, arrival)


def place(file: str, head: int, path: str) -> tuple[Kept, str]:
    """Given a file, how many bytes its meta information ends after, and a name, give it that name
    too, or one beside it where other bytes have it; return what was found, and the name.
    """
    if link_new(file, path):
        return Kept.NEW, path
    if _is_same(path, file, head):
        return Kept.SAME, path
    other = f"{path}.{_digest(file, head)[:16]}"
    link_new(file, other)
    return Kept.CONFLICT, other


def arrival_of(layout: Layout, path: Path) -> Path:
    """Given a file in the archive, return where its arrival link is."""
    return Path(_arrival(layout, str(path)))


def _arrival(layout: Layout, path: str) -> str:
    folder, name = path.rsplit("/", 2)[1:]
    return f"{layout.arrived}/{folder.removeprefix(STUDY_PREFIX)}_{name}"


def announced_by(layout: Layout, arrival: Path) -> Path:
    """Given an arrival link, return where its file is in the archive."""
    study, _, name = arrival.name.rpartition("_")
    return Path(f"{layout.archive}/{STUDY_PREFIX}{study}/{name}")


def announced_as(arrival: Path) -> str:
    """Given an arrival link, return the study that was announced, or `without_study`."""
    return arrival.name.rpartition("_")[0]


def link_new(aside: str | Path, path: str | Path) -> bool:
    """Given a file and a name, give it that name too; return False where the name is taken.

    A rename would replace what is there; a link never does.
    """
    try:
        os.link(aside, path)
    except FileExistsError:
        return False
    return True


def head_length(path: str | Path) -> int:
    """Given a file of ours, return where its data set begins."""
    with Path(path).open("rb") as file:
        start = file.read(PREAMBLE_AND_PREFIX + GROUP_LENGTH_ELEMENT)
    return PREAMBLE_AND_PREFIX + GROUP_LENGTH_ELEMENT + int.from_bytes(start[-4:], "little")


def _is_same(path: str, aside: str, head: int) -> bool:
    """The meta information tells who sent it when, so it is the data sets that are compared."""
    offset = head_length(path)
    if Path(path).stat().st_size - offset != Path(aside).stat().st_size - head:
        return False
    pairs = zip(_from(path, offset), _from(aside, head), strict=True)
    return all(one == other for one, other in pairs)


def _digest(aside: str, head: int) -> str:
    found = hashlib.sha256()
    for chunk in _from(aside, head):
        found.update(chunk)
    return found.hexdigest()


def _from(path: str, offset: int) -> Iterator[bytes]:
    with Path(path).open("rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
