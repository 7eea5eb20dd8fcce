"""The functions of logic, each with the fewest and the most values it takes."""

from collections.abc import Callable, Mapping, Set

from headgate.tracker.logic.dates import OF_DATES
from headgate.tracker.logic.numbers import OF_NUMBERS
from headgate.tracker.logic.texts import OF_TEXTS
from headgate.tracker.logic.values import Value, truth


def choose(condition: Value, then: Value, otherwise: Value) -> Value:
    """Given a condition, return the second value if it holds, else the third."""
    return then if truth(condition) else otherwise


FUNCTIONS: Mapping[str, tuple[Callable[..., Value], int, int]] = {
    "if": (choose, 3, 3),
    **OF_NUMBERS,
    **OF_TEXTS,
    **OF_DATES,
}
# What these say of a value depends on the codes that stand for missing data in the project.
OF_MISSING_CODES: Mapping[str, Callable[[Set[str], Value], Value]] = {
    "isblankormissingcode": lambda codes, value: value == "" or value in codes,
    "isblanknotmissingcode": lambda codes, value: value == "" and value not in codes,
    "ismissingcode": lambda codes, value: value in codes,
}
