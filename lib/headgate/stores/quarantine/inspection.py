"""Instances in the archive looked at again: whether they are there, and whole on the disk."""

import hashlib
import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from headgate.core.elements import DEFLATED, Malformed, encoding_of, walk
from headgate.core.filemeta import SOP_CLASS, TRANSFER_SYNTAX, read_meta
from headgate.stores import files
from headgate.stores.layout import Layout

# PS3.3 C.14.1.1: reasons of failure
NO_SUCH_INSTANCE, CLASS_CONFLICT, PROCESSING_FAILURE = 0x0112, 0x0119, 0x0110
META_GROUP = 2
PREAMBLE_BYTES = 132
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
        for name in wanted - found.keys():
            if (folder / name).is_file():
                found[name] = folder / name
        if len(found) == len(wanted):
            break
    return found


def _changed(folder: Path) -> float:
    with suppress(FileNotFoundError):
        return folder.stat().st_mtime
    return 0.0


def _reason(path: Path, sop_class: str) -> int:
    """Return why a file fails, 0 where it does not: its bytes are read from the disk."""
    try:
        data = _read_anew(path)
        meta, start = read_meta(data)
        if meta.get(SOP_CLASS) != sop_class:
            return CLASS_CONFLICT
        _check_whole(data[start:], meta[TRANSFER_SYNTAX])
        told = _digest_told(path)
    except (OSError, KeyError, Malformed, zlib.error):
        return PROCESSING_FAILURE
    is_same = told is None or told == hashlib.sha256(data[start:]).digest()
    return 0 if is_same else PROCESSING_FAILURE


def _read_anew(path: Path) -> bytes:
    """Return a file's bytes; what memory holds of it is not asked."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
    return bytes(files.mapped(path))


def _check_whole(dataset: bytes, transfer_syntax: str) -> None:
    """Raise Malformed or zlib.error where the bytes end within an element."""
    if transfer_syntax in DEFLATED:
        dataset = zlib.decompressobj(-zlib.MAX_WBITS).decompress(dataset)
    for _ in walk(dataset, encoding_of(transfer_syntax)):
        pass


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
