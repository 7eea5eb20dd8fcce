"""What an instance is indexed by, taken from the bytes of its header: PS3.5 section 7."""

from collections.abc import Callable
from functools import lru_cache

from headgate.core.dicom.elements import (
    DEFLATED,
    Element,
    Encoding,
    Malformed,
    encoding_of,
    header_end,
    walk,
)
from headgate.core.dicom.likeness import Likeness

CHARACTER_SET, STUDY_DATE, STUDY_TIME = 0x00080005, 0x00080020, 0x00080030
SOP_CLASS, SOP_INSTANCE = 0x00080016, 0x00080018
PATIENT_ID = 0x00100020
STUDY, SERIES, ORIENTATION = 0x0020000D, 0x0020000E, 0x00200037
Values = Callable[[int], bytes]  # by tag; of what is not there: no bytes


class Indexer:
    """Reads headers one after the other; one that is like the last costs a comparison."""

    def __init__(self) -> None:
        self._alike: dict[Encoding, Likeness] = {}

    def values(self, transfer_syntax: str, data: bytes) -> Values | None:
        """Given a transfer syntax and a data set's first bytes, return its header's values.

        None where they do not reach to the header's end, or have to be inflated first.
        """
        if transfer_syntax in DEFLATED:
            return None
        encoding = encoding_of(transfer_syntax)
        likeness = self._alike.get(encoding)
        found = likeness.follow(data) if likeness else None
        if found is None:
            return self._anew(data, encoding)
        self._alike[encoding] = found.likeness
        return found.value

    def _anew(self, data: bytes, encoding: Encoding) -> Values | None:
        try:
            head = data[: header_end(data, encoding)]
            elements = list(walk(head, encoding))
        except Malformed:
            return None
        self._alike[encoding] = Likeness(head, elements, encoding, _any_may_vary)
        values = {one.tag: head[one.value : one.end] for one in elements}
        return lambda tag: values.get(tag, b"")


def text(values: Values, tag: int) -> str:
    """Given a header's values, return one that is written in ASCII, without padding; none: ''."""
    return values(tag).decode("latin-1").strip(" \0")


@lru_cache(maxsize=1024)
def numbers(value: bytes) -> tuple[float, ...]:
    """Given a value of VR DS, return its numbers; none where it holds something else."""
    try:
        return tuple(float(one) for one in value.decode("latin-1").strip(" \0").split("\\"))
    except ValueError:
        return ()


def _any_may_vary(_data: bytes, _element: Element) -> bool:
    return True
