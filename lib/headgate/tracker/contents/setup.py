"""Projects as such: made, described, set."""

import re
import sqlite3
from collections.abc import Mapping
from typing import Any

from headgate.tracker.contents.metadata import store_definitions
from headgate.tracker.contents.restoring import restore
from headgate.tracker.model.call import Call
from headgate.tracker.model.history import note
from headgate.tracker.model.projects import create_project, save_settings
from headgate.tracker.model.rights import CREATOR_RIGHTS
from headgate.tracker.model.tokens import ADMINISTRATOR, add_user
from headgate.tracker.odm.reading import read_project
from headgate.tracker.wire.answers import Answer, Refused, as_json, number, table
from headgate.tracker.wire.incoming import Row, rows_from
from headgate.tracker.wire.parameters import Parameters

VERSION = "15.2.1"
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
SETTABLE = (
    *("project_title", "project_language", "purpose", "purpose_other", "project_notes"),
    *("custom_record_label", "secondary_unique_field", "is_longitudinal", "surveys_enabled"),
    *("scheduling_enabled", "record_autonumbering_enabled", "randomization_enabled"),
    *("project_irb_number", "project_grant_number", "project_pi_firstname", "project_pi_lastname"),
    *("display_today_now_button", "bypass_branching_erase_field_prompt"),
    # Whether the real server takes these two is not established.
    *("missing_data_codes", "in_production"),
)
PURPOSES = {"0", "1", "2", "3", "4"}
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
    """Given the data of a new project, and maybe a project XML, within a transaction, make it.

    Return its token. What the data say of the project goes before what the XML says.
    """
    data = parameters.text("data")
    row = _from_item(data) if parameters.format() == "xml" else _first(data, parameters)
    odm = parameters.text("odm")
    picture = read_project(odm) if odm else None
    settings = (_allowed(picture.settings) if picture else {}) | _settings(row)
    if picture:
        settings["is_longitudinal"] = int(bool(picture.events))
    title = settings.pop("project_title", "")
    if not title:
        raise Refused("You must provide some text for 'project_title'.")
    if settings.get("purpose") == 1 and not settings.get("purpose_other"):
        raise Refused(NO_PURPOSE)
    project_id = create_project(connection, title, settings)
    token = add_user(connection, project_id, ADMINISTRATOR, CREATOR_RIGHTS)
    if picture is None:
        store_definitions(connection, project_id, [FIRST_FIELD])
    else:
        restore(connection, project_id, picture)
    note(connection, project_id, ADMINISTRATOR, "user", f"Add user {ADMINISTRATOR} (API)")
    how = " using REDCap XML file" if picture else ""
    note(
        connection,
        project_id,
        ADMINISTRATOR,
        "manage",
        "Manage/Design ",
        f"Create project{how} (API)",
    )
    return Answer(token)


def _allowed(sent: Mapping[str, str]) -> dict[str, Any]:
    """Return what a project XML says of the project, without what is no value here."""
    flags = {name for name in FLAGS if sent.get(name, "0") not in {"0", "1"}}
    if sent.get("purpose", "0") not in PURPOSES:
        flags.add("purpose")
    return _settings({name: text for name, text in sent.items() if name not in flags})


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


def _settings(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: text for name, text in row.items() if name in SETTABLE}
    for name in (*FLAGS, "purpose"):
        if name not in found:
            continue
        if found[name] not in (PURPOSES if name == "purpose" else {"0", "1"}):
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
    call.note_design("Modify project settings")
    return number(len(changed), call.parameters.answer_format())
