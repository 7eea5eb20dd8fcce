"""Projects as such: made, described, and which forms stand in which event and which repeat."""

import re
import sqlite3
from collections.abc import Iterable
from typing import Any

from headgate.tracker.answers import Answer, Refused, as_json, number, table
from headgate.tracker.incoming import Row, rows_from
from headgate.tracker.metadata import store_definitions
from headgate.tracker.parameters import Parameters
from headgate.tracker.projects import Project, create_project, save_settings
from headgate.tracker.tokens import CREATOR_RIGHTS, add_user

INFORMATION = (
    *("project_id", "project_title", "creation_time", "production_time", "in_production"),
    *("project_language", "purpose", "purpose_other", "project_notes", "custom_record_label"),
    *("secondary_unique_field", "is_longitudinal", "has_repeating_instruments_or_events"),
    *("surveys_enabled", "scheduling_enabled", "record_autonumbering_enabled"),
    *("randomization_enabled", "ddp_enabled", "project_irb_number", "project_grant_number"),
    *("project_pi_firstname", "project_pi_lastname", "display_today_now_button"),
    *("missing_data_codes", "external_modules", "bypass_branching_erase_field_prompt"),
)
FLAGS = {
    *("in_production", "is_longitudinal", "surveys_enabled", "scheduling_enabled"),
    *("record_autonumbering_enabled", "randomization_enabled", "ddp_enabled"),
    *("display_today_now_button", "bypass_branching_erase_field_prompt"),
}
SETTABLE = set(INFORMATION) - {
    *("project_id", "creation_time", "has_repeating_instruments_or_events")
}
NO_PURPOSE = (
    "You must provide some text for 'purpose_other' since you specified 'purpose' as '1' (Other)."
)
NO_MAPPINGS = "You cannot export form/event mappings for classic projects"
NOTHING_REPEATS = (
    "You cannot export repeating instruments and events because the project does not contain any "
    "repeating instruments and events"
)
FIRST_FIELD = {
    "field_name": "record_id",
    "form_name": "form_1",
    "field_type": "text",
    "field_label": "Record ID",
}


def create(connection: sqlite3.Connection, parameters: Parameters) -> Answer:
    """Given the data of a new project, within a transaction, make it; return its token."""
    if parameters.text("odm"):
        raise Refused("This server does not yet create projects from ODM")
    data = parameters.text("data")
    settings = _settings(
        _from_item(data) if parameters.format() == "xml" else _first(data, parameters)
    )
    title = settings.pop("project_title", "")
    if not title:
        raise Refused("You must provide some text for 'project_title'.")
    if settings.get("purpose") == 1 and not settings.get("purpose_other"):
        raise Refused(NO_PURPOSE)
    project_id = create_project(connection, title, settings)
    store_definitions(connection, project_id, [FIRST_FIELD])
    return Answer(add_user(connection, project_id, "administrator", CREATOR_RIGHTS))


def _first(data: str, parameters: Parameters) -> Row:
    text = data.strip()
    rows = rows_from(
        f"[{text}]" if text.startswith("{") else text, parameters.format(), parameters.delimiter()
    )
    if len(rows) != 1:
        raise Refused("The data must describe one project.")
    return rows[0]


def _from_item(data: str) -> Row:
    # One flat item of known elements: a pattern reads it, and no XML parser meets a stranger's text.
    found: Row = {}
    for name, cdata, text in re.findall(
        r"<(\w+)>\s*(?:<!\[CDATA\[(.*?)\]\]>|([^<]*))\s*</\1>", data, re.DOTALL
    ):
        plain = text.strip()
        for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
            plain = plain.replace(entity, sign)
        found[name] = cdata or plain
    return found


def _settings(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {name: text for name, text in row.items() if name in SETTABLE}
    for name in (*FLAGS, "purpose"):
        if name not in found:
            continue
        if found[name] not in ({"0", "1", "2", "3", "4"} if name == "purpose" else {"0", "1"}):
            raise Refused(f"The value of '{name}' is not valid: {found[name]}")
        found[name] = int(found[name])
    return found


def export_project(project: Project, parameters: Parameters) -> Answer:
    """Given a project, return what it is: in JSON one object, in CSV one row."""
    facts = {name: 0 if name in FLAGS else "" for name in INFORMATION}
    facts |= {name: value for name, value in project.settings.items() if name in facts}
    facts |= {
        "project_id": project.project_id,
        "project_title": project.title,
        "is_longitudinal": int(project.longitudinal),
        "has_repeating_instruments_or_events": int(bool(project.repeating)),
    }
    wanted = parameters.format()
    return (
        Answer(as_json(facts), wanted) if wanted == "json" else table(INFORMATION, [facts], wanted)
    )


def import_settings(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given settings, within a transaction, change them; return how many were taken."""
    changed = _settings(_first(parameters.text("data"), parameters))
    title = changed.get("project_title") or project.title
    kept = {name: value for name, value in changed.items() if name != "project_title"}
    save_settings(connection, project.project_id, title, {**project.settings, **kept})
    return number(len(changed), parameters.answer_format())


def export_mappings(project: Project, parameters: Parameters) -> Answer:
    """Given a longitudinal project, return which form stands in which event. Raise Refused."""
    if not project.longitudinal:
        raise Refused(NO_MAPPINGS)
    arms = parameters.many("arms")
    rows = [
        {"arm_num": event.arm_num, "unique_event_name": event.unique_name, "form": form}
        for event in project.events
        for form in project.dictionary.forms
        if (event.event_id, form) in project.designated and (not arms or str(event.arm_num) in arms)
    ]
    return table(["arm_num", "unique_event_name", "form"], rows, parameters.format())


def import_mappings(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given a mapping, within a transaction, put it in place of the old one. Raise Refused."""
    rows = rows_from(parameters.text("data"), parameters.format(), parameters.delimiter())
    pairs = [_pair(project, row, row.get("form", "")) for row in rows]
    connection.execute("DELETE FROM mappings WHERE project_id = ?", (project.project_id,))
    connection.executemany(
        "INSERT OR IGNORE INTO mappings VALUES (?, ?, ?)",
        ((project.project_id, event_id, form) for event_id, form in pairs),
    )
    return number(len(rows), parameters.answer_format())


def _pair(project: Project, row: Row, form: str) -> tuple[int, str]:
    name = row.get("unique_event_name") or row.get("event_name") or project.events[0].unique_name
    # The texts of these two are not established.
    if name not in project.event_names:
        raise Refused(f"The event '{name}' does not exist.")
    if form and form not in project.dictionary.forms:
        raise Refused(f"The instrument '{form}' does not exist.")
    return project.event_names[name].event_id, form


def export_repeating(project: Project, parameters: Parameters) -> Answer:
    """Given a project, return what repeats in it. Raise Refused if nothing does."""
    if not project.repeating:
        raise Refused(NOTHING_REPEATS)
    order = {form: place for place, form in enumerate(["", *project.dictionary.forms])}
    names = ["event_name"] if project.longitudinal else []
    rows = [
        {
            "event_name": event.unique_name,
            "form_name": form,
            "custom_form_label": project.repeating[event.event_id, form],
        }
        for event in project.events
        for form in sorted(order, key=order.__getitem__)
        if (event.event_id, form) in project.repeating
    ]
    return table([*names, "form_name", "custom_form_label"], rows, parameters.format())


def import_repeating(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given what repeats, within a transaction, put it in place of what did. Raise Refused."""
    rows = rows_from(parameters.text("data"), parameters.format(), parameters.delimiter())
    _store_repeating(connection, project, rows)
    return number(len(rows), parameters.answer_format())


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
