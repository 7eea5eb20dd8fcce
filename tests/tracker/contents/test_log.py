"""Fact 1.12, the log: its columns, its lines, its filters."""

import contextlib
import re
import sqlite3
import tracemalloc

import pytest


@pytest.fixture
def lines(ask):
    def read(project, **parameters):
        return ask(project, "log", **parameters).json()

    return read


def test_1_12_lines_come_newest_first_with_these_columns(classic, ask, lines):
    ask(classic, "record", [{"record_id": 5, "name": "a"}])
    ask(classic, "record", [{"record_id": 5, "name": "b"}])
    rows = lines(classic)
    assert list(rows[0]) == ["timestamp", "username", "action", "details", "record"]
    assert [row["action"] for row in rows[:3]] == [
        "Manage/Design ",
        "Update record (API) 5",
        "Create record (API) 5",
    ]
    assert rows[0]["details"] == "Export Logging (API)"
    assert rows[1] | {"timestamp": ""} == {
        "timestamp": "",
        "username": "administrator",
        "action": "Update record (API) 5",
        "details": "name = 'b'",
        "record": "5",
    }
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row["timestamp"]) for row in rows)


def test_1_12_a_new_project_begins_with_its_making(classic, lines):
    actions = [(row["action"], row["details"]) for row in lines(classic)]
    assert ("Manage/Design ", "Create project (API)") in actions
    assert lines(classic, logtype="manage")[-1]["details"] == "Create project (API)"


def test_1_12_values_are_told_one_by_one(classic, ask, lines):
    ask(classic, "record", [{"record_id": 1, "name": "it's", "age": 4}])
    ask(classic, "record", [{"record_id": 1, "ticks___1": 1}])
    ask(classic, "record", [{"record_id": 1, "ticks___1": 0}], overwriteBehavior="overwrite")
    details = [row["details"] for row in lines(classic, logtype="record")]
    assert details[0] == "ticks(1) = unchecked"
    assert details[1].split(",\n") == ["ticks(1) = checked", "second_complete = '0'"]
    told = details[2].split(",\n")
    assert told[:3] == ["record_id = '1'", "name = 'it's'", "age = '4'"]


def test_1_12_instance_and_event_are_named(classic, longitudinal, ask, lines):
    ask(
        classic,
        "record",
        [
            {
                "record_id": 1,
                "redcap_repeat_instrument": "visits",
                "redcap_repeat_instance": 2,
                "visit_note": "v",
            }
        ],
    )
    told = [row["details"] for row in lines(classic, logtype="record")]
    assert any(text.startswith("[instance = 2],\n") and "visit_note = 'v'" in text for text in told)
    ask(longitudinal, "record", [{"record_id": 1, "redcap_event_name": "other_arm_2", "name": "x"}])
    action = lines(longitudinal, logtype="record")[0]["action"]
    assert action == "Create record (API) 1 (Other (Arm 2: Arm 2))"


def test_1_12_an_import_of_what_is_there_leaves_no_line(classic, ask, lines):
    for _ in range(2):
        ask(classic, "record", [{"record_id": 1, "name": "a"}])
    assert len(lines(classic, logtype="record")) == 1


@pytest.mark.parametrize(
    ("kind", "actions"),
    [
        ("record_add", ["Create record (API) 1"]),
        ("record_edit", ["Update record (API) 1"]),
        ("record_delete", ["Delete record (API) 1"]),
        ("record", ["Delete record (API) 1", "Update record (API) 1", "Create record (API) 1"]),
        ("export", ["Data export (API)"]),
        ("lock_record", []),
        ("page_view", []),
    ],
)
def test_1_12_logtype_chooses(classic, ask, lines, kind, actions):
    ask(classic, "record", [{"record_id": 1, "name": "a"}])
    ask(classic, "record", [{"record_id": 1, "name": "b"}])
    ask(classic, "record")
    ask(classic, "record", action="delete", **{"records[0]": "1"})
    assert [row["action"] for row in lines(classic, logtype=kind)] == actions


def test_1_12_user_and_record_choose(classic, ask, lines, person):
    token = person(classic, "worker")
    ask(classic, "record", [{"record_id": 1, "name": "a"}, {"record_id": 2, "name": "b"}])
    ask(classic, "record", [{"record_id": 1, "name": "c"}], token=token)
    assert [row["record"] for row in lines(classic, user="worker")] == ["1"]
    assert {row["record"] for row in lines(classic, record="2")} == {"2"}
    assert lines(classic, record="none") == []
    assert ask(classic, "log", record="none", format="csv").text == ""


def test_1_12_the_window_of_time_includes_its_ends(tracker, classic, project_id, lines, refusal):
    number = project_id(classic)
    moments = ["2020-01-01 10:00:59", "2020-01-02 10:00:00", "2020-01-03 09:59:59"]
    with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
        connection.executemany(
            "INSERT INTO log (project_id, moment, username, kind, action)"
            " VALUES (?, ?, 'old', 'manage', 'Manage/Design ')",
            [(number, moment) for moment in moments],
        )

    def found(**window):
        return [row["timestamp"][8:10] for row in lines(classic, user="old", **window)]

    assert found() == ["03", "02", "01"]
    assert found(beginTime="2020-01-02 10:00") == ["03", "02"]
    assert found(endTime="2020-01-01 10:00") == ["01"]
    assert found(beginTime="2020-01-02", endTime="2020-01-02") == ["02"]
    assert found(beginTime="2020-01-01 11:00:00", endTime="2020-01-03 09:59:58") == ["02"]
    assert refusal(classic, "log", beginTime="yesterday")[0] == 400
    assert refusal(classic, "log", logtype="bogus")[0] == 400


