"""Large files written straight to the disk, past the page cache, where the file system can.

Nobody reads an output again soon, and what is written so waits for no later sync of its bytes.
"""

import errno
import fcntl
import mmap
import os
import threading
from collections.abc import Iterable, Iterator

BLOCK = 4096  # what O_DIRECT asks of sizes and addresses, at the most usual
ROOM = 1 << 20
Part = bytes | memoryview
_rooms = threading.local()


def open_straight(path: str | os.PathLike[str], flags: int, mode: int) -> int:
    """Given what os.open takes, return the file opened past the page cache, or as any other."""
    try:
        return os.open(path, flags | os.O_DIRECT, mode)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(path, flags, mode)


def write_straight(descriptor: int, parts: Iterable[Part]) -> None:
    """Given a file just opened and parts, write them one after the other.

    Raise OSError as the disk does.
    """
    size = 0
    for block, filled in _blocks(parts, _room()):
        _write_all(descriptor, block)
        size += filled
    os.ftruncate(descriptor, size)


def _room() -> memoryview:
    """Return this thread's room, at an address that a block may have."""
    if not hasattr(_rooms, "own"):
        _rooms.own = memoryview(mmap.mmap(-1, ROOM))
    own: memoryview = _rooms.own
    return own


def _blocks(parts: Iterable[Part], room: memoryview) -> Iterator[tuple[memoryview, int]]:
    """Yield whole blocks, with how many of their bytes are meant; the room holds each in turn."""
    filled = 0
    for part in parts:
        rest = memoryview(part)
        while rest:
            piece = rest[: ROOM - filled]
            room[filled : filled + len(piece)] = piece
            filled, rest = filled + len(piece), rest[len(piece) :]
            if filled == ROOM:
                yield room, ROOM
                filled = 0
    if filled:
        end = -(-filled // BLOCK) * BLOCK
        room[filled:end] = bytes(end - filled)
        yield room[:end], filled


def _write_all(descriptor: int, data: memoryview) -> None:
    while data:
        try:
            written = os.write(descriptor, data)
        except OSError as error:
            if error.errno != errno.EINVAL or not _leave_straightness(descriptor):
                raise
            continue
        data = data[written:]
        if written % BLOCK:
            _leave_straightness(descriptor)


def _leave_straightness(descriptor: int) -> bool:
    """Have the rest written as in any other file; return whether it was not so already."""
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags & ~os.O_DIRECT)
    return bool(flags & os.O_DIRECT)
