"""Data sets whose file does not tell how they are encoded, as old modalities export them.

A guess is strict: what is damaged must not be taken for something else. The first element decides
in which encoding the whole is read, and then every element of it must be what PS3.5 allows.
"""

from headgate.core.dicom.elements import (
    IMPLICIT,
    IMPLICIT_LITTLE,
    PIXEL_GROUP,
    VRS,
    Data,
    Encoding,
    Malformed,
    encoding_of,
    walk,
)

EXPLICIT_LITTLE, EXPLICIT_BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"
PLAIN = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, EXPLICIT_BIG})
SOP_CLASS_UID = 0x00080016
PADDING = 0xFFFCFFFC  # PS3.10 7.2: whoever passes a file on may add some more
FIRST_GROUP = 0x0008  # a data set begins with its identification: PS3.3 C.12.1
PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})  # PS3.3 C.7.6.3 and C.7.6.24
VR_AT, FIRST_BYTES, SHORTEST = 4, 6, 8


def transfer_syntax_of(told: str, dataset: memoryview) -> str:
    """Given the transfer syntax that a file tells (none: blank) and its data set, return the one
    it is in: another where it can be read as that alone; blank where nobody can tell.
    """
    if told and told not in PLAIN:
        return told
    seen = _by_first_element(bytes(dataset[:FIRST_BYTES]))
    if seen == told or not _is_sound(dataset, seen):
        return told
    return seen


def encoding_seen(told: str, dataset: Data) -> Encoding:
    """Given the transfer syntax that a file tells and its data set, return how its header is
    encoded: some write an implicit VR before pixels that are compressed.
    """
    is_implicit = bytes(dataset[VR_AT:FIRST_BYTES]) not in VRS
    told_so = encoding_of(told)
    return IMPLICIT if is_implicit and told_so.is_little else told_so


def _by_first_element(start: bytes) -> str:
    """Return the syntax in which the first element is one of the group that comes first."""
    if int.from_bytes(start[:2], "little") == FIRST_GROUP:
        return EXPLICIT_LITTLE if start[4:] in VRS else IMPLICIT_LITTLE
    if int.from_bytes(start[:2], "big") == FIRST_GROUP and start[4:] in VRS:
        return EXPLICIT_BIG
    return ""


def _is_sound(dataset: memoryview, syntax: str) -> bool:
    """Return whether a data set is one in a syntax: its tags in order, its VRs known, of a class.

    Raise Malformed where its elements do not fit it.
    """
    if not syntax:
        return False
    encoding, before, has_class, has_pixels = encoding_of(syntax), -1, False, False
    try:
        for element in walk(dataset, encoding):
            if not _is_known(element.vr, encoding):
                return has_class and has_pixels
            if element.tag <= before and element.tag != PADDING:
                return False
            if element.tag >> 16 == PIXEL_GROUP and element.is_open:  # compressed: nobody knows how
                return False
            before, has_class = element.tag, has_class or element.tag == SOP_CLASS_UID
            if element.tag in PIXELS:
                has_pixels = _is_whole(dataset, element.end)
    except Malformed:
        if not has_pixels:
            raise
    return has_class


def _is_whole(dataset: memoryview, end: int) -> bool:
    """Return whether pixels are whole that end there: a few bytes more tell that some were put in;
    what else follows has no place in a data set.
    """
    return end == len(dataset) or len(dataset) - end >= SHORTEST


def _is_known(vr: bytes, encoding: Encoding) -> bool:
    return encoding.is_implicit or vr in VRS
