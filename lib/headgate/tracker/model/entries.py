"""The stored rows: one for a record's base part in an event, one for each repeating instance."""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from headgate.tracker.model.projects import Project
from headgate.tracker.storage.database import now

# What nobody asked for is left out before its content is read.
ALL_ENTRIES = """
SELECT * FROM entries WHERE project_id = :project
    AND (:shown IS NULL OR instrument IN (SELECT value FROM json_each(:shown)))
"""
# CROSS JOIN keeps the order of the loops: each name is looked up in the primary key.
NAMED_ENTRIES = """
SELECT e.* FROM json_each(:names) n
    CROSS JOIN entries e ON e.project_id = :project AND e.record = n.value
WHERE :shown IS NULL OR e.instrument IN (SELECT value FROM json_each(:shown))
"""
NUMERIC = re.compile(r"\d{1,18}", re.ASCII)


@dataclass(frozen=True)
class Entry:
    """A row: its place, and its values by column; instance 0 is that of what does not repeat."""

    record: str
    event_id: int
    instrument: str
    instance: int
    values: dict[str, str]


def record_number(record: str) -> int | None:
    """Given a record's name, return it as a number if it is one."""
    return int(record) if NUMERIC.fullmatch(record) else None


def record_order(record: str) -> tuple[bool, int, str]:
    """Given a record's name, return what to sort by: numbers as numbers, before all others."""
    found = record_number(record)
    return found is None, found or 0, record


def changed_between(
    connection: sqlite3.Connection, project_id: int, begin: str, end: str
) -> set[str]:
    """Given a window of time, return the records made or changed in it, its ends included."""
    query = "SELECT record FROM records WHERE project_id = ? AND modified BETWEEN ? AND ?"
    return {row[0] for row in connection.execute(query, (project_id, begin or "0", end or "9999"))}


def read_entries(
    connection: sqlite3.Connection,
    project: Project,
    records: Collection[str] | None = None,
    instruments: Collection[str] | None = None,
) -> list[Entry]:
    """Given a project, records and repeating instruments (None: all), return the rows in order.

    The order is REDCap's. Rows that belong to no repeating instrument always come.
    """
    place = {
        "project": project.project_id,
        "names": None if records is None else json.dumps(sorted(set(records))),
        "shown": None if instruments is None else json.dumps(["", *instruments]),
    }
    found = connection.execute(ALL_ENTRIES if records is None else NAMED_ENTRIES, place)
    events = {event_id: place for place, event_id in enumerate(project.event_ids)}
    forms = {form: place for place, form in enumerate(project.dictionary.forms, start=1)}
    return sorted(
        (_entry(row) for row in found if row["event_id"] in events),
        key=lambda entry: (
            record_order(entry.record),
            events[entry.event_id],
            forms.get(entry.instrument, 0),
            entry.instance,
        ),
    )


def write_entries(
    connection: sqlite3.Connection, project_id: int, entries: Iterable[Entry]
) -> None:
    """Given rows, store them in place of what was there."""
    connection.executemany(
        "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)",
        (
            (
                project_id,
                entry.record,
                entry.event_id,
                entry.instrument,
                entry.instance,
                json.dumps(entry.values, separators=(",", ":")),
            )
            for entry in entries
        ),
    )


def mark_changed(connection: sqlite3.Connection, project_id: int, records: Iterable[str]) -> None:
    """Given records, note that they were made or changed now."""
    moment = now()
    connection.executemany(
        "INSERT INTO records VALUES (?, ?, ?, ?)"
        " ON CONFLICT (project_id, record) DO UPDATE SET modified = excluded.modified",
        ((project_id, record, record_number(record), moment) for record in records),
    )


def known_records(
    connection: sqlite3.Connection, project_id: int, records: Collection[str]
) -> set[str]:
    """Given names, return those that are records of the project."""
    query = (
        "SELECT r.record FROM json_each(?) n CROSS JOIN records r"
        " ON r.project_id = ? AND r.record = n.value"
    )
    return {row[0] for row in connection.execute(query, (json.dumps(list(records)), project_id))}


def next_number(connection: sqlite3.Connection, project_id: int) -> int:
    """Given a project, return the highest number that names a record, plus one."""
    query = "SELECT MAX(number) FROM records WHERE project_id = ?"
    return int(connection.execute(query, (project_id,)).fetchone()[0] or 0) + 1


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["record"],
        row["event_id"],
        row["instrument"],
        row["instance"],
        json.loads(row["content"]),
    )
