"""Surveys: links and codes, made once for each response, and who takes part."""

import secrets
import sqlite3
from dataclasses import dataclass

from headgate.tracker.model.call import Call
from headgate.tracker.model.entries import Entry, groups_of, read_batches
from headgate.tracker.records.placing import Instances, Misplaced, event_of, place_of
from headgate.tracker.records.rendering import EVENT, INSTANCE, INSTRUMENT
from headgate.tracker.wire.answers import Answer, Refused, table

# Signs that nobody mistakes for another.
SIGNS = "ACDEFHJKLMNPRTWXY3479"
COLUMNS = (
    *("email", "email_occurrence", "identifier", "record", "invitation_sent_status"),
    *("invitation_send_time", "response_status", "survey_access_code", "survey_link"),
)
# A survey queue belongs to the record as a whole: its row has no event and no form.
WHOLE_RECORD = (0, "", 0)
# What the status of a form says of a response: 0 none, 1 begun, 2 complete.
RESPONSES = {"": 0, "0": 1, "1": 1, "2": 2}


@dataclass(frozen=True)
class Response:
    """Where a response stands, or will: a record, an event, a form, an instance."""

    record: str
    event_id: int
    form: str
    instance: int


def export_link(call: Call) -> Answer:
    """Given a record and a survey, within a transaction, return the link to the response."""
    return Answer(_link(call, _participant(call, _asked(call))))


def export_access_code(call: Call) -> Answer:
    """Given a record and a survey, within a transaction, return the response's access code."""
    return Answer(_participant(call, _asked(call))["access_code"])


def export_return_code(call: Call) -> Answer:
    """Given a record and a survey, within a transaction, return the code to come back with."""
    return Answer(_participant(call, _asked(call))["return_code"])


def export_queue_link(call: Call) -> Answer:
    """Given a record, within a transaction, return the link to its survey queue."""
    if not call.project.surveys:
        # REDCap's text is not established.
        raise Refused("The survey queue is not enabled for this project.")
    found = _participant(call, Response(_record(call), *WHOLE_RECORD))
    return Answer(f"{call.parameters.site}/surveys/?sq={found['link']}")


def export_participants(call: Call) -> Answer:
    """Given a survey, within a transaction, return who takes part in it.

    These are the responses that hold data, and those somebody asked the link of.
    """
    form, event_id = _survey(call)
    statuses = _statuses(call, form, event_id)
    known = call.connection.execute(
        "SELECT record, instance FROM participants"
        " WHERE project_id = ? AND event_id = ? AND form = ?",
        (call.project_id, event_id, form),
    ).fetchall()
    groups = groups_of(call.connection, call.project_id, {row["record"] for row in known})
    own = call.caller.group_id
    for row in known:
        if row["record"] in groups and own in {None, groups[row["record"]]}:
            statuses.setdefault((row["record"], row["instance"]), "")
    rows = []
    for (record, instance), status in statuses.items():
        found = _participant(call, Response(record, event_id, form, instance))
        values = ("", 1, "", record, 0, "", RESPONSES.get(status, 1), found["access_code"])
        rows.append(dict(zip(COLUMNS, (*values, _link(call, found)), strict=True)))
    call.note_design("Export survey participant list")
    return table(COLUMNS, rows, call.parameters.format())


def _statuses(call: Call, form: str, event_id: int) -> dict[tuple[str, int], str]:
    """Return the form's status by record and instance, of each response that holds data."""
    project = call.project
    columns = {
        name: column
        for name, column in project.dictionary.columns.items()
        if column.field.form == form
    }

    def holds(entry: Entry) -> bool:
        belongs = project.holds(entry.event_id, entry.instrument, form)
        return entry.event_id == event_id and belongs and any(map(entry.values.get, columns))

    batches = read_batches(call.connection, project, None, [form], call.caller.group_id)
    return {
        (entry.record, max(entry.instance, 1)): entry.values.get(f"{form}_complete", "0")
        for batch in batches
        for entry in batch
        if holds(entry)
    }


def _asked(call: Call) -> Response:
    form, event_id = _survey(call)
    project = call.project
    instrument = form if project.repeats(event_id, form) else ""
    instance = call.parameters.text("repeat_instance", "1")
    if instance == "1" and not project.repeats(event_id, instrument):
        instance = ""
    record = _record(call)
    row = {INSTRUMENT: instrument, INSTANCE: instance}
    try:
        place = place_of(project, record, project.event_ids[event_id], row, Instances())
    except Misplaced as error:
        raise Refused(error.message) from error
    return Response(record, event_id, form, max(place[3], 1))


def _survey(call: Call) -> tuple[str, int]:
    form = call.parameters.text("instrument")
    event = event_of(call.project, {EVENT: call.parameters.text("event")})
    # REDCap's texts for these three are not established.
    if form not in call.project.surveys:
        raise Refused(f"The instrument '{form}' has not been enabled as a survey.")
    if event is None:
        raise Refused(f"The event '{call.parameters.text('event')}' does not exist.")
    if not call.project.has_form(event.event_id, form):
        raise Refused(f"The instrument '{form}' is not designated for the event.")
    return form, event.event_id


def _record(call: Call) -> str:
    record = call.parameters.text("record")
    groups = groups_of(call.connection, call.project_id, [record])
    own = call.caller.group_id
    # What is another data access group's does not exist for this person.
    if not any(own in {None, group_id} for group_id in groups.values()):
        raise Refused(f'The record "{record}" does not exist')
    return record


def _link(call: Call, participant: sqlite3.Row) -> str:
    return f"{call.parameters.site}/surveys/?s={participant['link']}"


def _participant(call: Call, response: Response) -> sqlite3.Row:
    """Return the link and the codes of a response; they are made on the first call."""
    place = (response.record, response.event_id, response.form, response.instance)
    codes = (secrets.token_urlsafe(16), _code(9), _code(8))
    call.connection.execute(
        "INSERT INTO participants VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (project_id, record, event_id, form, instance) DO NOTHING",
        (call.project_id, *place, *codes),
    )
    found: sqlite3.Row = call.connection.execute(
        "SELECT link, access_code, return_code FROM participants WHERE project_id = ?"
        " AND record = ? AND event_id = ? AND form = ? AND instance = ?",
        (call.project_id, *place),
    ).fetchone()
    return found


def _code(length: int) -> str:
    return "".join(secrets.choice(SIGNS) for _ in range(length))
