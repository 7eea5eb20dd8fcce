"""Many files, asked of the disk before they are due: their beginnings, or what of them it takes."""

import errno
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

AHEAD = 32  # a disk answers so many at once nearly as soon as one
WHOLE_AHEAD, MOST_AHEAD = 6, 4 << 20  # files; bytes of each
Item = TypeVar("Item")


def beginnings(paths: Iterable[Path], size: int) -> Iterator[bytes | None]:
    """Given paths, yield of each file the first `size` bytes, or None where there is none.

    Raise OSError as the disk does.
    """
    asked: deque[_Asked | None] = deque()
    for path in paths:
        asked.append(_asked(path, size))
        if len(asked) > AHEAD:
            yield _answer(asked.popleft())
    while asked:
        yield _answer(asked.popleft())


def asked_for(items: Iterable[Item], path_of: Callable[[Item], Path]) -> Iterator[Item]:
    """Given items and the file of each, yield them in their order, while the disk is asked for
    those that come next.
    """
    waiting: deque[Item] = deque()
    for item in items:
        _ask_for(path_of(item))
        waiting.append(item)
        if len(waiting) > WHOLE_AHEAD:
            yield waiting.popleft()
    yield from waiting


def _ask_for(path: Path) -> None:
    """What cannot be had is told of when it is read."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, 0, MOST_AHEAD, os.POSIX_FADV_WILLNEED)
        finally:
            os.close(descriptor)


class _Asked:
    """A file whose beginning is in memory, or on its way there."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor, self._room = descriptor, bytearray(size)
        self._read = 0
        try:
            self._read = os.preadv(descriptor, [self._room], 0, os.RWF_NOWAIT)
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EOPNOTSUPP):
                raise
        if not self._is_whole:
            os.posix_fadvise(descriptor, 0, size, os.POSIX_FADV_WILLNEED)

    @property
    def _is_whole(self) -> bool:
        if self._read == len(self._room):
            return True
        return self._read >= os.fstat(self._descriptor).st_size

    def answer(self) -> bytes:
        try:
            if not self._is_whole:
                self._read = os.preadv(self._descriptor, [self._room], 0)
            return bytes(self._room[: self._read])
        finally:
            os.close(self._descriptor)


def _asked(path: Path, size: int) -> _Asked | None:
    with suppress(FileNotFoundError):
        return _Asked(os.open(path, os.O_RDONLY | os.O_CLOEXEC), size)
    return None


def _answer(asked: _Asked | None) -> bytes | None:
    return asked.answer() if asked else None
