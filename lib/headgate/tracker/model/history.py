"""The log: who did what and when, and what each value was before and after."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from headgate.tracker.storage.database import now

RECORD_KINDS = ("record_add", "record_edit", "record_delete")


@dataclass(frozen=True)
class Change:
    """What became of one row of a record: by column, the value before and the value after."""

    record: str
    event_id: int
    instrument: str
    instance: int
    values: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def note(
    connection: sqlite3.Connection,
    project_id: int,
    username: str,
    kind: str,
    action: str,
    details: str = "",
    record: str = "",
) -> None:
    """Given who did what in a project, within a transaction, write a line of the log.

    `kind` is one of REDCap's log types: export, manage, user, record_add, record_edit,
    record_delete, lock_record, page_view.
    """
    connection.execute(
        "INSERT INTO log (project_id, moment, username, kind, action, details, record)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (project_id, now(), username, kind, action, details, record),
    )


def note_changes(
    connection: sqlite3.Connection,
    project_id: int,
    username: str,
    kind: str,
    action: str,
    changes: Iterable[Change],
) -> None:
    """Given what became of rows of records, within a transaction, write a line for each."""
    moment = now()
    connection.executemany(
        "INSERT INTO log (project_id, moment, username, kind, action, record, event_id,"
        " instrument, instance, changes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                project_id,
                moment,
                username,
                kind,
                action,
                change.record,
                change.event_id,
                change.instrument,
                change.instance,
                json.dumps(change.values, separators=(",", ":")),
            )
            for change in changes
        ),
    )


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Given values by column before and after, return both of each that is not the same."""
    names = dict.fromkeys([*after, *before])
    pairs = {name: (before.get(name, ""), after.get(name, "")) for name in names}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def changed_between(
    connection: sqlite3.Connection, project_id: int, begin: str, end: str
) -> set[str]:
    """Given a window of time, return the records made or changed in it, its ends included.

    The last change of what was stored before there was a log is kept with the record.
    """
    window = {"project": project_id, "begin": begin or "0", "end": end or "9999"}
    found = connection.execute(
        "SELECT record FROM records WHERE project_id = :project"
        " AND modified BETWEEN :begin AND :end UNION SELECT record FROM log"
        " WHERE project_id = :project AND moment BETWEEN :begin AND :end AND record <> ''"
        " AND kind IN ('record_add', 'record_edit')",
        window,
    )
    return {row[0] for row in found}
