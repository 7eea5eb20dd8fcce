"""Which other instances and series an output refers to, so that somebody can see what lacks."""

import struct
from collections.abc import Iterator

from headgate.core.deid.rules.kinds import dictionary_vr
from headgate.core.dicom.elements import Data, Encoding, inner_encoding, items, walk

REFERENCED_SOP_INSTANCE = 0x00081155
SERIES_INSTANCE = 0x0020000E  # within an item: of the series that is referred to
TOLD_BY = frozenset({REFERENCED_SOP_INSTANCE, SERIES_INSTANCE})
MARKS = {
    is_little: tuple(
        struct.pack(("<" if is_little else ">") + "HH", tag >> 16, tag & 0xFFFF) for tag in TOLD_BY
    )
    for is_little in (True, False)
}


def references_in(written: bytes, encoding: Encoding) -> tuple[str, ...]:
    """Given an encoded element of an output, return the UIDs in it that refer to others."""
    if not any(mark in written for mark in MARKS[encoding.is_little]):
        return ()
    return tuple(dict.fromkeys(_told(written, encoding, 0, len(written), is_nested=False)))


def _told(
    data: Data, encoding: Encoding, start: int, end: int, *, is_nested: bool
) -> Iterator[str]:
    for element in walk(data, encoding, start, end):
        if element.is_open or (element.vr or dictionary_vr(element.tag)) == b"SQ":
            inner = inner_encoding(data, element, encoding)
            for span in items(data, element, inner):
                yield from _told(data, inner, *span, is_nested=True)
        elif is_nested and element.tag in TOLD_BY:
            text = bytes(data[element.value : element.end]).decode("latin-1").strip(" \0")
            if text:
                yield text
