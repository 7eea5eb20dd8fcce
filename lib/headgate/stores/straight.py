"""Large files written straight to the disk, past the page cache, where the file system can.

What is written so waits for no later sync of its bytes, and takes no memory whatever its size.
"""

import errno
import fcntl
import mmap
import os
import threading
from functools import lru_cache
from pathlib import Path

BLOCK = 4096  # what O_DIRECT asks of sizes and addresses, at the most usual
ROOM = 1 << 20  # most images go in one write
# ext4's jbd2 commits whole transactions; the log of XFS is forced from its start to a place
JOURNALLED = frozenset({"ext3", "ext4", "xfs"})
Part = bytes | memoryview
_rooms = threading.local()


class StraightFile:
    """A new file that this thread writes from its beginning to its end, one at a time."""

    def __init__(self, path: str | os.PathLike[str], flags: int, mode: int) -> None:
        self.is_straight = True
        self.descriptor = self._opened(path, flags, mode)
        self._room = _room()
        self._filled = self._size = 0

    def write(self, part: Part) -> None:
        """Given bytes, write them after those before. Raise OSError as the disk does."""
        rest = memoryview(part)
        while rest:
            piece = rest[: ROOM - self._filled]
            end = self._filled + len(piece)
            self._room[self._filled : end] = piece
            self._filled, rest = end, rest[len(piece) :]
            if end == ROOM:
                self._write_out(ROOM)

    def finish(self) -> None:
        """Write what is not written yet; the file then has its size. Raise OSError."""
        if self._filled:
            end = -(-self._filled // BLOCK) * BLOCK
            self._room[self._filled : end] = bytes(end - self._filled)
            self._write_out(end)
        os.ftruncate(self.descriptor, self._size)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.descriptor)

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


def is_ordered(path: str | os.PathLike[str]) -> bool:
    """Given a path, return whether its file system has one journal in which every change of names
    and sizes stands in its order, so that what makes a change durable makes those before it so.
    """
    return _file_system(os.stat(path).st_dev) in JOURNALLED


@lru_cache(maxsize=64)
def _file_system(device: int) -> str:
    """Return the type of the file system on a device: proc_pid_mountinfo(5)."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if before.split()[2] == wanted:
            return after.split()[0]
    return ""


def _room() -> memoryview:
    """Return this thread's room, at an address that a block may have."""
    if not hasattr(_rooms, "own"):
        _rooms.own = memoryview(mmap.mmap(-1, ROOM))
    own: memoryview = _rooms.own
    return own
