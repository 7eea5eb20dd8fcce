"""Functions of dates and times, which are stored as Y-m-d whatever a field shows."""

from collections.abc import Callable, Mapping
from datetime import datetime

from headgate.tracker.logic.values import Value, as_text, truth

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "M": 2_630_016, "y": 31_556_952}


def datediff(
    first: Value, second: Value, unit: Value = "d", order: Value = "ymd", signed: Value = 0.0
) -> Value:
    """Given two dates and a unit (y M d h m s), return how far apart they are; blank: unknown."""
    begin, end = moment(first), moment(second)
    if isinstance(order, bool):
        # The order of the dates may be left out.
        signed = order
    if begin is None or end is None or unit not in SECONDS:
        return ""
    seconds = (end - begin).total_seconds()
    return (seconds if truth(signed) else abs(seconds)) / SECONDS[str(unit)]


def moment(value: Value) -> datetime | None:
    """Given a date, a time or both, `today` or `now`, return the moment; None: it is none."""
    text = as_text(value)
    if text in {"today", "now"}:
        now = datetime.now().astimezone().replace(tzinfo=None)
        return now if text == "now" else now.replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        # A time alone is one of the same day as any other.
        return datetime.fromisoformat(f"2000-01-01 {text}" if text[1:3].count(":") else text)
    except ValueError:
        return None


def part(name: str) -> Callable[[Value], Value]:
    """Given the name of a part of a date, return the function that tells it; blank: no date."""

    def of_date(value: Value) -> Value:
        found = moment(value)
        return "" if found is None else float(getattr(found, name))

    return of_date


# Each with the fewest and the most values it takes.
OF_DATES: Mapping[str, tuple[Callable[..., Value], int, int]] = {
    "datediff": (datediff, 3, 5),
    "year": (part("year"), 1, 1),
    "month": (part("month"), 1, 1),
    "day": (part("day"), 1, 1),
}
