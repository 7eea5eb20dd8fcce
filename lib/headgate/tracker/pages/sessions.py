"""Sessions: a random number in a cookie, of which the database knows the digest alone."""

import hashlib
import secrets
import sqlite3
import time
from dataclasses import dataclass

from headgate.tracker.pages.accounts import Account
from headgate.tracker.storage.database import change

COOKIE = "headgate_session"
IDLE_SECONDS = 30 * 60
LONGEST_SECONDS = 12 * 3600
# The time of use is written no oftener than this: pages that only read need no write.
PRECISION_SECONDS = 60
LIVE = """
SELECT s.digest, s.form_token, s.used_at, a.username, a.administrator
    FROM sessions s JOIN accounts a ON a.username = s.username
    WHERE s.digest = ? AND s.used_at > ? AND s.opened_at > ?
"""


@dataclass(frozen=True)
class Session:
    """A time for which somebody is signed in; every form sent in it carries its token."""

    digest: str
    account: Account
    form_token: str


def open_session(connection: sqlite3.Connection, username: str) -> str:
    """Given an account, open a session; return the cookie's value."""
    cookie = secrets.token_urlsafe(32)
    moment = time.time()
    with change(connection):
        connection.execute(
            "DELETE FROM sessions WHERE used_at <= ? OR opened_at <= ?",
            (moment - IDLE_SECONDS, moment - LONGEST_SECONDS),
        )
        connection.execute(
            "INSERT INTO sessions VALUES (?, ?, ?, ?, ?)",
            (_digest(cookie), username, secrets.token_urlsafe(32), moment, moment),
        )
    return cookie


def find_session(connection: sqlite3.Connection, cookie: str) -> Session | None:
    """Given the cookie's value, return its session, if it has not ended."""
    moment = time.time()
    row = connection.execute(
        LIVE, (_digest(cookie), moment - IDLE_SECONDS, moment - LONGEST_SECONDS)
    ).fetchone()
    if row is None:
        return None
    if row["used_at"] < moment - PRECISION_SECONDS:
        connection.execute(
            "UPDATE sessions SET used_at = ? WHERE digest = ?", (moment, row["digest"])
        )
    account = Account(row["username"], bool(row["administrator"]))
    return Session(row["digest"], account, row["form_token"])


def close_session(connection: sqlite3.Connection, digest: str) -> None:
    """Given a session's digest, end it."""
    connection.execute("DELETE FROM sessions WHERE digest = ?", (digest,))


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
