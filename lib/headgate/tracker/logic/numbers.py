"""Functions of numbers. Blanks and texts are left out; without any number, the result is blank."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

from headgate.tracker.logic.values import Value, as_number, finite, numbers_of

LARGEST = 1e15
MOST_PLACES = 15


def rounded(towards: Callable[[float], float]) -> Callable[..., Value]:
    """Given what makes a number whole, return the function that does so at a decimal place."""

    def function(value: Value, places: Value = 0.0) -> Value:
        number, digits = as_number(value), as_number(places)
        if number is None or digits is None:
            return ""
        if abs(digits) > MOST_PLACES or abs(number) > LARGEST:
            return ""
        factor = 10.0 ** int(digits)
        return finite(towards(number * factor) / factor)

    return function


def half_away_from_zero(number: float) -> float:
    """Given a number, return the nearest whole one; halves go away from zero, as in PHP."""
    return math.copysign(math.floor(abs(number) + 0.5), number)


def of_all(function: Callable[[Sequence[float]], float]) -> Callable[..., Value]:
    """Given a function of numbers, return it as one of values."""

    def of_values(*values: Value) -> Value:
        numbers = numbers_of(values)
        try:
            return finite(function(numbers)) if numbers else ""
        except (ValueError, OverflowError, statistics.StatisticsError):
            return ""

    return of_values


def of_one(function: Callable[[float], float]) -> Callable[[Value], Value]:
    """Given a function of a number, return it as one of a value."""
    return of_all(lambda numbers: function(numbers[0]))


def logarithm(value: Value, base: Value = math.e) -> Value:
    """Given a number and a base (none: e), return the logarithm, or blank where there is none."""
    number, of_base = as_number(value), as_number(base)
    if not number or not of_base or number <= 0 or of_base <= 0 or of_base == 1:
        return ""
    return math.log(number, of_base)


def modulo(value: Value, divisor: Value) -> Value:
    """Given two numbers, return what is left of the first after division by the second."""
    number, by = as_number(value), as_number(divisor)
    return "" if number is None or not by else finite(math.fmod(number, by))


def is_whole(value: Value) -> Value:
    """Given a value, return whether it is a whole number."""
    number = as_number(value)
    return number is not None and number.is_integer() and "." not in str(value)


# Each with the fewest and the most values it takes.
OF_NUMBERS: Mapping[str, tuple[Callable[..., Value], int, int]] = {
    "round": (rounded(half_away_from_zero), 1, 2),
    "roundup": (rounded(math.ceil), 1, 2),
    "rounddown": (rounded(math.floor), 1, 2),
    "sum": (of_all(sum), 1, 200),
    "min": (of_all(min), 1, 200),
    "max": (of_all(max), 1, 200),
    "mean": (of_all(statistics.fmean), 1, 200),
    "median": (of_all(statistics.median), 1, 200),
    "stdev": (of_all(statistics.stdev), 1, 200),
    "sqrt": (of_one(math.sqrt), 1, 1),
    "abs": (of_one(abs), 1, 1),
    "exponential": (of_one(math.exp), 1, 1),
    "log": (logarithm, 1, 2),
    "mod": (modulo, 2, 2),
    "isnumber": (lambda value: as_number(value) is not None, 1, 1),
    "isinteger": (is_whole, 1, 1),
}
