"""The patient's numbers as machines hold them: integers and floating point numbers of PS3.5 6.2."""

import struct
from collections.abc import Mapping
from functools import lru_cache

from headgate.core.deid.identifiers import matching
from headgate.core.deid.identifiers.shapes import is_birth_number
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.dicom.values import SIZES

# PS3.5 Table 6.2-1: letters in struct of those that hold six digits
LETTERS = {b"FD": "d", b"FL": "f", b"SL": "i", b"SV": "q", b"UL": "I", b"UV": "Q"}
# Of others only a value that is one such number and nothing else is told from a chance
BYTES = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW"})
LEAST, MOST = 10**9, 10**11  # a birth number begins with one zero at the most
LIKELY = frozenset({0x41, 0x42})  # the highest byte of such a number as FD
FEWEST = 10 ** (matching.FEWEST_COUNTED - 1)  # what is less counts frames and frequencies
VRS = BYTES | LETTERS.keys()


def without_numbers(vr: bytes, value: bytes, identifiers: Identifiers) -> bytes:
    """Given a value of one of VRS, return it with zeros in place of the patient's numbers."""
    own = _encoded(identifiers).get(vr, frozenset())
    size = len(value) if vr in BYTES else SIZES[vr]
    if len(value) == size:
        return bytes(size) if value in own or _is_certain(vr, value) else value
    if not any(one in value for one in own):
        return value
    several = (value[start : start + size] for start in range(0, len(value), size))
    return b"".join(bytes(size) if one in own else one for one in several)


def _is_certain(vr: bytes, value: bytes) -> bool:
    """Return whether a number can be nothing but somebody's: of eleven digits, with two that check
    the others.
    """
    if vr != b"FD" or LIKELY.isdisjoint((value[0], value[-1])):
        return False
    several = (struct.unpack(order + "d", value)[0] for order in "<>")
    return any(
        LEAST < one < MOST and one == int(one) and is_birth_number(f"{int(one):011}")
        for one in several
    )


@lru_cache(maxsize=256)
def _encoded(identifiers: Identifiers) -> Mapping[bytes, frozenset[bytes]]:
    """Return the bytes of the numbers by VR, in both orders: items may be in another one."""
    digits = (one for one in matching.long_numbers(identifiers) if one.isdecimal())
    numbers = {number for one in digits if (number := int(one)) >= FEWEST}
    found = {vr: frozenset(_packed(letter, numbers)) for vr, letter in LETTERS.items()}
    return {**found, **dict.fromkeys(BYTES, frozenset().union(*found.values()))}


def _packed(letter: str, numbers: set[int]) -> list[bytes]:
    several = []
    for number in numbers:
        try:
            several += [struct.pack(order + letter, number) for order in "<>"]
        except (struct.error, OverflowError):  # it has too many digits
            continue
    return several
