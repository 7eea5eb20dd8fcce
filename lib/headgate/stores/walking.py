"""Folders that somebody names on the command line, walked."""

import os
from collections.abc import Iterator
from pathlib import Path


def tree(folder: Path) -> Iterator[Path]:
    """Given a folder, yield every file in it and below, sorted, links to folders left alone."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in sorted(names))
