"""What names the patient in a data set as it came: the words that must not leave with it."""

import re
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from headgate.core.deid.kinds import dictionary_vr
from headgate.core.deid.repertoire import (
    DEFAULT,
    UNDECODED,
    decode,
    encodings_of,
    terms_of,
    unknown_terms,
)
from headgate.core.deid.text import alphanumeric, fold
from headgate.core.elements import Data, Element, Encoding, inner_encoding, items, walk
from headgate.core.errors import Rejected

NAME_TAGS = {  # PS3.6: names of the patient and of the family
    0x00100010: "Patient's Name",
    0x00101001: "Other Patient Names",
    0x00101005: "Patient's Birth Name",
    0x00101060: "Patient's Mother's Birth Name",
    0x00102297: "Responsible Person",
}
NUMBER_TAGS = {
    0x00080050: "Accession Number",
    0x00100020: "Patient ID",
    0x00101000: "Other Patient IDs",
    0x00101040: "Patient's Address",
    0x00101090: "Medical Record Locator",
    0x00102154: "Patient's Telephone Numbers",
    0x00380010: "Admission ID",
    0x00380060: "Service Episode ID",
}
BIRTH_DATE = 0x00100030
CHARACTER_SET = 0x00080005
NAME_LETTERS = 3
# Words that stand in the place of a name and name nobody
PLACEHOLDERS = frozenset({"anonymous", "anonymized", "anonymised", "unknown", "patient", "none"})
DIGITS_OF_DATE = 8
TELLING = frozenset({*NAME_TAGS, *NUMBER_TAGS, BIRTH_DATE})
HOLDING_ITEMS = frozenset({b"SQ", b"UN", b""})
# The bytes of the telling tags: where none stands in a sequence, nothing in it needs decoding.
PATTERN = re.compile(
    b"|".join(
        re.escape(struct.pack(order + "HH", tag >> 16, tag & 0xFFFF))
        for tag in sorted(TELLING)
        for order in "<>"
    )
)
Terms = tuple[str, ...]


@dataclass(frozen=True)
class Identifiers:
    """The patient's own words: parts of names, numbers, birth dates; and how they may be written.

    Names and numbers are as they stood; birth dates are YYYYMMDD; encodings are Python's.
    """

    names: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    encodings: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return how many there are: no log may hold them."""
        return f"Identifiers({len(self.names)} names, {len(self.numbers)} numbers)"


NOBODY = Identifiers()
Remembered = dict[tuple[bytes, Encoding, Terms], Identifiers]


def identifiers_of(
    data: Data, elements: Iterable[Element], encoding: Encoding, remembered: Remembered
) -> Identifiers:
    """Given a data set and its elements, return the identifiers of its patient, of every depth.

    `remembered` holds what elements told before, by their bytes and how these are read. Raise
    Rejected, naming the attribute, where one is written in characters that cannot be read.
    """
    names: set[str] = set()
    numbers: set[str] = set()
    births: set[str] = set()
    encodings = {"utf-8", "latin-1"}
    for found in _told(data, elements, encoding, DEFAULT, remembered):
        names.update(found.names)
        numbers.update(found.numbers)
        births.update(found.birth_dates)
        encodings.update(found.encodings)
    return Identifiers(*(tuple(sorted(words)) for words in (names, numbers, births, encodings)))


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
        elif tag in TELLING or element.is_open or element.vr in HOLDING_ITEMS:
            raw = bytes(data[element.start : element.end])
            key = (raw, encoding, terms)
            if key not in remembered:
                remembered[key] = _of_element(raw, element, encoding, terms)
            yield remembered[key]


def _of_element(raw: bytes, element: Element, encoding: Encoding, terms: Terms) -> Identifiers:
    value = raw[element.value - element.start :]
    if element.tag in NAME_TAGS:
        texts = _texts(value, terms, NAME_TAGS[element.tag])
        return Identifiers(names=tuple(part for name in texts for part in _parts(name)))
    if element.tag in NUMBER_TAGS:
        return Identifiers(numbers=tuple(_texts(value, terms, NUMBER_TAGS[element.tag])))
    if element.tag == BIRTH_DATE:
        return Identifiers(birth_dates=tuple(_birth_dates(value, terms)))
    if not may_tell(raw, element):
        return NOBODY
    inner = inner_encoding(element, encoding)
    moved = element._replace(start=0, value=element.value - element.start, end=len(raw))
    found = [
        one
        for start, end in items(raw, moved, inner)
        for one in _told(raw, walk(raw, inner, start, end), inner, terms, {})
    ]
    return Identifiers(
        *(
            tuple(word for one in found for word in getattr(one, kind))
            for kind in ("names", "numbers", "birth_dates", "encodings")
        )
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


def _texts(value: bytes, terms: Terms, keyword: str) -> list[str]:
    text = decode(value, terms)
    if UNDECODED in text:
        raise Rejected(f"{keyword} is written in characters that cannot be decoded")
    if not text.isascii() and unknown_terms(terms):
        raise Rejected(f"{keyword} is written in a character set that is not in PS3.3 C.12.1.1.2")
    parts = (part.strip(" \0") for part in text.split("\\"))
    return [part for part in parts if part]


def _parts(name: str) -> Iterator[str]:
    """Given a person's name (PS3.5 6.2.1), yield its words of all representations."""
    for representation in name.split("="):
        words = [word for word in re.split(r"[\^\s,.;/()\"]+", representation) if word]
        yield from (word for word in words if _is_telling(word))
        # names of one character each tell nobody alone, but do together
        if len(words) > 1 and not any(map(_is_alphabetic, words)):
            yield "".join(words)


def _is_telling(word: str) -> bool:
    letters = sum(map(str.isalpha, word))
    enough = NAME_LETTERS if _is_alphabetic(word) else NAME_LETTERS - 1
    return letters >= enough and fold(word) not in PLACEHOLDERS


@lru_cache(maxsize=4096)
def _is_alphabetic(word: str) -> bool:
    ideographic = ("CJK", "HANGUL", "HIRAGANA", "KATAKANA", "HALFWIDTH", "FULLWIDTH")
    return not any(unicodedata.name(letter, "").startswith(ideographic) for letter in word)


def _birth_dates(value: bytes, terms: Terms) -> Iterator[str]:
    for text in _texts(value, terms, "Patient's Birth Date"):
        digits = re.sub(r"\D", "", text)
        if len(digits) == DIGITS_OF_DATE:
            yield digits


def numbers_as_written(numbers: Iterable[str]) -> set[str]:
    """Given identifying numbers, return them folded, with and without the marks within."""
    return {form for number in numbers for form in (fold(number), alphanumeric(number)) if form}
