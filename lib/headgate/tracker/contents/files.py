"""Files in fields of records: uploaded, handed out, deleted."""

from collections.abc import Mapping

from headgate.tracker.contents.uploads import sent_file
from headgate.tracker.model.call import Call
from headgate.tracker.model.dictionary import Field
from headgate.tracker.model.documents import add_document, drop_document, read_document
from headgate.tracker.model.entries import Entry, groups_of, read_entries
from headgate.tracker.model.history import Change, difference
from headgate.tracker.model.rights import EDIT, may_export
from headgate.tracker.records.placing import (
    Instances,
    Misplaced,
    Place,
    event_of,
    place_of,
    record_of,
)
from headgate.tracker.records.planning import Plan, carry_out
from headgate.tracker.records.rendering import EVENT, INSTANCE, INSTRUMENT
from headgate.tracker.wire.answers import Answer, Refused, file_answer

# REDCap's texts for these are not established.
NO_FILE = "There is no file to {} for this record"
NO_FIELD = "The field '{}' does not exist or is not a 'file' field"
NO_EVENT = "The event '{}' does not exist."
NOT_DESIGNATED = "The field '{}' is on an instrument that is not designated for this event."
NOT_YOURS = "You do not have permission to {} files of the instrument '{}'"


def export_file(call: Call) -> Answer:
    """Given a record and a field, return the file that is there. Raise Refused."""
    field = _field(call)
    if not may_export(call.caller.rights, field, False):
        raise Refused(NOT_YOURS.format("export", field.form), 403)
    _all_there(call)
    entry = _entries(call).get(_place(call, field, Instances()))
    number = entry.values.get(field.name, "") if entry else ""
    document = read_document(call.connection, call.project_id, number)
    if document is None:
        raise Refused(NO_FILE.format("download"))
    return file_answer(document.name, document.media_type, document.content)


def import_file(call: Call) -> Answer:
    """Given a record, a field and a file, within a transaction, store it there. Raise Refused.

    The record and the instance are made if they are not there; another file there goes away.
    """
    field = _field(call, EDIT)
    upload = sent_file(call)
    record = record_of(call.project, {call.project.dictionary.record_field: _record(call)})
    groups = groups_of(call.connection, call.project_id, [record])
    if groups:
        _all_there(call)
    else:
        call.caller.need("record_create")
    before, instances = _entries(call), Instances()
    for taken in before:
        instances.note(taken)
    place = _place(call, field, instances)
    number = add_document(
        call.connection, call.project_id, upload.name, upload.media_type, upload.content
    )
    rows = _rows_with(field, str(number), place, before)
    changes = [
        Change(*at, difference(before[at].values if at in before else {}, row))
        for at, row in rows.items()
    ]
    own = call.caller.group_id
    new_group = {} if groups or own is None else {record: own}
    carry_out(call, Plan({record: record}, frozenset(groups), rows, changes, new_group))
    if place in before:
        _drop(call, before[place].values.get(field.name, ""))
    return Answer("", call.parameters.answer_format())


def _rows_with(
    field: Field, number: str, place: Place, before: Mapping[Place, Entry]
) -> dict[Place, dict[str, str]]:
    values = before[place].values if place in before else {}
    rows = {place: {f"{field.form}_complete": "0", **values, field.name: number}}
    base = (*place[:2], "", 0)
    if place[2] and base not in before:
        # A record always has its base row, so that its name has a place.
        rows[base] = {}
    return rows


def delete_file(call: Call) -> Answer:
    """Given a record and a field, within a transaction, delete the file there. Raise Refused."""
    field = _field(call, EDIT)
    _all_there(call)
    place = _place(call, field, Instances())
    entry = _entries(call).get(place)
    number = entry.values.get(field.name, "") if entry else ""
    if entry is None or not number:
        raise Refused(NO_FILE.format("delete"))
    rest = {name: value for name, value in entry.values.items() if name != field.name}
    change = Change(*place, {field.name: (number, "")})
    record = frozenset({entry.record})
    carry_out(call, Plan({entry.record: entry.record}, record, {place: rest}, [change]))
    _drop(call, number)
    return Answer("", call.parameters.answer_format())


def _record(call: Call) -> str:
    return call.parameters.text("record").strip()


def _field(call: Call, level: int | None = None) -> Field:
    name = call.parameters.text("field")
    field = call.project.dictionary.fields.get(name)
    if field is None or field.kind != "file":
        raise Refused(NO_FIELD.format(name))
    if level is not None and call.caller.rights.to_form(field.form) != level:
        raise Refused(NOT_YOURS.format("change", field.form), 403)
    return field


def _all_there(call: Call) -> None:
    groups = groups_of(call.connection, call.project_id, [_record(call)])
    own = call.caller.group_id
    # What is another data access group's does not exist for this person.
    if not any(own in {None, group_id} for group_id in groups.values()):
        raise Refused(f'The record "{_record(call)}" does not exist')


def _entries(call: Call) -> dict[Place, Entry]:
    return {
        (entry.record, entry.event_id, entry.instrument, entry.instance): entry
        for entry in read_entries(call.connection, call.project, [_record(call)])
    }


def _place(call: Call, field: Field, instances: Instances) -> Place:
    project, sent = call.project, call.parameters
    # Without an event, the first one is meant, as with records; not established for files.
    event = event_of(project, {EVENT: sent.text("event")})
    if event is None:
        raise Refused(NO_EVENT.format(sent.text("event")))
    if not project.has_form(event.event_id, field.form):
        raise Refused(NOT_DESIGNATED.format(field.name))
    instrument = field.form if project.repeats(event.event_id, field.form) else ""
    instance = sent.text("repeat_instance", "1")
    if instance == "1" and not project.repeats(event.event_id, instrument):
        instance = ""
    row = {INSTRUMENT: instrument, INSTANCE: instance}
    try:
        return place_of(project, _record(call), event, row, instances)
    except Misplaced as error:
        raise Refused(error.message) from error


def _drop(call: Call, number: str) -> None:
    if number.isdecimal():
        drop_document(call.connection, call.project_id, int(number))
