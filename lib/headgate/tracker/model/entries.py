"""The stored rows: one for a record's base part in an event, one for each repeating instance."""

import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from headgate.tracker.model.projects import Project
from headgate.tracker.storage.database import now

# CROSS JOIN keeps the order of the loops: each name is looked up in the primary key.
# What nobody asked for is left out before its content is read.
NAMED_ENTRIES = """
SELECT e.* FROM json_each(:names) n
    CROSS JOIN entries e ON e.project_id = :project AND e.record = n.value
WHERE :shown IS NULL OR e.instrument IN (SELECT value FROM json_each(:shown))
"""
NAMES = """
SELECT record FROM records WHERE project_id = :project
    AND (:group IS NULL OR group_id = :group) ORDER BY number IS NULL, number, record
"""
BATCH = 500
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


def read_batches(
    connection: sqlite3.Connection,
    project: Project,
    records: Iterable[str] | None = None,
    instruments: Collection[str] | None = None,
    group_id: int | None = None,
) -> Iterator[list[Entry]]:
    """Given a project, records and repeating instruments (None: all), yield the rows in order.

    The order is REDCap's; no record is spread over two batches. Rows that belong to no repeating
    instrument always come. With a data access group, only its records do.
    """
    names = iter(_names(connection, project.project_id, records, group_id))
    while batch := list(islice(names, BATCH)):
        yield read_entries(connection, project, batch, instruments)


def read_entries(
    connection: sqlite3.Connection,
    project: Project,
    records: Collection[str],
    instruments: Collection[str] | None = None,
) -> list[Entry]:
    """Given a project, records and repeating instruments (None: all), return the rows in order."""
    place = {
        "project": project.project_id,
        "names": json.dumps(sorted(set(records))),
        "shown": None if instruments is None else json.dumps(["", *instruments]),
    }
    found = connection.execute(NAMED_ENTRIES, place)
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


def groups_of(
    connection: sqlite3.Connection, project_id: int, records: Collection[str]
) -> dict[str, int | None]:
    """Given names, return the data access group of each that is a record of the project."""
    query = (
        "SELECT r.record, r.group_id FROM json_each(?) n CROSS JOIN records r"
        " ON r.project_id = ? AND r.record = n.value"
    )
    found = connection.execute(query, (json.dumps(list(records)), project_id))
    return {row["record"]: row["group_id"] for row in found}


def set_groups(
    connection: sqlite3.Connection, project_id: int, groups: Mapping[str, int | None]
) -> None:
    """Given a data access group for each of some records, within a transaction, store it."""
    connection.executemany(
        "UPDATE records SET group_id = ? WHERE project_id = ? AND record = ?",
        ((group_id, project_id, record) for record, group_id in groups.items()),
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
        "INSERT INTO records (project_id, record, number, modified) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (project_id, record) DO UPDATE SET modified = excluded.modified",
        ((project_id, record, record_number(record), moment) for record in records),
    )


def next_number(
    connection: sqlite3.Connection, project_id: int, group_id: int | None = None
) -> int:
    """Given a project, return the highest number that names a record, plus one.

    In a data access group, the names are the group's number, a hyphen and the number.
    """
    if group_id is None:
        query = "SELECT MAX(number) FROM records WHERE project_id = ?"
        return int(connection.execute(query, (project_id,)).fetchone()[0] or 0) + 1
    prefix = f"{group_id}-"
    names = connection.execute(
        "SELECT record FROM records WHERE project_id = ? AND record >= ? AND record < ?",
        (project_id, prefix, f"{group_id}."),
    )
    numbers = [record_number(row["record"].removeprefix(prefix)) or 0 for row in names]
    return max(numbers, default=0) + 1


def _names(
    connection: sqlite3.Connection,
    project_id: int,
    records: Iterable[str] | None,
    group_id: int | None,
) -> Iterable[str]:
    if records is None:
        place = {"project": project_id, "group": group_id}
        return (row["record"] for row in connection.execute(NAMES, place))
    names = set(records)
    if group_id is not None:
        groups = groups_of(connection, project_id, names)
        names = {name for name in names if groups.get(name) == group_id}
    return sorted(names, key=record_order)


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        row["record"],
        row["event_id"],
        row["instrument"],
        row["instance"],
        json.loads(row["content"]),
    )
