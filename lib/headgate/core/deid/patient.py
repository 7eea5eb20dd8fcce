"""What names the patient in a data set as it came: the words that must not leave with it."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pydicom import Dataset
from pydicom.charset import python_encoding
from pydicom.config import disable_value_validation
from pydicom.multival import MultiValue

from headgate.core.deid.reading import decoded
from headgate.core.deid.text import alphanumeric, fold
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
UNDECODED = "\ufffd"
DIGITS_OF_DATE = 8


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


def identifiers_of(dataset: Dataset) -> Identifiers:
    """Given a data set as it came, return the identifiers of its patient, from every depth.

    Raise Rejected, naming the attribute, where one is written in characters that cannot be read.
    """
    with disable_value_validation():  # pydicom's warnings quote values
        return _identifiers_of(dataset)


def _identifiers_of(dataset: Dataset) -> Identifiers:
    names: set[str] = set()
    numbers: set[str] = set()
    births: set[str] = set()
    encodings = {"utf-8", "latin-1"}
    for level in _levels(dataset):
        encodings.update(_encodings(level))
        for tag, keyword in NAME_TAGS.items():
            names.update(part for name in _texts(level, tag, keyword) for part in _parts(name))
        for tag, keyword in NUMBER_TAGS.items():
            numbers.update(_texts(level, tag, keyword))
        births.update(_birth_dates(level))
    return Identifiers(*(tuple(sorted(words)) for words in (names, numbers, births, encodings)))


def _levels(dataset: Dataset) -> Iterator[Dataset]:
    yield dataset
    for tag in dataset.keys():  # noqa: SIM118 - iterating a data set would decode every element
        element = dataset.get_item(tag)
        if element is not None and element.VR in ("SQ", "UN", None) and not tag.is_private:
            whole = decoded(dataset, tag)
            for item in whole.value if whole.VR == "SQ" else ():
                yield from _levels(item)


def _texts(dataset: Dataset, tag: int, keyword: str) -> list[str]:
    if tag not in dataset:
        return []
    value = decoded(dataset, tag).value
    values = value if isinstance(value, MultiValue) else [value]
    texts = [str(one).strip(" \0") for one in values if one is not None]
    if any(UNDECODED in text for text in texts):
        raise Rejected(f"{keyword} is written in characters that cannot be decoded")
    if any(not text.isascii() for text in texts):
        _check_character_set(dataset, keyword)
    return [text for text in texts if text]


def _check_character_set(dataset: Dataset, keyword: str) -> None:
    unknown = [term for term in _terms(dataset) if term and term not in python_encoding]
    if unknown:
        raise Rejected(f"{keyword} is written in a character set that is not in PS3.3 C.12.1.1.2")


def _terms(dataset: Dataset) -> list[str]:
    value = decoded(dataset, CHARACTER_SET).value if CHARACTER_SET in dataset else None
    return [value] if isinstance(value, str) else list(value or ())


def _encodings(dataset: Dataset) -> set[str]:
    return {python_encoding[term] for term in _terms(dataset) if term in python_encoding}


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


def _birth_dates(dataset: Dataset) -> Iterator[str]:
    for text in _texts(dataset, BIRTH_DATE, "Patient's Birth Date"):
        digits = re.sub(r"\D", "", text)
        if len(digits) == DIGITS_OF_DATE:
            yield digits


def numbers_as_written(numbers: Iterable[str]) -> set[str]:
    """Given identifying numbers, return them folded, with and without the marks within."""
    return {form for number in numbers for form in (fold(number), alphanumeric(number)) if form}
