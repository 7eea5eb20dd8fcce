"""What logic is made of: values of fields, comparisons, arithmetic, functions."""

import math
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project

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
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "M": 2_630_016, "y": 31_556_952}


@dataclass(frozen=True)
class Scope:
    """The row that logic is evaluated for, and the base rows of all records and events."""

    project: Project
    entry: Entry
    bases: Mapping[tuple[str, int], Entry]

    def value(self, column: str) -> str:
        """Given a column, return its value in the row, or in the base row if it belongs there."""
        form = self.project.dictionary.columns[column].field.form
        entry = self.entry
        if column != self.project.dictionary.record_field and not self.project.holds(
            entry.event_id, entry.instrument, form
        ):
            # Whether instances see the values of their base row is not established: they do.
            return self.value_in(entry.event_id, column)
        return self._of(entry, column)

    def value_in(self, event_id: int, column: str) -> str:
        """Given an event and a column, return the value in the record's base row of the event."""
        entry = self.bases.get((self.entry.record, event_id))
        return "" if entry is None else self._of(entry, column)

    def _of(self, entry: Entry, column: str) -> str:
        if column == self.project.dictionary.record_field:
            return entry.record
        field = self.project.dictionary.columns[column].field
        default = "0" if field.kind == "checkbox" or field.status else ""
        if not self.project.holds(entry.event_id, entry.instrument, field.form):
            default = ""
        return entry.values.get(column) or default


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


def _arithmetic(function: Callable[[float, float], float]) -> Callable[[Value, Value], Value]:
    def calculate(left: Value, right: Value) -> Value:
        first, second = as_number(left), as_number(right)
        if first is None or second is None:
            return ""
        try:
            result = function(first, second)
        except (ZeroDivisionError, OverflowError):
            return ""
        return result if math.isfinite(result) else ""

    return calculate


def _if(condition: Value, then: Value, otherwise: Value) -> Value:
    return then if truth(condition) else otherwise


def _contains(text: Value, part: Value) -> Value:
    return as_text(part).lower() in as_text(text).lower()


def _round(value: Value, places: Value = 0.0) -> Value:
    number, digits = as_number(value), as_number(places)
    if number is None or digits is None or abs(digits) > 15 or abs(number) > 1e15:
        return ""
    factor = 10.0 ** int(digits)
    # Halves go away from zero, as in PHP.
    return math.copysign(math.floor(abs(number) * factor + 0.5) / factor, number)


def _sum(*values: Value) -> Value:
    numbers = [number for value in values if (number := as_number(value)) is not None]
    return sum(numbers) if numbers else ""


def _datediff(
    first: Value, second: Value, unit: Value = "d", order: Value = "ymd", signed: Value = 0.0
) -> Value:
    begin, end = _moment(first), _moment(second)
    if isinstance(order, bool):
        # The order of the dates may be left out.
        signed = order
    if begin is None or end is None or unit not in SECONDS:
        return ""
    # Dates are stored as Y-m-d whatever the field shows, so that the order given does not matter.
    seconds = (end - begin).total_seconds()
    return (seconds if truth(signed) else abs(seconds)) / SECONDS[str(unit)]


def _moment(value: Value) -> datetime | None:
    if value in {"today", "now"}:
        moment = datetime.now().astimezone().replace(tzinfo=None)
        return moment if value == "now" else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001
    try:
        return datetime.fromisoformat(as_text(value)).replace(tzinfo=None)
    except ValueError:
        return None


ARITHMETIC: Mapping[str, Callable[[Value, Value], Value]] = {
    "+": _arithmetic(operator.add),
    "-": _arithmetic(operator.sub),
    "*": _arithmetic(operator.mul),
    "/": _arithmetic(operator.truediv),
    "%": _arithmetic(operator.mod),
}
# Each with the fewest and the most values it takes.
FUNCTIONS: Mapping[str, tuple[Callable[..., Value], int, int]] = {
    "if": (_if, 3, 3),
    "isblankormissingcode": (lambda value: value == "", 1, 1),
    "contains": (_contains, 2, 2),
    "round": (_round, 1, 2),
    "sum": (_sum, 1, 100),
    "datediff": (_datediff, 3, 5),
}
