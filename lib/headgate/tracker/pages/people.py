"""The users of a project and what each may do; accounts are made elsewhere."""

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.responses import Response

from headgate.tracker.model.rights import (
    DEIDENTIFIED,
    EDIT,
    FULL,
    NO_ACCESS,
    NO_IDENTIFIERS,
    NOTHING,
    READ,
    RIGHTS,
    Rights,
)
from headgate.tracker.model.tokens import drop_tokens, set_rights
from headgate.tracker.pages.rendering import go, page
from headgate.tracker.pages.visits import ProjectVisit, missing

LONGEST_NAME = 255
LEVELS = {NO_ACCESS: "no access", READ: "read", EDIT: "view and edit"}
EXPORTS = {
    NOTHING: "nothing",
    DEIDENTIFIED: "de-identified",
    NO_IDENTIFIERS: "without identifiers",
    FULL: "all",
}
USERS = """
SELECT u.*, r.role_label, g.name AS group_name, t.username IS NOT NULL AS has_token FROM users u
    LEFT JOIN roles r ON r.role_id = u.role_id
    LEFT JOIN access_groups g ON g.group_id = u.group_id
    LEFT JOIN tokens t ON t.project_id = u.project_id AND t.username = u.username
    WHERE u.project_id = ? GROUP BY u.username ORDER BY u.username
"""


@dataclass(frozen=True)
class Person:
    """A user of the project."""

    username: str
    rights: Rights
    role_id: int | None
    group_id: int | None
    expiration: str


def show(visit: ProjectVisit) -> Response:
    """Given a visit, return the users of the project."""
    rows = visit.connection.execute(USERS, (visit.project.project_id,)).fetchall()
    return page(
        *(visit, "people", "Users and rights"),
        rows=[dict(row) | {"rights": json.loads(row["rights"])} for row in rows],
        today=date.today().isoformat(),  # noqa: DTZ011 (days are local)
        names=RIGHTS,
        crumbs=[(visit.address(), visit.project.title)],
    )


def show_person(visit: ProjectVisit, problem: str = "") -> Response:
    """Given a visit whose query names a user or a new one, return the form of their rights."""
    name = visit.sent.asked("username").strip()
    if len(name) > LONGEST_NAME:
        raise missing()
    person = _person(visit, name)
    new = Person(name, Rights(), None, None, "")
    return page(
        *(visit, "person", name or "Add a user", 422 if problem else 200),
        person=person or new,
        is_new=person is None,
        problem=problem,
        names={right: right.replace("_", " ") for right in RIGHTS},
        forms=visit.project.dictionary.forms,
        levels=LEVELS,
        exports=EXPORTS,
        roles=_roles(visit),
        groups={group.group_id: group.name for group in visit.project.groups.values()},
        crumbs=[
            (visit.address(), visit.project.title),
            (visit.address("people"), "Users and rights"),
        ],
    )


def save_person(visit: ProjectVisit) -> Response:
    """Given the rights of a user, within a transaction, store them; else show the form again."""
    sent, project = visit.sent, visit.project
    name = sent.value("username").strip()
    expiration = sent.value("expiration").strip()
    if not name or len(name) > LONGEST_NAME:
        return show_person(visit, "A user needs a name.")
    if expiration and not _is_day(expiration):
        return show_person(visit, "The expiration is a day: YYYY-MM-DD.")
    before = _person(visit, name)
    set_rights(
        visit.connection,
        project.project_id,
        name,
        {**(before.rights if before else {}), **_rights(visit)},
    )
    visit.connection.execute(
        "UPDATE users SET role_id = ?, group_id = ?, expiration = ?"
        " WHERE project_id = ? AND username = ?",
        (
            _one_of(sent.value("role"), _roles(visit)),
            _one_of(sent.value("group"), project.groups),
            expiration,
            project.project_id,
            name,
        ),
    )
    verb = "Updated" if before else "Added"
    visit.call().note("user", f"{verb} User {name}", f"user = '{name}'")
    return go(visit.address("people", saved="user"))


def remove_person(visit: ProjectVisit) -> Response:
    """Given a user, within a transaction, take them and their token out of the project."""
    name = visit.sent.value("username")
    if _person(visit, name) is None:
        raise missing()
    drop_tokens(visit.connection, visit.project.project_id, name)
    visit.connection.execute(
        "DELETE FROM users WHERE project_id = ? AND username = ?",
        (visit.project.project_id, name),
    )
    visit.call().note("user", f"Deleted User {name}", f"user = '{name}'")
    return go(visit.address("people", saved="removal"))


def _person(visit: ProjectVisit, name: str) -> Person | None:
    row: sqlite3.Row | None = visit.connection.execute(
        "SELECT * FROM users WHERE project_id = ? AND username = ?",
        (visit.project.project_id, name),
    ).fetchone()
    if row is None:
        return None
    rights = Rights(json.loads(row["rights"]))
    return Person(name, rights, row["role_id"], row["group_id"], row["expiration"])


def _rights(visit: ProjectVisit) -> dict[str, Any]:
    sent, forms = visit.sent, visit.project.dictionary.forms
    chosen = set(sent.values("right"))
    levels = {str(level): level for level in LEVELS}
    exports = {str(level): level for level in EXPORTS}
    return {
        **{name: int(name in chosen) for name in RIGHTS},
        "forms": {form: levels.get(sent.value(f"form:{form}"), NO_ACCESS) for form in forms},
        "forms_export": {
            form: exports.get(sent.value(f"export:{form}"), NOTHING) for form in forms
        },
    }


def _roles(visit: ProjectVisit) -> dict[int, str]:
    rows = visit.connection.execute(
        "SELECT role_id, role_label FROM roles WHERE project_id = ? ORDER BY role_label",
        (visit.project.project_id,),
    )
    return {row["role_id"]: row["role_label"] for row in rows}


def _one_of(text: str, known: Mapping[int, Any]) -> int | None:
    return next((number for number in known if str(number) == text), None)


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return False
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
