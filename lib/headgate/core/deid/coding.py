"""Codes of public schemes: whose they are, they do not tell, whoever is called like them.

A patient called Brain takes nothing of the anatomy along, and one whose number is 1100 no code that
has these digits. What the standard itself says of a code is looked up in its tables, which take
long to load, only where a word of the patient is found beside it.
"""

import re
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

from headgate.core.datamodules import alone
from headgate.core.deid import clean
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identifiers.text import alphanumeric, fold
from headgate.core.deid.identifiers.vocabulary import FOLDED
from headgate.core.dicom.elements import Data, Element

VALUE, SCHEME, MEANING = 0x00080100, 0x00080102, 0x00080104  # PS3.3 8.8
PARTS = frozenset({VALUE, MEANING})
# PS3.16 Table 8-1, Coding Schemes, and what their codes look like: no name does
FORMS = {
    "DCM": r"\d{6}",
    "SCT": r"\d{6,18}",
    "SRT": r"[A-Z][0-9A-F]?-[0-9A-F]{4,6}",
    "SNM3": r"[A-Z][0-9A-F]?-[0-9A-F]{4,6}",
    "99SDM": r"[A-Z][0-9A-F]?-[0-9A-F]{4,6}",
    "LN": r"\d{1,7}-\d",
    "RADLEX": r"RP?ID\d{1,7}",
    "FMA": r"\d{4,6}",
    "UMLS": r"C\d{7}",
    "I10": r"[A-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})?",
    "I9C": r"[EV]?\d{2,3}(?:\.\d{1,2})?",
}
SCHEMES = frozenset({*FORMS, "UCUM", "MDC", "NCIt", "IBSI", "NEU", "BARI"})
# PS3.3 C.7.3.1.1.1, as what is done is called in capitals
MODALITIES = frozenset({"CT", "MR", "PET", "US", "XR", "XA", "RF", "NM", "MG", "MRI", "CTA", "MRA"})
NONE = r"(?!)"
FEW = 5  # digits of a number that stand in others by chance
WORD = re.compile(r"[^\W\d_]+")


class Code(NamedTuple):
    """A code as it stands in an item: its value and its scheme."""

    value: bytes = b""
    scheme: bytes = b""


NO_CODE = Code()


def code_of(data: Data, elements: Iterable[Element]) -> Code:
    """Given the elements of an item, return the code that it is of."""
    found = {
        one.tag: bytes(data[one.value : one.end]) for one in elements if one.tag in (VALUE, SCHEME)
    }
    return Code(found.get(VALUE, b""), found.get(SCHEME, b""))


def is_public(tag: int, value: bytes, code: Code, identifiers: Identifiers) -> bool:
    """Given an element in which something names the patient and the code it stands beside, return
    whether it is that of a public scheme, and tells nothing more.
    """
    if tag not in PARTS or not (value + code.value + code.scheme).isascii():
        return False
    number, scheme, text = (one.decode().strip(" \0") for one in (*code, value))
    if scheme not in SCHEMES:
        return False
    meaning = _meaning(scheme, number)
    if meaning is None and re.fullmatch(FORMS.get(scheme, NONE), number) is None:
        return False
    if tag == MEANING:
        return _is_meant(text, meaning, identifiers)
    return meaning is not None or _is_chance(number, identifiers)


def _is_chance(number: str, identifiers: Identifiers) -> bool:
    """Return whether what is found in a code is a few digits within it, and not the code itself."""
    left = clean.cut(number, identifiers)
    return bool(left) and len(alphanumeric(number)) - len(alphanumeric(left)) <= FEW


def _is_meant(text: str, meaning: str | None, identifiers: Identifiers) -> bool:
    """Return whether a text has nothing but words of the standard, those of the patient among them
    because the code means them: where that is not known (None), at most one, of the field's.
    """
    written = WORD.findall(text)
    own = {fold(one) for one in written if clean.cut(one, identifiers) != one}
    rest = WORD.sub(lambda found: "" if fold(found[0]) in own else found[0], text)
    if not own or clean.cut(rest, identifiers) != rest:
        return False
    if meaning is not None:
        return own <= _words(meaning) and _words(text) <= _standard_words()
    others = (one for one in written if one not in MODALITIES)
    return len(own) == 1 and own <= FOLDED and set(map(fold, others)) <= _standard_words()


def _words(text: str) -> set[str]:
    return set(WORD.findall(fold(text)))


def _meaning(scheme: str, number: str) -> str | None:
    """Return what a code means as the standard has it; None: it has it not."""
    if scheme in ("SRT", "SNM3", "99SDM"):
        scheme, number = "SCT", _of_snomed().get(number, "")
    return _meanings().get((scheme, number))


@cache
def _meanings() -> dict[tuple[str, str], str]:
    """Return the meanings of PS3.16's codes by scheme and value."""
    concepts = alone("pydicom", "sr", "_concepts_dict").concepts
    return {
        (scheme, number): meaning
        for scheme, several in concepts.items()
        for codes in several.values()
        for number, (meaning, *_) in codes.items()
    }


@cache
def _of_snomed() -> dict[str, str]:
    """Return the codes that SNOMED CT has now by those of before: PS3.16 Annex O."""
    codes: dict[str, str] = alone("pydicom", "sr", "_snomed_dict").mapping["SRT"]
    return codes


@cache
def _standard_words() -> frozenset[str]:
    return frozenset(word for meaning in _meanings().values() for word in _words(meaning))
