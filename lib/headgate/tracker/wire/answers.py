"""Answers of the API: refusals, and the formats json, csv and xml."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from headgate.core.errors import Rejected

XML_HEAD = '<?xml version="1.0" encoding="UTF-8" ?>'
FORMATS = ("json", "csv", "xml")
MEDIA_TYPES = {
    "json": "application/json; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "xml": "text/xml; charset=utf-8",
    "text": "text/html; charset=utf-8",
}
# XML 1.0, section 2.2: no document may hold these.
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DELIMITERS = {",": ",", "tab": "\t", "\t": "\t", ";": ";", "|": "|", "^": "^"}


class Refused(Rejected):
    """The request is answered with an error: the HTTP status, and the text for the client."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What goes back to the client: the body, its format (a key of MEDIA_TYPES), the status.

    `content_type` is that of a file; blank: the format's own.
    """

    body: str | bytes | Iterator[str]
    format: str = "text"
    status: int = 200
    content_type: str = ""


def file_answer(name: str, media_type: str, content: bytes) -> Answer:
    """Given a file, return it with its name where REDCap's clients look: in the Content-Type."""
    quoted_name = name.replace("\\", "\\\\").replace('"', '\\"')
    # A header is bytes: the name goes out as UTF-8, as PHP sends it.
    safe = quoted_name.encode().decode("latin-1")
    return Answer(content, content_type=f'{media_type}; name="{safe}";charset=UTF-8')


def refusal(message: str, status: int, wanted: str) -> Answer:
    """Given an error and the format wanted, return the answer that tells it."""
    bodies = {
        "json": lambda: as_json({"error": message}),
        "csv": lambda: f"ERROR: {message}",
        "xml": lambda: f"{XML_HEAD}<hash><error>{escape(message)}</error></hash>",
    }
    return Answer(bodies[wanted](), wanted, status)


def as_json(value: Any) -> str:
    """Given any JSON value, return its text as REDCap writes it: no blanks between tokens."""
    return json.dumps(value, separators=(",", ":"))


def as_csv(
    columns: Sequence[str],
    rows: Iterable[Mapping[str, Any]],
    delimiter: str = ",",
    always_quoted: frozenset[str] = frozenset(),
    header: Sequence[str] | None = None,
) -> str:
    """Given columns and rows, return CSV as PHP's fputcsv writes it, a newline after each line."""
    lines = [csv_line(header or columns, delimiter)]
    always = [column in always_quoted for column in columns]
    lines += [
        csv_line([row.get(column, "") for column in columns], delimiter, always) for row in rows
    ]
    return "".join(lines)


def csv_line(cells: Sequence[Any], delimiter: str = ",", always: Sequence[bool] = ()) -> str:
    """Given cells, and which of them are always quoted, return a line of CSV with its newline."""
    marks = always or (False,) * len(cells)
    texts = (quoted(_cell(cell), delimiter, mark) for cell, mark in zip(cells, marks, strict=True))
    return delimiter.join(texts) + "\n"


def quoted(value: str, delimiter: str = ",", always: bool = False) -> str:
    """Given a value, return it as a CSV cell, in quotes where it holds blanks and such."""
    if always or any(sign in value for sign in (delimiter, " ", "\t", "\r", "\n", '"', "\\")):
        return '"' + value.replace('"', '""') + '"'
    return value


def table(
    columns: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    wanted: str,
    delimiter: str = ",",
    always_quoted: frozenset[str] = frozenset(),
    header: Sequence[str] | None = None,
) -> Answer:
    """Given rows, return them in the format wanted; `header` stands in CSV instead of the names."""
    if wanted == "csv":
        return Answer(as_csv(columns, rows, delimiter, always_quoted, header), wanted)
    if wanted == "json":
        return Answer(
            as_json([{name: row.get(name, "") for name in columns} for row in rows]), wanted
        )
    # The root's name is not established for the setup contents.
    items = "".join(xml_item(columns, row) for row in rows)
    return Answer(f"{XML_HEAD}<items>{items}</items>", wanted)


def number(count: int, wanted: str) -> Answer:
    """Given a count, return it bare: so every import and delete but that of records answers."""
    return Answer(str(count), wanted)


def imported_count(count: int, wanted: str) -> Answer:
    """Given the number of records imported, return the answer that tells it."""
    bodies = {
        "json": as_json({"count": count}),
        "csv": str(count),
        "xml": f"{XML_HEAD}<count>{count}</count>",
    }
    return Answer(bodies[wanted], wanted)


def imported_ids(ids: Sequence[str], wanted: str) -> Answer:
    """Given the records imported, return the answer that lists them."""
    if wanted == "json":
        return Answer(as_json(ids), wanted)
    if wanted == "csv":
        # The layout of auto_ids in csv is not established: the same single column.
        return Answer(as_csv(["id"], [{"id": name} for name in ids]), wanted)
    items = "".join(f"<id>{escape(name)}</id>" for name in ids)
    return Answer(f"{XML_HEAD}<ids>{items}</ids>", wanted)


def in_cdata(value: str) -> str:
    """Given a text, return it as XML character data that no text can break out of."""
    text = NOT_IN_XML.sub("", value)
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>" if text else ""


def xml_item(columns: Sequence[str], row: Mapping[str, Any]) -> str:
    """Given columns and a row, return the row as an XML item."""
    return f"<item>{''.join(_element(column, row.get(column, '')) for column in columns)}</item>"


def _element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        # How a user's rights to each form look in XML is not established: an element for each.
        return f"<{name}>{''.join(_element(key, item) for key, item in value.items())}</{name}>"
    return f"<{name}>{in_cdata(str(value))}</{name}>"


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{key}:{item}" for key, item in value.items())
    return str(value)
