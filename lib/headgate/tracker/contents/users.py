"""Users of a project: who they are, and what each may do."""

import json
import re
import sqlite3
from typing import Any

from headgate.tracker.contents.grouping import NOT_FOR_MEMBERS, group_number, set_group
from headgate.tracker.contents.levels import (
    BY_FORM,
    merged,
    need_to_manage_people,
    no_rights,
    sent_rights,
    shown_by_form,
)
from headgate.tracker.model.call import Call
from headgate.tracker.model.rights import RIGHTS
from headgate.tracker.model.tokens import drop_tokens, set_rights
from headgate.tracker.wire.answers import Answer, Refused, number, table
from headgate.tracker.wire.incoming import Row

TEXTS = (
    *("username", "email", "firstname", "lastname", "expiration", "data_access_group"),
    *("data_access_group_id", "data_access_group_label"),
)
USERS = """
SELECT u.username, a.email, a.firstname, a.lastname, u.expiration, u.group_id,
    COALESCE(r.rights, u.rights) AS rights
    FROM users u LEFT JOIN roles r ON r.role_id = u.role_id
    LEFT JOIN accounts a ON a.username = u.username
    WHERE u.project_id = ? ORDER BY u.username
"""
DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
LONGEST_NAME = 255


def export_users(call: Call) -> Answer:
    """Given a project, return its users and what each may do: a role's rights stand for theirs."""
    found = call.connection.execute(USERS, (call.project_id,))
    rows = [_shown(call, row) for row in found]
    return table([*TEXTS, *RIGHTS, *BY_FORM], rows, call.parameters.format())


def _shown(call: Call, row: sqlite3.Row) -> dict[str, Any]:
    rights = json.loads(row["rights"])
    group = call.project.groups.get(row["group_id"])
    return {
        **{name: row[name] or "" for name in TEXTS[:5]},
        "data_access_group": group.unique_name if group else "",
        "data_access_group_id": group.group_id if group else "",
        "data_access_group_label": group.name if group else "",
        **{name: int(rights.get(name, 0)) for name in RIGHTS},
        **shown_by_form(rights, call.project.dictionary.forms),
    }


def import_users(call: Call) -> Answer:
    """Given users with rights, within a transaction, add or change them; return how many."""
    need_to_manage_people(call)
    rows = call.rows(nested=True)
    for row in rows:
        _import(call, row)
    return number(len(rows), call.parameters.answer_format())


def _import(call: Call, row: Row) -> None:
    username = row.get("username", "").strip()
    if not username or len(username) > LONGEST_NAME:
        # REDCap's text is not established.
        raise Refused("Each user must have a username.")
    found = call.connection.execute(
        "SELECT rights, group_id FROM users WHERE project_id = ? AND username = ?",
        (call.project_id, username),
    ).fetchone()
    forms = call.project.dictionary.forms
    before = json.loads(found["rights"]) if found else no_rights(forms)
    rights = merged(before, sent_rights(row, forms))
    set_rights(call.connection, call.project_id, username, rights)
    if "expiration" in row:
        _set_expiration(call, username, row["expiration"].strip())
    if "data_access_group" in row:
        group_id = group_number(call.project, row["data_access_group"].strip())
        if call.caller.group_id is not None and group_id != (found["group_id"] if found else None):
            raise Refused(NOT_FOR_MEMBERS, 403)
        set_group(call, username, group_id)
    call.note("user", f"{'Edit' if found else 'Add'} user {username} ({call.source})")


def _set_expiration(call: Call, username: str, date: str) -> None:
    if date and not DATE.fullmatch(date):
        # REDCap's text is not established.
        raise Refused(f"The expiration of the user '{username}' is no date (YYYY-MM-DD): {date}")
    call.connection.execute(
        "UPDATE users SET expiration = ? WHERE project_id = ? AND username = ?",
        (date, call.project_id, username),
    )


def delete_users(call: Call) -> Answer:
    """Given users, within a transaction, remove them and their tokens; return how many."""
    need_to_manage_people(call)
    removed = 0
    for name in dict.fromkeys(call.parameters.many("users")):
        drop_tokens(call.connection, call.project_id, name)
        gone = call.connection.execute(
            "DELETE FROM users WHERE project_id = ? AND username = ?", (call.project_id, name)
        ).rowcount
        removed += gone
        if gone:
            call.note("user", f"Delete user {name} ({call.source})")
    return number(removed, call.parameters.answer_format())
