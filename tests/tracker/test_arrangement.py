"""Facts 1.8 on arms, events, what stands in them and what repeats there."""

import json

import pytest

NAMES = ("arm_num", "unique_event_name", "form")


def test_1_8_override_replaces_arms_and_all_that_stands_in_them(longitudinal, error_of):
    assert longitudinal.import_arms([{"arm_num": 7, "name": "Seventh"}], override=1) == 1
    assert error_of(longitudinal, content="event")[0] == 400
    longitudinal.import_events([{"event_name": name, "arm_num": 7} for name in ("Begin", "End")])
    assert longitudinal.export_arms() == [{"arm_num": 7, "name": "Seventh"}]
    assert longitudinal.export_instrument_event_mappings() == []


def test_1_8_an_arm_without_events_is_not_listed(longitudinal):
    assert longitudinal.import_arms([{"arm_num": 3, "name": "Empty"}]) == 1
    assert [row["arm_num"] for row in longitudinal.export_arms()] == [1, 2]
    assert [row["arm_num"] for row in longitudinal.export_arms(arms=["2"])] == [2]


def test_1_8_a_deleted_arm_takes_its_events(longitudinal):
    assert longitudinal.delete_arms(["2"]) == 1
    assert [row["unique_event_name"] for row in longitudinal.export_events()] == [
        "event_1_arm_1",
        "deadline_to_opt_ou_arm_1",
    ]


@pytest.mark.parametrize("arm", ["0", "x", "-1", "", "99999"])
def test_an_arm_has_a_number(longitudinal, error_of, arm):
    data = json.dumps([{"arm_num": arm, "name": "x"}])
    assert error_of(longitudinal, content="arm", data=data)[0] == 400


@pytest.mark.parametrize(
    ("label", "unique"),
    [
        ("Deadline to opt out of study", "deadline_to_opt_ou_arm_1"),
        ("Visit (week 2)!", "visit_week_2_arm_1"),
        ("ÆØÅ x", "_x_arm_1"),
    ],
)
def test_1_8_the_unique_name_is_made_of_the_first_18_characters(make, label, unique):
    project = make(repeating=(), is_longitudinal=1)
    project.import_events([{"event_name": label, "arm_num": 1}])
    assert project.export_events()[1]["unique_event_name"] == unique


def test_1_8_an_event_without_its_unique_name_is_added_though_the_label_is_there(longitudinal):
    row = {"event_name": "Event 1", "arm_num": 1}
    assert longitudinal.import_events([row]) == 1
    labels = [event["event_name"] for event in longitudinal.export_events()]
    assert labels.count("Event 1") == 2
    assert longitudinal.import_events([row], override=1) == 1


def test_1_8_with_scheduling_events_have_days(longitudinal, send):
    data = json.dumps({"scheduling_enabled": 1})
    body = {"token": longitudinal.token, "format": "json"}
    assert send(**body, content="project_settings", data=data).text == "1"
    assert list(longitudinal.export_events()[0]) == [
        *("event_name", "arm_num", "day_offset", "offset_min", "offset_max"),
        *("unique_event_name", "custom_event_label", "event_id"),
    ]


def test_1_8_unknown_events_are_not_deleted(longitudinal, error_of):
    asked = {"content": "event", "action": "delete", "events": "event_1_arm_1,bogus_arm_1"}
    assert error_of(longitudinal, **asked)[0] == 400
    assert len(longitudinal.export_events()) == 3


def test_1_8_the_mapping_can_be_asked_for_by_arm(longitudinal):
    rows = longitudinal.export_instrument_event_mappings(arms=["2"])
    assert rows == [dict(zip(NAMES, (2, "other_arm_2", "first"), strict=True))]


@pytest.mark.parametrize(("event", "form"), [("bogus_arm_1", "first"), ("event_1_arm_1", "bogus")])
def test_1_8_a_mapping_of_what_is_not_there_changes_nothing(longitudinal, error_of, event, form):
    data = json.dumps([dict(zip(NAMES, (1, event, form), strict=True))])
    assert error_of(longitudinal, content="formEventMapping", data=data)[0] == 400
    assert len(longitudinal.export_instrument_event_mappings()) == 5


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_1_8_what_repeats_in_events_makes_the_round_trip(longitudinal, send, form):
    body = {"token": longitudinal.token, "content": "repeatingFormsEvents", "format": form}
    rows = [
        {"event_name": "event_1_arm_1", "form_name": "second", "custom_form_label": "[note]"},
        {"event_name": "other_arm_2", "form_name": "", "custom_form_label": ""},
    ]
    assert longitudinal.import_repeating_instruments_events(rows) == 2
    text = send(**body).text
    assert send(**body, data=text).text == "2"
    assert longitudinal.export_repeating_instruments_events() == rows


def test_1_4_a_repeating_event_has_numbered_rows_without_instrument(longitudinal):
    longitudinal.import_repeating_instruments_events(
        [{"event_name": "other_arm_2", "form_name": "", "custom_form_label": ""}]
    )
    place = {"record_id": 1, "redcap_event_name": "other_arm_2"}
    longitudinal.import_records(
        [{**place, "redcap_repeat_instance": n, "name": f"visit {n}"} for n in (2, 1)]
    )
    rows = longitudinal.export_records()
    names = ("redcap_repeat_instrument", "redcap_repeat_instance", "name")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("", 1, "visit 1"),
        ("", 2, "visit 2"),
    ]


def test_1_6_an_event_or_one_instance_of_it_is_deleted(longitudinal):
    longitudinal.import_repeating_instruments_events(
        [{"event_name": "other_arm_2", "form_name": "", "custom_form_label": ""}]
    )
    other = {"record_id": 1, "redcap_event_name": "other_arm_2"}
    longitudinal.import_records(
        [{"record_id": 1, "name": "x"}]
        + [{**other, "redcap_repeat_instance": n, "name": "y"} for n in (1, 2, 3)]
    )

    def left():
        rows = longitudinal.export_records()
        return [(row["redcap_event_name"][:5], row["redcap_repeat_instance"]) for row in rows]

    assert longitudinal.delete_records(["1"], event="other_arm_2", repeat_instance=2) == 1
    assert left() == [("event", ""), ("other", 1), ("other", 3)]
    assert longitudinal.delete_records(["1"], event="other_arm_2") == 1
    assert left() == [("event", "")]
    assert longitudinal.delete_records(["1"], event="event_1_arm_1") == 1
    assert left() == []
    assert longitudinal.generate_next_record_name() == "1"


@pytest.mark.parametrize(
    "parts",
    [{"event": "bogus_arm_1"}, {"arm": "9"}, {"instrument": "bogus", "event": "event_1_arm_1"}],
)
def test_parts_that_are_not_there_are_refused(longitudinal, error_of, parts):
    longitudinal.import_records([{"record_id": 1, "name": "x"}])
    asked = {"content": "record", "action": "delete", "records": "1", **parts}
    assert error_of(longitudinal, **asked)[0] == 400
    assert len(longitudinal.export_records()) == 1


def test_1_2_a_project_is_longitudinal_with_the_flag_and_two_events(make):
    project = make(repeating=(), is_longitudinal=1)
    assert project.export_project_info()["is_longitudinal"] == 0
    project.import_events([{"event_name": "Second", "arm_num": 1}])
    assert project.export_project_info()["is_longitudinal"] == 1
