"""Links that point nowhere, and empty folders; no link is ever followed to what is behind it."""

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Cleared:
    """What was removed."""

    links: int = 0
    folders: int = 0

    def __bool__(self) -> bool:
        return bool(self.links or self.folders)


def has_stale(path: str | Path) -> bool:
    """Given a path, return whether it is a link to nowhere, or a folder that is empty, or that has
    either somewhere below.
    """
    if Path(path).is_symlink():
        return _dangles(path)
    try:
        with os.scandir(path) as entries:
            is_empty = True
            for entry in entries:
                is_empty = False
                if entry.is_symlink():
                    if _dangles(entry.path):
                        return True
                elif entry.is_dir(follow_symlinks=False) and has_stale(entry.path):
                    return True
            return is_empty
    except (FileNotFoundError, NotADirectoryError):
        return False


def clear(path: str | Path) -> Cleared:
    """Given a path, remove it if it is a link to nowhere; of a folder what is so below, then what
    is empty, and itself if it is then. Return how much it was; a file stays, and its folder.
    """
    cleared = Cleared()
    if Path(path).is_symlink():
        if _dangles(path):
            os.unlink(path)  # noqa: PTH108 (one system call)
            cleared.links += 1
        return cleared
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in os.listdir(path):
            below = clear(os.path.join(path, name))  # noqa: PTH118 (millions of them)
            cleared.links += below.links
            cleared.folders += below.folders
        with suppress(OSError):  # it is not empty
            os.rmdir(path)  # noqa: PTH106 (one system call)
            cleared.folders += 1
    return cleared


def _dangles(path: str | Path) -> bool:
    """A disk that does not answer, or a folder that is closed to us, is not nowhere."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
