"""The database: SQLite in WAL mode, every acknowledged change on disk before the answer."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from headgate.core.errors import Misconfigured, Unavailable
from headgate.tracker.storage.schema import VERSIONS

BUSY_MILLISECONDS = 30_000


def connect(path: Path) -> sqlite3.Connection:
    """Given the database's file, return a connection whose commits survive a crash."""
    try:
        connection = sqlite3.connect(
            path, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000, check_same_thread=False
        )
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    except sqlite3.OperationalError as error:
        raise Unavailable(f"tracker: the database {path} cannot be opened: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Misconfigured(f"tracker: {path} is not usable as a database: {error}") from error
    connection.row_factory = sqlite3.Row
    return connection


def prepare(path: Path) -> None:
    """Given the database's file, make what is absent. Raise Misconfigured if it is foreign."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # The database holds tokens: nobody else may read it, from its first moment on.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise Misconfigured(f"tracker: the database {path} cannot be made: {error}") from error
    with closing(connect(path)) as connection:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            with change(connection):
                version = _upgrade(connection)
        except sqlite3.DatabaseError as error:
            raise Misconfigured(f"tracker: {path} is not usable as a database: {error}") from error
    if version > len(VERSIONS):
        raise Misconfigured(
            f"tracker: the database {path} has version {version}, this tracker knows "
            f"{len(VERSIONS)}: use the version of Headgate that wrote it"
        )


def _upgrade(connection: sqlite3.Connection) -> int:
    """Bring the tables to the newest version; return the version that was found."""
    found = int(connection.execute("PRAGMA user_version").fetchone()[0])
    for version, script in enumerate(VERSIONS[found:], start=found + 1):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {version}")
    return found


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        # The body of a trigger has semicolons of its own.
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def change(connection: sqlite3.Connection) -> Iterator[None]:
    """Given a connection, hold the only write transaction; undo all of it if the body raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        # After a commit, and after a full disk, nothing is open any more.
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def look(connection: sqlite3.Connection) -> Iterator[None]:
    """Given a connection, let every query of the body see one and the same state."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def now() -> str:
    """Return the server's local time as REDCap writes it."""
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
