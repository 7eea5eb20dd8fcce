"""The exports: zip files that people fetch, and the folders in which they are made."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.core.errors import Misconfigured
from headgate.stores import files
from headgate.stores.layout import Layout

DISCARDED = ".discarded-"
SUFFIX = ".zip"
TOLD, TIMINGS = ".json", "timings.jsonl"


@dataclass(frozen=True)
class Export:
    """A zip file; `changed` is a POSIX time, `size` tells its bytes."""

    path: Path
    changed: float
    size: int


class Exports:
    """The files `exports/**/<name>.zip` with what is told of them beside, `<name>.zip.*`; and
    `exports/.partial/<name>/`, where one is made before it is moved to its place.
    """

    def __init__(self, layout: Layout) -> None:
        self._root, self._partial = layout.exports, layout.partial_exports

    def check(self) -> None:
        """Raise Misconfigured where the exports are a link: what lies behind is not ours."""
        for folder in (self._root, self._partial):
            if folder.is_symlink():
                raise Misconfigured(f"{folder} is a link: mount the disk there in place of it")

    def folder(self, name: str) -> Path:
        """Given what is made, return the folder in which it is made, there from now on; it is not
        what a run left, though the PACS may be away for days.
        """
        path = self._partial / name
        files.make_folders(path)
        os.utime(path)
        return path

    def place(self, project: str, name: str) -> Path:
        """Given a project and how the export is called, both clean, return where its zip goes."""
        return self._root / project / f"{name}{SUFFIX}"

    def publish(self, made: Path, place: Path, told: Mapping[str, Any]) -> None:
        """Given a zip file that is whole and what is told of it, put both in their place."""
        files.make_folders(place.parent)
        files.move(made, place)
        files.write_whole(place.with_name(f"{place.name}{TOLD}"), json.dumps(told, indent=1))

    def told(self, place: Path) -> dict[str, Any]:
        """Given where a zip file goes, return what is told of the one that is there; or nothing."""
        try:
            found = json.loads(place.with_name(f"{place.name}{TOLD}").read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) and place.exists() else {}

    def note_timing(self, project: str, line: Mapping[str, Any]) -> None:
        """Given a project and how long an export of it took, note it durably."""
        path = self._root / project / TIMINGS
        files.append_lines(path, [json.dumps(line)])

    def zips(self) -> list[Export]:
        """Return the zip files, the oldest first; links are left alone."""
        found = []
        for place, folders, names in os.walk(self._root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = Path(place) / name
                if name.endswith(SUFFIX) and not name.startswith(".") and not path.is_symlink():
                    with suppress(FileNotFoundError):
                        told = path.stat()
                        found.append(Export(path, told.st_mtime, told.st_size))
        return sorted(found, key=lambda one: (one.changed, one.path))

    def remove(self, export: Export) -> bool:
        """Given a zip file, remove it and what is told of it; return whether it was still so."""
        with suppress(FileNotFoundError):
            if export.path.lstat().st_mtime != export.changed:
                return False
            beside = f"{export.path.name}."
            for name in files.names_in(export.path.parent):
                if name.startswith(beside) and not name.endswith(SUFFIX):
                    files.remove(export.path.parent / name)
            files.remove(export.path)
            return True
        return False

    def lacking_bytes(self, free_percent: float) -> float:
        """Given what part of the partition should be free, return how many bytes lack for it."""
        usage = shutil.disk_usage(self._root)
        return usage.total * free_percent / 100 - usage.free

    def partial(self) -> dict[str, float]:
        """Return what lies where exports are made, and when somebody last wrote there."""
        return {name: _last_written(self._partial / name) for name in files.names_in(self._partial)}

    def last_written(self, name: str) -> float:
        """Given a folder in which an export is made, return when somebody last wrote there."""
        return _last_written(self._partial / name)

    def discarded(self) -> list[str]:
        """Return what a run that died had begun to delete."""
        return sorted(name for name in os.listdir(self._partial) if name.startswith(DISCARDED))

    def discard(self, name: str) -> None:
        """Given a folder in which an export is made, delete it; a run that dies is known by it."""
        aside = name if name.startswith(DISCARDED) else f"{DISCARDED}{name}"
        with suppress(FileNotFoundError):
            _delete(self._partial / aside)
        if aside != name:
            with suppress(FileNotFoundError):
                files.move(self._partial / name, self._partial / aside)
                _delete(self._partial / aside)


def _last_written(path: Path) -> float:
    """The newest time of anything in it; 0 where it is gone."""
    return max(_times(path), default=0.0)


def _times(path: Path) -> Iterator[float]:
    with suppress(FileNotFoundError):
        yield path.lstat().st_mtime
    if path.is_symlink():
        return
    for place, folders, names in os.walk(path):
        for name in (*folders, *names):
            with suppress(FileNotFoundError):
                yield (Path(place) / name).lstat().st_mtime


def _delete(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        files.remove(path)
    else:
        shutil.rmtree(path)