def test_1_12_csv_and_xml(classic, ask):
    ask(classic, "record", [{"record_id": 1, "name": "a"}])
    text = ask(classic, "log", format="csv", logtype="record_add").text
    header, line = text.split("\n", 1)
    assert header == "timestamp,username,action,details,record"
    assert ',administrator,"Create record (API) 1","record_id = \'1\',\n' in line
    text = ask(classic, "log", format="xml", logtype="record_add").text
    assert "<action><![CDATA[Create record (API) 1]]></action>" in text


def test_1_12_dag_chooses_and_members_see_their_groups_lines_alone(
    classic, ask, lines, person, refusal
):
    ask(classic, "dag", [{"data_access_group_name": "Ward"}], action="import")
    ask(classic, "record", [{"record_id": "w", "redcap_data_access_group": "ward", "name": "x"}])
    ask(classic, "record", [{"record_id": "other", "name": "secret"}])
    assert {row["record"] for row in lines(classic, dag="ward")} == {"w"}
    assert refusal(classic, "log", dag="bogus")[0] == 400
    token = person(classic, "nurse", group="ward")
    seen = lines(classic, token=token)
    assert {row["record"] for row in seen} == {"w", ""}
    assert {row["username"] for row in seen if not row["record"]} == {"nurse"}
    assert lines(classic, token=token, record="other") == []


def test_1_12_the_log_has_a_right_of_its_own(classic, person, refusal):
    token = person(classic, "u", logging=0)
    assert refusal(classic, "log", token=token) == (403, "You do not have Logging privileges")


READS = [
    ("record", {}, "Data export (API)"),
    ("project_xml", {}, "Data export (API)"),
    ("pdf", {}, "Download PDF (API)"),
    ("user", {}, "Export users (API)"),
    ("userRole", {}, "Export user roles (API)"),
    ("userRoleMapping", {}, "Export user role assignments (API)"),
    ("dag", {}, "Export DAGs (API)"),
    ("userDagMapping", {}, "Export User-DAG assignments (API)"),
]
SILENT = [
    "version",
    "metadata",
    "instrument",
    "project",
    "exportFieldNames",
    "generateNextRecordName",
]


@pytest.mark.parametrize(("content", "asked", "text"), READS)
def test_1_12_exports_of_data_and_people_leave_a_line(classic, ask, lines, content, asked, text):
    assert ask(classic, content, **asked).status_code == 200
    line = lines(classic)[1]
    assert text in {line["action"], line["details"]}


@pytest.mark.parametrize("content", SILENT)
def test_1_12_other_reads_leave_none(classic, ask, rows_in, content):
    before = rows_in(classic, "log")
    assert ask(classic, content).status_code == 200
    assert rows_in(classic, "log") == before


def test_1_12_a_refused_export_without_the_right_leaves_none(classic, ask, person, rows_in):
    token = person(classic, "u", api_export=0)
    before = rows_in(classic, "log")
    assert ask(classic, "record", token=token).status_code == 403
    assert rows_in(classic, "log") == before


def test_1_12_the_line_of_an_export_waits_for_no_disk(classic, ask, monkeypatch):
    from headgate.tracker import api

    seen, note = [], api.note

    def watched(connection, *line):
        seen.append(connection.execute("PRAGMA synchronous").fetchone()[0])
        note(connection, *line)

    monkeypatch.setattr(api, "note", watched)
    assert ask(classic, "record").status_code == 200
    # 1 is NORMAL: what an export says need not be on the disk before its rows are sent.
    assert seen == [1]


CHANGES = [
    ("arm", {"action": "import"}, [{"arm_num": 3, "name": "x"}], "Import arms (API)"),
    ("arm", {"action": "delete", "arms[0]": "2"}, None, "Delete arms (API)"),
    ("event", {"action": "import"}, [{"event_name": "n", "arm_num": 1}], "Import events (API)"),
    ("event", {"action": "delete", "events[0]": "other_arm_2"}, None, "Delete events (API)"),
    ("formEventMapping", {}, [], "Import instrument-event mappings (API)"),
    ("repeatingFormsEvents", {}, [], "Import repeating instruments and events (API)"),
    ("project_settings", {}, {"project_notes": "x"}, "Modify project settings (API)"),
]


@pytest.mark.parametrize(("content", "asked", "data", "text"), CHANGES)
def test_1_12_changes_of_the_project_leave_a_line(
    longitudinal, ask, lines, content, asked, data, text
):
    assert ask(longitudinal, content, data, **asked).status_code == 200
    line = lines(longitudinal, logtype="manage")[1]
    assert (line["action"], line["details"]) == ("Manage/Design ", text)


def test_1_12_a_long_log_is_sent_as_it_is_read(tracker, classic, project_id):
    from headgate.tracker import api
    from headgate.tracker.storage.database import connect
    from headgate.tracker.wire.parameters import Parameters

    number = project_id(classic)
    with contextlib.closing(connect(tracker.database)) as connection:
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO log (project_id, moment, username, kind, action, details)"
            " VALUES (?, '2020-01-01 00:00:00', 'u', 'manage', 'Manage/Design ', ?)",
            ((number, "x" * 500) for _ in range(20_000)),
        )
        connection.execute("COMMIT")
        asked = {"token": classic.token, "content": "log", "format": "json"}
        with contextlib.ExitStack() as opened:
            tracemalloc.start()
            answer = api.answer(connection, Parameters(asked), opened)
            size = sum(len(chunk) for chunk in answer.body)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert size > 10_000_000
    assert peak < 2_000_000
