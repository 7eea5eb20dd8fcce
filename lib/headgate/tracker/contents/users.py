"""Users of a project, as far as clients that delete records need them."""

import json
import sqlite3
from collections.abc import Mapping

from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Answer, Refused, number, table
from headgate.tracker.wire.incoming import rows_from
from headgate.tracker.wire.parameters import Parameters

TEXTS = (
    *("username", "email", "firstname", "lastname", "expiration", "data_access_group"),
    *("data_access_group_id", "data_access_group_label"),
)
RIGHTS = (
    *("design", "alerts", "user_rights", "data_access_groups", "reports", "stats_and_charts"),
    *("manage_survey_participants", "calendar", "data_import_tool", "data_comparison_tool"),
    *("logging", "email_logging", "file_repository", "data_quality_create"),
    *("data_quality_execute", "api_export", "api_import", "api_modules", "mobile_app"),
    *("mobile_app_download_data", "record_create", "record_rename", "record_delete"),
    *("lock_records_all_forms", "lock_records", "lock_records_customization"),
)
OFF_AT_FIRST = {
    *("email_logging", "mobile_app_download_data", "record_rename", "record_delete"),
    *("lock_records_all_forms", "lock_records", "lock_records_customization"),
}
# May edit the form; may export all of it. What a form's number means changed in 15.6.
EDIT, FULL = 1, 1


def export_users(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given a project, return its users and what each may do."""
    found = connection.execute(
        "SELECT username, rights FROM users WHERE project_id = ? ORDER BY username",
        (project.project_id,),
    )
    rows = [
        {
            **dict.fromkeys(TEXTS, ""),
            "username": row["username"],
            **{name: int(name not in OFF_AT_FIRST) for name in RIGHTS},
            **json.loads(row["rights"]),
            "forms": dict.fromkeys(project.dictionary.forms, EDIT),
            "forms_export": dict.fromkeys(project.dictionary.forms, FULL),
        }
        for row in found
    ]
    return table([*TEXTS, *RIGHTS, "forms", "forms_export"], rows, parameters.format())


def import_users(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given users with rights, within a transaction, add or change them; return how many."""
    rows = rows_from(
        parameters.text("data"), parameters.format(), parameters.delimiter(), nested=True
    )
    for row in rows:
        username = row.get("username", "").strip()
        if not username:
            raise Refused("Each user must have a username.")
        found = connection.execute(
            "SELECT rights FROM users WHERE project_id = ? AND username = ?",
            (project.project_id, username),
        ).fetchone()
        rights = {**(json.loads(found["rights"]) if found else {}), **_rights(row)}
        connection.execute(
            "INSERT OR REPLACE INTO users VALUES (?, ?, ?)",
            (project.project_id, username, json.dumps(rights)),
        )
    return number(len(rows), parameters.answer_format())


def delete_users(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given users, within a transaction, remove them and their tokens; return how many."""
    names = parameters.many("users")
    removed = 0
    for name in names:
        place = (project.project_id, name)
        connection.execute("DELETE FROM tokens WHERE project_id = ? AND username = ?", place)
        removed += connection.execute(
            "DELETE FROM users WHERE project_id = ? AND username = ?", place
        ).rowcount
    return number(removed, parameters.answer_format())


def _rights(row: Mapping[str, str]) -> dict[str, int]:
    sent = {name: row[name] for name in RIGHTS if row.get(name)}
    wrong = [name for name, text in sent.items() if not text.isdecimal()]
    if wrong:
        raise Refused(f"The following rights are not numbers: {', '.join(wrong)}")
    return {name: int(text) for name, text in sent.items()}
