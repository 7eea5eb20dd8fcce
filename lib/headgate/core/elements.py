"""Walk over the elements of an encoded data set without decoding them: PS3.5 section 7."""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from headgate.core.errors import HeadgateError

# PS3.5 7.1.2: these VRs have two reserved bytes and a length of 32 bits
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
STUDY_INSTANCE_UID = 0x0020000D
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = frozenset({"1.2.840.10008.1.2.1.99"})
HEAD_BYTES = 1 << 20


class Malformed(HeadgateError):
    """The bytes are no data set in this encoding."""


class Encoding(NamedTuple):
    """How elements are written: PS3.5 section 7 and Annex A."""

    is_implicit: bool
    is_little: bool

    @property
    def order(self) -> str:
        """Return the byte order in the terms of struct."""
        return "<" if self.is_little else ">"


class Element(NamedTuple):
    """Where an element lies: its tag, and the offsets of itself, its value, and its end."""

    tag: int
    start: int
    value: int
    end: int


def encoding_of(transfer_syntax: str) -> Encoding:
    """Given a transfer syntax UID, return how its data sets are encoded: PS3.5 Annex A."""
    return Encoding(transfer_syntax == IMPLICIT_LITTLE, transfer_syntax != EXPLICIT_BIG)


def walk(data: bytes | memoryview, encoding: Encoding, position: int = 0) -> Iterator[Element]:
    """Given an encoded data set, yield its elements of the top level in their order.

    Raise Malformed when the bytes end within an element.
    """
    while position < len(data):
        element = _element(data, position, encoding)
        if element.tag == ITEM_END:
            return
        yield element
        position = element.end


def study_instance_uid(dataset: bytes | memoryview, transfer_syntax: str) -> str | None:
    """Given an encoded data set, return its Study Instance UID, or None where none is found."""
    encoding = encoding_of(transfer_syntax)
    try:
        if transfer_syntax in DEFLATED:
            dataset = zlib.decompressobj(-zlib.MAX_WBITS).decompress(bytes(dataset), HEAD_BYTES)
        for element in walk(dataset, encoding):
            if element.tag >= STUDY_INSTANCE_UID:
                value = bytes(dataset[element.value : element.end])
                is_study = element.tag == STUDY_INSTANCE_UID
                return value.decode("ascii").strip(" \0") if is_study else None
    except (Malformed, UnicodeDecodeError, zlib.error):
        return None
    return None


def _element(data: bytes | memoryview, position: int, encoding: Encoding) -> Element:
    order = encoding.order
    try:
        group, number = struct.unpack_from(order + "HH", data, position)
        tag = group << 16 | number
        value = position + 8
        if encoding.is_implicit or group == 0xFFFE:
            (length,) = struct.unpack_from(order + "I", data, position + 4)
        elif bytes(data[position + 4 : position + 6]) in LONG_VRS:
            (length,) = struct.unpack_from(order + "I", data, position + 8)
            value = position + 12
        else:
            (length,) = struct.unpack_from(order + "H", data, position + 6)
    except struct.error as error:
        raise Malformed(f"the data set ends within the element at byte {position}") from error
    if length == UNDEFINED:
        is_unknown = not encoding.is_implicit and bytes(data[position + 4 : position + 6]) == b"UN"
        # PS3.5 6.2.2 note: a UN of undefined length holds items in Implicit VR Little Endian
        inner = Encoding(True, True) if is_unknown else encoding
        return Element(tag, position, value, _end_of_sequence(data, value, inner))
    if value + length > len(data):
        raise Malformed(f"the element ({group:04x},{number:04x}) is longer than the data set")
    return Element(tag, position, value, value + length)


def _end_of_sequence(data: bytes | memoryview, position: int, encoding: Encoding) -> int:
    while True:
        try:
            group, number, length = struct.unpack_from(encoding.order + "HHI", data, position)
        except struct.error as error:
            raise Malformed(f"the data set ends within the item at byte {position}") from error
        tag = group << 16 | number
        position += 8
        if tag == SEQUENCE_END:
            return position
        if tag != ITEM:
            raise Malformed(f"({group:04x},{number:04x}) stands where an item should")
        is_open = length == UNDEFINED
        position = _end_of_item(data, position, encoding) if is_open else position + length


def _end_of_item(data: bytes | memoryview, position: int, encoding: Encoding) -> int:
    for element in walk(data, encoding, position):
        position = element.end
    return position + 8
