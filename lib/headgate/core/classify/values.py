"""The values of a header that classification rules look at."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from headgate.core.dicom.dictionary import keyword_of
from headgate.core.dicom.header import Header

ORIENTATION = "Orientation"  # the key of the helper value
ORIENTATION_TOLERANCE = 0.05  # of a direction cosine: about 18 degrees off the axis
PLANES = ("sagittal", "coronal", "axial")  # by the axis of the patient that is the normal: x, y, z


def header_values(header: Header) -> dict[str, Any]:
    """Given a header, return its values by keyword and by tag as `gggg,eeee`.

    Several values are a list. What cannot be decoded is left out, and so is what no rule can
    compare. `Orientation` is the name of the plane of the image, where the header has one.
    """
    values: dict[str, Any] = {}
    for tag in header.tags:
        value = header.value(tag)
        if value is None:
            continue
        values[f"{tag >> 16:04x},{tag & 0xFFFF:04x}"] = value
        if keyword := keyword_of(tag):
            values[keyword] = value
    cosines = _cosines(header)
    if cosines:
        values[ORIENTATION] = orientation(cosines)
    return values


def orientation(cosines: Sequence[float]) -> str | None:
    """Given Image Orientation (Patient), return axial, sagittal, coronal or oblique.

    The plane is that of the axis to which the normal is nearest, within the tolerance; PS3.3
    C.7.6.2.1.1. None where the six cosines give no normal.
    """
    if len(cosines) != 6:
        return None
    row, column = cosines[:3], cosines[3:]
    normal = [
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    ]
    length = sum(one * one for one in normal) ** 0.5
    if not 0.5 < length < 1.5:
        return None
    nearest = [abs(one) / length for one in normal]
    largest = max(nearest)
    if largest < 1 - ORIENTATION_TOLERANCE:
        return "oblique"
    return PLANES[nearest.index(largest)]


def _cosines(header: Header) -> list[float]:
    for level in (header, *_plane_items(header)):
        value = level.get("ImageOrientationPatient")
        if isinstance(value, list) and None not in value:
            return value
    return []


def _plane_items(header: Header) -> Iterator[Header]:
    # PS3.3 C.7.6.16: an enhanced object has its plane in the functional groups
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in islice(header.items(groups), 1):
            yield from islice(item.items("PlaneOrientationSequence"), 1)
