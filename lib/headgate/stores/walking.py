"""Folders that people write, walked, and whether they still do."""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.stores import files

QUIET_SECONDS = 60
LOCKED = (
    "a folder that the user who runs this may not enter, so that what is in it is not known: "
    "give it the rights (chmod u+rx, or chown)"
)


@dataclass(frozen=True)
class Locked:
    """A folder that our user may not enter, shown by its inode: its name may name a patient."""

    inode: int

    def __str__(self) -> str:
        return f"inode-{self.inode}"

    def told(self, top: str) -> str:
        """Given what was walked, as it may be named in a log, return what to do."""
        return f"{LOCKED}; 'find {top} -inum {self.inode}', as its owner or root, tells which it is"


def locked(folder: Path) -> Locked:
    """Given a folder that may not be entered, return how it is told of."""
    return Locked(folder.stat().st_ino)


def tree(folder: Path, tell_locked: Callable[[Path], object]) -> Iterator[Path]:
    """Given a folder, yield every file in it and below, sorted, links to folders left alone, and
    what is no file at all: whoever reads a pipe waits for ever. A folder that our user may not
    enter is told.
    """
    if files.is_locked(folder):
        tell_locked(folder)
        return
    for place, folders, names in os.walk(folder):
        closed = {name for name in folders if files.is_locked(Path(place, name))}
        for name in sorted(closed):
            tell_locked(Path(place, name))
        folders[:] = sorted(set(folders) - closed)
        paths = (Path(place) / name for name in sorted(names))
        yield from (path for path in paths if _is_file(path))


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:  # a link that leads nowhere: who reads it tells of it
        return True


def version(path: Path) -> tuple[int, ...]:
    """Given a file, return what changes when it is written, or another one put in its place."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def is_closed(path: Path, now: float) -> bool:
    """Given a file and the POSIX time, return whether no process has it open for writing: the
    kernel gives a lease of no other. Who may not even read it is told so when it is read.

    fcntl(2): F_SETLEASE, for the owner of the file and for who may take any lease.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    except PermissionError:
        return True
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except BlockingIOError:
        return False
    except PermissionError:  # another's file: then a while without a change has to do
        # by the kernel's time of it, as cp -p copies the other one; far ahead is a clock set back
        return abs(now - path.stat().st_ctime) > QUIET_SECONDS
    finally:
        os.close(descriptor)
    return True
