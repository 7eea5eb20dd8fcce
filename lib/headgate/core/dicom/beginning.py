"""Which study a data set is of, told by its first bytes, while the rest is still to come."""

import zlib

from headgate.core.dicom.elements import (
    DEFLATED,
    Data,
    Malformed,
    element_at,
    encoding_of,
    place_from,
)

STUDY_INSTANCE_UID = 0x0020000D
INFLATED_BYTES = 1 << 20  # at the most: a hostile one has gigabytes


def study_instance_uid(dataset: Data, transfer_syntax: str) -> str | None:
    """Given an encoded data set, return its Study Instance UID, or None where none is found."""
    encoding = encoding_of(transfer_syntax)
    try:
        if transfer_syntax in DEFLATED:
            inflating = zlib.decompressobj(-zlib.MAX_WBITS)
            dataset = inflating.decompress(bytes(dataset), INFLATED_BYTES)
        place = place_from(dataset, encoding, STUDY_INSTANCE_UID)
        element = element_at(dataset, place, encoding)
        value = bytes(dataset[element.value : element.end])
        is_study = element.tag == STUDY_INSTANCE_UID
        return value.decode("ascii").strip(" \0") if is_study else None
    except (Malformed, UnicodeDecodeError, zlib.error):
        return None
