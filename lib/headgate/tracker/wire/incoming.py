"""The data of an import, in any of the formats, as rows of texts."""

import csv
import io
import json
from typing import Any

from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.markup import rows_from_xml

Row = dict[str, str]
MALFORMED = (
    "The data being imported is not formatted correctly. PHP error from JSON decoder: "
    "Syntax error. \nThe JSON must be in an array, as in [{ ... }]."
)
MALFORMED_CSV = "The data being imported is not formatted correctly."


def rows_from(data: str, wanted: str, delimiter: str = ",", nested: bool = False) -> list[Row]:
    """Given data and its format, return its rows. Raise Refused if it cannot be read.

    With `nested`, a value may be an object (a user's rights to each form): it is read as CSV has
    it, `form:level,form:level`.
    """
    match wanted:
        case "json":
            return _from_json(data, nested)
        case "csv":
            return _from_csv(data, delimiter)
        case "xml":
            return [
                {name: _storable(cell) for name, cell in row.items()}
                for row in rows_from_xml(data, nested)
            ]
    raise Refused(f"This server imports json, csv or xml, not yet {wanted}")


def _from_json(data: str, nested: bool) -> list[Row]:
    try:
        found = json.loads(data, parse_int=str, parse_float=_decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Refused(MALFORMED) from error
    if isinstance(found, dict):
        # As the real server does: an object is read as an empty array.
        return []
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise Refused(MALFORMED)
    return [
        {
            _storable(name): _pairs(value) if nested and isinstance(value, dict) else _text(value)
            for name, value in row.items()
        }
        for row in found
    ]


def _pairs(value: dict[str, Any]) -> str:
    return ",".join(f"{_storable(name)}:{_text(item)}" for name, item in value.items())


def _decimal(text: str) -> str:
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else text


def _no_constant(name: str) -> str:
    raise ValueError(name)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(int(value))
        case str():
            return _storable(value)
    raise Refused(MALFORMED)


def _storable(text: str) -> str:
    # Half a surrogate pair is no character: neither the database nor an answer could hold it.
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Refused("The data being imported holds an invalid character.") from error
    return text.replace("\0", "")


def _from_csv(data: str, delimiter: str) -> list[Row]:
    reader = csv.reader(io.StringIO(data.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    try:
        lines = [line for line in reader if line]
    except csv.Error as error:
        raise Refused(MALFORMED_CSV) from error
    if not lines:
        return []
    header = [name.strip() for name in lines[0]]
    if any(len(line) != len(header) for line in lines):
        raise Refused(MALFORMED_CSV)
    return [
        {name: _storable(cell) for name, cell in zip(header, line, strict=True)}
        for line in lines[1:]
    ]
