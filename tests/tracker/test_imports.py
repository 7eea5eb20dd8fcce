"""Fact 1.5: what an import stores, answers and refuses."""

import json

import pytest

INVALID = (
    "The value you provided could not be validated because it does not follow the expected "
    "format. Please try again."
)
XML = '<?xml version="1.0" encoding="UTF-8" ?>'
TWO = [{"record_id": "b", "name": "x"}, {"record_id": "a"}, {"record_id": "b", "age": 4}]


@pytest.mark.parametrize(
    ("content", "form", "body"),
    [
        ("count", "json", '{"count":2}'),
        ("count", "csv", "2"),
        ("count", "xml", f"{XML}<count>2</count>"),
        ("ids", "json", '["b","a"]'),
        ("ids", "csv", "id\nb\na\n"),
        ("nothing", "json", ""),
    ],
)
def test_1_5_the_answer_counts_records_not_rows(send, classic, content, form, body):
    response = send(
        token=classic.token,
        content="record",
        format="json",
        returnFormat=form,
        returnContent=content,
        data=json.dumps(TWO),
    )
    assert (response.status_code, response.text) == (200, body)


def test_1_5_rows_with_a_name_only_make_records(classic):
    assert classic.import_records([{"record_id": n} for n in (4, 5)]) == {"count": 2}
    assert [row["record_id"] for row in classic.export_records()] == ["4", "5"]


def test_1_5_normal_ignores_blanks_and_overwrite_erases_columns_present(classic):
    classic.import_records([{"record_id": 1, "name": "a", "age": 1, "ticks___1": 1}])
    blank = {"record_id": 1, "name": "", "ticks___1": ""}
    classic.import_records([blank])
    assert classic.export_records()[0]["name"] == "a"
    classic.import_records([blank], overwrite="overwrite")
    row = classic.export_records()[0]
    assert (row["name"], row["age"], row["ticks___1"]) == ("", "1", "0")


def test_1_5_a_missing_event_is_the_first_one(longitudinal):
    longitudinal.import_records([{"record_id": 1, "name": "a"}])
    assert longitudinal.export_records()[0]["redcap_event_name"] == "event_1_arm_1"


def test_1_5_numbers_are_taken_and_an_object_is_nothing(send, classic):
    response = send(token=classic.token, content="record", format="json", data='{"record_id": 1}')
    assert response.json() == {"count": 0}
    data = '[{"record_id": 1.0, "age": 3, "name": 2.50, "agreed": true, "note": null}]'
    send(token=classic.token, content="record", format="json", data=data)
    row = classic.export_records()[0]
    assert (row["record_id"], row["age"], row["name"]) == ("1", "3", "2.50")
    assert (row["agreed"], row["note"]) == ("1", "")


@pytest.mark.parametrize("data", ["[{", "7", '["a"]', '[{"record_id": [1]}]', "[" * 100_000])
def test_1_5_bad_json_is_400(error_of, classic, data):
    status, text = error_of(classic, content="record", data=data)
    assert status == 400
    assert text.endswith("The JSON must be in an array, as in [{ ... }].")


def test_1_5_calc_file_and_pseudo_columns_are_ignored(classic):
    row = {"total": 9, "paper": "x.pdf", "redcap_survey_identifier": "s", "first_timestamp": "t"}
    assert classic.import_records([{"record_id": 1, **row}]) == {"count": 1}
    assert classic.export_records()[0]["total"] == ""


def test_1_5_a_whole_export_can_be_imported_again(classic):
    classic.import_records(
        [
            {"record_id": 1, "name": "x", "ticks___b": 1},
            {
                "record_id": 1,
                "redcap_repeat_instrument": "visits",
                "redcap_repeat_instance": 1,
                "visit_note": "v",
            },
        ]
    )
    for form in ("json", "csv"):
        before = classic.export_records(format_type=form)
        classic.import_records(before, import_format=form, overwrite="overwrite")
        assert classic.export_records(format_type=form) == before


def test_1_5_eav_is_read_with_columns_or_codes(classic, send):
    rows = [
        {"record": "1", "field_name": "name", "value": "x"},
        {"record": "1", "field_name": "ticks___1", "value": "1"},
        {"record": "1", "field_name": "ticks", "value": "-4"},
    ]
    send(token=classic.token, content="record", format="json", type="eav", data=json.dumps(rows))
    row = classic.export_records()[0]
    assert (row["name"], row["ticks___1"], row["ticks____4"]) == ("x", "1", "1")


