"""Walk over the elements of an encoded data set without decoding them: PS3.5 section 7."""

import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from headgate.core.errors import HeadgateError

Data = bytes | memoryview
# PS3.5 7.1.2: these VRs have two reserved bytes and a length of 32 bits
LONG_VRS = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
# PS3.5 6.2
VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN"
    b" UR US UT UV".split()
)
SHORT_VRS = VRS - LONG_VRS
PADDED_WITH_NUL = frozenset({b"OB", b"UI", b"UN"})
UNDEFINED = 0xFFFFFFFF
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
DELIMITERS, PIXEL_GROUP = 0xFFFE, 0x7FE0
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED = frozenset({"1.2.840.10008.1.2.1.99"})
PAGE_BYTES = 1 << 20
DEEPEST = 64  # more than any object of the standard: a hostile one ends here


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
    """Where an element lies: its tag, the offsets of itself, its value and its end, its VR.

    The VR is blank where it is implicit. A sequence of undefined length ends after its delimiter.
    """

    tag: int
    start: int
    value: int
    end: int
    vr: bytes
    is_open: bool


class _Reader(NamedTuple):
    head: struct.Struct
    explicit: struct.Struct
    long: struct.Struct


READERS = {
    is_little: _Reader(
        struct.Struct(order + "HHI"), struct.Struct(order + "HH2sH"), struct.Struct(order + "I")
    )
    for is_little, order in ((True, "<"), (False, ">"))
}
EXPLICIT = Encoding(is_implicit=False, is_little=True)
IMPLICIT = Encoding(is_implicit=True, is_little=True)


@lru_cache(maxsize=256)
def encoding_of(transfer_syntax: str) -> Encoding:
    """Given a transfer syntax UID, return how its data sets are encoded: PS3.5 Annex A."""
    return Encoding(transfer_syntax == IMPLICIT_LITTLE, transfer_syntax != EXPLICIT_BIG)


def walk(
    data: Data, encoding: Encoding, position: int = 0, end: int | None = None, depth: int = 0
) -> Iterator[Element]:
    """Given an encoded data set and where it begins and ends, yield its elements in their order.

    Raise Malformed when the bytes end within an element.
    """
    last = len(data) if end is None else end
    while position < last:
        if position and data[position] == 0 and is_blank(data, position):
            return
        element = _element(data, position, last, encoding, depth)
        if element.tag == ITEM_END:
            return
        yield element
        position = element.end


def element_at(data: Data, position: int, encoding: Encoding) -> Element:
    """Given an encoded data set and a place, return the element there. Raise Malformed."""
    return _element(data, position, len(data), encoding, 0)


def value_of(element: bytes, encoding: Encoding) -> bytes:
    """Given an element's bytes and how it is encoded, return those of its value: PS3.5 7.1."""
    is_long = not encoding.is_implicit and element[4:6] in LONG_VRS
    return element[12 if is_long else 8 :]


def header_end(data: Data, encoding: Encoding) -> int:
    """Given an encoded data set, return where its pixels begin, or its end without any.

    Raise Malformed when the bytes end within an element.
    """
    return place_from(data, encoding, PIXEL_GROUP << 16)


def place_from(data: Data, encoding: Encoding, first: int) -> int:
    """Given an encoded data set and a tag, return where the first element stands that has it or
    comes after it, or the end.

    Raise Malformed when the bytes end within an element.
    """
    last, position = len(data), 0
    while position < last:
        if not encoding.is_implicit:  # most are plain, and measured without a call for each
            position = _past_plain(data, position, encoding, first >> 16)
            if position >= last:
                break
        if position and data[position] == 0 and is_blank(data, position):
            return position
        element = _element(data, position, last, encoding, 0)
        if element.tag >= first:
            return position
        position = element.end
    if position > last:
        raise Malformed("the last element is longer than the data set")
    return last


def _past_plain(data: Data, position: int, encoding: Encoding, group_after: int) -> int:
    """Return where the first element stands that is long, or unclear, or of a later group."""
    unpack, last = READERS[encoding.is_little].explicit.unpack_from, len(data) - 8
    while position <= last:
        group, _, vr, length = unpack(data, position)
        if not 0 < group < group_after or vr not in SHORT_VRS:
            break
        position += 8 + length
    return position


def is_blank(data: Data, position: int) -> bool:
    """Given a data set and a place in it where an element begins, return whether nothing but zeros
    follows, as on tapes. Raise Malformed where zeros alone are the tag: of many, each would have
    all that follows read.
    """
    if any(bytes(data[position : position + 4])):
        return False
    pages = range(position, len(data), PAGE_BYTES)
    if any(bytes(data[at : at + PAGE_BYTES]).strip(b"\0") for at in pages):
        raise Malformed(f"an element without a tag stands at byte {position}")
    return True


