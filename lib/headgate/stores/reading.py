"""Files read whole: a large one is mapped, and its memory let go of when it was worked on."""

import mmap
import os
from collections.abc import Iterable
from pathlib import Path

LARGE = 32 << 20


def mapped(path: Path, least: int = LARGE) -> bytes | mmap.mmap:
    """Given a file that nobody changes, return its bytes, mapped where they are `least` or more.

    Raise OSError as the disk does.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        if size >= least:
            return mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ)
        return _read(descriptor, size)
    finally:
        os.close(descriptor)


def _read(descriptor: int, size: int) -> bytes:
    data = os.read(descriptor, size)
    while len(data) < size and (more := os.read(descriptor, size - len(data))):
        data += more
    return data


def forget_mapped(parts: Iterable[bytes | memoryview]) -> None:
    """Given bytes that were worked on, let go of the memory of the mapped files among them."""
    views = [part for part in parts if isinstance(part, memoryview)]
    for mapping in {id(view.obj): view.obj for view in views}.values():
        if isinstance(mapping, mmap.mmap):
            mapping.madvise(mmap.MADV_DONTNEED)
