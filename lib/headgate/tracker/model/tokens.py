"""Tokens, and the people whose they are."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headgate.tracker.model.rights import Rights
from headgate.tracker.storage.database import now
from headgate.tracker.wire.answers import Refused

UNKNOWN = "You do not have permissions to use the API"
ADMINISTRATOR = "administrator"
PERSON = """
SELECT u.username, COALESCE(r.rights, u.rights) AS rights, u.group_id, u.expiration
    FROM users u LEFT JOIN roles r ON r.role_id = u.role_id
    WHERE u.project_id = ? AND u.username = ?
"""


@dataclass(frozen=True)
class Caller:
    """Who calls: the project (None: the super token), the user, rights, data access group."""

    project_id: int | None
    username: str
    rights: Rights
    group_id: int | None = None

    def need(self, right: str) -> None:
        """Given a right, do nothing if the caller has it. Raise Refused (403) if not."""
        self.rights.need(right)


def find_caller(connection: sqlite3.Connection, token: str) -> Caller:
    """Given a token, return who calls. Raise Refused (403) for an unknown one."""
    row = connection.execute(
        "SELECT project_id, username FROM tokens WHERE token = ?", (token.upper(),)
    ).fetchone()
    if row is None:
        raise Refused(UNKNOWN, 403)
    if row["project_id"] is None:
        return Caller(None, row["username"], Rights())
    caller = person_in(connection, row["project_id"], row["username"])
    if caller is None:
        raise Refused(UNKNOWN, 403)
    return caller


def person_in(connection: sqlite3.Connection, project_id: int, username: str) -> Caller | None:
    """Given a project and a user, return what the user may do there now; None: nothing at all.

    A role's rights stand in place of the user's own; an expired user has none.
    """
    row = connection.execute(PERSON, (project_id, username)).fetchone()
    if row is None or (row["expiration"] and row["expiration"] <= now()[:10]):
        return None
    return Caller(project_id, username, Rights(json.loads(row["rights"])), row["group_id"])


def super_token(connection: sqlite3.Connection) -> str:
    """Return the token that may create projects; it is made on the first call."""
    row = connection.execute("SELECT token FROM tokens WHERE project_id IS NULL").fetchone()
    if row is not None:
        return str(row["token"])
    token = secrets.token_hex(32).upper()
    connection.execute("INSERT INTO tokens VALUES (?, NULL, ?)", (token, ADMINISTRATOR))
    return token


def set_rights(
    connection: sqlite3.Connection, project_id: int, username: str, rights: Mapping[str, Any]
) -> None:
    """Given a project, a user and rights, within a transaction, store them; add a new user."""
    connection.execute(
        "INSERT INTO users (project_id, username, rights) VALUES (?, ?, ?)"
        " ON CONFLICT (project_id, username) DO UPDATE SET rights = excluded.rights",
        (project_id, username, json.dumps(dict(rights))),
    )


def new_token(connection: sqlite3.Connection, project_id: int, username: str) -> str:
    """Given a project and a user, within a transaction, return a new token, the only one."""
    token = secrets.token_hex(16).upper()
    drop_tokens(connection, project_id, username)
    connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", (token, project_id, username))
    return token


def drop_tokens(connection: sqlite3.Connection, project_id: int, username: str) -> None:
    """Given a project and a user, within a transaction, make the user's token worthless."""
    connection.execute(
        "DELETE FROM tokens WHERE project_id = ? AND username = ?", (project_id, username)
    )


def token_of(connection: sqlite3.Connection, project_id: int, username: str) -> str | None:
    """Given a project and a user, return the user's token, if there is one."""
    row = connection.execute(
        "SELECT token FROM tokens WHERE project_id = ? AND username = ? ORDER BY rowid DESC",
        (project_id, username),
    ).fetchone()
    return None if row is None else str(row["token"])


def add_user(
    connection: sqlite3.Connection, project_id: int, username: str, rights: Mapping[str, Any]
) -> str:
    """Given a project and a user, set the user's rights and return a new token for them."""
    set_rights(connection, project_id, username, rights)
    return new_token(connection, project_id, username)


def project_token(connection: sqlite3.Connection, project_id: int) -> str | None:
    """Given a project, return its oldest token; None: its users were all removed."""
    row = connection.execute(
        "SELECT token FROM tokens WHERE project_id = ? ORDER BY rowid LIMIT 1", (project_id,)
    ).fetchone()
    return None if row is None else str(row["token"])
