"""The database itself knows where the transfers of each record stand, whoever writes."""

import sqlite3

import pytest
from headgate.tracker.storage import schema
from headgate.tracker.storage.database import prepare
from redcap import Project

ERROR, WAITING, SENT = 0, 1, 2
UID = "study_instance_uid"
NONE: dict = {}
ASKED = {"transfer_project_name": "P"}
DONE = {"transfer_date": "2026-01-02 03:04"}
BOX = {"transfer_error___2": "1"}
MESSAGE = {"transfer_error_message": "nobody answers"}


@pytest.fixture
def incoming(tracker):
    return Project(tracker.url, tracker.tokens["Incoming"], timeout=30)


def state_of(tracker, record):
    with sqlite3.connect(tracker.database) as connection:
        query = "SELECT transfer_state FROM records WHERE record = ?"
        return connection.execute(query, (record,)).fetchone()[0]


def row(record, number, values):
    place = {"redcap_repeat_instrument": "transfers", "redcap_repeat_instance": number}
    return {UID: record, **place, **values}


@pytest.mark.parametrize(
    ("transfers", "state"),
    [
        ([], WAITING),
        ([ASKED], WAITING),
        ([DONE], SENT),
        ([ASKED | DONE | BOX], ERROR),
        ([MESSAGE], ERROR),
        ([DONE, DONE], SENT),
        ([DONE, ASKED], WAITING),
        ([ASKED, BOX], ERROR),
    ],
)
def test_the_state_is_that_of_the_transfer_that_needs_most_care(
    tracker, incoming, transfers, state, request
):
    record = request.node.name
    base = {UID: record, "study_date": "d"}
    rows = [row(record, number, values) for number, values in enumerate(transfers, start=1)]
    incoming.import_records([base, *rows])
    assert state_of(tracker, record) == state


def test_the_state_follows_changes_and_deletions(tracker, incoming):
    incoming.import_records([row("followed", 1, ASKED), row("followed", 2, DONE)])
    assert state_of(tracker, "followed") == WAITING
    incoming.import_records([row("followed", 1, BOX)])
    assert state_of(tracker, "followed") == ERROR
    incoming.delete_records(["followed"], instrument="transfers", repeat_instance="1")
    assert state_of(tracker, "followed") == SENT


def test_an_older_database_learns_its_states(tmp_path, monkeypatch):
    path = tmp_path / "old.sqlite"
    monkeypatch.setattr("headgate.tracker.storage.database.VERSIONS", (schema.FIRST, schema.SECOND))
    prepare(path)
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO projects VALUES (1, 't', '{}')")
        connection.execute(
            "INSERT INTO records (project_id, record, modified) VALUES (1, 'a', ''), (1, 'b', '')"
        )
        connection.execute(
            "INSERT INTO entries VALUES (1, 'a', 1, 'transfers', 1, ?)", ('{"transfer_date":"d"}',)
        )
    monkeypatch.undo()
    prepare(path)
    with sqlite3.connect(path) as connection:
        found = dict(connection.execute("SELECT record, transfer_state FROM records"))
    assert found == {"a": SENT, "b": WAITING}
