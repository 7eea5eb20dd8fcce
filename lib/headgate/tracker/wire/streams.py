"""Long answers: rows encoded one after the other, so that memory does not grow with them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from headgate.tracker.wire.answers import (
    XML_HEAD,
    Answer,
    as_json,
    csv_line,
    xml_item,
)

Row = Mapping[str, Any]
# Encoded together: fewer and larger writes to the socket.
TOGETHER = 200


def streamed(
    columns: Sequence[str],
    rows: Iterator[Row],
    wanted: str,
    delimiter: str = ",",
    header: Sequence[str] | None = None,
) -> Answer:
    """Given rows of records, return them in the format wanted, encoded as they are read."""
    # The first rows are read now: what goes wrong with them is an answer, not a broken one.
    first = list(islice(rows, TOGETHER))
    every = chain(first, rows)
    match wanted:
        case "csv":
            # No rows: an empty body; the header alone is not what clients see.
            lines = _csv(columns, every, delimiter, header) if first else iter(())
            return Answer(_together(lines), wanted)
        case "json":
            return Answer(_together(_json(columns, every)), wanted)
    return Answer(_together(_xml(columns, every)), wanted)


def _csv(
    columns: Sequence[str], rows: Iterable[Row], delimiter: str, header: Sequence[str] | None
) -> Iterator[str]:
    yield csv_line(header or columns, delimiter)
    for row in rows:
        yield csv_line([row.get(column, "") for column in columns], delimiter)


def _json(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    opening = "["
    for row in rows:
        yield opening + as_json({name: row.get(name, "") for name in columns})
        opening = ","
    yield "[]" if opening == "[" else "]"


def _xml(columns: Sequence[str], rows: Iterable[Row]) -> Iterator[str]:
    yield f"{XML_HEAD}<records>"
    for row in rows:
        yield xml_item(columns, row)
    yield "</records>"


def _together(texts: Iterator[str]) -> Iterator[str]:
    while batch := list(islice(texts, TOGETHER)):
        yield "".join(batch)
