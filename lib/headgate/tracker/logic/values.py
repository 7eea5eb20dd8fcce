"""What logic works with: texts, numbers and truth, how they compare and calculate."""

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping

Value = str | float | bool
NUMBER = re.compile(r"\s*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)
COMPARISONS: Mapping[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "!=": operator.ne,
}
ORDERINGS: Mapping[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def truth(value: Value) -> bool:
    """Given a value, return whether it counts as true: neither blank nor zero."""
    return value not in {"", "0", 0}


def as_number(value: Value) -> float | None:
    """Given a value, return it as a number if it looks like one."""
    if isinstance(value, str):
        return float(value) if NUMBER.fullmatch(value) else None
    return float(value)


def as_text(value: Value) -> str:
    """Given a value, return it as text; whole numbers have no decimal point."""
    if isinstance(value, str):
        return value
    return str(int(value)) if float(value).is_integer() else str(value)


def compare(sign: str, left: Value, right: Value) -> bool:
    """Given a sign and two values, return whether it holds between them."""
    numbers = as_number(left), as_number(right)
    both = None not in numbers
    if sign in COMPARISONS:
        # Two texts are compared as texts: the UIDs "1.2" and "1.20" are not the same.
        if both and not (isinstance(left, str) and isinstance(right, str)):
            return COMPARISONS[sign](*numbers)
        return COMPARISONS[sign](as_text(left), as_text(right))
    if both:
        return ORDERINGS[sign](*numbers)
    # How a blank is ordered is not established: it is neither less nor greater.
    return "" not in {left, right} and ORDERINGS[sign](as_text(left), as_text(right))


def numbers_of(values: Iterable[Value]) -> list[float]:
    """Given values, return those that are numbers."""
    return [number for value in values if (number := as_number(value)) is not None]


def finite(result: float) -> Value:
    """Given a result, return it; blank if it is no number that can be written."""
    return result if math.isfinite(result) else ""


def _power(base: float, exponent: float) -> float:
    result = base**exponent
    # The root of a negative number is complex: blank, as what is not finite.
    return math.nan if isinstance(result, complex) else result


def _arithmetic(function: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    def calculate(left: Value, right: Value) -> Value:
        first, second = as_number(left), as_number(right)
        if first is None or second is None:
            return ""
        try:
            result = function(first, second)
        except (ZeroDivisionError, OverflowError):
            return ""
        return finite(result)

    return calculate


ARITHMETIC: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv),
    "%": _arithmetic(operator.mod),
    "^": _arithmetic(_power),
}
