"""Projects from a folder of data dictionaries, for a tracker that starts from nothing."""

import csv
import json
import os
import sqlite3
import tempfile
from pathlib import Path

from headgate.core.errors import Misconfigured
from headgate.tracker.contents.metadata import check_definitions, store_definitions
from headgate.tracker.model.dictionary import COLUMNS
from headgate.tracker.model.projects import create_project, load_project
from headgate.tracker.model.rights import ALL_RIGHTS
from headgate.tracker.model.tokens import add_user, project_token, super_token
from headgate.tracker.storage.database import change

REPEATING = "repeating.csv"
SUPER = "super"


def load_folder(connection: sqlite3.Connection, folder: Path) -> None:
    """Given a folder of dictionaries, make a project of each that is not there yet.

    Raise Misconfigured if a file cannot be read or is no dictionary.
    """
    paths = sorted(path for path in folder.glob("*.csv") if path.name != REPEATING)
    if not paths:
        raise Misconfigured(f"tracker: {folder} holds no data dictionaries (*.csv)")
    with change(connection):
        found = connection.execute("SELECT project_title, project_id FROM projects").fetchall()
        present = {row["project_title"]: row["project_id"] for row in reversed(found)}
        for path in paths:
            project_id = present.get(path.stem) or _load(connection, path)
            # A project whose last user was removed could not be reached by anybody.
            if project_token(connection, project_id) is None:
                add_user(connection, project_id, "headgate", ALL_RIGHTS)


def tokens_of(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the super token, as "super", and a token of each project by its title."""
    with change(connection):
        found = {SUPER: super_token(connection)}
        for row in connection.execute("SELECT project_id, project_title FROM projects").fetchall():
            if token := project_token(connection, row["project_id"]):
                found.setdefault(row["project_title"], token)
    return found


def write_tokens(path: Path, tokens: dict[str, str]) -> None:
    """Given a path, write the tokens there, whole or not at all, readable by the owner alone."""
    # mkstemp makes the file with mode 0600.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(tokens, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(name, path)


def _load(connection: sqlite3.Connection, path: Path) -> int:
    names = {header: name for name, header in COLUMNS.items()}
    rows = [{names.get(key, key): cell for key, cell in row.items()} for row in _rows(path)]
    problem = check_definitions(rows)
    if problem:
        raise Misconfigured(f"tracker: {path} is no data dictionary: {problem}")
    project_id = create_project(connection, path.stem, {})
    store_definitions(connection, project_id, rows)
    event_id = load_project(connection, project_id).events[0].event_id
    repeating = path.with_name(REPEATING)
    for row in _rows(repeating) if repeating.exists() else ():
        if row["project"] == path.stem:
            connection.execute(
                "INSERT INTO repeating VALUES (?, ?, ?, ?)",
                (project_id, event_id, row["form_name"], row["custom_form_label"]),
            )
    return project_id


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.DictReader(stream))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Misconfigured(f"tracker: {path} cannot be read: {error}") from error
