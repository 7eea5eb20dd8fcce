"""The data sets of queries and notifications, as values by keyword: Implicit VR Little Endian.

A value is a text, its several values parted by backslashes, or a list of items. Values that break
the standard are taken as they are, and what PS3.6 has no keyword for is left out.
"""

import struct
from collections.abc import Mapping
from typing import Any

from headgate.core.dicom import repertoire
from headgate.core.dicom.dictionary import TAGS, entry_of, vr_of
from headgate.core.dicom.elements import (
    DEEPEST,
    IMPLICIT,
    Data,
    Malformed,
    encoded,
    encoded_items,
    items,
    walk,
)
from headgate.core.dicom.repertoire import DEFAULT, terms_of
from headgate.core.dicom.values import TEXTS
from headgate.core.upperlayer.pdus import ProtocolError

CHARACTER_SET = 0x00080005
NUMBERS = {"US": "<H", "UL": "<I", "SS": "<h", "SL": "<i"}
WORDS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "PN", "TM", "UI"})
Values = Mapping[str, Any]


def encode(values: Values) -> bytes:
    """Given values by keyword, numbers among them, return them encoded, texts in UTF-8.

    Raise KeyError where PS3.6 has no such keyword.
    """
    several = {TAGS[keyword]: value for keyword, value in values.items()}
    return b"".join(_encoded(tag, several[tag]) for tag in sorted(several))


def decode(data: Data) -> Values:
    """Given an encoded data set, return its values. Raise ProtocolError when it is none."""
    try:
        return _decoded(data, 0, len(data), DEFAULT)
    except Malformed as error:
        raise ProtocolError(f"a data set cannot be read ({error})") from error


def _encoded(tag: int, value: Any) -> bytes:
    vr = vr_of(tag)
    if vr == "SQ":
        content = encoded_items(map(encode, value), IMPLICIT)
    elif vr in NUMBERS:
        content = struct.pack(NUMBERS[vr], value)
    else:
        content = str(value).encode()
    return encoded(tag, vr.encode(), content, IMPLICIT)


def _decoded(data: Data, start: int, end: int, terms: tuple[str, ...], depth: int = 0) -> Values:
    if depth > DEEPEST:
        raise Malformed(f"sequences are nested deeper than {DEEPEST}")
    found: dict[str, Any] = {}
    for element in walk(data, IMPLICIT, start, end):
        entry, value = entry_of(element.tag), bytes(data[element.value : element.end])
        if element.tag == CHARACTER_SET:
            terms = terms_of(value)
        if entry is None:
            continue
        if entry.vr == "SQ":
            inside = items(data, element, IMPLICIT)
            found[entry.keyword] = [_decoded(data, *one, terms, depth + 1) for one in inside]
        elif entry.vr in NUMBERS:
            found[entry.keyword] = str(int.from_bytes(value, "little"))
        elif entry.vr in WORDS or entry.vr.encode() in TEXTS:
            found[entry.keyword] = repertoire.decode(value, terms).strip(" \0")
    return found
