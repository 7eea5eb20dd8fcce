"""Which person is which participant, as the rows of AutoID say: the lowest record counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headgate.core import fields
from headgate.core.naming import folded
from headgate.core.routing import record_order

Row = Mapping[str, Any]


@dataclass
class Book:
    """Who is whom in one project: names by the hash of the person, all names that are taken, and
    the records that lost against a lower one.
    """

    names: dict[str, str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)


def read_books(rows: Iterable[Row]) -> dict[str, Book]:
    """Given the rows of AutoID, return the book of each project.

    A name belongs to the person of its lowest record, a person has the name of theirs: whoever
    reads the same rows finds the same.
    """
    books: dict[str, Book] = {}
    for row in sorted(rows, key=lambda row: record_order(str(row[fields.AUTOID_RECORD]))):
        person, name = _text(row, fields.AUTOID_PERSON), _text(row, fields.AUTOID_NAME)
        if not person or not name:
            continue
        book = books.setdefault(_text(row, fields.AUTOID_PROJECT), Book())
        if person in book.names or folded(name) in book.taken:
            book.lost.append(str(row[fields.AUTOID_RECORD]))
        else:
            book.names[person] = name
            book.taken.add(folded(name))
    return books


def coupling_row(record: str, project: str, person: str, name: str) -> dict[str, Any]:
    """Given who is whom, return the row that says so."""
    return {
        fields.AUTOID_RECORD: record,
        fields.AUTOID_PROJECT: project,
        fields.AUTOID_PERSON: person,
        fields.AUTOID_NAME: name,
        fields.AUTOID_METHOD: fields.AUTOID_AT_RANDOM,
        "autoid_complete": fields.COMPLETE,
    }


def blank_row(record: str) -> dict[str, Any]:
    """Given a record that lost, return the row that takes its name back."""
    emptied = (fields.AUTOID_PERSON, fields.AUTOID_NAME, fields.AUTOID_METHOD)
    return {fields.AUTOID_RECORD: record, **dict.fromkeys(emptied, "")}


def may_hide_another(before: Iterable[Row], after: Iterable[Row]) -> bool:
    """Given the rows before and after some were added, return whether another writer may be at
    work: REDCap numbers records in turn, so that a number that lacks may be one being written.
    """
    first, there = _highest(before), {str(row[fields.AUTOID_RECORD]) for row in after}
    last = max((int(one) for one in there if one.isdigit()), default=0)
    return any(str(number) not in there for number in range(first + 1, last + 1))


def _highest(rows: Iterable[Row]) -> int:
    numbers = [str(row[fields.AUTOID_RECORD]) for row in rows]
    return max((int(one) for one in numbers if one.isdigit()), default=0)


def _text(row: Row, name: str) -> str:
    return str(row.get(name, "")).strip()
