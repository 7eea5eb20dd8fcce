"""The data dictionaries of PS3.6 and of the vendors, which pydicom carries."""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from headgate.core.datamodules import alone


class Entry(NamedTuple):
    """What PS3.6 says of an attribute."""

    vr: str
    multiplicity: str
    name: str
    retired: str
    keyword: str


_tables = alone("pydicom", "_dicom_dict")
ENTRIES: Mapping[int, tuple[str, str, str, str, str]] = _tables.DicomDictionary
TAGS: Mapping[str, int] = {row[-1]: tag for tag, row in ENTRIES.items()}
# by tag with an x for each digit that may be any: the repeating groups, and more
REPEATERS: Mapping[str, tuple[str, str, str, str, str]] = _tables.RepeatersDictionary


@cache
def entry_of(tag: int) -> Entry | None:
    """Given a tag, return what PS3.6 says of it; None: nothing."""
    found = ENTRIES.get(tag)
    if found is None and not tag & 0x10000:
        found = next((row for mask, value, row in _repeating() if tag & mask == value), None)
    return Entry(*found) if found else None


def vr_of(tag: int) -> str:
    """Given a tag, return its VR, or several; UN where PS3.6 has none."""
    entry = entry_of(tag)
    return entry.vr if entry else "UN"


def keyword_of(tag: int) -> str:
    """Given a tag, return its keyword; blank where PS3.6 has none."""
    entry = entry_of(tag)
    return entry.keyword if entry else ""


def tag_of(keyword: str) -> int | None:
    """Given a keyword, return its tag; None where PS3.6 has none."""
    return TAGS.get(keyword)


def private_vr(creator: str, tag: int) -> str:
    """Given a private creator and a tag, return the VR that the vendor tells; UN: none is known."""
    known = _private().get(creator, {}).get(f"{tag >> 16:04X}xx{tag & 0xFF:02X}")
    return known[0] if known else "UN"


@cache
def _private() -> Mapping[str, Mapping[str, tuple[str, str, str, str]]]:
    tables: Mapping[str, Mapping[str, tuple[str, str, str, str]]] = alone(
        "pydicom", "_private_dict"
    ).private_dictionaries
    return tables


@cache
def _repeating() -> list[tuple[int, int, tuple[str, str, str, str, str]]]:
    any_digit, no_digit = str.maketrans("0123456789abcdefx", "f" * 16 + "0"), {ord("x"): "0"}
    return [
        (int(tag.lower().translate(any_digit), 16), int(tag.translate(no_digit), 16), row)
        for tag, row in REPEATERS.items()
    ]
