"""Files that are there whole or not at all: written aside, synced, renamed."""

import errno
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from headgate.core.errors import Unavailable
from headgate.stores import reading, straight
from headgate.stores.layout import tellable

FOLDER_MODE = 0o750
# IOV_MAX of Linux
MOST_PARTS = 1024
MOST_AT_ONCE = 8 << 20
FILE_MODE = 0o640
NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
Parts = tuple[bytes | memoryview, ...]


def make_folders(path: Path) -> None:
    """Given a folder, make it and what it lies in, closed to others. Raise Unavailable."""
    if path.is_dir():
        return
    make_folders(path.parent)
    with disk_errors(path), suppress(FileExistsError):
        os.mkdir(path, FOLDER_MODE)  # noqa: PTH102 (one system call)
        sync_folder(path.parent)


def write_bytes(descriptor: int, *parts: bytes | memoryview) -> None:
    """Given an open file, write all of every part; of a mapped file no more stays in memory."""
    rest = [memoryview(part) for part in parts if len(part)]
    while rest:
        now = _first(rest)
        written = os.writev(descriptor, now)
        if written >= MOST_AT_ONCE:
            reading.forget_mapped(now)
        while rest and written >= len(rest[0]):
            written -= len(rest.pop(0))
        if rest:
            rest[0] = rest[0][written:]


def _first(parts: list[memoryview]) -> list[memoryview]:
    """Return as much of the parts as is written at once."""
    found, room = [], MOST_AT_ONCE
    for part in parts[:MOST_PARTS]:
        found.append(part[:room])
        room -= len(part)
        if room <= 0:
            break
    return found


def write_new(path: str | Path, *parts: bytes | memoryview, is_synced: bool = True) -> None:
    """Given a path, write the parts there and sync them; a half-written file is removed.

    Raise OSError as the disk does.
    """
    descriptor = os.open(path, NEW, FILE_MODE)
    try:
        write_bytes(descriptor, *parts)
        if is_synced:
            os.fsync(descriptor)
    except OSError:
        os.close(descriptor)
        os.unlink(path)  # noqa: PTH108 (one system call)
        raise
    os.close(descriptor)


def open_new(path: str | Path) -> straight.StraightFile:
    """Given a path, return a new file there that is written straight to the disk."""
    return straight.StraightFile(path, NEW, FILE_MODE)


def write_whole(path: Path, text: str) -> None:
    """Given a path, put the text there at once and durably, in place of what was there.

    Raise Unavailable when the disk cannot take it; then the old text still stands.
    """
    rewrite(path, lambda: text)


def rewrite(path: Path, text: Callable[[], str | None]) -> bool:
    """Given a path and what returns its text, or None to leave it, do as `write_whole`, while
    nobody else does in the folder; return whether there was a text. Raise Unavailable.
    """
    aside = path.with_name(f".{path.name}.tmp")
    with disk_errors(path), _alone_in(path.parent) as folder:
        if (new := text()) is None:
            return False
        write_new(aside, new.encode())
        os.replace(aside, path)
        os.fsync(folder)
    return True


@contextmanager
def _alone_in(folder: Path) -> Iterator[int]:
    """Keep off others who ask for the same; yield the folder's descriptor."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # where a network's file system locks no folder
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def write_once(path: Path, *parts: bytes | memoryview, is_synced: bool = True) -> bool:
    """Given a path, put the parts there; return False when other bytes are there already.

    What is not synced is there whole or not at all, as far as the power stays on. Raise
    Unavailable when the disk cannot take them.
    """
    folder, name = os.path.split(path)
    aside = f"{folder}/.{name}.{threading.get_native_id()}.tmp"
    with disk_errors(path):
        try:
            return _linked(aside, path, parts, is_synced)
        except KeyboardInterrupt:  # which may come at any line, that of a removal too
            remove(aside)
            raise


def _linked(aside: str, path: Path, parts: Parts, is_synced: bool) -> bool:
    write_new(aside, *parts, is_synced=is_synced)
    try:
        os.link(aside, path)
    except FileExistsError:
        return path.read_bytes() == b"".join(parts)
    finally:
        remove(aside)
    return True


def append_lines(path: Path, lines: list[str]) -> None:
    """Given lines without ends, append them durably; a line torn by a crash is closed first.

    Raise Unavailable when the disk cannot take them.
    """
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    with disk_errors(path):
        descriptor = os.open(path, flags, FILE_MODE)
        try:
            size = os.fstat(descriptor).st_size
            torn = size and os.pread(descriptor, 1, size - 1) != b"\n"
            text = ("\n" if torn else "") + "".join(f"{line}\n" for line in lines)
            write_bytes(descriptor, text.encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if not size:
            sync_folder(path.parent)


def move(source: Path, target: Path) -> None:
    """Given two paths on one disk, rename durably. Raise Unavailable, or FileNotFoundError."""
    with disk_errors(source):
        os.rename(source, target)  # noqa: PTH104 (one system call)
        sync_folder(target.parent)
        if target.parent != source.parent:
            sync_folder(source.parent)


def forget(path: Path) -> bool:
    """Given a file, remove it durably; return whether it was there. Raise Unavailable."""
    with disk_errors(path):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_folder(path.parent)
    return True


def remove(path: str | Path) -> None:
    """Given a file or a link, remove it if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108 (one system call)


def touch(path: Path, when: float) -> None:
    """Given a path, make it an empty file changed at the POSIX time `when`. Raise Unavailable."""
    with disk_errors(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            os.utime(descriptor, (when, when))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(path.parent)


def sync_folder(path: str | Path) -> None:
    """Given a folder, make the names in it durable."""
    _sync(path, os.O_DIRECTORY)


def sync_file(path: str | Path) -> None:
    """Given a file, make its bytes durable."""
    _sync(path, 0)


def _sync(path: str | Path, flags: int) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def names_in(folder: Path) -> list[str]:
    """Given a folder, return the sorted names in it, without hidden ones; none if it is not there.

    Hidden names are files being written aside.
    """
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return []


def names_before(folder: Path, limit: float) -> list[str]:
    """Given a folder and a POSIX time, return the names of what was written before it."""
    found = []
    for one in names_in(folder):
        with suppress(FileNotFoundError):
            if (folder / one).stat().st_mtime < limit:
                found.append(one)
    return found


def is_locked(folder: Path) -> bool:
    """Given a folder, return whether our user may not enter it, or not see what is in it; a link
    to one is none.
    """
    return not os.access(folder, os.R_OK | os.X_OK) and not folder.is_symlink()


@contextmanager
def disk_errors(path: str | Path) -> Iterator[None]:
    """Turn what a disk says when it cannot write now into Unavailable; the rest passes."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM | {errno.EROFS, errno.EIO}:
            raise Unavailable(
                f"the disk under {tellable(path) or Path(path).parent} cannot take a file now "
                f"({error.strerror}): free room, then it is tried again"
            ) from error
        raise


def keep_private() -> None:
    """Close whatever this process makes from now on to others."""
    os.umask(0o027)


def newest(*folders: Path) -> float:
    """Given folders, return when the newest entry in them changed, as POSIX time; 0 for none."""
    times = [0.0]
    for folder in folders:
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(FileNotFoundError):
                    times.append(entry.stat(follow_symlinks=False).st_mtime)
    return max(times)
