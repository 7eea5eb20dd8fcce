"""Records in all formats, ODM among them, and whole projects as XML."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from headgate.tracker.contents.restoring import place_in
from headgate.tracker.contents.setup import VERSION
from headgate.tracker.model.call import Call
from headgate.tracker.model.documents import read_document
from headgate.tracker.model.entries import Entry, groups_of
from headgate.tracker.odm.clinical import Find, Records, data
from headgate.tracker.odm.reading import read_parts
from headgate.tracker.odm.writing import People, Source, head
from headgate.tracker.records import exporting, importing
from headgate.tracker.records.placing import Place
from headgate.tracker.records.rendering import EVENT, INSTANCE, INSTRUMENT
from headgate.tracker.storage.database import now
from headgate.tracker.wire.answers import Answer
from headgate.tracker.wire.incoming import Row

# Sent together: fewer and larger writes to the socket.
TOGETHER = 65_536


def export_records(call: Call) -> Answer:
    """Given a project and the parameters, return the records asked for. Raise Refused."""
    if call.parameters.format() != "odm":
        return exporting.export_records(call)
    selection = exporting.select(call)
    source = Source(VERSION, now().replace(" ", "T"))
    beginning = head(call.project, selection.fields, People(), source)
    return Answer(_together(beginning, _data(call, selection)), "xml")


def import_records(call: Call) -> Answer:
    """Given a project and data, within a transaction, store the data. Raise Refused."""
    if call.parameters.format() != "odm":
        return importing.import_records(call)
    rows: dict[Place, Row] = {}
    for part in read_parts(call.parameters.text("data")):
        place = place_in(call.project, part)
        row = rows.setdefault(place, _identity(call, place))
        # Files are taken with new projects alone; whether REDCap does it here is not established.
        row |= {name: value for name, value in part.values.items() if name not in row}
    return importing.import_rows(call, list(rows.values()))


def _identity(call: Call, place: Place) -> Row:
    record, event_id, instrument, instance = place
    row = {call.project.dictionary.record_field: record}
    if call.project.longitudinal:
        row[EVENT] = call.project.event_ids[event_id].unique_name
    if instance:
        row |= {INSTRUMENT: instrument, INSTANCE: str(instance)}
    return row


def export_project(call: Call) -> Answer:
    """Given a project, return it as project XML, with the records asked for. Raise Refused."""
    fields = list(call.project.dictionary.fields.values())
    source = Source(VERSION, now().replace(" ", "T"))
    beginning = head(call.project, fields, _people(call), source)
    if call.parameters.flag("returnMetadataOnly"):
        return Answer(_together(beginning, iter(["</ODM>\n"])), "xml")
    return Answer(_together(beginning, _data(call, exporting.select(call))), "xml")


def _people(call: Call) -> People:
    """Return what of groups and roles the caller may see, and the reports."""
    rights = call.caller.rights
    groups: Sequence[str] = ()
    if call.caller.group_id is None:
        groups = [group.name for group in call.project.groups.values()]
    roles: list[dict[str, Any]] = []
    if rights.get("user_rights"):
        found = call.connection.execute(
            "SELECT * FROM roles WHERE project_id = ? ORDER BY role_id", (call.project_id,)
        )
        roles = [{**row, "rights": json.loads(row["rights"])} for row in map(dict, found)]
    found = call.connection.execute(
        "SELECT title, definition FROM reports WHERE project_id = ? ORDER BY report_id",
        (call.project_id,),
    )
    reports = [_report(row["title"], json.loads(row["definition"])) for row in found]
    return People(groups, roles, reports)


def _report(title: str, definition: Mapping[str, Any]) -> dict[str, str]:
    return {
        "title": title,
        "advanced_logic": definition.get("filterLogic", ""),
        "redcap_reports_fields": ",".join(definition.get("fields", [])),
    }


def _data(call: Call, selection: exporting.Selection) -> Iterator[str]:
    find: Find = partial(read_document, call.connection, call.project_id)
    if not call.parameters.flag("exportFiles"):
        find = _no_file
    records = Records(call.project, selection.fields, find)
    batches = exporting.chosen_batches(call, selection)
    with_groups = call.parameters.flag("exportDataAccessGroups") and call.caller.group_id is None
    return data(records, ((batch, _groups(call, batch, with_groups)) for batch in batches))


def _no_file(_: str) -> None:
    return None


def _groups(call: Call, batch: Sequence[Entry], wanted: bool) -> dict[str, str]:
    if not wanted or not call.project.groups:
        return {}
    names = {entry.record for entry in batch}
    found = groups_of(call.connection, call.project_id, names)
    return {
        record: call.project.groups[group_id].unique_name
        for record, group_id in found.items()
        if group_id is not None
    }


def _together(*parts: Iterator[str]) -> Iterator[str]:
    waiting, size = [], 0
    for part in parts:
        for chunk in part:
            waiting.append(chunk)
            size += len(chunk)
            if size >= TOGETHER:
                yield "".join(waiting)
                waiting, size = [], 0
    yield "".join(waiting)
