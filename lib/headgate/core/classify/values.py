"""The values of a header that classification rules look at."""

from collections.abc import Sequence
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag

from headgate.core.decoding import UNDECODABLE

# Values that no rule can compare: PS3.5 6.2
BULK = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN", "SQ", "OB or OW", "US or OW"})
ORIENTATION = "Orientation"  # the key of the helper value
ORIENTATION_TOLERANCE = 0.05  # of a direction cosine: about 18 degrees off the axis
PLANES = ("sagittal", "coronal", "axial")  # by the axis of the patient that is the normal: x, y, z


def header_values(dataset: Dataset) -> dict[str, Any]:
    """Given a header, return its values by keyword and by tag as `gggg,eeee`.

    Several values are a list. What cannot be decoded is left out. `Orientation` is the name of
    the plane of the image, where the header has one.
    """
    values: dict[str, Any] = {}
    for tag in dataset.keys():  # noqa: SIM118 - one broken element must not hide the rest
        element = _element(dataset, tag)
        if element is None or element.VR in BULK:
            continue
        value = _plain(element)
        values[f"{tag.group:04x},{tag.element:04x}"] = value
        if element.keyword:
            values[element.keyword] = value
    cosines = _cosines(dataset)
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


def _cosines(dataset: Dataset) -> list[float]:
    for level in (dataset, *_plane_items(dataset)):
        value = _value(level, "ImageOrientationPatient")
        if value:
            try:
                return [float(one) for one in value]
            except (TypeError, ValueError):
                return []
    return []


def _plane_items(dataset: Dataset) -> list[Dataset]:
    # PS3.3 C.7.6.16: an enhanced object has its plane in the functional groups
    found = []
    for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for item in list(_value(dataset, groups) or [])[:1]:
            found += list(_value(item, "PlaneOrientationSequence") or [])[:1]
    return found


def _value(dataset: Dataset, keyword: str) -> Any:
    try:
        return dataset.get(keyword)
    except UNDECODABLE:
        return None


def _element(dataset: Dataset, tag: BaseTag) -> DataElement | None:
    try:
        return dataset[tag]
    except UNDECODABLE:
        return None


def _plain(element: DataElement) -> Any:
    value = element.value
    if isinstance(value, (MultiValue, list)):
        return [_one(one) for one in value]
    return _one(value)


def _one(value: Any) -> Any:
    if value is None or isinstance(value, int):
        return value
    return float(value) if isinstance(value, float) else str(value)
