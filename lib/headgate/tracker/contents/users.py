"""Users of a project, as far as clients that delete records need them."""

import json
from collections.abc import Mapping

from headgate.tracker.model.call import Call
from headgate.tracker.model.rights import EDIT, FULL, RIGHTS
from headgate.tracker.model.tokens import set_rights
from headgate.tracker.wire.answers import Answer, Refused, number, table

TEXTS = (
    *("username", "email", "firstname", "lastname", "expiration", "data_access_group"),
    *("data_access_group_id", "data_access_group_label"),
)


def export_users(call: Call) -> Answer:
    """Given a project, return its users and what each may do."""
    found = call.connection.execute(
        "SELECT username, rights FROM users WHERE project_id = ? ORDER BY username",
        (call.project_id,),
    )
    rows = [
        {
            **dict.fromkeys(TEXTS, ""),
            "username": row["username"],
            **dict.fromkeys(RIGHTS, 0),
            **json.loads(row["rights"]),
            "forms": dict.fromkeys(call.project.dictionary.forms, EDIT),
            "forms_export": dict.fromkeys(call.project.dictionary.forms, FULL),
        }
        for row in found
    ]
    return table([*TEXTS, *RIGHTS, "forms", "forms_export"], rows, call.parameters.format())


def import_users(call: Call) -> Answer:
    """Given users with rights, within a transaction, add or change them; return how many."""
    rows = call.rows(nested=True)
    for row in rows:
        username = row.get("username", "").strip()
        if not username:
            raise Refused("Each user must have a username.")
        found = call.connection.execute(
            "SELECT rights FROM users WHERE project_id = ? AND username = ?",
            (call.project_id, username),
        ).fetchone()
        rights = {**(json.loads(found["rights"]) if found else {}), **_rights(row)}
        set_rights(call.connection, call.project_id, username, rights)
    return number(len(rows), call.parameters.answer_format())


def delete_users(call: Call) -> Answer:
    """Given users, within a transaction, remove them and their tokens; return how many."""
    names = call.parameters.many("users")
    removed = 0
    for name in names:
        place = (call.project_id, name)
        call.connection.execute("DELETE FROM tokens WHERE project_id = ? AND username = ?", place)
        removed += call.connection.execute(
            "DELETE FROM users WHERE project_id = ? AND username = ?", place
        ).rowcount
    return number(removed, call.parameters.answer_format())


def _rights(row: Mapping[str, str]) -> dict[str, int]:
    sent = {name: row[name] for name in RIGHTS if row.get(name)}
    wrong = [name for name, text in sent.items() if not text.isdecimal()]
    if wrong:
        raise Refused(f"The following rights are not numbers: {', '.join(wrong)}")
    return {name: int(text) for name, text in sent.items()}
