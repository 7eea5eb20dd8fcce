"""Values of the Siemens CSA image header, which the standard's elements do not hold."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from pydicom import Dataset
from pydicom.tag import BaseTag, Tag

from headgate.core.csaheader import Broken, Element, elements_of

CSA_GROUP, CREATOR, IMAGE_HEADER = 0x0029, b"SIEMENS CSA HEADER", 0x10
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
FRACTIONS, WHOLES = frozenset(b"FL FD DS".split()), frozenset(b"SS US SL UL IS".split())


def csa_values(dataset: Dataset) -> dict[str, Any]:
    """Given a header, return the values of its CSA image header by Siemens' names.

    MosaicRefAcqTimes is how many there are. A header without them, or with broken ones, has
    none: {}.
    """
    try:
        found = {one.name.decode("latin-1"): list(_values(one)) for one in _elements(dataset)}
    except (Broken, ValueError):
        return {}
    return {
        name: len(found[name]) if is_counted else _single(found[name])
        for name, is_counted in NAMES
        if found.get(name)
    }


def _elements(dataset: Dataset) -> Iterator[Element]:
    for tag in dataset.group_dataset(CSA_GROUP).keys():  # noqa: SIM118 - no decoding
        if tag.is_private_creator and _raw(dataset, tag).strip(b" \0") == CREATOR:
            yield from elements_of(_raw(dataset, Tag(CSA_GROUP, tag.element << 8 | IMAGE_HEADER)))
            return


def _raw(dataset: Dataset, tag: BaseTag) -> bytes:
    value = dataset.get_item(tag).value if tag in dataset else b""
    return value if isinstance(value, bytes) else str(value).encode("latin-1", "replace")


def _values(element: Element) -> Iterator[Any]:
    """A number that is blank ends the list: there are more items than values."""
    items = element.items[: element.multiplicity or None]
    if element.vr in FRACTIONS:
        yield from map(float, takewhile(bool, items))
    elif element.vr in WHOLES:
        yield from map(int, takewhile(bool, items))
    else:
        yield from (item.decode("latin-1") for item in items)


def _single(items: list[Any]) -> Any:
    return items[0] if len(items) == 1 else items
