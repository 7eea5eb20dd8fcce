"""What makes runs on one machine comparable: each finds the disk idle, its files read, memory at hand.

A virtual machine gives memory that nobody uses back to its host; who touches a page of it next waits
for the host, some 10 microseconds a page, which is no figure of a program's. On a machine that has
been at work for days, all memory holds files that were read: so it is made here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

LEFT_FREE, AT_ONCE = 1 << 30, 1 << 20
NOTHING = "nothing"  # a file without a block on the disk: to read it takes memory alone


def made_ready(folder: Path, paths: Iterable[Path] = ()) -> None:
    """Given the folder that is written to and the files that are read next, make the machine ready."""
    os.sync()
    _fill_memory(folder / NOTHING)
    for path in paths:
        path.read_bytes()


def _fill_memory(path: Path) -> None:
    path.touch()
    read = path.stat().st_size
    os.truncate(path, read + max(0, _free() - LEFT_FREE))
    room = bytearray(AT_ONCE)
    with path.open("rb", buffering=0) as file:
        file.seek(read)
        while file.readinto(room):
            continue


def _free() -> int:
    """Return how many bytes of memory hold nothing: proc_meminfo(5)."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("MemFree:")) << 10
