"""Projects as such: made, described, set."""

import re
import sqlite3
from typing import Any

from headgate.tracker.contents.metadata import store_definitions
from headgate.tracker.model.call import Call
from headgate.tracker.model.projects import create_project, save_settings
from headgate.tracker.model.rights import CREATOR_RIGHTS
from headgate.tracker.model.tokens import ADMINISTRATOR, add_user
from headgate.tracker.wire.answers import Answer, Refused, as_json, number, table
from headgate.tracker.wire.incoming import Row, rows_from
from headgate.tracker.wire.parameters import Parameters

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
    return Answer(add_user(connection, project_id, ADMINISTRATOR, CREATOR_RIGHTS))


def _first(data: str, parameters: Parameters) -> Row:
    text = data.strip()
    rows = rows_from(
        f"[{text}]" if text.startswith("{") else text, parameters.format(), parameters.delimiter()
    )
    if len(rows) != 1:
        raise Refused("The data must describe one project.")
    return rows[0]


def _from_item(data: str) -> Row:
    # One flat item: a pattern reads it, so that no XML parser meets a stranger's text.
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


def export_project(call: Call) -> Answer:
    """Given a project, return what it is: in JSON one object, in CSV one row."""
    facts = {name: 0 if name in FLAGS else "" for name in INFORMATION}
    facts |= {name: value for name, value in call.project.settings.items() if name in facts}
    facts |= {
        "project_id": call.project_id,
        "project_title": call.project.title,
        "is_longitudinal": int(call.project.longitudinal),
        "has_repeating_instruments_or_events": int(bool(call.project.repeating)),
    }
    wanted = call.parameters.format()
    return (
        Answer(as_json(facts), wanted) if wanted == "json" else table(INFORMATION, [facts], wanted)
    )


def import_settings(call: Call) -> Answer:
    """Given settings, within a transaction, change them; return how many were taken."""
    changed = _settings(_first(call.parameters.text("data"), call.parameters))
    title = changed.get("project_title") or call.project.title
    kept = {name: value for name, value in changed.items() if name != "project_title"}
    save_settings(call.connection, call.project_id, title, {**call.project.settings, **kept})
    return number(len(changed), call.parameters.answer_format())
