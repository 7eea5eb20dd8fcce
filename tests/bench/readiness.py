"""What makes runs on one machine comparable: each finds the disk idle, its files read, memory at hand.

A virtual machine may have given memory that nobody used back to its host; who touches a page of it
first waits for the host, some 10 microseconds a page, which is no figure of a program's.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from pathlib import Path

PAGE = mmap.PAGESIZE


def made_ready(paths: Iterable[Path], to_be_written: int) -> None:
    """Given the files that are read next and how many bytes are written, make the machine ready."""
    os.sync()
    for path in paths:
        path.read_bytes()
    with mmap.mmap(-1, max(PAGE, to_be_written)) as memory:
        for start in range(0, len(memory), PAGE):
            memory[start] = 1
