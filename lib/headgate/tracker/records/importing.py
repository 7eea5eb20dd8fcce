"""Imports of records: all of a request or, if anything in it is wrong, nothing of it."""

import sqlite3
from collections.abc import Iterable, Sequence

from headgate.tracker.model.dictionary import Column
from headgate.tracker.model.entries import (
    Entry,
    mark_changed,
    next_number,
    read_entries,
    write_entries,
)
from headgate.tracker.model.projects import Event, Project
from headgate.tracker.model.validation import ORDERS
from headgate.tracker.records.collecting import Batch, Rules, collect
from headgate.tracker.records.placing import Instances, Place, event_of, record_of
from headgate.tracker.records.rendering import EVENT, INSTANCE, INSTRUMENT
from headgate.tracker.wire.answers import Answer, Refused, imported_count, imported_ids
from headgate.tracker.wire.incoming import Row, flat_from_values, rows_from
from headgate.tracker.wire.parameters import Parameters

PLACES = {EVENT, INSTRUMENT, INSTANCE, "redcap_survey_identifier", "redcap_data_access_group"}
# Values of these are never taken from an import: they are computed or uploaded.
UNTAKEN = {"calc", "file", "descriptive"}


def import_records(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given a project and data, within a transaction, store the data. Raise Refused."""
    date_format = parameters.text("dateFormat", "YMD")
    if date_format not in ORDERS:
        raise Refused('The value of the parameter "dateFormat" is not valid')
    rows = _rows(project, parameters)
    columns = _columns(project, rows)
    events = _events(project, rows)
    given = [record_of(project, row) for row in rows]
    renamed = _renamed(connection, project, given, parameters.flag("forceAutoNumber"))
    names = [renamed[name] for name in given]
    present = {_place(entry): entry for entry in read_entries(connection, project, names)}
    overwrite = parameters.text("overwriteBehavior", "normal") == "overwrite"
    rules = Rules(project, columns, overwrite, date_format)
    batch, instances = Batch(), Instances()
    for place in present:
        instances.note(place)
    for row, name, event in zip(rows, names, events, strict=True):
        collect(batch, rules, name, event, row, instances)
    if batch.errors:
        raise Refused(_told(batch.errors))
    _store(connection, project, batch, present)
    return _answer(parameters, renamed)


def _rows(project: Project, parameters: Parameters) -> list[Row]:
    rows = rows_from(parameters.text("data"), parameters.format(), parameters.delimiter())
    if parameters.text("type", "flat") == "eav":
        fields = project.dictionary.fields.values()
        checkboxes = {item.name for item in fields if item.kind == "checkbox"}
        return flat_from_values(rows, project.dictionary.record_field, checkboxes)
    return rows


def _columns(project: Project, rows: Iterable[Row]) -> dict[str, Column]:
    dictionary = project.dictionary
    sent = dict.fromkeys(name for row in rows for name in row)
    timestamps = {f"{form}_timestamp" for form in dictionary.forms}
    unread = {field.name for field in dictionary.fields.values() if field.kind in UNTAKEN}
    unread |= PLACES | timestamps | {dictionary.record_field}
    unknown = [name for name in sent if name not in dictionary.columns and name not in unread]
    if unknown:
        raise Refused(
            "The following fields were not found in the project as real data fields: "
            + ", ".join(unknown)
        )
    return {name: dictionary.columns[name] for name in sent if name not in unread}


def _events(project: Project, rows: Sequence[Row]) -> list[Event]:
    found = [event_of(project, row) for row in rows]
    unknown = [row[EVENT] for row, event in zip(rows, found, strict=True) if event is None]
    if unknown:
        raise Refused(
            "The following values of redcap_event_name are invalid: "
            + ", ".join(dict.fromkeys(unknown))
        )
    return [event for event in found if event is not None]


def _renamed(
    connection: sqlite3.Connection, project: Project, given: Sequence[str], numbered: bool
) -> dict[str, str]:
    """Return the name that each record gets, in the order of their first rows."""
    names = dict.fromkeys(given)
    if not (numbered and project.settings["record_autonumbering_enabled"]):
        return {name: name for name in names}
    first = next_number(connection, project.project_id)
    return {name: str(first + place) for place, name in enumerate(names)}


def _store(
    connection: sqlite3.Connection, project: Project, batch: Batch, present: dict[Place, Entry]
) -> None:
    merged: dict[Place, dict[str, str]] = {}
    for place, values in batch.values.items():
        before = present[place].values if place in present else None
        after = _merged(project, before or {}, values)
        if before != after:
            merged[place] = after
        base = (*place[:2], "", 0)
        if place[2] and base not in present and base not in merged:
            # A record always has its base row, so that its name has a place.
            merged[base] = {}
    changed = dict.fromkeys(place[0] for place in merged)
    write_entries(
        connection, project.project_id, (Entry(*place, merged[place]) for place in merged)
    )
    mark_changed(connection, project.project_id, changed)


def _merged(project: Project, before: dict[str, str], values: dict[str, str]) -> dict[str, str]:
    columns = project.dictionary.columns
    blank = {name for name, value in values.items() if _is_blank(columns[name], value)}
    after = {name: value for name, value in {**before, **values}.items() if name not in blank}
    for name in values:
        status = f"{columns[name].field.form}_complete"
        # A form that holds data has a status; Incomplete is the first one.
        if name in after and status not in after:
            after[status] = "0"
    return after


def _is_blank(column: Column, value: str) -> bool:
    # An unchecked box is not stored, so that sending it again changes nothing.
    return not value or (column.code is not None and value == "0")


def _place(entry: Entry) -> Place:
    return entry.record, entry.event_id, entry.instrument, entry.instance


def _told(errors: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(
        ",".join('"' + cell.replace('"', '""') + '"' for cell in error) for error in errors
    )


def _answer(parameters: Parameters, renamed: dict[str, str]) -> Answer:
    wanted = parameters.answer_format()
    match parameters.text("returnContent", "count"):
        case "ids":
            return imported_ids(list(renamed.values()), wanted)
        case "auto_ids":
            return imported_ids([f"{new},{given}" for given, new in renamed.items()], wanted)
        case "nothing":
            return Answer("", wanted)
    return imported_count(len(renamed), wanted)
