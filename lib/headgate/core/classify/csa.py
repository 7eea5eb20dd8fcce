"""Values of the Siemens CSA image header, which the standard's elements do not hold."""

import struct
from typing import Any

from pydicom import Dataset

CSA_GROUP = 0x0029
# Siemens' names; those with True are counted, not listed
NAMES = (
    ("PhaseEncodingDirectionPositive", False),
    ("BandwidthPerPixelPhaseEncode", False),
    ("MosaicRefAcqTimes", True),
    ("NumberOfImagesInMosaic", False),
    ("B_value", False),
    ("DiffusionGradientDirection", False),
    ("DiffusionDirectionality", False),
    ("SliceNormalVector", False),
)
BROKEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, struct.error)


def csa_values(dataset: Dataset) -> dict[str, Any]:
    """Given a header, return the values of its CSA image header by Siemens' names.

    MosaicRefAcqTimes is how many there are. A header without them, or with broken ones, has
    none: {}.
    """
    if not _has_csa(dataset):
        return {}
    from nibabel.nicom import csareader

    try:
        header = csareader.get_csa_header(dataset, "image")
        tags = header["tags"] if header else {}
        found = {name: list(tags[name]["items"]) for name, _ in NAMES if name in tags}
    except (*BROKEN, csareader.CSAError):
        return {}
    return {
        name: len(found[name]) if is_counted else _single(found[name])
        for name, is_counted in NAMES
        if found.get(name)
    }


def _has_csa(dataset: Dataset) -> bool:
    return any(tag.group == CSA_GROUP for tag in dataset.keys())  # noqa: SIM118 - no decoding


def _single(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items
