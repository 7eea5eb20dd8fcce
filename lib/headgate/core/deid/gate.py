"""The gate after de-identification: is one of the patient's own identifiers still in an element?

Two searches. The texts are searched after the rules of matching. Then the bytes of the element
are, for what no decoder shows: private and unknown elements, blobs, texts under a wrong value
representation. Values whose VR cannot name anybody (UI, DA, DT, TM, DS, IS, where they are made
of nothing else than it allows) and codes, which the first search has judged, are left to it.

Nothing is excused but codes of public schemes and what they mean: where the participant or the
project is called like the patient, that is reported too, for nobody can tell it from a leak.
"""

import re
from collections.abc import Iterator

from headgate.core.deid import coding
from headgate.core.deid.identifiers import matching
from headgate.core.deid.identifiers.needles import (
    SHORTEST,
    is_within_word,
    needles,
    positions,
    words,
)
from headgate.core.deid.identifiers.patient import CHARACTER_SET
from headgate.core.deid.identifiers.searching import Search
from headgate.core.deid.identifiers.telling import BIRTH_DATE, Identifiers
from headgate.core.deid.identifiers.text import fold
from headgate.core.deid.reading import Path, place
from headgate.core.deid.rules import private
from headgate.core.deid.rules.kinds import dictionary_vr
from headgate.core.deid.rules.terms import is_defined
from headgate.core.dicom import repertoire
from headgate.core.dicom.elements import Data, Encoding, inner_encoding, items, walk
from headgate.core.dicom.repertoire import DEFAULT, terms_of
from headgate.core.dicom.values import COUNTS

SEARCHED = frozenset({b"LO", b"LT", b"PN", b"SH", b"ST", b"UC", b"UR", b"UT", b"AE"})  # PS3.5 6.2
CODES = b"CS"
JUDGED = frozenset({b"UI", b"DA", b"DT", b"TM", b"DS", b"IS", b"AS"})
SHORT = 8  # bytes of which each part is looked up: one number of the longest kind
NUMERIC = re.compile(rb"[\d.+eE: \0\\DWMY-]*")  # a word under such a VR is not excused


def find_leaks(
    data: Data,
    encoding: Encoding,
    identifiers: Identifiers,
    terms: tuple[str, ...] = DEFAULT,
    path: Path = (),
    start: int = 0,
    end: int | None = None,
) -> list[str]:
    """Given the elements of an output and the patient's identifiers, return where one is.

    The places are keywords with item numbers; never a value. None found: [].
    """
    places = []
    for element in walk(data, encoding, start, end):
        value = bytes(data[element.value : element.end])
        here = (*path, element.tag)
        if element.tag == CHARACTER_SET:
            terms = terms_of(value)
        vr = element.vr or dictionary_vr(element.tag)
        if vr == b"SQ" or element.is_open:
            inner = inner_encoding(data, element, encoding)
            for number, span in enumerate(items(data, element, inner)):
                places += find_leaks(data, inner, identifiers, terms, (*here, number), *span)
        elif names_somebody(element.tag, vr, value, identifiers, terms):
            beside = walk(data, encoding, start, end) if path else ()
            code = coding.code_of(data, beside)
            if not coding.is_public(element.tag, value, code, identifiers):
                places.append(place(here))
    return places


def names_somebody(
    tag: int, vr: bytes, value: bytes, identifiers: Identifiers, terms: tuple[str, ...]
) -> bool:
    """Given an element of an output that is no sequence, its character sets, and the patient's
    identifiers, return whether one is in it.
    """
    if tag == BIRTH_DATE:
        return repertoire.decode(value, terms).strip() in identifiers.birth_dates
    if private.is_listed(tag, value):
        return False  # vendors are called like people, and tell whose elements follow
    if vr in JUDGED and NUMERIC.fullmatch(value):
        return vr in COUNTS and _is_number_of(value, identifiers)
    search: Search | None = None
    if vr == CODES:
        search = matching.code_pattern(identifiers)
        is_searched = not value.isascii()  # a code is: what is not may be in any character set
    else:
        is_searched = True
        if vr in SEARCHED:
            search = matching.pattern(identifiers)
    if search is not None and search.finds(fold(_searched(vr, value, terms))):
        return True
    return is_searched and is_within(value, identifiers)


def _searched(vr: bytes, value: bytes, terms: tuple[str, ...]) -> str:
    """Return the text of a value, of codes without those that the standard defines."""
    text = repertoire.decode(value, terms)
    if vr != CODES:
        return text
    return "\\".join(one for one in text.split("\\") if not is_defined(one))


def _is_number_of(value: bytes, identifiers: Identifiers) -> bool:
    """Return whether one of the values is the patient's own number, whole and nothing else."""
    texts = [one.strip(" \0") for one in value.decode("latin-1").split("\\")]
    return not matching.long_numbers(identifiers).isdisjoint(texts)


def is_within(value: bytes, identifiers: Identifiers) -> bool:
    """Given bytes, return whether one of the identifiers is among them, however it is encoded."""
    return next(spans_within(value, identifiers), None) is not None


def spans_within(value: bytes, identifiers: Identifiers) -> Iterator[tuple[int, int]]:
    """Given bytes, yield where one of the identifiers is among them, however it is encoded."""
    data = value.lower()
    if len(data) <= SHORT and words(identifiers).isdisjoint(_parts(data)):
        return
    for needle, is_whole in needles(identifiers):
        if len(needle) > len(data):
            return
        if needle in data:
            for position in positions(data, needle):
                if not (is_whole and is_within_word(data, needle, position)):
                    yield position, position + len(needle)


def _parts(data: bytes) -> Iterator[bytes]:
    """Yield whatever stands in data and is long enough to be looked for."""
    for start in range(len(data) - SHORTEST + 1):
        for end in range(start + SHORTEST, len(data) + 1):
            yield data[start:end]
