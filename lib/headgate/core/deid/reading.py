"""Elements decoded by pydicom, or a refusal that tells where and never what."""

from pydicom import DataElement, Dataset
from pydicom.datadict import keyword_for_tag
from pydicom.tag import BaseTag, Tag

from headgate.core.decoding import UNDECODABLE
from headgate.core.errors import Rejected

Path = tuple[int, ...]  # tags and item numbers, in turn


def decoded(dataset: Dataset, tag: int, path: Path = ()) -> DataElement:
    """Given a data set, one of its tags and where it lies, return the element with its value.

    Raise Rejected where the bytes are no value of their VR.
    """
    try:
        return dataset[tag]
    except UNDECODABLE as error:
        raise Rejected(f"{place((*path, tag))} cannot be decoded") from error


def place(path: Path) -> str:
    """Given a path, return it for people: keywords, with item numbers from 0 in brackets."""
    steps = [
        f"[{step}]" if position % 2 else f".{name_of(Tag(step))}"
        for position, step in enumerate(path)
    ]
    return "".join(steps).lstrip(".")


def name_of(tag: BaseTag) -> str:
    """Given a tag, return its keyword, or its number where it has none: PS3.6."""
    return keyword_for_tag(tag) or f"({tag.group:04x},{tag.element:04x})"
