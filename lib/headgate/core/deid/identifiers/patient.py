"""What names the patient in a data set as it came: the words that must not leave with it."""

import re
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields

from headgate.core.deid.identifiers.telling import (
    BIRTH_DATE,
    NAME_TAGS,
    NOBODY,
    NUMBER_TAGS,
    OTHER_TAGS,
    STUDY_DATE,
    TELLING,
    TELLING_OF_STUDY,
    Identifiers,
    told_by,
)
from headgate.core.deid.identifiers.text import alphanumeric, fold
from headgate.core.deid.rules.kinds import dictionary_vr
from headgate.core.dicom.elements import Data, Element, Encoding, inner_encoding, items, walk
from headgate.core.dicom.repertoire import (
    DEFAULT,
    UNDECODED,
    encodings_of,
    readings,
    terms_of,
    unknown_terms,
)
from headgate.core.errors import Rejected

CHARACTER_SET, PATIENT_NAME, PATIENT_ID = 0x00080005, 0x00100010, 0x00100020
# zeros that fill a number up after letters or marks, and how long it is without them at the least
FILLING, FEWEST_FILLED = re.compile(r"(?<=[^\W\d_]|[-_/. :#])0+(?=\d{4})"), 7
FEWEST_LOST = 3  # one or two may say that nobody knows
HOLDING_ITEMS = frozenset({b"SQ", b"UN", b""})
KINDS = tuple(one.name for one in fields(Identifiers))
NAMED = {**NAME_TAGS, **NUMBER_TAGS, BIRTH_DATE: "Patient's Birth Date"}
# The bytes of the telling tags: where none stands in a sequence, nothing in it needs decoding.
PATTERN = re.compile(
    b"|".join(
        re.escape(struct.pack(order + "HH", tag >> 16, tag & 0xFFFF))
        for tag in sorted(TELLING)
        for order in "<>"
    )
)
Terms = tuple[str, ...]
Remembered = dict[tuple[bytes, Encoding, Terms], Identifiers]


def identifiers_of(
    data: Data, elements: Iterable[Element], encoding: Encoding, remembered: Remembered
) -> Identifiers:
    """Given a data set and its elements, return the identifiers of its patient, of every depth.

    `remembered` holds what elements told before, by their bytes and how these are read. Raise
    Rejected, naming the attribute, where one is written in characters that cannot be read.
    """
    found = list(_told(data, elements, encoding, DEFAULT, remembered))
    found.append(Identifiers(encodings=("utf-8", "latin-1")))
    return together(found)


def is_of(data: Data, elements: Iterable[Element], participant: str) -> bool:
    """Given a data set and its elements, return whether its PatientID is the participant, and its
    PatientName too, or blank.
    """
    terms, told = DEFAULT, {}
    for element in elements:
        value = bytes(data[element.value : element.end])
        if element.tag == CHARACTER_SET:
            terms = terms_of(value)
        elif element.tag in (PATIENT_NAME, PATIENT_ID):
            told[element.tag] = [one.strip("^ ") for one in _texts(value, terms)]
    is_id = participant in told.get(PATIENT_ID, [])
    return is_id and (participant in (names := told.get(PATIENT_NAME, [])) or not any(names))


def without(found: Identifiers, texts: Mapping[int, str]) -> Identifiers:
    """Given identifiers and texts by the attribute they stand in, return what else there is."""
    own = together([told_by(tag, [text]) for tag, text in texts.items() if tag in TELLING])
    return Identifiers(
        *(
            tuple(one for one in getattr(found, kind) if one not in getattr(own, kind))
            for kind in KINDS
        )
    )


def together(found: list[Identifiers]) -> Identifiers:
    """Given what several told, return it as one."""
    return Identifiers(
        *(tuple(sorted({word for one in found for word in getattr(one, kind)})) for kind in KINDS)
    )


def _told(
    data: Data,
    elements: Iterable[Element],
    encoding: Encoding,
    terms: Terms,
    remembered: Remembered,
) -> Iterator[Identifiers]:
    """Yield what each telling element of a level tells, those of its items too."""
    for element in elements:
        tag = element.tag
        if tag == CHARACTER_SET:
            terms = terms_of(bytes(data[element.value : element.end]))
            yield Identifiers(encodings=encodings_of(terms))
        elif tag in TELLING_OF_STUDY or element.is_open or element.vr in HOLDING_ITEMS:
            raw = bytes(data[element.start : element.end])
            key = (raw, encoding, terms)
            if key not in remembered:
                remembered[key] = _of_element(raw, element, encoding, terms)
            yield remembered[key]


def _of_element(raw: bytes, element: Element, encoding: Encoding, terms: Terms) -> Identifiers:
    tag = element.tag
    if tag in TELLING_OF_STUDY:
        value = raw[element.value - element.start :]
        if tag not in OTHER_TAGS and tag != STUDY_DATE:
            _check(value, terms, NAMED[tag])
        return told_by(tag, _texts(value, terms))
    if not may_tell(raw, element):
        return NOBODY
    inner = inner_encoding(raw, element._replace(value=element.value - element.start), encoding)
    moved = element._replace(start=0, value=element.value - element.start, end=len(raw))
    return together(
        [
            one
            for start, end in items(raw, moved, inner)
            for one in _told(raw, walk(raw, inner, start, end), inner, terms, {})
        ]
    )


def may_tell(raw: bytes, element: Element) -> bool:
    """Given an element and its bytes, return whether it may hold items that tell of the patient.

    Where the bytes of no telling tag stand in it, in either order, nothing in it does.
    """
    is_sequence = element.is_open or element.vr == b"SQ"
    if not is_sequence and element.vr not in HOLDING_ITEMS:
        return False
    if not is_sequence and (element.tag & 0x10000 or dictionary_vr(element.tag) != b"SQ"):
        return False
    return PATTERN.search(raw) is not None


def _check(value: bytes, terms: Terms, name: str) -> None:
    found = readings(value, terms)
    # a character that somebody else lost is in the bytes themselves
    if not found or _is_lost(found[0], name):
        raise Rejected(f"{name} is written in characters that cannot be decoded")
    if not value.isascii() and unknown_terms(terms):
        raise Rejected(f"{name} is written in a character set that is not in PS3.3 C.12.1.1.2")


def _is_lost(text: str, name: str) -> bool:
    """Return whether too much is lost to find the rest: names are found with letters missing."""
    if name != NAME_TAGS[PATIENT_NAME] and name in NAME_TAGS.values():
        return False
    is_name = name in NAME_TAGS.values()
    lost, letters = text.count(UNDECODED), sum(map(str.isalpha, text))
    if is_name and text.count("?") >= FEWEST_LOST:
        lost += text.count("?")
    return lost > (letters // 2 if is_name else 0)


def _texts(value: bytes, terms: Terms) -> list[str]:
    parts = (part.strip(" \0") for text in readings(value, terms) for part in text.split("\\"))
    return list(dict.fromkeys(part for part in parts if part))


def numbers_as_written(numbers: Iterable[str]) -> set[str]:
    """Given identifying numbers, return them folded, with and without the marks within, and those
    of some length without the zeros after letters or marks that fill them up.
    """
    forms = {form for number in numbers for form in (fold(number), alphanumeric(number)) if form}
    bare = {alphanumeric(FILLING.sub("", number)) for number in numbers}
    return forms | {one for one in bare if len(one) >= FEWEST_FILLED and not one.isdigit()}
