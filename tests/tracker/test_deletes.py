"""Facts 1.6 and 1.7: deleting, renaming, and the next record's name."""

import pytest


def visit(number):
    place = {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": number}
    return {"record_id": 1, **place, "visit_note": "v"}


def test_1_6_the_answer_is_a_bare_number(send, classic):
    classic.import_records([{"record_id": n} for n in (1, 2, 3)])
    response = send(
        token=classic.token,
        content="record",
        action="delete",
        returnFormat="csv",
        **{"records[0]": "1", "records[1]": "2"},
    )
    assert response.text == "2"
    assert [row["record_id"] for row in classic.export_records()] == ["3"]


def test_1_6_one_unknown_record_keeps_all(error_of, classic):
    classic.import_records([{"record_id": 2}])
    status, text = error_of(classic, content="record", action="delete", records="1,2")
    assert status == 400
    assert text == (
        "One or more of the records provided cannot be deleted because they do not exist in the "
        "project. The following records do not exist: 1"
    )
    assert len(classic.export_records()) == 1


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        ({"instrument": "visits", "repeat_instance": 2}, ["", 1, 3]),
        ({"instrument": "visits"}, ["", 2, 3]),
    ],
)
def test_1_6_instances_are_deleted_alone(classic, parts, left):
    classic.import_records([visit(n) for n in (1, 2, 3)])
    assert classic.delete_records(["1"], **parts) == 1
    assert [row["redcap_repeat_instance"] for row in classic.export_records()] == left


def test_1_6_a_form_leaves_its_row(classic):
    classic.import_records([{"record_id": 1, "name": "x", "note": "n", "ticks___1": 1}])
    assert classic.delete_records(["1"], instrument="second") == 1
    row = classic.export_records()[0]
    assert (row["name"], row["note"], row["ticks___1"]) == ("x", "", "0")


def test_1_6_an_arm_goes_and_the_record_lives_in_the_other(longitudinal):
    events = ("event_1_arm_1", "deadline_to_opt_ou_arm_1", "other_arm_2")
    longitudinal.import_records([{"record_id": 1, "redcap_event_name": name} for name in events])
    assert longitudinal.delete_records(["1"], arm="1") == 1
    assert [row["redcap_event_name"] for row in longitudinal.export_records()] == ["other_arm_2"]
    assert longitudinal.delete_records(["1"], event="other_arm_2") == 1
    assert longitudinal.export_records() == []
    assert longitudinal.generate_next_record_name() == "1"


def test_1_6_an_instrument_needs_its_event(error_of, longitudinal):
    longitudinal.import_records([{"record_id": 1}])
    assert (
        error_of(longitudinal, content="record", action="delete", records="1", instrument="first")[
            0
        ]
        == 400
    )


def test_1_6_renaming(send, error_of, classic):
    classic.import_records([{"record_id": "a", "name": "x"}, {"record_id": "taken"}])
    classic.import_users([{"username": "administrator", "record_rename": 1}])
    rename = {"content": "record", "action": "rename", "record": "a"}
    assert send(token=classic.token, new_record_name="12", **rename).text == "1"
    assert classic.export_records(records=["12"])[0]["name"] == "x"
    assert classic.generate_next_record_name() == "13"
    assert error_of(classic, new_record_name="taken", **rename)[0] == 400


def test_1_7_the_next_name_is_the_highest_number_and_one(classic):
    assert classic.generate_next_record_name() == "1"
    classic.import_records([{"record_id": name} for name in ("9", "10", "1.2.3", "x99")])
    assert classic.generate_next_record_name() == "11"
    assert len(classic.export_records()) == 4
