"""What was pulled from a PACS for an export: `<study>/<series>/<instance>.dcm` under a folder."""

import os
from collections.abc import Callable
from itertools import count
from pathlib import Path

from headgate.core.dicom.elements import Malformed
from headgate.core.dicom.filemeta import read_meta
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.stores import files

SUFFIX = ".dcm"
SOP_INSTANCE = 0x00020003
META_BYTES = 1 << 16
_numbers = count()


class Shelf:
    """The files of one series; what is there is whole."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        files.make_folders(folder)

    def names(self) -> set[str]:
        """Return the SOP instances that are there."""
        return {one.removesuffix(SUFFIX) for one in files.names_in(self._folder)}

    def draft(self, sop_instance: str, head: bytes) -> "Draft":
        """Given an instance and how its file begins, begin it."""
        return Draft(self._folder, lambda _path: sop_instance, head)

    def unnamed(self) -> "Draft":
        """Begin an instance whose file will tell what it is."""
        return Draft(self._folder, _told, b"")


class Draft:
    """A file that is being written under a hidden name."""

    def __init__(self, folder: Path, name_of: Callable[[Path], str], head: bytes) -> None:
        self._folder, self._name_of = folder, name_of
        self._aside = folder / f".{os.getpid()}.{next(_numbers)}.tmp"
        self._file = self._aside.open("wb")
        self._file.write(head)

    def write(self, piece: bytes | memoryview) -> None:
        """Given more of it, write it. Raise OSError as the disk does."""
        self._file.write(piece)

    def settle(self) -> None:
        """Make it durable under its name. Raise Unavailable, Rejected, OSError."""
        with files.disk_errors(self._aside):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            name = self._name_of(self._aside)
            os.replace(self._aside, self._folder / f"{name}{SUFFIX}")

    def discard(self) -> None:
        """Leave nothing of it."""
        self._file.close()
        files.remove(self._aside)


def clear_drafts(folder: Path) -> None:
    """Given a folder of series, remove what a run that died had begun to write."""
    for path in folder.rglob(".*.tmp"):
        files.remove(path)


def _told(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(META_BYTES)
    try:
        name = read_meta(start, frozenset({SOP_INSTANCE}))[0].get(SOP_INSTANCE, "")
    except Malformed as error:
        raise Rejected("the PACS sends what is no DICOM file: look into its log") from error
    if not is_uid(name):
        raise Rejected("the PACS sends a file without a SOP Instance UID: look into its log")
    return name
