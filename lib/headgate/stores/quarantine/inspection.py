"""Instances in the archive looked at again: whether they are there, and whole on the disk."""

import hashlib
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from headgate.core.dicom.elements import DEFLATED, Malformed, encoding_of, walk
from headgate.core.dicom.filemeta import SOP_CLASS, TRANSFER_SYNTAX, read_meta
from headgate.stores import files, reading
from headgate.stores.layout import Layout

# PS3.3 C.14.1.1: reasons of failure
NO_SUCH_INSTANCE, CLASS_CONFLICT, PROCESSING_FAILURE = 0x0112, 0x0119, 0x0110
PIECE_BYTES = 1 << 20
FEW = 16
DIGEST_NAME = "user.headgate.sha256"


def failures(layout: Layout, references: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Given SOP classes and instances, return why those fail that are not safe, by instance."""
    wanted = {instance: sop_class for sop_class, instance in references}
    paths = _found(layout, set(wanted))
    reasons = {
        instance: _reason(paths[instance], sop_class) if instance in paths else NO_SUCH_INSTANCE
        for instance, sop_class in wanted.items()
    }
    return {instance: reason for instance, reason in reasons.items() if reason}


def _found(layout: Layout, wanted: set[str]) -> dict[str, Path]:
    """Return where instances lie, looking into the studies that changed last first."""
    found: dict[str, Path] = {}
    folders = [layout.archive / name for name in files.names_in(layout.archive)]
    for folder in sorted(folders, key=_changed, reverse=True):
        for name in _names_in(folder, wanted - found.keys()):
            found[name] = folder / name
        if len(found) == len(wanted):
            break
    return found


def _names_in(folder: Path, wanted: set[str]) -> Iterable[str]:
    """Return which of the names a folder has: many are not looked for one by one."""
    if len(wanted) > FEW:
        return wanted.intersection(files.names_in(folder))
    return [name for name in wanted if (folder / name).is_file()]


def _changed(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return folder.stat().st_mtime
    return 0.0


def _reason(path: Path, sop_class: str) -> int:
    """Return why a file fails, 0 where it does not: its bytes are read from the disk, and no more
    of them is in memory than is looked at.
    """
    try:
        data = memoryview(_read_anew(path))
        meta, start = read_meta(data)
        if meta.get(SOP_CLASS) != sop_class:
            return CLASS_CONFLICT
        dataset = data[start:]
        _check_whole(dataset, meta[TRANSFER_SYNTAX])
        told = _digest_told(path)
        is_same = told is None or told == _digest_of(dataset)
    except (OSError, KeyError, Malformed, zlib.error):
        return PROCESSING_FAILURE
    return 0 if is_same else PROCESSING_FAILURE


def _read_anew(path: Path) -> bytes | mmap.mmap:
    """Return a file's bytes once the disk gave each of them: what memory holds of it is not asked,
    and where a mapped file cannot be read, the process would end.
    """
    descriptor, room = os.open(path, os.O_RDONLY | os.O_CLOEXEC), bytearray(PIECE_BYTES)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        while os.readv(descriptor, [room]):
            pass
    finally:
        os.close(descriptor)
    return reading.mapped(path)


def _check_whole(dataset: memoryview, transfer_syntax: str) -> None:
    """Raise Malformed or zlib.error where the bytes end within an element."""
    if transfer_syntax in DEFLATED:
        _check_inflates(dataset)
        return
    kept = 0
    for element in walk(dataset, encoding_of(transfer_syntax)):
        if element.end - kept > PIECE_BYTES:
            reading.forget_mapped([dataset])
            kept = element.end


def _check_inflates(dataset: memoryview) -> None:
    """A few bytes may stand for gigabytes: what comes out is let go piece by piece."""
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in _pieces(dataset):
        left = bytes(piece)
        while left and not inflating.eof:
            inflating.decompress(left, PIECE_BYTES)
            left = inflating.unconsumed_tail
    if not inflating.eof:
        raise Malformed("the deflated data set is cut short")


def _digest_of(dataset: memoryview) -> bytes:
    found = hashlib.sha256()
    for piece in _pieces(dataset):
        found.update(piece)
    return found.digest()


def _pieces(dataset: memoryview) -> Iterator[memoryview]:
    for start in range(0, len(dataset), PIECE_BYTES):
        yield dataset[start : start + PIECE_BYTES]
        reading.forget_mapped([dataset])


def _digest_told(path: Path) -> bytes | None:
    """Return the SHA-256 of the data set as it was received, where it was kept."""
    try:
        return os.getxattr(path, DIGEST_NAME)
    except OSError:
        return None


def keep_digest(descriptor: int, digest: bytes) -> None:
    """Given an open file and the SHA-256 of its data set, keep it beside the file, where the file
    system can.
    """
    with suppress(OSError):
        os.setxattr(descriptor, DIGEST_NAME, digest)
