"""The contents that tell of the dictionary: metadata, instrument, exportFieldNames."""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence

from headgate.tracker.model.call import Call
from headgate.tracker.model.dictionary import CHOICE_KINDS, COLUMNS, KINDS
from headgate.tracker.wire.answers import Answer, Refused, number, table

NAME = re.compile(r"[a-z][a-z0-9_]*")
VALIDATION = "text_validation_type_or_show_slider_number"
CHOICES = "select_choices_or_calculations"
NO_NAME = (
    "Each row MUST have a variable/field name, but the following cells have a field name missing: "
)
NO_FORM = "Each row MUST have a form name, but the following cells have a form name missing: "
NO_VALIDATION = (
    "A field validation type is required in order to have a minimum or maximum, but the following "
    "cells have a validation type missing: "
)
NO_CHOICES = (
    "Each multiple choice field (radio, drop-down, checkbox, etc.) must have choices listed in "
    "column F, but the following cells have choices missing: "
)
# The texts of the last three are not established.
NO_KIND = "The following cells have a field type that does not exist: "
BAD_NAME = "The following cells have a name that is not made of lower-case letters, digits and _: "
TWICE = "The following cells have a field name that was used before: "


def export_metadata(call: Call) -> Answer:
    """Given a project, return its dictionary, or that of the fields and forms asked for."""
    fields, forms = call.parameters.many("fields"), call.parameters.many("forms")
    rows = [
        row
        for row in call.project.dictionary.definitions
        if (not fields and not forms) or row["field_name"] in fields or row["form_name"] in forms
    ]
    return table(list(COLUMNS), rows, call.parameters.format())


def import_metadata(call: Call) -> Answer:
    """Given a dictionary, within a transaction, put it in the old one's place. Raise Refused."""
    names = {header: name for name, header in COLUMNS.items()}
    rows = [{names.get(key, key): cell for key, cell in row.items()} for row in call.rows()]
    problem = check_definitions(rows)
    if problem:
        raise Refused(problem)
    store_definitions(call.connection, call.project_id, rows)
    call.note_design("Import data dictionary")
    return number(len(rows), call.parameters.answer_format())


def check_definitions(rows: Sequence[Mapping[str, str]]) -> str:
    """Given rows of metadata, return what is wrong with them; nothing: blank."""
    if not rows:
        return "The data dictionary has no fields."
    unknown = [name for name in rows[0] if name not in COLUMNS]
    if unknown:
        return f"The following columns are not those of a data dictionary: {', '.join(unknown)}"
    seen: set[str] = set()
    found: dict[str, list[str]] = {}
    for line, row in enumerate(rows, start=2):
        for message, column in _problems(row, seen):
            found.setdefault(message, []).append(f"{column}{line}")
        seen.add(row.get("field_name", ""))
    return "\n".join(f"{message}{', '.join(cells)}." for message, cells in found.items())


def _problems(row: Mapping[str, str], seen: set[str]) -> list[tuple[str, str]]:
    name, form, kind = (row.get(key, "") for key in ("field_name", "form_name", "field_type"))
    limits = row.get("text_validation_min") or row.get("text_validation_max")
    checks = (
        (not name, NO_NAME, "A"),
        (not form, NO_FORM, "B"),
        (bool(name) and not NAME.fullmatch(name), BAD_NAME, "A"),
        (bool(form) and not NAME.fullmatch(form), BAD_NAME, "B"),
        (bool(name) and name in seen, TWICE, "A"),
        (kind not in KINDS, NO_KIND, "D"),
        (kind in CHOICE_KINDS and not row.get(CHOICES), NO_CHOICES, "F"),
        (bool(limits) and not row.get(VALIDATION), NO_VALIDATION, "I"),
    )
    return [(message, column) for wrong, message, column in checks if wrong]


def store_definitions(
    connection: sqlite3.Connection, project_id: int, rows: Sequence[Mapping[str, str]]
) -> None:
    """Given rows that were checked, make them the dictionary; the data stay as they are."""
    connection.execute("DELETE FROM fields WHERE project_id = ?", (project_id,))
    whole = [{name: row.get(name) or "" for name in COLUMNS} for row in rows]
    connection.executemany(
        "INSERT INTO fields VALUES (?, ?, ?)",
        ((project_id, place, json.dumps(row)) for place, row in enumerate(whole)),
    )


def export_instruments(call: Call) -> Answer:
    """Given a project, return its forms with their labels."""
    rows = [
        {"instrument_name": name, "instrument_label": label}
        for name, label in call.project.dictionary.forms.items()
    ]
    return table(["instrument_name", "instrument_label"], rows, call.parameters.format())


def export_field_names(call: Call) -> Answer:
    """Given a project, return the columns its fields have in an export. Raise Refused."""
    columns = [
        column for column in call.project.dictionary.columns.values() if column.field.kind != "file"
    ]
    if field := call.parameters.text("field"):
        columns = [column for column in columns if column.field.name == field]
        if not columns:
            raise Refused('The value of the parameter "field" is not valid')
    rows = [
        {
            "original_field_name": column.field.name,
            "choice_value": column.code or "",
            "export_field_name": column.name,
        }
        for column in columns
    ]
    names = ["original_field_name", "choice_value", "export_field_name"]
    return table(names, rows, call.parameters.format())
