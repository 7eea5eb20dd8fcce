"""What the bytes of a value may be: PS3.5 Table 6.2-1."""

import re
import struct

TEXTS = frozenset({b"LO", b"LT", b"SH", b"ST", b"UC", b"UR", b"UT"})
COUNTS = frozenset({b"DS", b"IS"})
WORDS = TEXTS | COUNTS | {b"AE", b"AS", b"CS", b"DA", b"DT", b"PN", b"TM", b"UI"}
# Texts of one value: a backslash in them is a letter like any other
SINGLE = frozenset({b"LT", b"ST", b"UR", b"UT"})
# PS3.5 and ACR-NEMA, and those that lost a zero
TIME = rb"(?:\d{1,6}|\d{1,2}:\d\d(?::\d\d)?)(?:\.\d*)?"


def _values(one: bytes) -> re.Pattern[bytes]:
    value = rb"[ \0]*(?:" + one + rb")?[ \0]*"
    return re.compile(value + rb"(?:\\" + value + rb")*")


# No word hides in a number, a time or a UID that is made of nothing but these
GRAMMAR = {
    b"AS": _values(rb"\*|\d{1,3}[DWMY]?"),
    b"DA": re.compile(rb"[\d.\\ \0-]*"),
    b"DS": _values(rb"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"),
    b"DT": re.compile(rb"[\d.+\\ \0-]*"),
    b"IS": _values(rb"[+-]?\d+"),
    b"TM": _values(TIME + b"?(?:-" + TIME + b"?)?"),
    b"UI": re.compile(rb"[\d.\\ \0]*"),
}
CODE = re.compile(r"[A-Z0-9_ ]*")  # CS
# Bytes of one value of the VRs that hold numbers of a fixed size
SIZES = {
    b"AT": 4, b"FD": 8, b"FL": 4, b"SL": 4, b"SS": 2, b"SV": 8, b"UL": 4, b"US": 2, b"UV": 8,
}  # fmt: skip
NUMBERS = COUNTS | SIZES.keys()
# Their letters in struct
LETTERS = {
    b"FD": "d", b"FL": "f", b"SL": "i", b"SS": "h", b"SV": "q", b"UL": "I", b"US": "H", b"UV": "Q",
}  # fmt: skip
# Those of floating point numbers, and less than what rounding leaves of a zero
FLOATS = {b"FD": ("d", 1e-28), b"FL": ("f", 1e-18)}
BLANK, MOST = 0x20, 1e12


def is_grammatical(vr: bytes, value: bytes) -> bool:
    """Given a VR and the bytes of a value, return whether they are made of what it may hold."""
    grammar = GRAMMAR.get(vr)
    return grammar is None or grammar.fullmatch(value) is not None


def is_whole(vr: bytes, value: bytes) -> bool:
    """Given a VR and the bytes of a value, return whether no number in it is cut short."""
    size = SIZES.get(vr)
    return size is None or len(value) % size == 0


def is_text(vr: bytes, value: bytes, order: str) -> bool:
    """Given the bytes of floating point numbers and their order, return whether they are a text:
    nothing below a blank, and a number that nothing measures.
    """
    letters = value.rstrip(b"\0")
    if vr not in FLOATS or not letters or min(letters) < BLANK:
        return False
    letter, least = FLOATS[vr]
    numbers = struct.unpack(f"{order}{len(value) // SIZES[vr]}{letter}", value)
    return any(one and not least < abs(one) < MOST for one in numbers)
