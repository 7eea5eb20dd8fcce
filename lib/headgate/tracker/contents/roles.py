"""User roles, and who has which."""

import json
import re
import secrets
import string
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
from headgate.tracker.wire.answers import Answer, Refused, number, table
from headgate.tracker.wire.incoming import Row

LOCKING = ("lock_records_customization", "lock_records", "lock_records_all_forms")
# The rights to lock come the other way round than they do with users.
ROLE_RIGHTS = (*(name for name in RIGHTS if name not in LOCKING), *LOCKING)
MAPPING = ("username", "unique_role_name", "data_access_group")
SIGNS = string.digits + string.ascii_uppercase
ROLE_NAME = re.compile(r"U-[0-9A-Z]{10,13}")
MEMBERS = """
SELECT u.username, COALESCE(r.unique_role_name, '') AS unique_role_name,
    COALESCE(g.unique_group_name, '') AS data_access_group
    FROM users u LEFT JOIN roles r ON r.role_id = u.role_id
    LEFT JOIN access_groups g ON g.group_id = u.group_id
    WHERE u.project_id = ? ORDER BY u.username
"""


def export_roles(call: Call) -> Answer:
    """Given a project, return its roles: rights as texts, levels by form as numbers."""
    found = call.connection.execute(
        "SELECT unique_role_name, role_label, rights FROM roles WHERE project_id = ?"
        " ORDER BY role_id",
        (call.project_id,),
    )
    forms = call.project.dictionary.forms
    rows = []
    for row in found:
        rights = json.loads(row["rights"])
        rows.append(
            {
                "unique_role_name": row["unique_role_name"],
                "role_label": row["role_label"],
                **{name: str(rights.get(name, 0)) for name in ROLE_RIGHTS},
                **shown_by_form(rights, forms),
            }
        )
    columns = ["unique_role_name", "role_label", *ROLE_RIGHTS, *BY_FORM]
    return table(columns, rows, call.parameters.format())


def import_roles(call: Call) -> Answer:
    """Given roles, within a transaction, make those without unique name, change the others."""
    need_to_manage_people(call)
    rows = call.rows(nested=True)
    for row in rows:
        _import(call, row)
    return number(len(rows), call.parameters.answer_format())


def _import(call: Call, row: Row) -> None:
    unique, label = row.get("unique_role_name", "").strip(), row.get("role_label", "").strip()
    forms = call.project.dictionary.forms
    if not unique:
        if not label:
            # REDCap's text is not established.
            raise Refused("Each new role must have a role_label.")
        rights = merged(no_rights(forms), sent_rights(row, forms))
        add_role(call, new_role_name(), label, rights)
        call.note("user", f"Add user role ({call.source})", f"role = '{label}'")
        return
    found = call.connection.execute(
        "SELECT role_label, rights FROM roles WHERE project_id = ? AND unique_role_name = ?",
        (call.project_id, unique),
    ).fetchone()
    if found is None:
        raise Refused(_unknown(unique))
    rights = merged(json.loads(found["rights"]), sent_rights(row, forms))
    label = label or found["role_label"]
    call.connection.execute(
        "UPDATE roles SET role_label = ?, rights = ? WHERE project_id = ? AND unique_role_name = ?",
        (label, json.dumps(rights), call.project_id, unique),
    )
    call.note("user", "Edit user role", f"role = '{label}'")


def new_role_name() -> str:
    """Return a unique name for a new role, as REDCap makes them."""
    return "U-" + "".join(secrets.choice(SIGNS) for _ in range(10))


def add_role(call: Call, unique: str, label: str, rights: dict[str, Any]) -> None:
    """Given a unique name, a label and rights, within a transaction, make the role."""
    call.connection.execute(
        "INSERT INTO roles (project_id, unique_role_name, role_label, rights) VALUES (?, ?, ?, ?)",
        (call.project_id, unique, label, json.dumps(rights)),
    )


def delete_roles(call: Call) -> Answer:
    """Given unique names, within a transaction, delete the roles; their users keep their own."""
    need_to_manage_people(call)
    names = list(dict.fromkeys(call.parameters.many("roles")))
    for name in names:
        gone = call.connection.execute(
            "DELETE FROM roles WHERE project_id = ? AND unique_role_name = ?",
            (call.project_id, name),
        ).rowcount
        if not gone:
            raise Refused(_unknown(name))
        call.note("user", f"Delete user role ({call.source})", f"role = '{name}'")
    return number(len(names), call.parameters.answer_format())


def export_assignments(call: Call) -> Answer:
    """Given a project, return the role and the data access group of each user."""
    found = call.connection.execute(MEMBERS, (call.project_id,))
    return table(MAPPING, [dict(row) for row in found], call.parameters.format())


def import_assignments(call: Call) -> Answer:
    """Given users with roles, within a transaction, set them; a blank role is none."""
    need_to_manage_people(call)
    rows = call.rows()
    for row in rows:
        username = row.get("username", "").strip()
        _assign(call, username, row.get("unique_role_name", "").strip())
        group = row.get("data_access_group", "").strip()
        if group:
            if call.caller.group_id is not None:
                raise Refused(NOT_FOR_MEMBERS, 403)
            set_group(call, username, group_number(call.project, group))
    return number(len(rows), call.parameters.answer_format())


def _assign(call: Call, username: str, role: str) -> None:
    found = call.connection.execute(
        "SELECT role_id FROM roles WHERE project_id = ? AND unique_role_name = ?",
        (call.project_id, role),
    ).fetchone()
    if role and found is None:
        raise Refused(_unknown(role))
    known = call.connection.execute(
        "UPDATE users SET role_id = ? WHERE project_id = ? AND username = ?",
        (found["role_id"] if found else None, call.project_id, username),
    ).rowcount
    if not known:
        # REDCap's text is not established.
        raise Refused(f"The user '{username}' does not exist in the project.")
    call.note("user", f"Assign user {username} to role ({call.source})", f"role = '{role}'")


def _unknown(unique: str) -> str:
    # REDCap's text is not established.
    return f"The user role '{unique}' does not exist."
