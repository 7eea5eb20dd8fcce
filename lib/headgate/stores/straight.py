"""Large files written straight to the disk, past the page cache, where the file system can.

What is written so waits for no later sync of its bytes, and takes no memory whatever its size.
"""

import errno
import fcntl
import mmap
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

BLOCK = 4096  # what O_DIRECT asks of sizes and addresses, at the most usual
ROOM = 2 << 20  # most images go in one write; as large as a large page
# ext4's jbd2 commits whole transactions; the log of XFS is forced from its start to a place
ALWAYS_JOURNALLED, JOURNALLED_AT_WILL = frozenset({"xfs"}), frozenset({"ext3", "ext4"})
NO_JOURNAL = "<none>"
MOST_SPARE = 8
Part = bytes | memoryview
_spare: list[memoryview] = []


class StraightFile:
    """A new file that is written from its beginning to its end."""

    def __init__(self, path: str | os.PathLike[str], flags: int, mode: int) -> None:
        self.is_straight = True
        self.descriptor = self._opened(path, flags, mode)
        self._room = _spare_room()
        self._filled = self._size = 0

    @property
    def unwritten(self) -> int | None:
        """How many bytes there are, of which none was written yet; None where some were."""
        return None if self._size else self._filled

    def room(self) -> memoryview:
        """Return where the bytes that come next can be put; `took` tells how many were."""
        return self._room[self._filled :]

    def took(self, count: int) -> None:
        """Given how many bytes were put into the room, keep them. Raise OSError as disks do."""
        self._filled += count
        if self._filled == ROOM:
            self._write_out(ROOM)

    def write(self, part: Part) -> None:
        """Given bytes, write them after those before. Raise OSError as the disk does."""
        rest = memoryview(part)
        while rest:
            piece = rest[: ROOM - self._filled]
            self._room[self._filled : self._filled + len(piece)] = piece
            self.took(len(piece))
            rest = rest[len(piece) :]

    def begin_anew(self, old: int, start: bytes) -> None:
        """Given how long the start is of what is unwritten, have it begin with another one."""
        end = len(start) + self._filled - old
        self._room[len(start) : end] = self._room[old : self._filled]
        self._room[: len(start)] = start
        self._filled = end

    def finish(self) -> None:
        """Write what is not written yet; the file then has its size. Raise OSError."""
        end = -(-self._filled // BLOCK) * BLOCK
        is_cut = end != self._filled
        if self._filled:
            self._room[self._filled : end] = bytes(end - self._filled)
            self._write_out(end)
        if is_cut:
            os.ftruncate(self.descriptor, self._size)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.descriptor)
        if len(_spare) < MOST_SPARE:
            _spare.append(self._room)

    def _opened(self, path: str | os.PathLike[str], flags: int, mode: int) -> int:
        try:
            return os.open(path, flags | os.O_DIRECT, mode)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            self.is_straight = False
            return os.open(path, flags, mode)

    def _write_out(self, end: int) -> None:
        data = self._room[:end]
        while data:
            try:
                written = os.write(self.descriptor, data)
            except OSError as error:
                if error.errno != errno.EINVAL or not self.is_straight:
                    raise
                self._leave_straightness()
                continue
            data = data[written:]
            if written % BLOCK:
                self._leave_straightness()
        self._size, self._filled = self._size + self._filled, 0

    def _leave_straightness(self) -> None:
        """Have the rest written as in any other file."""
        flags = fcntl.fcntl(self.descriptor, fcntl.F_GETFL)
        fcntl.fcntl(self.descriptor, fcntl.F_SETFL, flags & ~os.O_DIRECT)
        self.is_straight = False


def is_ordered(place: Path | int) -> bool:
    """Given a path or an open file, return whether its file system has one journal in which every
    change of names and sizes stands in its order, so that what makes a change durable makes those
    before it so.
    """
    return _keeps_order(os.stat(place).st_dev)


@lru_cache(maxsize=64)
def _keeps_order(device: int) -> bool:
    kind = _file_system(device)
    return kind in ALWAYS_JOURNALLED or (kind in JOURNALLED_AT_WILL and _has_journal(device))


def _file_system(device: int) -> str:
    """Return the type of the file system on a device: proc_pid_mountinfo(5)."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0]
    return ""


def _has_journal(device: int) -> bool:
    """Return whether the ext4 on a device was made with a journal: what is not told is not so."""
    name = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve().name
    try:
        return Path(f"/sys/fs/ext4/{name}/journal_task").read_text().strip() != NO_JOURNAL
    except OSError:
        return False


def _spare_room() -> memoryview:
    """Return room at an address that a block may have; in one large page, a disk takes it whole."""
    with suppress(IndexError):
        return _spare.pop()
    room = mmap.mmap(-1, ROOM, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    with suppress(OSError):  # a kernel without them
        room.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(room)
