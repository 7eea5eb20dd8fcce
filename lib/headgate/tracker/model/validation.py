"""What a value must look like: text validation types, categories, dates."""

import re
from collections.abc import Mapping
from datetime import datetime

from headgate.tracker.model.dictionary import Column

LONGEST_TEXT = 65_000
INVALID = (
    "The value you provided could not be validated because it does not follow the expected "
    "format. Please try again."
)
# Ranges of text fields are soft in REDCap: only the form of a value is checked, never its size.
PATTERNS: Mapping[str, str] = {
    "integer": r"-?\d+",
    "number": r"-?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?",
    "number_1dp": r"-?\d+\.\d",
    "number_2dp": r"-?\d+\.\d{2}",
    "number_3dp": r"-?\d+\.\d{3}",
    "number_4dp": r"-?\d+\.\d{4}",
    "number_comma_decimal": r"-?(\d+(,\d*)?|,\d+)",
    "email": r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,63}",
    "phone": r"(\+?1[-. ]?)?\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}( ?(x|ext\.?) ?\d+)?",
    "zipcode": r"\d{5}(-\d{4})?",
    "ssn": r"\d{3}-\d{2}-\d{4}",
    "alpha_only": r"[A-Za-z]+",
    "mrn_10d": r"\d{10}",
    "mrn_11d": r"\d{11}",
    "mrn_generic": r"[A-Za-z0-9_-]+",
    "time": r"([01]?\d|2[0-3]):[0-5]\d",
    "time_hh_mm_ss": r"([01]?\d|2[0-3]):[0-5]\d:[0-5]\d",
    "time_mm_ss": r"[0-5]?\d:[0-5]\d",
}
COMPILED: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.ASCII) for name, pattern in PATTERNS.items()
}
# Each with the length that it has in ISO 8601.
DATES = {
    "date": ("%Y-%m-%d", 10),
    "datetime": ("%Y-%m-%d %H:%M", 16),
    "datetime_seconds": ("%Y-%m-%d %H:%M:%S", 19),
}
ORDERS = {"YMD": "%Y-%m-%d", "MDY": "%m-%d-%Y", "DMY": "%d-%m-%Y"}


class Invalid(ValueError):
    """A value that REDCap does not take; the text is REDCap's."""


def stored(column: Column, value: str, date_format: str = "YMD") -> str:
    """Given a column and a value that is not blank, return it as it is stored. Raise Invalid."""
    if column.code is not None:
        return _checkbox(column, value)
    field = column.field
    if field.choices:
        if value not in {code for code, _ in field.choices}:
            raise Invalid(f"The value is not a valid category for {field.name}")
        return value
    if field.kind == "slider":
        return _slider(value)
    if len(value) >= LONGEST_TEXT:
        raise Invalid(f"The value has {len(value)} characters; {LONGEST_TEXT} is too many.")
    return _text(field.validation, value, date_format)


def _checkbox(column: Column, value: str) -> str:
    if value not in {"0", "1"}:
        raise Invalid(
            f"{column.name} is a checkbox field and thus can only have a value of '1' (checked) "
            "or '0' (unchecked)."
        )
    return value


def _slider(value: str) -> str:
    if not re.fullmatch(r"\d{1,3}", value, re.ASCII) or int(value) > 100:
        raise Invalid(INVALID)
    return value


def _text(validation: str, value: str, date_format: str) -> str:
    if pattern := COMPILED.get(validation):
        if not pattern.fullmatch(value):
            raise Invalid(INVALID)
        return value
    name, _, order = validation.rpartition("_")
    if order in {"ymd", "mdy", "dmy"} and name in DATES:
        return _date(*DATES[name], value, date_format)
    # A validation type that is not in the table is taken as free text.
    return value


def _date(pattern: str, length: int, value: str, date_format: str) -> str:
    wanted = pattern.replace("%Y-%m-%d", ORDERS[date_format])
    try:
        found = datetime.strptime(value.replace("/", "-"), wanted)  # noqa: DTZ007 (local by nature)
    except ValueError as error:
        raise Invalid(INVALID) from error
    return found.isoformat(sep=" ")[:length]
