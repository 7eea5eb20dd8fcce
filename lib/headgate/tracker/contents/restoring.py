"""A project made again of what a project XML says."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from headgate.tracker.contents.grouping import add_group, unique_group_name
from headgate.tracker.contents.levels import BY_FORM
from headgate.tracker.contents.metadata import check_definitions, store_definitions
from headgate.tracker.contents.roles import ROLE_NAME, add_role, new_role_name
from headgate.tracker.contents.uploads import clean_name, media_type_of
from headgate.tracker.model.call import Call
from headgate.tracker.model.documents import add_document
from headgate.tracker.model.entries import Entry, mark_changed, set_groups, write_entries
from headgate.tracker.model.projects import Project, load_project
from headgate.tracker.model.rights import CREATOR_RIGHTS, Rights
from headgate.tracker.model.tokens import ADMINISTRATOR, Caller
from headgate.tracker.odm.picture import Part, Picture
from headgate.tracker.records.placing import HIGHEST_INSTANCE, LONGEST_NAME, Place
from headgate.tracker.records.rendering import GROUP
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.parameters import Parameters

# As they would come from nowhere else: computed ones are computed again with the next change.
UNTAKEN = {"calc", "file", "descriptive"}


def restore(connection: sqlite3.Connection, project_id: int, picture: Picture) -> None:
    """Given a new project and a picture, within a transaction, make it as the picture shows it."""
    if problem := check_definitions(picture.definitions):
        raise Refused(problem)
    store_definitions(connection, project_id, picture.definitions)
    _restore_events(connection, project_id, picture)
    project = load_project(connection, project_id)
    _restore_repeating(connection, project, picture)
    caller = Caller(project_id, ADMINISTRATOR, Rights(CREATOR_RIGHTS))
    call = Call(connection, project, Parameters(), caller)
    _restore_people(call, picture)
    # Read again: the records need to know what repeats, and the groups.
    _restore_records(connection, load_project(connection, project_id), picture)


def _restore_events(connection: sqlite3.Connection, project_id: int, picture: Picture) -> None:
    if not picture.events:
        return
    for table in ("events", "arms"):
        connection.execute(f"DELETE FROM {table} WHERE project_id = ?", (project_id,))  # noqa: S608 (our names)
    for event in picture.events:
        connection.execute(
            "INSERT OR IGNORE INTO arms VALUES (?, ?, ?)",
            (project_id, event.arm_num, event.arm_name),
        )
        try:
            event_id = connection.execute(
                "INSERT INTO events"
                " (project_id, arm_num, event_name, unique_event_name, custom_event_label)"
                " VALUES (?, ?, ?, ?, ?)",
                (project_id, event.arm_num, event.name, event.unique_name, event.custom_label),
            ).lastrowid
        except sqlite3.IntegrityError as error:
            raise Refused(f"The event '{event.unique_name}' is there twice.") from error
        connection.executemany(
            "INSERT OR IGNORE INTO mappings VALUES (?, ?, ?)",
            ((project_id, event_id, form) for form in event.forms),
        )


def _restore_repeating(connection: sqlite3.Connection, project: Project, picture: Picture) -> None:
    for unique, form, label in picture.repeating:
        event_id = _event(project, unique if picture.events else "")
        if form and form not in project.dictionary.forms:
            raise Refused(f"The instrument '{form}' does not exist.")
        connection.execute(
            "INSERT OR REPLACE INTO repeating VALUES (?, ?, ?, ?)",
            (project.project_id, event_id, form, label),
        )


def _event(project: Project, unique: str) -> int:
    if unique and unique not in project.event_names:
        raise Refused(f"The event '{unique}' does not exist.")
    return project.event_names[unique].event_id if unique else project.events[0].event_id


def _restore_people(call: Call, picture: Picture) -> None:
    taken: set[str] = set()
    for name in picture.groups:
        unique = unique_group_name(name, taken)
        taken.add(unique)
        add_group(call, unique, name)
    roles: set[str] = set()
    for role in picture.roles:
        known = ROLE_NAME.fullmatch(role.unique_name) and role.unique_name not in roles
        name = role.unique_name if known else new_role_name()
        roles.add(name)
        add_role(call, name, role.label, _of_these_forms(role.rights, call.project))
    forms = call.project.dictionary.forms
    call.connection.executemany(
        "INSERT OR REPLACE INTO surveys VALUES (?, ?, ?)",
        ((call.project_id, f, title) for f, title in picture.surveys.items() if f in forms),
    )
    for report in picture.reports:
        fields = [name for name in report.get("redcap_reports_fields", "").split(",") if name]
        definition = {"fields": fields, "filterLogic": report.get("advanced_logic", "").strip()}
        call.connection.execute(
            "INSERT INTO reports (project_id, title, definition) VALUES (?, ?, ?)",
            (call.project_id, report.get("title", ""), json.dumps(definition)),
        )


def _of_these_forms(rights: Mapping[str, Any], project: Project) -> dict[str, Any]:
    found = dict(rights)
    for name in BY_FORM:
        levels = rights[name]
        default = levels.get("*", 0)
        found[name] = {form: levels.get(form, default) for form in project.dictionary.forms}
    return found


def _restore_records(connection: sqlite3.Connection, project: Project, picture: Picture) -> None:
    rows: dict[Place, dict[str, str]] = {}
    groups: dict[str, int | None] = {}
    for part in picture.parts:
        record, event_id, instrument, _ = place = place_in(project, part)
        # A record always has its base row, so that its name has a place.
        if instrument:
            rows.setdefault((record, event_id, "", 0), {})
        rows.setdefault(place, {}).update(_values(connection, project, part))
        if unique := part.values.get(GROUP, ""):
            if unique not in project.group_names:
                raise Refused(f"The Data Access Group '{unique}' does not exist.")
            groups[record] = project.group_names[unique].group_id
    entries = [Entry(*place, values) for place, values in rows.items()]
    write_entries(connection, project.project_id, entries)
    mark_changed(connection, project.project_id, dict.fromkeys(entry.record for entry in entries))
    set_groups(connection, project.project_id, groups)


def place_in(project: Project, part: Part) -> Place:
    """Given a part of a record, return its place in the project. Raise Refused if it has none."""
    record = part.record.strip()
    if not record or len(record) > LONGEST_NAME:
        raise Refused(f"The name of a record is blank or too long: {record[:20]}")
    event_id = _event(project, part.event)
    instrument, instance = "", 0
    if project.repeats(event_id, part.form):
        instrument, instance = part.form, part.form_instance
    elif project.repeats(event_id, ""):
        instance = part.event_instance if part.event else part.form_instance
    if instance > HIGHEST_INSTANCE:
        raise Refused(f"The instance is too high: {instance}")
    return record, event_id, instrument, instance


def _values(connection: sqlite3.Connection, project: Project, part: Part) -> dict[str, str]:
    # As REDCap does, what the file holds is taken as it is, whatever the field's validation says.
    columns = project.dictionary.columns
    found = {}
    for name, value in part.values.items():
        column = columns.get(name)
        if column is None or name == project.dictionary.record_field or not value:
            continue
        unchecked = column.code is not None and value == "0"
        if column.field.kind not in UNTAKEN and not unchecked:
            found[name] = value
    for name, attached in part.files.items():
        if name in columns and columns[name].field.kind == "file":
            file_name = clean_name(attached.name)
            media_type = media_type_of(file_name, attached.media_type)
            found[name] = str(
                add_document(
                    connection, project.project_id, file_name, media_type, attached.content
                )
            )
    return found
