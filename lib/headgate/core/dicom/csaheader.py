"""The CSA header that Siemens MR and CT write into a private element, read.

Siemens publishes no description; NiBabel's "Siemens format DICOM with CSA header" has one.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from headgate.core.errors import HeadgateError

MAGIC = b"SV10\4\3\2\1"
MOST_ELEMENTS, MOST_ITEMS = 1024, 4096
HEAD, ELEMENT, ITEM = struct.Struct("<2I"), struct.Struct("<64si4s3i"), struct.Struct("<4i")


class Element(NamedTuple):
    """One named value: its multiplicity, its VR, Siemens' type, and its items."""

    name: bytes
    multiplicity: int
    vr: bytes
    kind: int
    items: tuple[bytes, ...]


class Broken(HeadgateError):
    """The bytes are no CSA header."""


def elements_of(data: bytes) -> Iterator[Element]:
    """Given a header of either version, yield its elements; the older has no magic number.

    Raise Broken.
    """
    try:
        yield from _elements(data)
    except struct.error as error:
        raise Broken("it ends within an element") from error


def _elements(data: bytes) -> Iterator[Element]:
    is_second = data.startswith(MAGIC[:4])
    position = len(MAGIC) if is_second else 0
    count, _ = HEAD.unpack_from(data, position)
    if not 0 < count <= MOST_ELEMENTS:
        raise Broken("it tells of no elements, or of too many")
    position, first = position + HEAD.size, None
    for _ in range(count):
        name, multiplicity, vr, kind, items, _ = ELEMENT.unpack_from(data, position)
        position, first = position + ELEMENT.size, items if first is None else first
        if not 0 <= items <= MOST_ITEMS:
            raise Broken("an element has too many items")
        found = []
        for _ in range(items):
            told, length, _, _ = ITEM.unpack_from(data, position)
            if not is_second:  # there a length is told with the first element's count added
                length = max(told - first, 0)
            position += ITEM.size
            if not 0 <= length <= len(data) - position:
                raise Broken("an item is longer than the header")
            found.append(_until_zero(data[position : position + length]))
            position += -(-length // 4) * 4
        yield Element(_until_zero(name), multiplicity, _until_zero(vr), kind, tuple(found))


def _until_zero(data: bytes) -> bytes:
    """What stands after a zero is what lay in that memory before, other patients' included."""
    return data.split(b"\0", 1)[0]
