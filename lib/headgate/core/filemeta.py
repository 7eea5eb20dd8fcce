"""What stands before a data set in a file: PS3.10 7.1."""

import struct
from collections.abc import Collection
from functools import lru_cache

from headgate.core.elements import (
    EXPLICIT,
    IMPLICIT,
    LONG_VRS,
    VRS,
    Data,
    Malformed,
    element_at,
    head,
)
from headgate.core.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION

# PS3.10 Table 7.1-1
GROUP_LENGTH, VERSION, SOP_CLASS, SOP_INSTANCE = 0x00020000, 0x00020001, 0x00020002, 0x00020003
TRANSFER_SYNTAX, IMPLEMENTATION_CLASS, VERSION_NAME = 0x00020010, 0x00020012, 0x00020013
SOURCE_TITLE, SENDING_TITLE, RECEIVING_TITLE = 0x00020016, 0x00020017, 0x00020018
SENDING_ADDRESS = 0x00020027
TEXTS = frozenset({SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX})
JOURNEY = frozenset({SOURCE_TITLE, RECEIVING_TITLE, SENDING_ADDRESS})
PREAMBLE, PREFIX, META_GROUP, GROUP_LENGTH_HEAD = 128, b"DICM", 2, b"\2\0\0\0UL"
PLAIN = struct.Struct("<HH2sH")
SHORTEST = 144  # up to the end of the group length


def file_head(
    sop_class: str, sop_instance: str, transfer_syntax: str, journey: bytes = b""
) -> bytes:
    """Given what a data set is, return what stands before it in a file.

    Nothing of another file's is in it: an empty preamble, nothing private, and no AE titles but
    those of the `journey`.
    """
    before, after = _around_instance(sop_class, transfer_syntax)
    group = before + _uid(SOP_INSTANCE, sop_instance) + after + journey
    length = _element(GROUP_LENGTH, b"UL", len(group).to_bytes(4, "little"))
    return bytes(128) + b"DICM" + length + group


def read_meta(file: Data, wanted: Collection[int] = TEXTS) -> tuple[dict[int, str], int]:
    """Given a file or its start, return the wanted texts of its meta information by tag, and
    where its data set begins. Raise Malformed where it ends before.

    Old files begin with the meta information, without preamble, or have none, or have it in an
    implicit VR.
    """
    start, found = memoryview(file), dict[int, str]()
    position, last = PREAMBLE + len(PREFIX) if start[PREAMBLE:][:4] == PREFIX else 0, len(start)
    encoding = EXPLICIT if bytes(start[position + 4 : position + 6]) in VRS else IMPLICIT
    while position + PLAIN.size <= last:
        group, number, vr, length = PLAIN.unpack_from(start, position)
        if group != META_GROUP:
            return found, position
        value, end = position + PLAIN.size, position + PLAIN.size + length
        if encoding is IMPLICIT or vr in LONG_VRS or end > last:
            element = element_at(start, position, encoding)
            value, end = element.value, element.end
        if (tag := group << 16 | number) in wanted:
            text = bytes(start[value:end]).decode("latin-1").rstrip(" \0")
            found.setdefault(tag, text)  # before an older file's, which somebody left behind it
        position = end
    if position < last:
        raise Malformed(f"the file ends within the element at byte {position}")
    return found, position


def meta_length(start: bytes) -> int | None:
    """Given a file's first bytes, return how many stand before its data set; None where they are
    too few to tell. Raise Malformed where the file does not begin as PS3.10 7.1 says.
    """
    if len(start) < SHORTEST:
        return None
    if start[PREAMBLE : PREAMBLE + 4] != PREFIX or start[PREAMBLE + 4 :][:6] != GROUP_LENGTH_HEAD:
        raise Malformed("it does not begin with preamble and file meta information")
    return SHORTEST + int.from_bytes(start[SHORTEST - 4 : SHORTEST], "little")


@lru_cache(maxsize=1024)
def journey(calling: str, called: str, address: str) -> bytes:
    """Given who sent an instance to whom, and the address it came from, return the elements of
    the file meta information that tell.
    """
    return b"".join(
        [
            _element(SOURCE_TITLE, b"AE", _even(calling)),
            _element(SENDING_TITLE, b"AE", _even(calling)),
            _element(RECEIVING_TITLE, b"AE", _even(called)),
            _element(SENDING_ADDRESS, b"UR", _even(f"dicom://{address}")),
        ]
    )


@lru_cache(maxsize=256)
def _around_instance(sop_class: str, transfer_syntax: str) -> tuple[bytes, bytes]:
    before = _element(VERSION, b"OB", b"\0\1") + _uid(SOP_CLASS, sop_class)
    implementation = _uid(IMPLEMENTATION_CLASS, IMPLEMENTATION_CLASS_UID)
    name = _element(VERSION_NAME, b"SH", _even(IMPLEMENTATION_VERSION))
    return before, _uid(TRANSFER_SYNTAX, transfer_syntax) + implementation + name


def _uid(tag: int, uid: str) -> bytes:
    return _element(tag, b"UI", uid.encode("latin-1") + bytes(len(uid) % 2))


def _even(text: str) -> bytes:
    return text.encode("latin-1") + b" " * (len(text) % 2)


def _element(tag: int, vr: bytes, value: bytes) -> bytes:
    return head(tag, vr, len(value), EXPLICIT) + value
