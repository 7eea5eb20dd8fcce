"""Values of the Siemens CSA image header, which the standard's elements do not hold."""

from collections.abc import Iterator
from itertools import takewhile
from typing import Any

from headgate.core.dicom.csaheader import Broken, Element, elements_of
from headgate.core.dicom.header import Header
from headgate.core.dicom.private import is_creator

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


def csa_values(header: Header) -> dict[str, Any]:
    """Given a header, return the values of its CSA image header by Siemens' names.

    MosaicRefAcqTimes is how many there are. A header without them, or with broken ones, has
    none: {}.
    """
    try:
        found = {one.name.decode("latin-1"): list(_values(one)) for one in _elements(header)}
    except (Broken, ValueError):
        return {}
    return {
        name: len(found[name]) if is_counted else _single(found[name])
        for name, is_counted in NAMES
        if found.get(name)
    }


def _elements(header: Header) -> Iterator[Element]:
    creators = (tag for tag in header.tags if tag >> 16 == CSA_GROUP and is_creator(tag))
    for tag in creators:
        if header.raw(tag).strip(b" \0") == CREATOR:
            block = tag & 0xFFFF
            yield from elements_of(header.raw(CSA_GROUP << 16 | block << 8 | IMAGE_HEADER))
            return


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
