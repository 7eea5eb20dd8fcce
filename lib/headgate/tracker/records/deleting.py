"""Deleting and renaming records, whole or in part."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace

from headgate.tracker.model.call import Call
from headgate.tracker.model.documents import drop_document
from headgate.tracker.model.entries import (
    Entry,
    groups_of,
    mark_changed,
    read_entries,
    record_number,
    write_entries,
)
from headgate.tracker.model.history import Change, difference
from headgate.tracker.model.projects import Project
from headgate.tracker.records.placing import LONGEST_NAME, Place
from headgate.tracker.wire.answers import Answer, Refused, number
from headgate.tracker.wire.parameters import Parameters


def delete_records(call: Call) -> Answer:
    """Given records, within a transaction, delete them or parts of them. Raise Refused."""
    records = list(dict.fromkeys(call.parameters.many("records")))
    if not records:
        raise Refused('The parameter "records" is missing')
    delete_parts(call, records, _parts(call.project, call.parameters))
    return number(len(records), call.parameters.answer_format())


def delete_parts(call: Call, records: Sequence[str], parts: Mapping[str, str]) -> None:
    """Given records and which part of each, within a transaction, delete it. Raise Refused.

    A part has `arm`, `event`, `instrument` and `repeat_instance`; a blank one stands for all.
    """
    _all_known(call, records)
    before = read_entries(call.connection, call.project, records)
    doomed = [entry for entry in before if _falls(call.project, entry, parts)]
    form = parts["instrument"]
    # A form beside others in its row leaves the row; anything else is a row of its own.
    lesser = [entry for entry in doomed if form and entry.instrument != form]
    kept = [_without_form(call.project, entry, form) for entry in lesser]
    write_entries(call.connection, call.project_id, kept)
    whole = [entry for entry in doomed if not form or entry.instrument == form]
    _remove(call.connection, call.project_id, whole)
    _remove_empty(call.connection, call.project, records)
    touched = {entry.record for entry in doomed}
    mark_changed(
        call.connection, call.project_id, groups_of(call.connection, call.project_id, touched)
    )
    left = {_place(entry): entry.values for entry in kept}
    changes = [
        Change(*_place(entry), difference(entry.values, left.get(_place(entry), {})))
        for entry in doomed
    ]
    _drop_documents(call, changes)
    call.note_changes("Delete", "record_delete", changes)


def _drop_documents(call: Call, changes: Sequence[Change]) -> None:
    columns = call.project.dictionary.columns
    files = {name for name, column in columns.items() if column.field.kind == "file"}
    for change in changes:
        for name in files & set(change.values):
            drop_document(call.connection, call.project_id, int(change.values[name][0]))


def rename_record(call: Call) -> Answer:
    """Given a record and its new name, within a transaction, rename it. Raise Refused."""
    old, new = call.parameters.text("record"), call.parameters.text("new_record_name").strip()
    known = groups_of(call.connection, call.project_id, [old, new])
    # REDCap's texts for these two are not established.
    if old not in known or call.caller.group_id not in {None, known[old]}:
        raise Refused(f"The record cannot be renamed: there is no record '{old}'.")
    if not new or len(new) > LONGEST_NAME or new in known:
        raise Refused(
            f"The record cannot be renamed: '{new[:LONGEST_NAME]}' is blank, long or taken."
        )
    place = {"project": call.project_id, "old": old, "new": new, "number": record_number(new)}
    # The history of a record goes with it.
    for table in ("entries", "records", "participants", "log"):
        call.connection.execute(
            f"UPDATE {table} SET record = :new"  # noqa: S608 (the names are ours)
            " WHERE project_id = :project AND record = :old",
            place,
        )
    call.connection.execute(
        "UPDATE records SET number = :number WHERE project_id = :project AND record = :new", place
    )
    mark_changed(call.connection, call.project_id, [new])
    action = f"Update record ({call.source})" if call.source else "Update record"
    call.note("record_edit", action, f"{old} is now {new}", new)
    return number(1, call.parameters.answer_format())


def _all_known(call: Call, records: Sequence[str]) -> None:
    groups = groups_of(call.connection, call.project_id, records)
    own = call.caller.group_id
    # What is another data access group's does not exist for this person.
    known = {record for record, group_id in groups.items() if own in {None, group_id}}
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


def _falls(project: Project, entry: Entry, parts: Mapping[str, str]) -> bool:
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


def _place(entry: Entry) -> Place:
    return entry.record, entry.event_id, entry.instrument, entry.instance
