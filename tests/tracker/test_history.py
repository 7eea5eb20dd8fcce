"""The log: what every change was, and what is no change."""

import contextlib
import json
import sqlite3

import pytest


@pytest.fixture
def lines(tracker):
    """Returns the lines of a record's log: kind, action, instance, changes."""

    def read(project, record):
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection:
            rows = connection.execute(
                "SELECT kind, action, instrument, instance, changes FROM log WHERE record = ? AND"
                " project_id = (SELECT project_id FROM tokens WHERE token = ?) ORDER BY log_id",
                (record, project.token),
            ).fetchall()
        return [(*row[:4], json.loads(row[4])) for row in rows]

    return read


def test_each_change_has_its_values_before_and_after(classic, lines):
    classic.import_records([{"record_id": "1", "name": "a", "ticks___1": "1"}])
    classic.import_records([{"record_id": "1", "name": "b"}])
    classic.import_records([{"record_id": "1", "ticks___1": "0"}])
    classic.delete_records(["1"])
    created, renamed, unticked, deleted = lines(classic, "1")
    assert created[:4] == ("record_add", "Create record (API)", "", 0)
    assert created[4]["name"] == ["", "a"]
    assert renamed == ("record_edit", "Update record (API)", "", 0, {"name": ["a", "b"]})
    assert unticked[4] == {"ticks___1": ["1", ""]}
    assert deleted[0] == "record_delete"
    assert deleted[4]["name"] == ["b", ""]


def test_1_5_what_is_sent_again_is_counted_and_not_logged(classic, lines):
    row = {"record_id": "1", "name": "a", "ticks___1": "0"}
    for _ in range(3):
        assert classic.import_records([row]) == {"count": 1}
    assert len(lines(classic, "1")) == 1


def test_an_instance_is_named_in_its_line(classic, lines):
    place = {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": 3}
    classic.import_records([{"record_id": "1", **place, "visit_note": "n"}])
    assert ("visits", 3) in [line[2:4] for line in lines(classic, "1")]


def test_a_refused_import_leaves_no_line(classic, error_of, lines):
    error_of(classic, content="record", data=json.dumps([{"record_id": "1", "age": "x"}]))
    assert lines(classic, "1") == []


def test_1_6_the_history_goes_with_a_renamed_record(classic, send, lines):
    classic.import_users([{"username": "administrator", "record_rename": 1}])
    classic.import_records([{"record_id": "1", "name": "a"}])
    answer = send(
        token=classic.token,
        content="record",
        action="rename",
        record="1",
        new_record_name="2",
    )
    assert answer.text == "1"
    assert [line[0] for line in lines(classic, "2")] == ["record_add", "record_edit"]
    assert lines(classic, "1") == []
