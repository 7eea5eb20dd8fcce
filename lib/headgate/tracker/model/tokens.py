"""Tokens and the rights of their users."""

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from headgate.tracker.wire.answers import Refused

UNKNOWN = "You do not have permissions to use the API"
REFUSALS = {
    "api_export": "You do not have API Export privileges",
    "api_import": "You do not have API Import/Update privileges",
    "record_delete": "You do not have Delete Record privileges",
    # The text for this right is not established.
    "design": "You do not have Project Design privileges",
}
ALL_RIGHTS = dict.fromkeys(REFUSALS, 1)
# Who makes a project through the API may not delete its records at first.
CREATOR_RIGHTS = {**ALL_RIGHTS, "record_delete": 0}


@dataclass(frozen=True)
class Caller:
    """Who calls: the project (None: the super token), the user, and the user's rights."""

    project_id: int | None
    username: str
    rights: Mapping[str, int]

    def need(self, right: str) -> None:
        """Given a right, do nothing if the caller has it. Raise Refused (403) if not."""
        if not self.rights.get(right):
            raise Refused(REFUSALS[right], 403)


def find_caller(connection: sqlite3.Connection, token: str) -> Caller:
    """Given a token, return who calls. Raise Refused (403) for an unknown one."""
    row = connection.execute(
        "SELECT t.project_id, t.username, u.rights FROM tokens t LEFT JOIN users u"
        " ON u.project_id = t.project_id AND u.username = t.username WHERE t.token = ?",
        (token.upper(),),
    ).fetchone()
    if row is None:
        raise Refused(UNKNOWN, 403)
    return Caller(row["project_id"], row["username"], json.loads(row["rights"] or "{}"))


def super_token(connection: sqlite3.Connection) -> str:
    """Return the token that may create projects; it is made on the first call."""
    row = connection.execute("SELECT token FROM tokens WHERE project_id IS NULL").fetchone()
    if row is not None:
        return str(row["token"])
    token = secrets.token_hex(32).upper()
    connection.execute("INSERT INTO tokens VALUES (?, NULL, 'administrator')", (token,))
    return token


def add_user(
    connection: sqlite3.Connection, project_id: int, username: str, rights: Mapping[str, int]
) -> str:
    """Given a project and a user, set the user's rights and return a new token for them."""
    token = secrets.token_hex(16).upper()
    connection.execute(
        "INSERT OR REPLACE INTO users VALUES (?, ?, ?)", (project_id, username, json.dumps(rights))
    )
    connection.execute("INSERT INTO tokens VALUES (?, ?, ?)", (token, project_id, username))
    return token


def project_token(connection: sqlite3.Connection, project_id: int) -> str | None:
    """Given a project, return its oldest token; None: its users were all removed."""
    row = connection.execute(
        "SELECT token FROM tokens WHERE project_id = ? ORDER BY rowid LIMIT 1", (project_id,)
    ).fetchone()
    return None if row is None else str(row["token"])
