"""Whether a text that was read in pixels may be the patient's, as readers mistake letters."""

from collections.abc import Iterator
from functools import lru_cache

from headgate.core.deid.identifiers.matching import birth_date_forms
from headgate.core.deid.identifiers.patient import numbers_as_written
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identifiers.text import fold

# Signs that look alike become one: what is left of the rest, letters and digits, is compared.
ALIKE = str.maketrans("0152869l|", "oiszbbgii")
# One letter in so many may be wrong, missing or too many; what is shorter is to be read exactly.
ONE_WRONG_IN = 6
ANYWHERE_FROM = 4


def names_patient(text: str, identifiers: Identifiers) -> bool:
    """Given a text as it was read and a patient's identifiers, return whether one is in it."""
    words = [plain(word) for word in text.split()]
    whole = "".join(words)
    for one in _looked_for(identifiers):
        if len(one) < ANYWHERE_FROM:
            if one in words:
                return True
        elif is_like_part(one, whole):
            return True
    return False


def plain(text: str) -> str:
    """Given a text, return its letters and digits, folded, with those that look alike as one."""
    return "".join(filter(str.isalnum, fold(text).translate(ALIKE)))


def is_like_part(wanted: str, text: str) -> bool:
    """Given two plain texts, return whether some part of the second is nearly the first.

    Sellers, The Theory and Computation of Evolutionary Distances, 1980.
    """
    errors = len(wanted) // ONE_WRONG_IN
    if not errors:
        return wanted in text
    costs = list(range(len(wanted) + 1))
    for letter in text:
        before, costs[0] = costs[0], 0
        for at, one in enumerate(wanted, 1):
            above = costs[at]
            costs[at] = min(before + (one != letter), above + 1, costs[at - 1] + 1)
            before = above
        if costs[-1] <= errors:
            return True
    return False


@lru_cache(maxsize=256)
def _looked_for(identifiers: Identifiers) -> frozenset[str]:
    return frozenset(one for text in _texts(identifiers) if len(one := plain(text)) > 1)


def _texts(identifiers: Identifiers) -> Iterator[str]:
    yield from identifiers.names
    yield from numbers_as_written(identifiers.numbers)
    yield from birth_date_forms(identifiers.birth_dates)
