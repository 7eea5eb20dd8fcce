"""The gate after de-identification: is one of the patient's own identifiers still there?

Two searches. The texts of every depth are searched after the rules of matching. Then the encoded
header is searched byte by byte, for what no decoder shows: private and unknown elements, blobs,
texts under a wrong value representation. A hit there that lies within a value whose VR cannot
name anybody (UI, DA, DT, TM, DS, IS) or which the first search has judged (CS) is chance.

Nothing is excused: where the participant or the project is called like the patient, that is
reported too, for nobody can tell it from a leak.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from pydicom import DataElement, Dataset
from pydicom.multival import MultiValue

from headgate.core.deid import matching
from headgate.core.deid.matching import LONG
from headgate.core.deid.patient import BIRTH_DATE, Identifiers
from headgate.core.deid.reading import Path, place
from headgate.core.deid.text import fold

SEARCHED = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT", "AE"})  # PS3.5 6.2
CODES = frozenset({"CS"})
JUDGED = frozenset({"UI", "DA", "DT", "TM", "DS", "IS", "CS"})
NUMERIC = re.compile(r"[\d.+eE: -]+")  # a word under such a VR is not excused
ESCAPES = re.compile(rb"\x1b(?:\$[()]?|[()])[@-~]")
SHORTEST_IN_BYTES = 4  # three bytes meet by chance in a lookup table
HEADER = "bytes of the header"


def find_leaks(header: bytes, output: Dataset, identifiers: Identifiers) -> list[str]:
    """Given an encoded header, its data set and the patient's identifiers, return where one is.

    The places are keywords, and for the header bytes offsets; never a value. None found: [].
    """
    elements = list(_elements(output, ()))
    places = [place(path) for path, element in elements if _names(element, identifiers)]
    judged = {
        text.lower().encode("latin-1", "replace")
        for _, element in elements
        if element.VR in JUDGED
        for text in _texts(element)
        if element.VR in CODES or NUMERIC.fullmatch(text)
    }
    return places + _in_bytes(header.lower(), judged, identifiers)


def _elements(dataset: Dataset, path: Path) -> Iterator[tuple[Path, DataElement]]:
    for element in dataset:
        here = (*path, element.tag)
        yield here, element
        if element.VR == "SQ":
            for number, item in enumerate(element.value):
                yield from _elements(item, (*here, number))


def _names(element: DataElement, identifiers: Identifiers) -> bool:
    if element.tag == BIRTH_DATE:
        return any(text in identifiers.birth_dates for text in _texts(element))
    if element.VR in SEARCHED:
        pattern = matching.pattern(identifiers)
    elif element.VR in CODES:
        pattern = matching.code_pattern(identifiers)
    else:
        return False
    return any(pattern.search(fold(text)) for text in _texts(element))


def _texts(element: DataElement) -> list[str]:
    value = element.value
    values = value if isinstance(value, (MultiValue, list)) else [value]
    return [str(one) for one in values if one is not None]


def _in_bytes(header: bytes, judged: set[bytes], identifiers: Identifiers) -> list[str]:
    places = []
    for needle, is_whole in _needles(identifiers):
        if needle not in header:
            continue
        excused = [value for value in judged if needle in value]
        places += [
            f"{HEADER} at {position}"
            for position in _positions(header, needle)
            if not (is_whole and _is_within_word(header, needle, position))
            and not any(_covers(value, needle, header, position) for value in excused)
        ]
    return places


@lru_cache(maxsize=256)
def _needles(identifiers: Identifiers) -> tuple[tuple[bytes, bool], ...]:
    """Return the bytes to look for, each with whether it must stand alone."""
    found: dict[bytes, bool] = {}
    for word in (*identifiers.names, *identifiers.numbers):
        for form in {word, word.lower(), word.upper(), word.capitalize(), fold(word)}:
            for encoding in (*identifiers.encodings, "utf-16-le"):
                data = _encoded(form, encoding)
                if len(data) >= SHORTEST_IN_BYTES:
                    found[data.lower()] = len(word) < LONG and word.isascii()
    for form in matching.birth_date_forms(identifiers.birth_dates):
        found[form.encode()] = True
    return tuple(sorted(found.items()))


def _encoded(text: str, encoding: str) -> bytes:
    try:
        data = text.encode(encoding)
    except UnicodeEncodeError:
        return b""
    # ISO 2022 (PS3.5 6.1.2.5): the escapes around a word depend on its neighbours
    return ESCAPES.sub(b"", data) if b"\x1b" in data else data


def _positions(data: bytes, needle: bytes) -> Iterator[int]:
    position = data.find(needle)
    while position >= 0:
        yield position
        position = data.find(needle, position + 1)


def _is_within_word(data: bytes, needle: bytes, position: int) -> bool:
    before, after = data[position - 1 : position], data[position + len(needle) :][:1]
    return before.isalnum() or after.isalnum()


def _covers(value: bytes, needle: bytes, data: bytes, position: int) -> bool:
    return any(data.startswith(value, position - start) for start in _positions(value, needle))
