"""Facts 1.5 on what an import does not enforce, and facts 1.0, 1.3 and 1.4 that stand alone."""

import json
import sqlite3
from contextlib import closing

import pytest
from redcap import RedcapError


def field(name, kind="text", form="first", **more):
    return {"field_name": name, "form_name": form, "field_type": kind, "field_label": name, **more}


VALIDATION = "text_validation_type_or_show_slider_number"
SOFT = [
    field("record_id"),
    field(
        *("bounded",),
        **{VALIDATION: "integer", "text_validation_min": "1", "text_validation_max": "9"},
    ),
    field("hidden", branching_logic="[bounded] = '1'"),
    field("needed", required_field="y"),
    field("closed", field_annotation="@READONLY"),
    field("unseen", field_annotation="@HIDDEN"),
    field("person", identifier="y"),
    field("picked", "radio", select_choices_or_calculations="0, Female|1, Male"),
    field("typed", "dropdown", select_choices_or_calculations="1, Yup | 2, Nope"),
    field("sure", "yesno"),
    field("odd", "checkbox", select_choices_or_calculations="A b, Space | -4, Minus | Z.9, Dot"),
]


@pytest.fixture
def soft(make):
    return make(repeating=(), metadata=SOFT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bounded", "99"),
        ("hidden", "though it is not shown"),
        ("closed", "2024-01-01"),
        ("unseen", "x"),
        ("person", "x"),
    ],
)
def test_1_5_an_import_does_not_enforce_it(soft, name, value):
    soft.import_records([{"record_id": "1", name: value}])
    assert soft.export_records()[0][name] == value
    assert soft.export_records()[0]["needed"] == ""


def test_1_3_choices_are_exported_as_they_were_stored(soft):
    rows = {row["field_name"]: row for row in soft.export_metadata()}
    choices = "select_choices_or_calculations"
    assert rows["picked"][choices] == "0, Female|1, Male"
    assert rows["typed"][choices] == "1, Yup | 2, Nope"
    assert rows["sure"][choices] == ""
    assert (rows["person"]["identifier"], rows["typed"]["identifier"]) == ("y", "")
    assert (rows["needed"]["required_field"], rows["typed"]["required_field"]) == ("y", "")
    assert "first_complete" not in rows


def test_1_4_a_box_has_its_code_in_lower_case_and_underscores(soft):
    names = [row["export_field_name"] for row in soft.export_field_names(field="odd")]
    assert names == ["odd___a_b", "odd____4", "odd___z_9"]
    soft.import_records([{"record_id": "1", "odd____4": "1"}])
    row = soft.export_records()[0]
    assert [row[name] for name in names] == ["0", "1", "0"]


def test_1_4_labels_of_boxes_are_their_options_only_when_asked_for(soft):
    soft.import_records([{"record_id": "1", "odd____4": "1", "sure": "0", "picked": "1"}])

    def shown(**style):
        row = soft.export_records(raw_or_label="label", **style)[0]
        return [row[name] for name in ("odd____4", "odd___z_9", "sure", "picked")]

    assert shown() == ["Checked", "Unchecked", "No", "Male"]
    assert shown(export_checkbox_labels=True) == ["Minus", "", "No", "Male"]


def test_1_4_eav_ignores_the_wish_for_labels_of_boxes(soft, send):
    soft.import_records([{"record_id": "1", "odd____4": "1"}])
    body = {"token": soft.token, "content": "record", "format": "json", "type": "eav"}
    rows = send(**body, exportCheckboxLabel="true").json()
    assert {"record": "1", "field_name": "odd", "value": "-4"} in rows


def test_1_4_a_descriptive_field_never_appears(classic):
    classic.import_records([{"record_id": "1", "name": "x"}])
    assert "says" not in classic.export_records()[0]
    assert {"total", "paper"} <= set(classic.export_records()[0])


