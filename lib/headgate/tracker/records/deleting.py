"""Deleting and renaming records, whole or in part."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from headgate.tracker.model.entries import (
    Entry,
    known_records,
    mark_changed,
    read_entries,
    record_number,
    write_entries,
)
from headgate.tracker.model.projects import Project
from headgate.tracker.records.placing import LONGEST_NAME
from headgate.tracker.wire.answers import Answer, Refused, number
from headgate.tracker.wire.parameters import Parameters


def delete_records(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given records, within a transaction, delete them or parts of them. Raise Refused."""
    records = list(dict.fromkeys(parameters.many("records")))
    if not records:
        raise Refused('The parameter "records" is missing')
    _all_known(connection, project.project_id, records)
    parts = _parts(project, parameters)
    before = read_entries(connection, project, records)
    doomed = [entry for entry in before if _falls(project, entry, parts)]
    form = parts["instrument"]
    # A form beside others in its row leaves the row; anything else is a row of its own.
    lesser = [entry for entry in doomed if form and entry.instrument != form]
    kept = [_without_form(project, entry, form) for entry in lesser]
    write_entries(connection, project.project_id, kept)
    whole = [entry for entry in doomed if not form or entry.instrument == form]
    _remove(connection, project.project_id, whole)
    _remove_empty(connection, project, records)
    touched = {entry.record for entry in doomed}
    left = known_records(connection, project.project_id, touched)
    mark_changed(connection, project.project_id, left)
    return number(len(records), parameters.answer_format())


def rename_record(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given a record and its new name, within a transaction, rename it. Raise Refused."""
    old, new = parameters.text("record"), parameters.text("new_record_name").strip()
    known = known_records(connection, project.project_id, [old, new])
    # REDCap's texts for these two are not established.
    if old not in known:
        raise Refused(f"The record cannot be renamed: there is no record '{old}'.")
    if not new or len(new) > LONGEST_NAME or new in known:
        raise Refused(
            f"The record cannot be renamed: '{new[:LONGEST_NAME]}' is blank, long or taken."
        )
    place = {"project": project.project_id, "old": old, "new": new, "number": record_number(new)}
    connection.execute(
        "UPDATE entries SET record = :new WHERE project_id = :project AND record = :old", place
    )
    connection.execute(
        "UPDATE records SET record = :new, number = :number"
        " WHERE project_id = :project AND record = :old",
        place,
    )
    mark_changed(connection, project.project_id, [new])
    return number(1, parameters.answer_format())


def _all_known(connection: sqlite3.Connection, project_id: int, records: Sequence[str]) -> None:
    known = known_records(connection, project_id, records)
    unknown = [record for record in records if record not in known]
    if unknown:
        raise Refused(
            "One or more of the records provided cannot be deleted because they do not exist in "
            f"the project. The following records do not exist: {', '.join(unknown)}"
        )


def _parts(project: Project, parameters: Parameters) -> dict[str, str]:
    names = ("arm", "event", "instrument", "repeat_instance")
    parts = {name: parameters.text(name) for name in names}
    if not project.longitudinal:
        parts["arm"] = parts["event"] = ""
    # The texts of these four are not established.
    if parts["event"] and parts["event"] not in project.event_names:
        raise Refused(f"The event '{parts['event']}' does not exist.")
    if parts["arm"] and parts["arm"] not in {str(arm) for arm in project.arms}:
        raise Refused(f"The arm '{parts['arm']}' does not exist.")
    if parts["instrument"] and parts["instrument"] not in project.dictionary.forms:
        raise Refused(f"The instrument '{parts['instrument']}' does not exist.")
    if parts["instrument"] and project.longitudinal and not parts["event"]:
        raise Refused('The parameter "event" is missing')
    return parts


def _falls(project: Project, entry: Entry, parts: dict[str, str]) -> bool:
    event = project.event_ids[entry.event_id]
    if parts["arm"] and str(event.arm_num) != parts["arm"]:
        return False
    if parts["event"] and event.unique_name != parts["event"]:
        return False
    instrument, instance = parts["instrument"], parts["repeat_instance"]
    if instrument and project.repeats(entry.event_id, instrument):
        # Without an instance, the real server removes the first one only.
        return entry.instrument == instrument and str(entry.instance) == (instance or "1")
    if instrument:
        return not entry.instrument and (not instance or str(entry.instance) == instance)
    return not instance or str(entry.instance) == instance


def _without_form(project: Project, entry: Entry, form: str) -> Entry:
    columns = project.dictionary.columns
    kept = {
        name: value
        for name, value in entry.values.items()
        if name not in columns or columns[name].field.form != form
    }
    return replace(entry, values=kept)


def _remove(connection: sqlite3.Connection, project_id: int, entries: Sequence[Entry]) -> None:
    connection.executemany(
        "DELETE FROM entries WHERE project_id = ? AND record = ? AND event_id = ?"
        " AND instrument = ? AND instance = ?",
        (
            (project_id, entry.record, entry.event_id, entry.instrument, entry.instance)
            for entry in entries
        ),
    )


def _remove_empty(connection: sqlite3.Connection, project: Project, records: Sequence[str]) -> None:
    left = {entry.record for entry in read_entries(connection, project, records)}
    gone = json.dumps([record for record in records if record not in left])
    for table in ("entries", "records"):
        connection.execute(
            f"DELETE FROM {table} WHERE project_id = ?"  # noqa: S608 (the names are ours)
            " AND record IN (SELECT value FROM json_each(?))",
            (project.project_id, gone),
        )
