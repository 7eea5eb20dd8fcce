"""Fact 1.4: which rows and columns an export has."""

import contextlib
import datetime as dt
import json
import sqlite3

import pytest

BASE = {"redcap_repeat_instrument": "", "redcap_repeat_instance": ""}


def visit(record, number, **values):
    place = {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": number}
    return {"record_id": record, **place, **values}


@pytest.fixture
def filled(classic):
    classic.import_records(
        [
            {"record_id": 1, "name": "Ann", "kind": "a", "agreed": 1, "ticks____4": 1},
            visit(1, 2, visit_note="second"),
            visit(1, 1, visit_note="first", visits_complete=2),
            {"record_id": 10, "name": "Bob"},
            {"record_id": 2, "age": 5},
        ]
    )
    return classic


def test_1_4_columns_stand_in_order(filled):
    assert list(filled.export_records()[0]) == [
        *("record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "name", "age"),
        *("day", "moment", "weight", "kind", "agreed", "total", "paper", "first_complete"),
        *("ticks___1", "ticks____4", "ticks___b", "note", "second_complete"),
        *("visit_note", "visit_tick___1", "visits_complete"),
    ]


@pytest.mark.parametrize(
    ("wanted", "columns"),
    [
        ({"fields[0]": "name"}, ["name"]),
        ({"forms[0]": "second"}, [f"ticks___{c}" for c in ("1", "_4", "b")] + ["note"]),
    ],
)
def test_1_4_without_the_record_field_no_row_is_named(send, filled, wanted, columns):
    rows = send(token=filled.token, content="record", format="json", **wanted).json()
    assert [name for name in rows[0] if name != "second_complete"] == columns


def test_1_4_complete_comes_with_its_form_or_by_name(send, filled):
    for wanted in ({"forms": "second"}, {"fields": "record_id,second_complete"}):
        rows = send(token=filled.token, content="record", format="json", **wanted).json()
        assert rows[0]["second_complete"] == "0"
    rows = send(token=filled.token, content="record", format="json", fields="note,record_id").json()
    assert "second_complete" not in rows[0]


@pytest.mark.parametrize(
    ("parameter", "values", "listed"),
    [
        ("fields", ["name", "x", "redcap_repeat_instance"], "'x', 'redcap_repeat_instance'"),
        ("forms", ["bogus"], "'bogus'"),
    ],
)
def test_1_4_unknown_names_are_400(error_of, filled, parameter, values, listed):
    status, text = error_of(filled, content="record", **{f"{parameter}[]": values})
    message = f'The following values in the parameter "{parameter}" are not valid: {listed}'
    assert (status, text) == (400, message)


def test_1_4_unknown_events_are_400(error_of, longitudinal):
    status, text = error_of(longitudinal, content="record", events="bogus_arm_1")
    message = "The following values in the parameter \"events\" are not valid: 'bogus_arm_1'"
    assert (status, text) == (400, message)


def test_1_4_rows_are_sorted_by_record_instrument_and_instance(filled):
    rows = filled.export_records()
    found = [
        (row["record_id"], row["redcap_repeat_instrument"], row["redcap_repeat_instance"])
        for row in rows
    ]
    assert found == [
        ("1", "", ""),
        ("1", "visits", 1),
        ("1", "visits", 2),
        ("2", "", ""),
        ("10", "", ""),
    ]


def test_1_4_what_does_not_belong_to_a_row_is_blank(filled):
    base, first, second = filled.export_records(records=["1"])
    assert (base["visit_tick___1"], base["visits_complete"]) == ("", "")
    assert (base["ticks____4"], base["ticks___1"], base["second_complete"]) == ("1", "0", "0")
    assert (first["name"], first["ticks____4"], first["first_complete"]) == ("", "", "")
    assert (first["visit_tick___1"], first["visits_complete"]) == ("0", "2")
    assert second["visits_complete"] == "0"


def test_1_4_an_instrument_asked_for_comes_with_base_rows(send, filled):
    rows = send(
        token=filled.token,
        content="record",
        format="json",
        **{"records[0]": "1", "fields[0]": "record_id", "forms[0]": "visits"},
    ).json()
    assert [(row["redcap_repeat_instance"], row["visit_note"]) for row in rows] == [
        ("", ""),
        (1, "first"),
        (2, "second"),
    ]


def test_1_4_instruments_nobody_asked_for_do_not_come(send, filled):
    body = {"token": filled.token, "content": "record", "format": "json"}
    rows = send(**body, fields="record_id,name").json()
    assert [row["redcap_repeat_instance"] for row in rows] == ["", "", ""]


def test_1_8_what_repeats_no_more_is_unseen_and_kept(send, filled):
    body = {"token": filled.token, "format": "json"}
    repeating = [{"form_name": "second", "custom_form_label": ""}]
    send(**body, content="repeatingFormsEvents", data=json.dumps(repeating))
    assert len(send(**body, content="record").json()) == 3
    repeating[0]["form_name"] = "visits"
    send(**body, content="repeatingFormsEvents", data=json.dumps(repeating))
    assert len(send(**body, content="record").json()) == 5


def test_1_4_a_gray_status_is_zero_or_blank(filled):
    def status(**options):
        return filled.export_records(records=["2"], **options)[0]

    assert status()["second_complete"] == "0"
    gray = status(export_blank_for_gray_form_status=True)
    assert (gray["first_complete"], gray["second_complete"]) == ("0", "")


def test_1_4_unknown_records_are_absent(send, filled):
    assert filled.export_records(records=["77"]) == []
    text = send(token=filled.token, content="record", format="csv", records="77").text
    assert text.strip() == ""


def test_1_4_labels(filled):
    base, first, _ = filled.export_records(records=["1"], raw_or_label="label")
    assert (base["kind"], base["agreed"], base["ticks____4"]) == ("Letter", "Yes", "Checked")
    assert (base["ticks___1"], base["first_complete"]) == ("Unchecked", "Incomplete")
    assert (first["redcap_repeat_instrument"], first["visits_complete"]) == ("Visits", "Complete")
    base = filled.export_records(records=["1"], raw_or_label="label", export_checkbox_labels=True)[
        0
    ]
    assert (base["ticks____4"], base["ticks___1"]) == ("Deep blue", "")


def test_1_4_label_headers(filled):
    text = filled.export_records(
        format_type="csv", fields=["record_id", "ticks"], raw_or_label_headers="label"
    )
    header = text.split("\n")[0]
    assert header == (
        'Record_Id,"Repeat Instrument","Repeat Instance",'
        '"Ticks (choice=Red)","Ticks (choice=Deep blue)","Ticks (choice=Green)"'
    )


def test_1_4_eav_has_a_row_for_each_value(filled):
    rows = filled.export_records(records=["1"], record_type="eav")
    assert list(rows[0]) == [
        *("record", "redcap_repeat_instrument", "redcap_repeat_instance", "field_name", "value")
    ]
    found = {(row["redcap_repeat_instance"], row["field_name"]): row["value"] for row in rows}
    assert found["", "record_id"] == "1"
    assert found["", "ticks"] == "-4"
    assert found[1, "visit_note"] == "first"
    assert found["", "second_complete"] == "0"
    assert not [row for row in rows if row["field_name"] == "note"]


def test_1_4_the_window_of_time_is_that_of_changes(tracker, classic):
    classic.import_records([{"record_id": n, "name": "x"} for n in ("old", "new")])
    begin = dt.datetime.now() - dt.timedelta(hours=1)
    assert len(classic.export_records(date_begin=begin)) == 2
    age(tracker, classic, "old")
    assert [row["record_id"] for row in classic.export_records(date_begin=begin)] == ["new"]
    assert [row["record_id"] for row in classic.export_records(date_end=begin)] == ["old"]
    # The same values again are no change, other values are one.
    classic.import_records([{"record_id": "old", "name": "x", "ticks___1": 0}])
    assert len(classic.export_records(date_begin=begin)) == 1
    classic.import_records([{"record_id": "old", "name": "y"}])
    assert len(classic.export_records(date_begin=begin)) == 2


def age(tracker, project, record):
    with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
        for table, column in (("records", "modified"), ("log", "moment")):
            connection.execute(
                f"UPDATE {table} SET {column} = '2020-01-01 00:00:00' WHERE record = ? AND"
                " project_id = (SELECT project_id FROM tokens WHERE token = ?)",
                (record, project.token),
            )


def test_1_4_longitudinal_rows(longitudinal):
    longitudinal.import_records(
        [
            {"record_id": 1, "redcap_event_name": "other_arm_2", "name": "c"},
            {"record_id": 1, "redcap_event_name": "event_1_arm_1", "name": "a", "note": "n"},
            {"record_id": 1, "redcap_event_name": "deadline_to_opt_ou_arm_1", "visit_note": "v"},
        ]
    )
    rows = longitudinal.export_records()
    assert [(row["redcap_event_name"], row["name"]) for row in rows] == [
        ("event_1_arm_1", "a"),
        ("deadline_to_opt_ou_arm_1", ""),
        ("other_arm_2", "c"),
    ]
    assert rows[2]["ticks___1"] == rows[2]["second_complete"] == ""
    assert "redcap_repeat_instance" not in rows[0]
    chosen = longitudinal.export_records(events=["other_arm_2"], raw_or_label="label")
    assert [row["redcap_event_name"] for row in chosen] == ["Other"]


def test_1_4_events_without_a_wanted_value_come_only_by_name(send, longitudinal):
    longitudinal.import_records(
        [
            {"record_id": 1, "redcap_event_name": "event_1_arm_1", "note": "n"},
            {"record_id": 1, "redcap_event_name": "other_arm_2", "name": "c"},
        ]
    )

    def rows(fields):
        return send(token=longitudinal.token, content="record", format="json", fields=fields).json()

    assert len(rows("record_id,note")) == 2
    assert rows("note") == [{"note": "n"}]
