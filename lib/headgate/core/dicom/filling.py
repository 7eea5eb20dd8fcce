"""Files of ours made so long that they fill blocks: PS3.10 7.1 has room for what is private."""

from headgate.core.dicom.elements import EXPLICIT, encoded
from headgate.core.dicom.implementation import IMPLEMENTATION_CLASS_UID

PRIVATE_CREATOR, PRIVATE_INFORMATION = 0x00020100, 0x00020102
# PS3.10 7.1: preamble, prefix, and the head of the group length, whose value comes next
LENGTH_AT, LENGTH_BYTES = 140, 4
_creator = encoded(PRIVATE_CREATOR, b"UI", IMPLEMENTATION_CLASS_UID.encode("ascii"), EXPLICIT)
_LEAST = len(_creator) + len(encoded(PRIVATE_INFORMATION, b"OB", b"", EXPLICIT))


def filled(head: bytes, whole: int, block: int) -> bytes:
    """Given what stands before a data set in a file of ours, how long both are, and the size of
    blocks, return it so much longer that both fill blocks; as it is where they cannot.
    """
    lacking = -whole % block
    if whole % 2 or not lacking:
        return head
    blank = lacking - _LEAST + block * (lacking < _LEAST)
    more = _creator + encoded(PRIVATE_INFORMATION, b"OB", bytes(blank), EXPLICIT)
    start, end = LENGTH_AT, LENGTH_AT + LENGTH_BYTES
    length = int.from_bytes(head[start:end], "little") + len(more)
    return head[:start] + length.to_bytes(LENGTH_BYTES, "little") + head[end:] + more
