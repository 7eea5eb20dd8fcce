"""Accounts of people who sign in at the pages; their passwords are kept as Argon2id hashes."""

import re
import sqlite3
import time
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from headgate.tracker.storage.database import change
from headgate.tracker.wire.answers import Refused

NAME = re.compile(r"[A-Za-z0-9_.@-]{1,255}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 1000
FREE_FAILURES = 5
LONGEST_WAIT_SECONDS = 15 * 60
HASHER = PasswordHasher()
# Each hash takes 64 MiB: a crowd that guesses passwords shall not take all memory.
AT_ONCE = BoundedSemaphore(2)


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in; an administrator sees every project."""

    username: str
    administrator: bool


def add_account(
    connection: sqlite3.Connection, username: str, password: str, administrator: bool
) -> None:
    """Given a name and a password, make an account. Raise Refused if one of them will not do."""
    if not NAME.fullmatch(username):
        raise Refused("The name of an account has letters, digits and . _ @ - only.")
    hashed = _hashed(password)
    with change(connection):
        added = connection.execute(
            "INSERT OR IGNORE INTO accounts (username, password, administrator) VALUES (?, ?, ?)",
            (username, hashed, int(administrator)),
        )
        if not added.rowcount:
            raise Refused(f"There is an account {username} already.")


def set_password(connection: sqlite3.Connection, username: str, password: str) -> bool:
    """Given an account and a new password, store it and end all sessions; False: no such account.

    Raise Refused if the password will not do.
    """
    hashed = _hashed(password)
    with change(connection):
        connection.execute("DELETE FROM sessions WHERE username = ?", (username,))
        changed = connection.execute(
            "UPDATE accounts SET password = ?, failures = 0 WHERE username = ?", (hashed, username)
        )
    return bool(changed.rowcount)


def remove_account(connection: sqlite3.Connection, username: str) -> bool:
    """Given an account, remove it and its sessions; return whether there was one."""
    with change(connection):
        removed = connection.execute("DELETE FROM accounts WHERE username = ?", (username,))
    return bool(removed.rowcount)


def all_accounts(connection: sqlite3.Connection) -> list[Account]:
    """Return the accounts by name."""
    rows = connection.execute("SELECT username, administrator FROM accounts ORDER BY username")
    return [Account(row["username"], bool(row["administrator"])) for row in rows]


def account_with(
    connection: sqlite3.Connection, username: str, password: str, delays: bool = True
) -> Account | None:
    """Given a name and a password, return the account; None if they do not fit, or it must wait.

    After five failures in a row every further one doubles the wait, up to 15 minutes.
    """
    row = _attempt(connection, username, delays)
    hashed = _nobodys() if row is None else row["password"]
    if not _fits(hashed, password) or row is None:
        return None
    connection.execute("UPDATE accounts SET failures = 0 WHERE username = ?", (username,))
    if HASHER.check_needs_rehash(hashed):
        connection.execute(
            "UPDATE accounts SET password = ? WHERE username = ? AND password = ?",
            (_hash(password), username, hashed),
        )
    return Account(row["username"], bool(row["administrator"]))


def _attempt(connection: sqlite3.Connection, username: str, delays: bool) -> sqlite3.Row | None:
    """Return the account's row if it may be tried now.

    The attempt counts as failed before it is made: many at once are counted one by one.
    """
    with change(connection):
        row: sqlite3.Row | None = connection.execute(
            "SELECT * FROM accounts WHERE username = ?", (username,)
        ).fetchone()
        if row is None or (delays and time.time() < row["failed_at"] + _wait(row["failures"])):
            return None
        connection.execute(
            "UPDATE accounts SET failures = failures + 1, failed_at = ? WHERE username = ?",
            (time.time(), username),
        )
    return row


def _wait(failures: int) -> float:
    beyond = failures - FREE_FAILURES
    return float(min(2 ** min(beyond, 20), LONGEST_WAIT_SECONDS)) if beyond >= 0 else 0.0


def _hashed(password: str) -> str:
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Refused(f"A password has at least {SHORTEST_PASSWORD} characters.")
    return _hash(password)


def _hash(password: str) -> str:
    with AT_ONCE:
        return HASHER.hash(password)


@cache
def _nobodys() -> str:
    """Return what is verified where there is no account: that takes as long as with one."""
    return _hash("the password of nobody")


def _fits(hashed: str, password: str) -> bool:
    try:
        with AT_ONCE:
            return HASHER.verify(hashed, password[: LONGEST_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False