def items(data: Data, element: Element, encoding: Encoding) -> Iterator[tuple[int, int]]:
    """Given a sequence, yield where the content of each of its items begins and ends.

    Raise Malformed where something else than an item stands.
    """
    read, position = READERS[encoding.is_little].head, element.value
    while position < element.end:
        tag, length, position = _delimiter(data, position, element.end, read)
        if tag == SEQUENCE_END:
            return
        if tag != ITEM:
            raise Malformed(f"something else than an item stands at byte {position - 8}")
        if length == UNDEFINED:
            end = _end_of_item(data, position, element.end, encoding, 0)
            yield position, end
            position = end + 8
        else:
            if position + length > element.end:
                raise Malformed(f"the item at byte {position} is longer than its sequence")
            yield position, position + length
            position += length


def inner_encoding(data: Data, element: Element, encoding: Encoding) -> Encoding:
    """Given a data set, a sequence in it and the encoding around it, return that of its items."""
    return _encoding_within(data, element.value, element.vr, encoding)


def _encoding_within(data: Data, value: int, vr: bytes, encoding: Encoding) -> Encoding:
    """PS3.5 6.2.2 note: a UN holds items in Implicit VR Little Endian. Who does not know that
    leaves them as they came: with a VR in the first element of the first item.
    """
    if vr != b"UN":
        return encoding
    return encoding if bytes(data[value + 12 : value + 14]) in VRS else IMPLICIT


@lru_cache(maxsize=8192)
def head(tag: int, vr: bytes, length: int, encoding: Encoding) -> bytes:
    """Given a tag, its VR and the length of its value, return what stands before the value.

    Raise Malformed when the value is too long for its VR.
    """
    order, group, number = encoding.order, tag >> 16, tag & 0xFFFF
    if encoding.is_implicit or group == DELIMITERS:
        return struct.pack(order + "HHI", group, number, length)
    if vr in LONG_VRS:
        return struct.pack(order + "HH2sHI", group, number, vr, 0, length)
    if length > 0xFFFF:
        raise Malformed(f"({group:04x},{number:04x}) is too long for its value representation")
    return struct.pack(order + "HH2sH", group, number, vr, length)


def padded(vr: bytes, value: bytes) -> bytes:
    """Given a VR and the bytes of a value, return them of even length: PS3.5 6.2."""
    if len(value) % 2 == 0:
        return value
    return value + (b"\0" if vr in PADDED_WITH_NUL else b" ")


def encoded(tag: int, vr: bytes, value: bytes, encoding: Encoding) -> bytes:
    """Given a tag, its VR and its value, return the element encoded.

    Raise Malformed when the value is too long for its VR.
    """
    whole = padded(vr, value)
    return head(tag, vr, len(whole), encoding) + whole


def encoded_items(content: Iterable[bytes], encoding: Encoding) -> bytes:
    """Given the encoded elements of each item, return the value of their sequence: PS3.5 7.5."""
    return b"".join(head(ITEM, b"", len(one), encoding) + one for one in content)


def _element(data: Data, position: int, last: int, encoding: Encoding, depth: int) -> Element:
    reader, vr, value = READERS[encoding.is_little], b"", position + 8
    try:
        if encoding.is_implicit:
            group, number, length = reader.head.unpack_from(data, position)
        else:
            group, number, vr, length = reader.explicit.unpack_from(data, position)
            if group == DELIMITERS:
                vr, (_, _, length) = b"", reader.head.unpack_from(data, position)
            elif vr in LONG_VRS:
                (length,) = reader.long.unpack_from(data, value)
                value += 4
    except struct.error as error:
        raise Malformed(f"the data set ends within the element at byte {position}") from error
    tag = group << 16 | number
    if length == UNDEFINED:
        inner = _encoding_within(data, value, vr, encoding)
        end = _end_of_sequence(data, value, last, inner, depth + 1)
        return Element(tag, position, value, end, vr, True)
    if value + length > last:
        raise Malformed(f"the element ({group:04x},{number:04x}) is longer than the data set")
    return Element(tag, position, value, value + length, vr, False)


def _end_of_sequence(data: Data, position: int, last: int, encoding: Encoding, depth: int) -> int:
    if depth > DEEPEST:
        raise Malformed(f"sequences are nested deeper than {DEEPEST}")
    read = READERS[encoding.is_little].head
    while True:
        tag, length, position = _delimiter(data, position, last, read)
        if tag == SEQUENCE_END:
            return position
        if tag != ITEM:
            raise Malformed(f"something else than an item stands at byte {position - 8}")
        if length == UNDEFINED:
            position = _end_of_item(data, position, last, encoding, depth) + 8
        else:
            position += length


def _delimiter(data: Data, position: int, last: int, read: struct.Struct) -> tuple[int, int, int]:
    if position + 8 > last:
        raise Malformed(f"the data set ends within the item at byte {position}")
    group, number, length = read.unpack_from(data, position)
    return group << 16 | number, length, position + 8


def _end_of_item(data: Data, position: int, last: int, encoding: Encoding, depth: int) -> int:
    for element in walk(data, encoding, position, last, depth):
        position = element.end
    if position + 8 > last:
        raise Malformed(f"the item that ends at byte {position} has no delimiter")
    return position
