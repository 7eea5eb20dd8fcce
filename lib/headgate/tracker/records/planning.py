"""What an import would change: worked out whole, before anything of it is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headgate.tracker.logic.calculations import calculated
from headgate.tracker.model.call import Call
from headgate.tracker.model.dictionary import Column
from headgate.tracker.model.entries import (
    Entry,
    groups_of,
    mark_changed,
    next_number,
    read_entries,
    set_groups,
    write_entries,
)
from headgate.tracker.model.history import Change, difference
from headgate.tracker.model.projects import Event, Project
from headgate.tracker.model.rights import EDIT
from headgate.tracker.records.collecting import Batch, Rules, collect
from headgate.tracker.records.placing import Instances, Place, event_of, record_of
from headgate.tracker.records.rendering import EVENT, GROUP, INSTANCE, INSTRUMENT
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.incoming import Row

PLACES = {EVENT, INSTRUMENT, INSTANCE, GROUP, "redcap_survey_identifier"}
# Values of these are never taken from an import: they are computed or uploaded.
UNTAKEN = {"calc", "file", "descriptive"}


@dataclass(frozen=True)
class Plan:
    """An import worked out: new names by those given, rows to store, changes, groups to set."""

    names: Mapping[str, str]
    present: frozenset[str]
    rows: Mapping[Place, dict[str, str]]
    changes: Sequence[Change]
    groups: Mapping[str, int | None] = field(default_factory=dict)


def plan_import(
    call: Call, rows: Sequence[Row], overwrite: bool, date_format: str, numbered: bool
) -> Plan:
    """Given flat rows, return what storing them would change. Raise Refused if one is wrong.

    With `overwrite`, blanks erase; with `numbered`, records get new numbers, if the project
    numbers its records by itself.
    """
    project = call.project
    columns = _columns(project, rows)
    _all_editable(call, columns)
    rules = Rules(project, columns, overwrite, date_format)
    events = _events(project, rows)
    given = [record_of(project, row) for row in rows]
    renamed = _renamed(call, given, numbered)
    names = [renamed[name] for name in given]
    groups = groups_of(call.connection, call.project_id, names)
    _all_reachable(call, groups)
    if any(name not in groups for name in names):
        call.caller.need("record_create")
    before = {_place(entry): entry for entry in read_entries(call.connection, project, names)}
    batch, instances = Batch(), Instances()
    for place in before:
        instances.note(place)
    for row, name, event in zip(rows, names, events, strict=True):
        collect(batch, rules, name, event, row, instances)
    if batch.errors:
        raise Refused(_told(batch.errors))
    stored = _rows(project, batch, before)
    changes = [
        Change(*place, difference(before[place].values if place in before else {}, values))
        for place, values in stored.items()
    ]
    present = frozenset(groups)
    return Plan(renamed, present, stored, changes, _groups(call, rows, names, groups))


def carry_out(call: Call, plan: Plan) -> None:
    """Given a plan, within the transaction that it was made in, store it and write the log."""
    entries = [Entry(*place, values) for place, values in plan.rows.items()]
    write_entries(call.connection, call.project_id, entries)
    mark_changed(call.connection, call.project_id, {entry.record for entry in entries})
    set_groups(call.connection, call.project_id, plan.groups)
    known = plan.present
    new = [change for change in plan.changes if change.record not in known]
    old = [change for change in plan.changes if change.record in known]
    call.note_changes("Create", "record_add", new)
    call.note_changes("Update", "record_edit", old)


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


def _all_editable(call: Call, columns: Mapping[str, Column]) -> None:
    forms = dict.fromkeys(column.field.form for column in columns.values())
    closed = [form for form in forms if call.caller.rights.to_form(form) != EDIT]
    if closed:
        # REDCap's text is not established.
        raise Refused(
            f"You do not have permission to edit the following instruments: {', '.join(closed)}",
            403,
        )


def _events(project: Project, rows: Sequence[Row]) -> list[Event]:
    found = [event_of(project, row) for row in rows]
    unknown = [row[EVENT] for row, event in zip(rows, found, strict=True) if event is None]
    if unknown:
        raise Refused(
            "The following values of redcap_event_name are invalid: "
            + ", ".join(dict.fromkeys(unknown))
        )
    return [event for event in found if event is not None]


def _renamed(call: Call, given: Sequence[str], numbered: bool) -> dict[str, str]:
    """Return the name that each record gets, in the order of their first rows."""
    names = dict.fromkeys(given)
    if not (numbered and call.project.settings["record_autonumbering_enabled"]):
        return {name: name for name in names}
    group_id = call.caller.group_id
    first = next_number(call.connection, call.project_id, group_id)
    prefix = "" if group_id is None else f"{group_id}-"
    return {name: f"{prefix}{first + place}" for place, name in enumerate(names)}


def _all_reachable(call: Call, groups: Mapping[str, int | None]) -> None:
    own = call.caller.group_id
    others = [record for record, group_id in groups.items() if own not in {None, group_id}]
    if others:
        # REDCap's text is not established.
        raise Refused(
            "The following records belong to another Data Access Group than you do: "
            + ", ".join(others)
        )


def _groups(
    call: Call, rows: Iterable[Row], names: Iterable[str], groups: Mapping[str, int | None]
) -> dict[str, int | None]:
    """Return the data access group of each record that gets one by this import."""
    own = call.caller.group_id
    if own is not None:
        return {name: own for name in names if name not in groups}
    sent = {name: row[GROUP] for row, name in zip(rows, names, strict=True) if row.get(GROUP)}
    known = call.project.group_names
    unknown = [group for group in dict.fromkeys(sent.values()) if group not in known]
    if unknown:
        # REDCap's text is not established.
        raise Refused(
            "The following values of redcap_data_access_group are invalid: " + ", ".join(unknown)
        )
    return {name: known[group].group_id for name, group in sent.items()}


def _rows(
    project: Project, batch: Batch, before: Mapping[Place, Entry]
) -> dict[Place, dict[str, str]]:
    """Return the rows that would be stored other than they are."""
    merged = {place: entry.values for place, entry in before.items()}
    for place, values in batch.values.items():
        merged[place] = _merged(project, merged.get(place, {}), values)
        if place[2]:
            # A record always has its base row, so that its name has a place.
            merged.setdefault((*place[:2], "", 0), {})
    touched = {place[0] for place in batch.values}
    merged |= calculated(project, {at: row for at, row in merged.items() if at[0] in touched})
    return {
        place: values
        for place, values in merged.items()
        if place not in before or before[place].values != values
    }


def _merged(
    project: Project, before: Mapping[str, str], values: Mapping[str, str]
) -> dict[str, str]:
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
