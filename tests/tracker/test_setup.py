"""Facts 1.3, 1.8, 1.9 and 1.11: dictionary, events, repeating parts, users."""

import csv
from pathlib import Path

import pytest
from headgate.tracker.model.dictionary import COLUMNS

DICTIONARIES = Path(__file__).resolve().parents[2] / "config" / "redcap"
from redcap import RedcapError


def test_1_3_metadata_has_18_columns_in_order(classic, metadata):
    rows = classic.export_metadata()
    assert list(rows[0]) == list(COLUMNS)
    assert len(rows) == len(metadata)


def test_1_3_the_forms_filter_does_not_add_the_record_field(classic):
    names = [row["field_name"] for row in classic.export_metadata(forms=["second"])]
    assert names == ["ticks", "note"]
    names = [row["field_name"] for row in classic.export_metadata(fields=["age"])]
    assert names == ["age"]


def test_1_3_an_import_replaces_all_and_keeps_the_data(classic, send, metadata):
    def row():
        return send(token=classic.token, content="record", format="json").json()[0]

    classic.import_records([{"record_id": 1, "name": "kept", "age": 3}])
    fewer = [row for row in metadata if row["field_name"] != "name"]
    assert classic.import_metadata(fewer) == len(fewer)
    assert "name" not in row()
    assert classic.import_metadata(metadata) == len(metadata)
    assert row()["name"] == "kept"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"field_name": ""}, "field name missing: A3."),
        ({"form_name": ""}, "form name missing: B3."),
        ({"field_type": "radio"}, "choices missing: F3."),
        ({"text_validation_min": "1"}, "validation type missing: I3."),
        ({"field_type": "bogus"}, "does not exist: D3."),
        ({"field_name": "record_id"}, "used before: A3."),
        ({"field_name": "Näme"}, "digits and _: A3."),
    ],
)
def test_1_3_a_wrong_dictionary_changes_nothing(classic, metadata, change, text):
    before = classic.export_metadata()
    rows = [dict(row) for row in metadata]
    rows[1].update(change)
    with pytest.raises(RedcapError) as refused:
        classic.import_metadata(rows)
    assert text in str(refused.value)
    assert classic.export_metadata() == before


@pytest.mark.parametrize("path", sorted(DICTIONARIES.glob("[!r]*.csv")), ids=lambda path: path.stem)
def test_4_the_dictionaries_are_loaded_as_projects(tracker, send, path):
    with path.open(newline="") as stream:
        names = [row["Variable / Field Name"] for row in csv.DictReader(stream)]
    token = tracker.tokens[path.stem]
    rows = send(token=token, content="metadata", format="json").json()
    assert [row["field_name"] for row in rows] == names


@pytest.mark.parametrize(
    ("content", "what"),
    [("arm", "arms"), ("event", "events"), ("formEventMapping", "form/event mappings")],
)
def test_1_8_classic_projects_have_no_events(error_of, classic, content, what):
    status, text = error_of(classic, content=content)
    assert (status, text) == (400, f"You cannot export {what} for classic projects")
    assert not classic.is_longitudinal


def test_1_8_events_get_unique_names(longitudinal):
    names = [row["unique_event_name"] for row in longitudinal.export_events()]
    assert names == ["event_1_arm_1", "deadline_to_opt_ou_arm_1", "other_arm_2"]
    longitudinal.import_events([{"event_name": "Event 1", "arm_num": 1}])
    assert "event_1_arm_1b" in [row["unique_event_name"] for row in longitudinal.export_events()]
    assert longitudinal.is_longitudinal
    assert longitudinal.export_project_info()["is_longitudinal"] == 1


def test_1_8_an_event_with_its_unique_name_is_changed(longitudinal):
    row = {"event_name": "Renamed", "arm_num": 1, "unique_event_name": "event_1_arm_1"}
    assert longitudinal.import_events([row]) == 1
    names = [row["event_name"] for row in longitudinal.export_events()]
    assert names == ["Renamed", "Deadline to opt out of study", "Other"]


def test_1_8_events_and_arms_are_deleted(longitudinal):
    assert longitudinal.delete_events(["deadline_to_opt_ou_arm_1"]) == 1
    assert longitudinal.export_arms() == [
        {"arm_num": 1, "name": "Arm 1"},
        {"arm_num": 2, "name": "Arm 2"},
    ]
    assert longitudinal.import_arms([{"arm_num": 2, "name": "Second"}]) == 1
    assert longitudinal.export_arms()[1]["name"] == "Second"


def test_1_8_event_csv_quotes_the_name(send, longitudinal):
    text = send(token=longitudinal.token, content="event", format="csv").text
    assert text.startswith("event_name,arm_num,unique_event_name,custom_event_label,event_id\n")
    assert '\n"Other",2,other_arm_2,,' in text


def test_1_8_the_mapping_is_replaced_whole(longitudinal):
    rows = longitudinal.export_instrument_event_mappings()
    assert len(rows) == 5
    assert rows[0] == {"arm_num": 1, "unique_event_name": "event_1_arm_1", "form": "first"}
    assert longitudinal.import_instrument_event_mappings(rows[:1]) == 1
    assert longitudinal.export_instrument_event_mappings() == rows[:1]


def test_1_8_repeating_parts_are_replaced_whole(classic, make):
    rows = classic.export_repeating_instruments_events()
    assert rows == [{"form_name": "visits", "custom_form_label": ""}]
    text = classic.export_repeating_instruments_events(format_type="csv")
    assert text == "form_name,custom_form_label\nvisits,\n"
    assert classic.import_repeating_instruments_events(text, import_format="csv") == 1
    with pytest.raises(RedcapError, match="does not contain any repeating"):
        make(repeating=()).export_repeating_instruments_events()


def test_1_9_instruments(classic):
    assert classic.export_instruments()[1] == {
        "instrument_name": "second",
        "instrument_label": "Second",
    }


def test_1_9_field_names_leave_out_files_and_descriptions(classic, error_of):
    rows = classic.export_field_names()
    names = [row["export_field_name"] for row in rows]
    assert not {"paper", "says"} & set(names)
    assert {"total", "first_complete"} <= set(names)
    assert [row for row in rows if row["original_field_name"] == "ticks"] == [
        {"original_field_name": "ticks", "choice_value": code, "export_field_name": column}
        for code, column in (("1", "ticks___1"), ("-4", "ticks____4"), ("B", "ticks___b"))
    ]
    assert error_of(classic, content="exportFieldNames", field="bogus")[0] == 400


def test_1_11_users_come_with_numbers(classic):
    (user,) = classic.export_users()
    assert user["username"] == "administrator"
    assert (user["api_import"], user["record_delete"], user["lock_records"]) == (1, 1, 0)
    assert user["forms"] == {"first": 1, "second": 1, "visits": 1}
    assert classic.import_users([{"username": "new", "forms": {"first": 1}}]) == 1
    assert classic.delete_users(["new"]) == 1
