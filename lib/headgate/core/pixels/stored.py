"""Pixel elements as they are stored: their syntaxes, and what they are without being decoded."""

from collections.abc import Iterable
from typing import NamedTuple

from headgate.core.dicom.elements import DEFLATED, EXPLICIT_BIG, element_at, encoding_of, head

DELIMITER_BYTES = 8
PIXEL_DATA, OFFSETS, LENGTHS = 0x7FE00010, 0x7FE00001, 0x7FE00002
# PS3.6: VRs of pixel elements that are not OW
USUAL_VRS = {0x7FE00008: "OF", 0x7FE00009: "OD", OFFSETS: "OV", LENGTHS: "OV"}
EXPLICIT_LITTLE, IMPLICIT_LITTLE = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
UNCOMPRESSED = (EXPLICIT_LITTLE, IMPLICIT_LITTLE)  # the last one every PACS takes: PS3.5 10.1
NATIVE = frozenset({*UNCOMPRESSED, EXPLICIT_BIG, *DEFLATED})
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE, JPEG_EXTENDED = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"
# PS3.5-2004 A.4.1: progressive
JPEG_RETIRED = ("1.2.840.10008.1.2.4.53", "1.2.840.10008.1.2.4.55")
JPEG_LOSSLESS_ANY, JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"
JPEG_LS, JPEG_LS_LOSSY = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81"
J2K, J2K_LOSSY = "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"
# What cleaned frames are written in, and what encodes it: PS3.5 A.4 has a lossless process there.
# JPEG 2000 may be reversible (A.4.4). All else comes out as Explicit VR Little Endian.
REENCODED = {
    RLE: (RLE, RLE),
    JPEG_LS: (JPEG_LS, JPEG_LS),
    JPEG_LS_LOSSY: (JPEG_LS, JPEG_LS),
    J2K: (J2K, J2K),
    J2K_LOSSY: (J2K_LOSSY, J2K),
    JPEG_LOSSLESS: (JPEG_LOSSLESS, JPEG_LOSSLESS),
    JPEG_LOSSLESS_ANY: (JPEG_LOSSLESS_ANY, JPEG_LOSSLESS),
}
# PS3.3 C.7.6.1.1.5: what has been through one of these says so for ever
LOSSY = frozenset({JPEG_BASELINE, JPEG_EXTENDED, *JPEG_RETIRED, JPEG_LS_LOSSY})


class Stored(NamedTuple):
    """A pixel element taken apart; the VR is blank where it is implicit."""

    tag: int
    vr: str
    value: memoryview


def stored(element: memoryview, transfer_syntax: str) -> Stored:
    """Given a pixel element, return it taken apart, the delimiter of its fragments left out.

    Raise Malformed where it is none.
    """
    one = element_at(element, 0, encoding_of(transfer_syntax))
    end = one.end - (DELIMITER_BYTES if one.is_open else 0)
    return Stored(one.tag, one.vr.decode(), element[one.value : end])


def has_frames(pixels: Iterable[memoryview], transfer_syntax: str) -> bool:
    """Given stored pixel elements, return whether they hold frames of whole numbers."""
    return any(stored(one, transfer_syntax).tag == PIXEL_DATA for one in pixels)


def written_syntaxes(transfer_syntax: str) -> tuple[str, ...]:
    """Given how an instance is stored, return the syntaxes in which it may leave when cleaned."""
    if transfer_syntax in NATIVE:
        return (transfer_syntax,)
    encoded, _ = REENCODED.get(transfer_syntax, (EXPLICIT_LITTLE, ""))
    return tuple(dict.fromkeys((encoded, EXPLICIT_LITTLE)))


def is_told_apart_by_heads(transfer_syntax: str, other: str) -> bool:
    """Given two syntaxes, return whether values of pixel elements are the same bytes in both."""
    several = (transfer_syntax, other)
    return all(one in NATIVE and encoding_of(one).is_little for one in several)


def reheaded(
    pixels: Iterable[memoryview], transfer_syntax: str, other: str
) -> list[bytes | memoryview]:
    """Given stored pixel elements and two syntaxes that differ in heads alone, return the elements
    in the other.
    """
    found: list[bytes | memoryview] = []
    for tag, vr, value in (stored(one, transfer_syntax) for one in pixels):
        # PS3.5 A.1: what Implicit VR Little Endian leaves out
        written = (vr or USUAL_VRS.get(tag, "OW")).encode()
        found += [head(tag, written, len(value), encoding_of(other)), value]
    return found
