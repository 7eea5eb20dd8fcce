"""The operators of classification rules, as FIONA names them: one function each.

A value may be several (PS3.5 6.4). `==`, `regexp` and `contains` hold when they do for any of
them; `regexp` and `contains` also look at all of them joined by ", ". `!=` holds when none is
equal, `<` and `>` when they do for every one. On an absent value no comparison holds.
"""

import re
from collections.abc import Callable
from typing import Any

from headgate.core.errors import Misconfigured

APPROXIMATION = 1e-4
Test = Callable[[Any], bool]
Make = Callable[[Any, float], Test]  # from the rule's value and approxLevel


def is_absent(value: Any) -> bool:
    """Given a value, return whether there is none: None, an empty text or an empty list."""
    return value is None or (isinstance(value, (str, list, tuple)) and len(value) == 0)


def numbers(value: Any) -> list[float] | None:
    """Given a value, return its numbers, or None where one is none."""
    try:
        return [float(one) for one in several(value)]
    except (TypeError, ValueError):
        return None


def several(value: Any) -> list[Any]:
    """Given a value, return it as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _regexp(expected: Any, _level: float) -> Test:
    try:
        expression = re.compile(str(expected))
    except re.error as error:
        raise Misconfigured(f"{expected!r} is no regular expression: {error}") from error
    return lambda value: any(expression.search(text) for text in _texts(value))


def _contains(expected: Any, _level: float) -> Test:
    part = str(expected)
    return lambda value: any(part in text for text in _texts(value))


def _equal(expected: Any, _level: float) -> Test:
    if isinstance(expected, list):
        return lambda value: _is_same(several(value), expected)
    return lambda value: any(_is_same([one], [expected]) for one in several(value))


def _unequal(expected: Any, level: float) -> Test:
    equal = _equal(expected, level)
    return lambda value: not equal(value)


def _less(expected: Any, _level: float) -> Test:
    limit = _number(expected)
    return lambda value: all(number < limit for number in numbers(value) or [limit])


def _greater(expected: Any, _level: float) -> Test:
    limit = _number(expected)
    return lambda value: all(number > limit for number in numbers(value) or [limit])


def _approximate(expected: Any, level: float) -> Test:
    wanted = numbers(expected)
    if wanted is None:
        raise Misconfigured(f"{expected!r} holds a text where approx needs numbers")

    def test(value: Any) -> bool:
        found = numbers(value)
        if found is None or len(found) != len(wanted):
            return False
        return all(abs(one - other) <= level for one, other in zip(found, wanted, strict=True))

    return test


def _present(_expected: Any, _level: float) -> Test:
    return lambda value: not is_absent(value)


OPERATORS: dict[str, Make] = {
    "regexp": _regexp,
    "contains": _contains,
    "==": _equal,
    "!=": _unequal,
    "<": _less,
    ">": _greater,
    "approx": _approximate,
    "exists": _present,
    "exist": _present,  # FIONA's rules have both spellings
    "notexist": lambda _expected, _level: is_absent,
    "notexists": lambda _expected, _level: is_absent,
}
WITHOUT_VALUE = frozenset({"exists", "exist", "notexist", "notexists"})


def test_of(operator: str, expected: Any, level: float) -> Test:
    """Given an operator, the rule's value and its approxLevel, return the test of a value.

    Raise Misconfigured where there is no such operator or the value does not go with it.
    """
    if operator not in OPERATORS:
        raise Misconfigured(f"there is no operator {operator!r}; there are {', '.join(OPERATORS)}")
    test = OPERATORS[operator](expected, level)
    if operator in WITHOUT_VALUE:
        return test
    return lambda value: not is_absent(value) and test(value)


def _texts(value: Any) -> list[str]:
    texts = [str(one) for one in several(value)]
    return [*texts, ", ".join(texts)] if len(texts) > 1 else texts


def _is_same(found: list[Any], expected: list[Any]) -> bool:
    left, right = numbers(found), numbers(expected)
    if left is not None and right is not None:
        return left == right
    return [str(one) for one in found] == [str(one) for one in expected]


def _number(expected: Any) -> float:
    found = numbers(expected)
    if found is None or len(found) != 1:
        raise Misconfigured(f"{expected!r} is not the one number that < and > need")
    return found[0]
