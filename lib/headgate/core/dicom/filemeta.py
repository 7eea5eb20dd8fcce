"""What stands before a data set in a file: PS3.10 7.1."""

import struct
from functools import lru_cache

from headgate.core.dicom.elements import (
    EXPLICIT,
    IMPLICIT,
    LONG_VRS,
    VRS,
    Data,
    Encoding,
    Malformed,
    element_at,
    head,
)
from headgate.core.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION

# PS3.10 Table 7.1-1
GROUP_LENGTH, VERSION, SOP_CLASS, SOP_INSTANCE = 0x00020000, 0x00020001, 0x00020002, 0x00020003
TRANSFER_SYNTAX, IMPLEMENTATION_CLASS, VERSION_NAME = 0x00020010, 0x00020012, 0x00020013
SOURCE_TITLE, SENDING_TITLE, RECEIVING_TITLE = 0x00020016, 0x00020017, 0x00020018
SENDING_ADDRESS = 0x00020027
TEXTS = frozenset({SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX})
JOURNEY = frozenset({SOURCE_TITLE, RECEIVING_TITLE, SENDING_ADDRESS})
PREAMBLE, PREFIX, META_GROUP, GROUP_LENGTH_HEAD = 128, b"DICM", 2, b"\2\0\0\0UL"
PLAIN = struct.Struct("<HH2sH")
META_START, INSTANCE_HEAD = b"\2\0", b"\2\0\3\0UI"
FILLING_HEAD = b"\2\0\2\1OB\0\0"  # PS3.10 7.1: Private Information
AT_MOST = 8192  # bytes: longer meta information is read element by element
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


def read_meta(file: Data, wanted: frozenset[int] = TEXTS) -> tuple[dict[int, str], int]:
    """Given a file or its start, return the wanted texts of its meta information by tag, and
    where its data set begins. Raise Malformed where it ends before.

    Old files begin with the meta information, without preamble, or have none, or have it in an
    implicit VR. What stands around the SOP Instance UID is mostly that of the file before.
    """
    parted = _parted(bytes(file[PREAMBLE + len(PREFIX) :][:AT_MOST])) if _is_usual(file) else None
    if parted is not None:
        before, instance, after, length = parted
        around = _told_around(before, after, wanted)
        if around is not None:
            told = {SOP_INSTANCE: _text(instance)} if SOP_INSTANCE in wanted else {}
            return {**around, **told}, PREAMBLE + len(PREFIX) + length
    start = memoryview(file)
    position = PREAMBLE + len(PREFIX) if start[PREAMBLE:][:4] == PREFIX else 0
    is_explicit = bytes(start[position + 4 : position + 6]) in VRS
    return _read(start, position, wanted, EXPLICIT if is_explicit else IMPLICIT)


def _is_usual(file: Data) -> bool:
    return file[PREAMBLE : PREAMBLE + 12] == PREFIX + GROUP_LENGTH_HEAD + b"\4\0"


def _parted(group: bytes) -> tuple[bytes, bytes, bytes, int] | None:
    """Given the meta information and what follows, return what stands before, in, and after its
    SOP Instance UID, without what fills our files up, and how long it is; None where it has to be
    read element by element.
    """
    start = PLAIN.size + 4  # after the group length
    length = start + int.from_bytes(group[PLAIN.size : start], "little")
    at = group.find(INSTANCE_HEAD, start, length)
    if at < 0 or length + PLAIN.size > len(group) or group.startswith(META_START, length):
        return None
    value = at + PLAIN.size
    end = value + int.from_bytes(group[value - 2 : value], "little")
    if end > length:
        return None
    return group[start:at], group[value:end], group[end : _filling(group, end, length)], length


def _filling(group: bytes, start: int, end: int) -> int:
    """Return where the Private Information begins that ends the group, or its end without any."""
    at = group.rfind(FILLING_HEAD, start, end)
    value = at + len(FILLING_HEAD) + 4
    is_last = at >= 0 and int.from_bytes(group[value - 4 : value], "little") == end - value
    return at if is_last else end


@lru_cache(maxsize=1024)
def _told_around(before: bytes, after: bytes, wanted: frozenset[int]) -> dict[int, str] | None:
    """Given what stands before and after the SOP Instance UID, return the wanted texts; None where
    one of both is no whole number of elements.
    """
    try:
        told, end = _read(memoryview(before), 0, wanted, EXPLICIT)
        more, last = _read(memoryview(after), 0, wanted, EXPLICIT)
    except Malformed:
        return None
    is_whole = (end, last) == (len(before), len(after))
    return {**more, **told} if is_whole else None


def _read(
    start: memoryview, position: int, wanted: frozenset[int], encoding: Encoding
) -> tuple[dict[int, str], int]:
    last, found = len(start), dict[int, str]()
    while position + PLAIN.size <= last:
        group, number, vr, length = PLAIN.unpack_from(start, position)
        if group != META_GROUP:
            return found, position
        value, end = position + PLAIN.size, position + PLAIN.size + length
        if encoding is IMPLICIT or vr in LONG_VRS or end > last:
            element = element_at(start, position, encoding)
            value, end = element.value, element.end
        if (tag := group << 16 | number) in wanted:
            # before an older file's, which somebody left behind it
            found.setdefault(tag, _text(bytes(start[value:end])))
        position = end
    if position < last:
        raise Malformed(f"the file ends within the element at byte {position}")
    return found, position


def _text(value: bytes) -> str:
    return value.decode("latin-1").rstrip(" \0")


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
