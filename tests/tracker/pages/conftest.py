"""People who look at the pages: each with an account, a session, and rights in a project."""

import sqlite3
import uuid
from contextlib import closing

import pytest
from headgate.tracker.model.rights import ALL_RIGHTS
from headgate.tracker.model.tokens import set_rights
from headgate.tracker.pages.accounts import HASHER
from headgate.tracker.pages.sessions import COOKIE, open_session
from headgate.tracker.storage.database import change, connect
from visitors import PASSWORD, Visitor

# Hashed once: most tests are not about passwords.
HASHED = HASHER.hash(PASSWORD)


@pytest.fixture(scope="session")
def base(tracker):
    return tracker.url.removesuffix("/api/")


@pytest.fixture
def database(tracker):
    with closing(connect(tracker.database)) as connection:
        yield connection


@pytest.fixture
def account(database):
    """Makes an account, and returns its name."""

    def make_account(administrator=False):
        name = f"u{uuid.uuid4().hex[:10]}"
        with change(database):
            database.execute(
                "INSERT INTO accounts (username, password, administrator) VALUES (?, ?, ?)",
                (name, HASHED, int(administrator)),
            )
        return name

    return make_account


@pytest.fixture
def visitor(base, database):
    """Opens a session for an account without the sign-in page."""

    def enter(name):
        cookie = open_session(database, name)
        one = Visitor(base)
        one.session.cookies.set(COOKIE, cookie)
        row = database.execute(
            "SELECT form_token FROM sessions WHERE username = ? ORDER BY rowid DESC", (name,)
        )
        one.token = row.fetchone()[0]
        return one

    return enter


@pytest.fixture
def boss(account, visitor):
    """An administrator, signed in."""
    return visitor(account(administrator=True))


@pytest.fixture
def member(account, visitor, database):
    """Makes somebody who may do in a project what is given, and nothing else if `only`."""

    def enter(number, only=None, group_id=None, **rights):
        given = dict(ALL_RIGHTS) if only is None else dict.fromkeys(only, 1)
        name = account()
        with change(database):
            set_rights(database, number, name, {**given, **rights})
            database.execute(
                "UPDATE users SET group_id = ? WHERE project_id = ? AND username = ?",
                (group_id, number, name),
            )
        one = visitor(name)
        one.name = name
        return one

    return enter


@pytest.fixture
def number_of():
    return lambda project: int(project.export_project_info()["project_id"])


@pytest.fixture
def number(classic, number_of):
    """The number of a project with two records and two visits."""
    classic.import_records(
        [
            {"record_id": "1", "name": "Ann", "age": "40", "first_complete": "2"},
            {"record_id": "1", "ticks___1": "1", "second_complete": "1"},
            {"record_id": "2", "name": "Bob"},
        ]
    )
    place = {"record_id": "1", "redcap_repeat_instrument": "visits"}
    classic.import_records(
        [{**place, "redcap_repeat_instance": n, "visit_note": f"visit {n}"} for n in (1, 2)]
    )
    return number_of(classic)


@pytest.fixture
def group(database):
    """Makes a data access group in a project, and returns its number."""

    def make_group(number, name="Site A"):
        with change(database):
            return database.execute(
                "INSERT INTO access_groups (project_id, unique_group_name, name) VALUES (?, ?, ?)",
                (number, name.lower().replace(" ", "_"), name),
            ).lastrowid

    return make_group


@pytest.fixture
def log_of(database):
    """Returns the actions of a project's log but those of the API, the newest first."""

    def actions(number):
        rows = database.execute(
            "SELECT action FROM log WHERE project_id = ? AND action NOT LIKE '%(API)%'"
            " ORDER BY log_id DESC",
            (number,),
        )
        return [row[0].strip() for row in rows]

    return actions


@pytest.fixture
def count(tracker):
    """Counts the rows of a table of the database."""

    def rows(table, where="1"):
        with closing(sqlite3.connect(tracker.database)) as connection:
            return connection.execute(f"SELECT COUNT(*) FROM {table} WHERE {where}").fetchone()[0]

    return rows
