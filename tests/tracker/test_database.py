"""The database: a change is whole or not at all, and a named record is looked up."""

from contextlib import closing

import pytest
from headgate.core.errors import Misconfigured
from headgate.tracker.model.entries import read_entries
from headgate.tracker.model.projects import create_project, load_project
from headgate.tracker.storage.database import change, connect, prepare


@pytest.fixture
def connection(tmp_path):
    prepare(tmp_path / "tracker.sqlite")
    with closing(connect(tmp_path / "tracker.sqlite")) as opened:
        yield opened


def test_a_change_that_fails_is_undone(connection):
    def half():
        with change(connection):
            create_project(connection, "half", {})
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert connection.execute("SELECT COUNT(*) FROM projects").fetchone()[0] == 0


def test_every_commit_is_synced(connection):
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_named_records_are_looked_up_in_the_primary_key(connection):
    with change(connection):
        number = create_project(connection, "one", {})
    queries = []
    connection.set_trace_callback(queries.append)
    project = load_project(connection, number)
    read_entries(connection, project, ["a", "b"])
    connection.set_trace_callback(None)
    plan = connection.execute(f"EXPLAIN QUERY PLAN {queries[-1]}").fetchall()
    assert any("USING PRIMARY KEY (project_id=? AND record=?)" in row["detail"] for row in plan)


def test_another_version_is_refused(tmp_path):
    path = tmp_path / "tracker.sqlite"
    prepare(path)
    with closing(connect(path)) as opened:
        opened.execute("PRAGMA user_version = 99")
    with pytest.raises(Misconfigured, match="version 99"):
        prepare(path)
