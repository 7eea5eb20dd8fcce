"""Which forms stand in which event, and what repeats there."""

import sqlite3
from collections.abc import Iterable

from headgate.tracker.model.call import Call
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Answer, Refused, number, table
from headgate.tracker.wire.incoming import Row

NO_MAPPINGS = "You cannot export form/event mappings for classic projects"
# REDCap's text is not established.
NO_IMPORT = "You cannot import form/event mappings for classic projects"
NOTHING_REPEATS = (
    "You cannot export repeating instruments and events because the project does not contain any "
    "repeating instruments and events"
)


def export_mappings(call: Call) -> Answer:
    """Given a longitudinal project, return which form stands in which event. Raise Refused."""
    if not call.project.longitudinal:
        raise Refused(NO_MAPPINGS)
    arms = call.parameters.many("arms")
    rows = [
        {"arm_num": event.arm_num, "unique_event_name": event.unique_name, "form": form}
        for event in call.project.events
        for form in call.project.dictionary.forms
        if (event.event_id, form) in call.project.designated
        and (not arms or str(event.arm_num) in arms)
    ]
    return table(["arm_num", "unique_event_name", "form"], rows, call.parameters.format())


def import_mappings(call: Call) -> Answer:
    """Given a mapping, within a transaction, put it in place of the old one. Raise Refused."""
    if not call.project.settings["is_longitudinal"]:
        raise Refused(NO_IMPORT)
    rows = call.rows()
    pairs = [_pair(call.project, row, row.get("form", "")) for row in rows]
    call.connection.execute("DELETE FROM mappings WHERE project_id = ?", (call.project_id,))
    call.connection.executemany(
        "INSERT OR IGNORE INTO mappings VALUES (?, ?, ?)",
        ((call.project_id, event_id, form) for event_id, form in pairs),
    )
    call.note_design("Import instrument-event mappings")
    return number(len(rows), call.parameters.answer_format())


def _pair(project: Project, row: Row, form: str) -> tuple[int, str]:
    name = row.get("unique_event_name") or row.get("event_name") or project.events[0].unique_name
    # The texts of these two are not established.
    if name not in project.event_names:
        raise Refused(f"The event '{name}' does not exist.")
    if form and form not in project.dictionary.forms:
        raise Refused(f"The instrument '{form}' does not exist.")
    return project.event_names[name].event_id, form


def export_repeating(call: Call) -> Answer:
    """Given a project, return what repeats in it. Raise Refused if nothing does."""
    if not call.project.repeating:
        raise Refused(NOTHING_REPEATS)
    order = {form: place for place, form in enumerate(["", *call.project.dictionary.forms])}
    names = ["event_name"] if call.project.longitudinal else []
    rows = [
        {
            "event_name": event.unique_name,
            "form_name": form,
            "custom_form_label": call.project.repeating[event.event_id, form],
        }
        for event in call.project.events
        for form in sorted(order, key=order.__getitem__)
        if (event.event_id, form) in call.project.repeating
    ]
    return table([*names, "form_name", "custom_form_label"], rows, call.parameters.format())


def import_repeating(call: Call) -> Answer:
    """Given what repeats, within a transaction, put it in place of what did. Raise Refused."""
    rows = call.rows()
    _store_repeating(call.connection, call.project, rows)
    call.note_design("Import repeating instruments and events")
    return number(len(rows), call.parameters.answer_format())


def _store_repeating(connection: sqlite3.Connection, project: Project, rows: Iterable[Row]) -> None:
    connection.execute("DELETE FROM repeating WHERE project_id = ?", (project.project_id,))
    connection.executemany(
        "INSERT OR REPLACE INTO repeating VALUES (?, ?, ?, ?)",
        (
            (
                project.project_id,
                *_pair(project, row, row.get("form_name", "")),
                row.get("custom_form_label", ""),
            )
            for row in rows
        ),
    )
