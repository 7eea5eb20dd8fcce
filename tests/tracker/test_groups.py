"""Facts 1.4, 1.5, 1.7 and 1.11: records in data access groups, and people who see only theirs."""

import contextlib
import json
import sqlite3

import pytest

GROUP = "redcap_data_access_group"


@pytest.fixture
def change(tracker):
    def run(statement, *values):
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
            return connection.execute(statement, values).lastrowid

    return run


@pytest.fixture
def grouped(classic, change):
    """Two groups; one record in each, one in none."""
    number = classic.export_project_info()["project_id"]
    classic.groups = {
        unique: change(
            "INSERT INTO access_groups (project_id, unique_group_name, name) VALUES (?, ?, ?)",
            *(number, unique, unique.replace("_", " ").title()),
        )
        for unique in ("site_a", "site_b")
    }
    classic.import_records(
        [
            {"record_id": "1", "name": "a", GROUP: "site_a"},
            {"record_id": "2", "name": "b", GROUP: "site_b"},
            {"record_id": "3", "name": "c"},
        ]
    )
    return classic


@pytest.fixture
def member(grouped, change):
    """The project as somebody of site_a sees it."""
    number = grouped.export_project_info()["project_id"]
    change("UPDATE users SET group_id = ? WHERE project_id = ?", grouped.groups["site_a"], number)
    return grouped


def test_1_4_the_group_stands_before_the_fields_and_is_blank_for_records_in_none(send, grouped):
    body = {"token": grouped.token, "content": "record", "exportDataAccessGroups": "true"}
    shown = send(**body, format="csv", fields="record_id,name").text.splitlines()
    assert shown == [
        f"record_id,redcap_repeat_instrument,redcap_repeat_instance,{GROUP},name",
        "1,,,site_a,a",
        "2,,,site_b,b",
        "3,,,,c",
    ]
    [row] = send(**body, format="json", rawOrLabel="label", records="1").json()
    assert row[GROUP] == "Site A"
    labels = send(**body, format="csv", rawOrLabelHeaders="label", fields="record_id").text
    assert "Data Access Group" in labels.splitlines()[0]


def test_1_4_without_being_asked_for_or_without_groups_there_is_no_such_column(send, classic):
    classic.import_records([{"record_id": "1", "name": "a"}])
    [row] = classic.export_records(export_data_access_groups=True)
    assert GROUP not in row


def test_1_5_an_unknown_group_is_refused(import_error, grouped):
    assert "site_c" in import_error(grouped, [{"record_id": "1", GROUP: "site_c"}])


def test_1_11_who_is_in_a_group_sees_its_records_alone_and_never_the_column(member):
    rows = member.export_records(export_data_access_groups=True)
    assert [row["record_id"] for row in rows] == ["1"]
    assert GROUP not in rows[0]
    assert member.export_records(records=["2", "3"]) == []


def test_1_11_new_records_of_a_group_member_are_the_groups(member, change):
    member.import_records([{"record_id": "4", "name": "d", GROUP: "site_b"}])
    assert [row["record_id"] for row in member.export_records()] == ["1", "4"]


def test_1_11_records_of_others_can_neither_be_changed_nor_deleted(member, error_of, import_error):
    assert "2" in import_error(member, [{"record_id": "2", "name": "x"}])
    status, text = error_of(member, content="record", action="delete", records="2")
    assert (status, text.endswith("do not exist: 2")) == (400, True)
    rename = {"action": "rename", "record": "2", "new_record_name": "9"}
    assert error_of(member, content="record", **rename)[0] in {400, 403}


def test_1_7_names_in_a_group_begin_with_its_number(member, send):
    group = member.groups["site_a"]

    def next_name():
        return send(token=member.token, content="generateNextRecordName").text

    assert next_name() == f"{group}-1"
    body = {"token": member.token, "content": "record", "format": "json", "returnContent": "ids"}
    data = json.dumps([{"record_id": "x", "name": "n"}, {"record_id": "y", "name": "m"}])
    answer = send(**body, data=data, forceAutoNumber="true")
    assert answer.json() == [f"{group}-1", f"{group}-2"]
    assert next_name() == f"{group}-3"
