"""Symbolic links within the data tree: relative, so that the tree can be moved."""

import os
from functools import lru_cache
from pathlib import Path

from headgate.stores.files import disk_errors


def point(link: str | Path, target: str | Path) -> bool:
    """Given a link and its target, make the symbolic link, relative; return whether it was new.

    A link that is there already stays as it is. Raise Unavailable.
    """
    with disk_errors(link):
        try:
            os.symlink(_between(link, target), link)
        except FileExistsError:
            return False
        return True


def repoint(link: Path, target: Path) -> None:
    """Given a symbolic link and what it is to point to, replace it at once, relative.

    Raise Unavailable.
    """
    aside = link.with_name(f".{link.name}.tmp")
    with disk_errors(link):
        aside.unlink(missing_ok=True)
        os.symlink(_between(link, target), aside)
        os.replace(aside, link)


def target_of(link: Path) -> Path:
    """Given a symbolic link, return where it points, whether anything is there or not."""
    try:
        return Path(os.path.normpath(f"{link.parent}/{os.readlink(link)}"))  # noqa: PTH115
    except OSError:
        return link


def _between(link: str | Path, target: str | Path) -> str:
    folder, name = os.path.split(target)
    return f"{_way(os.path.split(link)[0], folder)}/{name}"


@lru_cache(maxsize=256)
def _way(start: str, end: str) -> str:
    return os.path.relpath(end, start)
