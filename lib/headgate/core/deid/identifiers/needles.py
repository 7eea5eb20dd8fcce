"""The bytes of a patient's identifiers, in every way they may be written."""

from collections.abc import Iterator
from functools import lru_cache

from headgate.core.deid.identifiers import matching
from headgate.core.deid.identifiers.matching import is_chance_within
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identifiers.text import alphanumeric, fold
from headgate.core.dicom.repertoire import PLAUSIBLE, written

LAST_OF_ASCII = b"\x7f"
SHORTEST = 4  # three bytes meet by chance in a lookup table


@lru_cache(maxsize=256)
def needles(identifiers: Identifiers) -> tuple[tuple[bytes, bool], ...]:
    """Given identifiers, return the bytes to look for, the shortest first, each with whether it
    must stand alone.
    """
    found: dict[bytes, bool] = {}
    for word in (*identifiers.names, *identifiers.numbers, *map(alphanumeric, identifiers.numbers)):
        for form in {word, word.lower(), word.upper(), word.capitalize(), fold(word)}:
            own = () if form.isascii() else (*identifiers.encodings, *PLAUSIBLE)
            for encoding in dict.fromkeys(("utf-8", "utf-16-le", "utf-16-be", *own)):
                data = written(form, encoding)
                if len(data) - data.count(0) >= SHORTEST:
                    found[data.lower()] = is_chance_within(form)
    for one, other in matching.short_names(identifiers):
        if min(len(one), len(other)) == 1 and (one + other).isascii():
            continue
        for mark in ("^", " ", ", ", ",", "_"):
            found[f"{one}{mark}{other}".lower().encode()] = True
    for form in matching.birth_date_forms(identifiers.birth_dates):
        found[form.encode()] = True
    return tuple(sorted(found.items(), key=lambda one: (len(one[0]), one)))


@lru_cache(maxsize=256)
def words(identifiers: Identifiers) -> frozenset[bytes]:
    """Given identifiers, return the bytes to look for, each of at least `SHORTEST`."""
    return frozenset(needle for needle, _ in needles(identifiers))


def positions(data: bytes, needle: bytes) -> Iterator[int]:
    """Given data and what to look for, yield where it stands."""
    position = data.find(needle)
    while position >= 0:
        yield position
        position = data.find(needle, position + 1)


def is_within_word(data: bytes, needle: bytes, position: int) -> bool:
    """Given where a needle stands, return whether a letter or digit is next to it."""
    several = data[position - 1 : position], data[position + len(needle) :][:1]
    if any(map(bytes.isalnum, several)):
        return True
    # beside letters that ASCII lacks, so are those of the word
    return not needle.isascii() and any(one > LAST_OF_ASCII for one in several)
