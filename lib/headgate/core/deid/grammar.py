"""What the bytes of a value may be: PS3.5 Table 6.2-1."""

import re

TEXTS = frozenset({b"LO", b"LT", b"SH", b"ST", b"UC", b"UR", b"UT"})
COUNTS = frozenset({b"DS", b"IS"})
# Texts of one value: a backslash in them is a letter like any other
SINGLE = frozenset({b"LT", b"ST", b"UR", b"UT"})
# No word hides in a number, a time or a UID that is made of nothing but these
GRAMMAR = {
    b"AS": re.compile(rb"(\d{1,3}[DWMY]|[\\ \0*])*"),
    b"DA": re.compile(rb"[\d.\\ \0-]*"),
    b"DS": re.compile(rb"[\d.+eE\\ \0-]*"),
    b"DT": re.compile(rb"[\d.+\\ \0-]*"),
    b"IS": re.compile(rb"[\d+\\ \0-]*"),
    b"TM": re.compile(rb"[\d:.\\ \0-]*"),
    b"UI": re.compile(rb"[\d.\\ \0]*"),
}
CODE = re.compile(r"[A-Z0-9_ ]*")  # CS
# Bytes of one value of the VRs that hold numbers of a fixed size
SIZES = {
    b"AT": 4, b"FD": 8, b"FL": 4, b"SL": 4, b"SS": 2, b"SV": 8, b"UL": 4, b"US": 2, b"UV": 8,
}  # fmt: skip
PADDED_WITH_NUL = frozenset({b"OB", b"UI", b"UN"})
VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN"
    b" UR US UT UV".split()
)


def is_grammatical(vr: bytes, value: bytes) -> bool:
    """Given a VR and the bytes of a value, return whether they are made of what it may hold."""
    grammar = GRAMMAR.get(vr)
    return grammar is None or grammar.fullmatch(value) is not None


def is_whole(vr: bytes, value: bytes) -> bool:
    """Given a VR and the bytes of a value, return whether no number in it is cut short."""
    size = SIZES.get(vr)
    return size is None or len(value) % size == 0


def padded(vr: bytes, value: bytes) -> bytes:
    """Given a VR and the bytes of a value, return them of even length: PS3.5 6.2."""
    if len(value) % 2 == 0:
        return value
    return value + (b"\0" if vr in PADDED_WITH_NUL else b" ")
