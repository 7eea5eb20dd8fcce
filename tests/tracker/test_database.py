"""The database: a change is whole or not at all, and a named record is looked up."""

import json
import sqlite3
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest
import requests
from headgate.core.errors import Misconfigured
from headgate.tracker.api import answer
from headgate.tracker.contents.metadata import store_definitions
from headgate.tracker.contents.setup import FIRST_FIELD
from headgate.tracker.model.entries import (
    BATCH,
    Entry,
    mark_changed,
    read_entries,
    write_entries,
)
from headgate.tracker.model.projects import create_project, load_project
from headgate.tracker.model.rights import ALL_RIGHTS
from headgate.tracker.model.tokens import add_user
from headgate.tracker.server import start
from headgate.tracker.storage.database import change, connect, prepare
from headgate.tracker.storage.schema import FIRST
from headgate.tracker.wire.parameters import Parameters
from redcap import Project, RedcapError

OLD_PROJECT = """
PRAGMA user_version = 1;
INSERT INTO projects VALUES (1, 'old', '{"is_longitudinal": 0, "record_autonumbering_enabled": 1}');
INSERT INTO users VALUES (1, 'somebody', '{"api_export": 1, "api_import": 1, "design": 1}');
INSERT INTO tokens VALUES ('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 1, 'somebody');
INSERT INTO fields VALUES (1, 0, '{"field_name": "record_id", "form_name": "first",
    "field_type": "text", "field_label": "x", "select_choices_or_calculations": "",
    "text_validation_type_or_show_slider_number": "", "identifier": ""}');
INSERT INTO arms VALUES (1, 1, 'Arm 1');
INSERT INTO events VALUES (1, 1, 1, 'Event 1', 'event_1_arm_1', '');
INSERT INTO records VALUES (1, '1', 1, '2020-01-01 00:00:00');
INSERT INTO entries VALUES (1, '1', 1, '', 0, '{"first_complete": "2"}');
"""


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


def test_a_database_of_the_first_version_is_brought_up_with_all_it_holds(tmp_path):
    path = tmp_path / "tracker.sqlite"
    with closing(sqlite3.connect(path)) as opened, opened:
        opened.executescript(FIRST + OLD_PROJECT)
    running = start(path)
    try:
        project = Project(running.url, "A" * 32, timeout=30)
        assert project.export_records() == [{"record_id": "1", "first_complete": "2"}]
        assert project.import_records([{"record_id": "2"}]) == {"count": 2 - 1}
        begin = datetime(2021, 1, 1, tzinfo=UTC)
        assert [row["record_id"] for row in project.export_records(date_begin=begin)] == ["2"]
        begin = datetime(2019, 1, 1, tzinfo=UTC)
        assert len(project.export_records(date_begin=begin)) == 2
        with pytest.raises(RedcapError, match="Delete Record"):
            project.delete_records(["1"])
    finally:
        running.stop()


def test_rows_of_a_long_export_are_read_as_they_are_sent(connection):
    with change(connection):
        number = create_project(connection, "long", {})
        token = add_user(connection, number, "somebody", ALL_RIGHTS)
        store_definitions(connection, number, [FIRST_FIELD])
        event = load_project(connection, number).events[0].event_id
        names = [str(name) for name in range(5 * BATCH)]
        write_entries(connection, number, (Entry(name, event, "", 0, {}) for name in names))
        mark_changed(connection, number, names)
    queries = []
    asked = {"token": token, "content": "record", "format": "csv"}
    connection.set_trace_callback(queries.append)

    def batches():
        return sum("CROSS JOIN entries" in query for query in queries)

    with ExitStack() as opened:
        chunks = answer(connection, Parameters(asked), opened).body
        first = next(chunks)
        assert batches() == 1
        lines = (first + "".join(chunks)).splitlines()
    assert batches() == 5
    assert [line.split(",")[0] for line in lines[1:]] == names


def test_a_client_that_leaves_a_long_export_leaves_nothing_open(tmp_path):
    path = tmp_path / "tracker.sqlite"
    running = start(path)
    try:
        data = json.dumps({"project_title": "x", "purpose": 0})
        body = {"token": running.tokens["super"], "content": "project", "format": "json"}
        token = requests.post(running.url, data={**body, "data": data}, timeout=30).text
        project = Project(running.url, token, timeout=30)
        project.import_records([{"record_id": name} for name in range(6000)])
        asked = {"token": token, "content": "record", "format": "json"}
        with requests.post(running.url, data=asked, timeout=30, stream=True) as response:
            next(response.iter_content(10))
    finally:
        running.stop()
    with closing(connect(path)) as opened:
        busy = opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    assert busy == 0
