"""DICOM files: headers read, data sets split into header and pixels, both encoded again."""

import hashlib
import mmap
import struct
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.core.dicom.elements import (
    DEFLATED,
    PIXEL_GROUP,
    Element,
    Encoding,
    Malformed,
    encoding_of,
    header_end,
    walk,
)
from headgate.core.dicom.filemeta import JOURNEY, SOP_CLASS, TRANSFER_SYNTAX, read_meta
from headgate.core.dicom.guessing import encoding_seen, transfer_syntax_of
from headgate.core.dicom.header import Header
from headgate.core.errors import Rejected
from headgate.stores import reading

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

META_BYTES = 1 << 16
SYNTAX_ALONE = frozenset({TRANSFER_SYNTAX})
HASHED_AT_ONCE = 8 << 20
# what a broken file makes pydicom raise
BROKEN = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, NotImplementedError, EOFError,
    struct.error, zlib.error, OverflowError, RecursionError,
)  # fmt: skip


@dataclass(frozen=True)
class Instance:
    """A file taken apart: its data set, how it is encoded, and the bytes as they are stored.

    `media_class` is the SOP class that its file meta information names. Its parts are read when
    they are asked for, each with `understanding`.
    """

    dataset: memoryview
    transfer_syntax: str
    media_class: str
    stored: memoryview

    @property
    def encoding(self) -> Encoding:
        """How its elements are encoded."""
        return encoding_of(self.transfer_syntax)

    @cached_property
    def head(self) -> memoryview:
        """The elements before its pixels."""
        return self.dataset[: header_end(self.dataset, self.encoding)]

    @property
    def elements(self) -> Iterator[Element]:
        """Where the elements of its header lie."""
        return walk(self.head, self.encoding)

    @cached_property
    def pixels(self) -> list[memoryview]:
        """Its pixel elements as they are stored."""
        return self.pixels_from(len(self.head))

    def pixels_from(self, end: int) -> list[memoryview]:
        """Given where the header ends, return the pixel elements as they are stored.

        What follows them, trailing padding and signatures, has no place in an output, and need not
        be readable.
        """
        data, position, found = self.dataset, end, list[memoryview]()
        try:
            for one in walk(data, self.encoding, end):
                position = one.end
                if one.tag >> 16 == PIXEL_GROUP:
                    found.append(data[one.start : one.end])
        except Malformed:
            group = struct.pack(self.encoding.order + "H", PIXEL_GROUP)
            is_cut = data[position : position + 2] == group
            if is_cut or not found:
                raise
        return found

    @cached_property
    def header(self) -> "Dataset":
        """The header as pydicom reads it, which takes long to load."""
        from headgate.core.dicom.datasets import decoded

        return decoded(self.head, self.encoding)

    @property
    def digest(self) -> str:
        """What tells its bytes from others, file meta information left out."""
        return digests([self.head, *self.pixels])[0]


@contextmanager
def understanding() -> Iterator[None]:
    """Turn what a broken file makes pydicom raise into Rejected; faults of the disk pass."""
    try:
        yield
    except Malformed as error:
        raise Rejected(f"not a readable DICOM file ({error})") from error
    except (*BROKEN, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise Rejected(f"not a readable DICOM file ({type(error).__name__})") from error


def read_header(path: Path) -> "Dataset":
    """Given a DICOM file, return its data set up to the pixels, with `file_meta`.

    Raise Rejected when it is none.
    """
    from headgate.core.dicom.datasets import header_of

    with understanding(), path.open("rb") as file:
        return header_of(file)


def read_plain_header(path: Path) -> Header:
    """Given a DICOM file, return its header as plain values, with its file meta information.

    Raise Rejected when it is none.
    """
    with understanding():
        file = reading.mapped(path)
        meta, _ = read_meta(memoryview(file), JOURNEY)
        instance = take_apart(file)
        seen = encoding_seen(instance.transfer_syntax, instance.dataset)
        return Header(instance.dataset, seen, meta=meta)


def read_instance(path: Path) -> Instance:
    """Given a DICOM file, return it taken apart. Raise Rejected when it is none."""
    with understanding():
        return take_apart(reading.mapped(path))


def look_at(path: Path) -> Instance:
    """Given a DICOM file, return it taken apart; nothing is read of it but what is asked for.

    Raise Rejected when it is none.
    """
    with understanding():
        return take_apart(reading.mapped(path, least=0))


def take_apart(file: bytes | mmap.mmap) -> Instance:
    """Given a DICOM file's bytes, return it taken apart. To be called with `understanding`."""
    whole = memoryview(file)
    meta, offset = read_meta(whole)
    stored = dataset = whole[offset:]
    syntax = transfer_syntax_of(meta.get(TRANSFER_SYNTAX, ""), stored)
    if not syntax:
        raise Malformed("it begins like none")
    if syntax in DEFLATED:
        dataset = memoryview(zlib.decompressobj(-zlib.MAX_WBITS).decompress(stored))
    return Instance(dataset, syntax, meta.get(SOP_CLASS, ""), stored)


def read_syntax(path: Path) -> tuple[str, str]:
    """Given a DICOM file, return its SOP class and transfer syntax UIDs. Raise Rejected."""
    with understanding(), path.open("rb") as file:
        meta, _ = read_meta(file.read(META_BYTES))
        return meta[SOP_CLASS], meta[TRANSFER_SYNTAX]


def split_start(file: bytes) -> tuple[str, bytes]:
    """Given a DICOM file's first bytes, return its transfer syntax UID, and those of its data set.

    Raise Rejected.
    """
    with understanding():
        meta, offset = read_meta(file, SYNTAX_ALONE)
        return meta[TRANSFER_SYNTAX], file[offset:]


def read_dataset_offset(start: bytes) -> int:
    """Given the start of a file, return where its data set begins: 0 without meta information."""
    return read_meta(start)[1]


def encode(
    header: "Dataset", pixels: list[memoryview], transfer_syntax: str
) -> tuple[bytes, bytes]:
    """Given a header and its stored pixel elements, return the header's and all encoded bytes."""
    from headgate.core.dicom.datasets import encoded

    head = encoded(header, encoding_of(transfer_syntax))
    whole = b"".join([head, *pixels])
    if transfer_syntax in DEFLATED:
        whole = deflate(whole)
    return head, whole


def deflate(dataset: bytes) -> bytes:
    """Given an encoded data set, return it deflated and of even length: PS3.5 A.5."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = compressor.compress(dataset) + compressor.flush()
    return deflated + bytes(len(deflated) % 2)


def digests(*data_sets: Iterable[bytes | memoryview]) -> list[str]:
    """Given data sets as header and pixel elements, return of each the SHA-256 of the SHA-256 of
    its parts. Parts that they share are read once; of a mapped file no more stays in memory.
    """
    known: dict[int, bytes] = {}
    found = []
    for parts in data_sets:
        whole = hashlib.sha256()
        for part in parts:
            whole.update(known.get(id(part)) or known.setdefault(id(part), _digest(part)))
        found.append(whole.hexdigest())
    return found


def _digest(part: bytes | memoryview) -> bytes:
    found = hashlib.sha256()
    if len(part) <= HASHED_AT_ONCE:
        found.update(part)
        return found.digest()
    for start in range(0, len(part), HASHED_AT_ONCE):
        piece = memoryview(part)[start : start + HASHED_AT_ONCE]
        found.update(piece)
        reading.forget_mapped([piece])
    return found.digest()