def test_1_4_records_are_sorted_numbers_first_and_as_numbers(classic):
    names = ["b", "10", "9", "a", "1.5", "007"]
    classic.import_records([{"record_id": name} for name in names])
    order = [row["record_id"] for row in classic.export_records()]
    assert order == ["007", "9", "10", "1.5", "a", "b"]


def test_1_4_events_have_labels_too(longitudinal):
    longitudinal.import_records([{"record_id": "1", "name": "x"}])
    assert longitudinal.export_records(raw_or_label="label")[0]["redcap_event_name"] == "Event 1"


def test_1_4_fields_outside_the_event_are_blank(longitudinal):
    longitudinal.import_records(
        [
            {"record_id": "1", "redcap_event_name": name, "name": "x"}
            for name in ("event_1_arm_1", "other_arm_2")
        ]
    )
    first, second = longitudinal.export_records()
    assert (first["ticks___1"], first["second_complete"]) == ("0", "0")
    assert (second["ticks___1"], second["second_complete"]) == ("", "")


def test_1_4_survey_columns_stand_where_they_belong(tracker, soft, send):
    number = soft.export_project_info()["project_id"]
    with closing(sqlite3.connect(tracker.database)) as connection, connection:
        connection.execute("INSERT INTO surveys VALUES (?, 'first', 'First')", (number,))
    soft.import_records([{"record_id": "1", "picked": "1"}])
    body = {"token": soft.token, "content": "record", "format": "csv"}
    shown = send(**body, exportSurveyFields="true").text.splitlines()[0]
    assert shown.startswith("record_id,redcap_survey_identifier,first_timestamp,bounded,")
    assert "redcap_survey" not in send(**body).text


def test_1_5_survey_columns_are_ignored(soft):
    row = {"record_id": "1", "redcap_survey_identifier": "x", "first_timestamp": "2024-01-01"}
    assert soft.import_records([{**row, "picked": "0"}]) == {"count": 1}


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (field(""), "have a field name missing: A3."),
        (field("a", form=""), "have a form name missing: B3."),
        (field("a", text_validation_min="1"), "have a validation type missing: I3."),
        (field("a", "radio"), "have choices missing: F3."),
    ],
)
def test_1_3_what_a_dictionary_lacks_is_told_by_cell(soft, row, text):
    with pytest.raises(RedcapError) as told:
        soft.import_metadata([SOFT[0], row])
    assert text in str(told.value)
    assert len(soft.export_metadata()) == len(SOFT)


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_1_0_setup_imports_and_deletes_answer_a_bare_number(longitudinal, send, form):
    body = {"token": longitudinal.token, "format": form}
    text = send(**body, content="arm").text
    assert send(**body, content="arm", data=text).text == "2"
    assert send(**body, content="event", action="delete", events="other_arm_2").text == "1"


def test_1_0_the_answer_to_an_import_follows_the_return_format(classic, send):
    body = {"token": classic.token, "content": "record", "format": "json"}
    data = json.dumps([{"record_id": "1"}])
    assert send(**body, data=data, returnFormat="csv").text == "1"
    assert send(**body, data=data, returnFormat="xml").text == (
        '<?xml version="1.0" encoding="UTF-8" ?><count>1</count>'
    )
    assert send(**body, data=data).json() == {"count": 1}
    assert send(**body, data=data, returnContent="nothing").text == ""


@pytest.mark.parametrize("data", ["{}", '{"record_id": "1"}'])
def test_1_5_an_object_in_place_of_an_array_is_nothing(classic, send, data):
    body = {"token": classic.token, "content": "record", "format": "json"}
    assert send(**body, data=data).json() == {"count": 0}


def test_1_7_a_name_is_proposed_and_nothing_made(classic):
    classic.import_records([{"record_id": name} for name in ("7", "x", "3")])
    assert [classic.generate_next_record_name() for _ in range(2)] == ["8", "8"]
    assert len(classic.export_records()) == 3