def test_1_5_new_is_the_next_free_instance(classic):
    def visit(instance):
        place = {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": instance}
        return {"record_id": 1, **place, "visit_note": "v"}

    classic.import_records([visit(4), visit("new"), visit("new")])
    classic.import_records([visit("new")])
    found = [row["redcap_repeat_instance"] for row in classic.export_records()]
    assert found == ["", 4, 5, 6, 7]


def test_1_5_the_first_of_two_rows_for_one_place_wins(classic):
    classic.import_records([{"record_id": 1, "name": name} for name in ("first", "second")])
    assert classic.export_records()[0]["name"] == "first"


def test_1_5_numbers_are_given_where_the_project_does_so(classic, make):
    classic.import_records([{"record_id": 7}])
    rows = [{"record_id": name, "name": name} for name in ("x1", "x2")]
    options = {"force_auto_number": True, "return_content": "auto_ids"}
    assert classic.import_records(rows, **options) == ["8,x1", "9,x2"]
    kept = make(record_autonumbering_enabled=0)
    assert kept.import_records([{"record_id": 1101}], **options) == ["1101,1101"]


@pytest.mark.parametrize(
    ("order", "sent"),
    [("YMD", "2024/02/01"), ("MDY", "02/01/2024"), ("DMY", "01-02-2024"), ("DMY", "1/2/2024")],
)
def test_1_5_dates_are_stored_in_one_order(classic, order, sent):
    classic.import_records(
        [{"record_id": 1, "day": sent, "moment": f"{sent} 9:05"}], date_format=order
    )
    row = classic.export_records()[0]
    assert (row["day"], row["moment"]) == ("2024-02-01", "2024-02-01 09:05")


def test_1_5_unknown_columns_are_named_in_one_message(import_error, classic):
    text = import_error(classic, [{"record_id": 1, "foo": 1, "baz": "", "name": "x"}])
    assert text == (
        "The following fields were not found in the project as real data fields: foo, baz"
    )
    assert classic.export_records() == []


def test_1_5_unknown_events_are_named(import_error, longitudinal):
    rows = [{"record_id": 1, "redcap_event_name": f"visit_{n}_arm_1"} for n in (11, 12)]
    assert import_error(longitudinal, rows) == (
        "The following values of redcap_event_name are invalid: visit_11_arm_1, visit_12_arm_1"
    )


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("age", "1.0", INVALID),
        ("age", "1\n", INVALID),
        ("age", "١", INVALID),
        ("weight", "22", INVALID),
        ("day", "2024-02-30", INVALID),
        ("moment", "2024-02-01", INVALID),
        ("kind", "3", "The value is not a valid category for kind"),
        ("kind", "01", "The value is not a valid category for kind"),
        ("agreed", "yes", "The value is not a valid category for agreed"),
        ("first_complete", "3", "The value is not a valid category for first_complete"),
        (
            "ticks____4",
            "2",
            (
                "ticks____4 is a checkbox field and thus can only have a value of '1' (checked) or "
                "'0' (unchecked)."
            ),
        ),
    ],
)
def test_1_5_a_wrong_value_refuses_the_whole_request(import_error, classic, column, value, message):
    rows = [{"record_id": "good", "name": "x"}, {"record_id": "bad", column: value}]
    assert import_error(classic, rows) == f'"bad","{column}","{value}","{message}"'
    assert classic.export_records() == []


def test_1_5_every_wrong_value_has_its_line(import_error, classic):
    rows = [{"record_id": "1", "age": "x", "kind": 'a "b"'}, {"record_id": "2", "age": "y"}]
    lines = import_error(classic, rows).split("\n")
    assert [line.split(",")[:2] for line in lines] == [
        ['"1"', '"age"'],
        ['"1"', '"kind"'],
        ['"2"', '"age"'],
    ]
    assert '"a ""b"""' in lines[1]


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (
            {"redcap_repeat_instrument": "first", "redcap_repeat_instance": 1},
            "redcap_repeat_instrument",
            "redcap_repeat_instrument must be the unique form name of a Repeating Instrument.",
        ),
        (
            {"redcap_repeat_instance": 1, "name": "x"},
            "redcap_repeat_instance",
            "redcap_repeat_instance cannot have a value since this instrument or event is not",
        ),
        (
            {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": 32768},
            "redcap_repeat_instance",
            "redcap_repeat_instance must have a numeric value between '1' and '32767'",
        ),
        (
            {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": ""},
            "redcap_repeat_instance",
            "redcap_repeat_instance must have a numeric value between '1' and '32767'",
        ),
        (
            {"visit_note": "x"},
            "visit_note",
            "This field ('visit_note') exists on a Repeating Instrument named 'visits'. However,",
        ),
        (
            {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": 1, "name": "x"},
            "name",
            "This field ('name') is not on the Repeating Instrument named 'visits'.",
        ),
    ],
)
def test_1_5_a_row_without_a_place_is_refused(import_error, classic, row, column, message):
    text = import_error(classic, [{"record_id": "1", **row}])
    assert text.startswith(f'"1","{column}",')
    assert message in text
    assert classic.export_records() == []


def test_1_5_a_form_outside_the_event_is_refused(import_error, longitudinal):
    row = {"record_id": "1", "redcap_event_name": "other_arm_2", "note": "x"}
    assert import_error(longitudinal, [row]) == (
        '"1","note","x","This field (\'note\') exists on an instrument that is not designated for '
        "the event named 'Other (Arm 2: Arm 2)'. You are not allowed to import data for this field "
        'into this event."'
    )


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_1_5_a_record_needs_a_name(import_error, classic, name):
    assert "record" in import_error(classic, [{"record_id": name, "name": "x"}])


def test_1_5_repeating_events_need_no_instrument(longitudinal):
    longitudinal.import_repeating_instruments_events(
        [{"event_name": "event_1_arm_1", "form_name": "", "custom_form_label": ""}]
    )
    rows = [{"record_id": 3, "redcap_repeat_instance": n, "name": "x"} for n in (1, 2)]
    longitudinal.import_records(rows)
    found = longitudinal.export_records()
    assert [row["redcap_repeat_instance"] for row in found] == [1, 2]
    assert longitudinal.delete_records(["3"], event="event_1_arm_1", repeat_instance=2) == 1
    assert len(longitudinal.export_records()) == 1
