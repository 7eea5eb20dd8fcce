"""The database: SQLite in WAL mode, every acknowledged change on disk before the answer."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from headgate.core.errors import Misconfigured, Unavailable

SCHEMA_VERSION = 1
BUSY_MILLISECONDS = 30_000
SCHEMA = """
CREATE TABLE projects (
    project_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_title TEXT NOT NULL,
    settings TEXT NOT NULL
);
CREATE TABLE tokens (
    token TEXT PRIMARY KEY,
    project_id INTEGER REFERENCES projects,
    username TEXT NOT NULL
);
CREATE TABLE users (
    project_id INTEGER NOT NULL REFERENCES projects,
    username TEXT NOT NULL,
    rights TEXT NOT NULL,
    PRIMARY KEY (project_id, username)
);
CREATE TABLE fields (
    project_id INTEGER NOT NULL REFERENCES projects,
    position INTEGER NOT NULL,
    definition TEXT NOT NULL,
    PRIMARY KEY (project_id, position)
);
CREATE TABLE arms (
    project_id INTEGER NOT NULL REFERENCES projects,
    arm_num INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (project_id, arm_num)
);
CREATE TABLE events (
    event_id INTEGER PRIMARY KEY AUTOINCREMENT,
    project_id INTEGER NOT NULL REFERENCES projects,
    arm_num INTEGER NOT NULL,
    event_name TEXT NOT NULL,
    unique_event_name TEXT NOT NULL,
    custom_event_label TEXT NOT NULL DEFAULT '',
    UNIQUE (project_id, unique_event_name)
);
CREATE TABLE mappings (
    project_id INTEGER NOT NULL REFERENCES projects,
    event_id INTEGER NOT NULL,
    form TEXT NOT NULL,
    PRIMARY KEY (project_id, event_id, form)
);
CREATE TABLE repeating (
    project_id INTEGER NOT NULL REFERENCES projects,
    event_id INTEGER NOT NULL,
    form TEXT NOT NULL,
    label TEXT NOT NULL,
    PRIMARY KEY (project_id, event_id, form)
);
CREATE TABLE records (
    project_id INTEGER NOT NULL REFERENCES projects,
    record TEXT NOT NULL,
    number INTEGER,
    modified TEXT NOT NULL,
    PRIMARY KEY (project_id, record)
) WITHOUT ROWID;
CREATE INDEX records_by_modification ON records (project_id, modified);
CREATE INDEX records_by_number ON records (project_id, number);
CREATE TABLE entries (
    project_id INTEGER NOT NULL REFERENCES projects,
    record TEXT NOT NULL,
    event_id INTEGER NOT NULL,
    instrument TEXT NOT NULL,
    instance INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (project_id, record, event_id, instrument, instance)
) WITHOUT ROWID;
"""


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
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version == 0:
                    _create(connection)
        except sqlite3.DatabaseError as error:
            raise Misconfigured(f"tracker: {path} is not usable as a database: {error}") from error
    if version not in {0, SCHEMA_VERSION}:
        raise Misconfigured(
            f"tracker: the database {path} has version {version}, this tracker knows "
            f"{SCHEMA_VERSION}: use the version of Headgate that wrote it"
        )


def _create(connection: sqlite3.Connection) -> None:
    for statement in SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


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
