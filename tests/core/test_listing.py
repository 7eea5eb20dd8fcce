from datetime import datetime

from headgate.core.listing import projects_of, series_rows, study_row, study_values, transfer_row
from headgate.core.model import Assignment

STUDY = "1.2.3"
ONE = {"SeriesInstanceUID": "1.1", "NumFiles": 3, "SeriesDescription": "T1", "ClassifyType": ["MR", "T1"],
       "SeriesDate": "20240312", "SeriesTime": "101112.130000"}  # fmt: skip
TWO = {"SeriesInstanceUID": "1.2", "NumFiles": 1}


def there(number, **values):
    return {
        "study_instance_uid": STUDY,
        "redcap_repeat_instrument": "series",
        "redcap_repeat_instance": number,
    } | values


def test_a_new_study_gets_a_base_row_with_what_is_known():
    row = study_row(
        STUDY, {"StudyDate": "20240312", "StudyTime": "101010", "AccessionNumber": "A"}, []
    )
    assert row["study_date"] == "2024-03-12"
    assert row["study_time"] == "10:10:10"
    assert row["redcap_repeat_instrument"] == ""
    assert row["incoming_studies_complete"] == 2


def test_a_study_is_listed_even_if_nothing_is_known_of_it():
    assert study_row(STUDY, {}, [])["study_instance_uid"] == STUDY


def test_what_a_person_wrote_stays():
    existing = [{"redcap_repeat_instrument": "", "study_description": "mended", "study_date": ""}]
    row = study_row(STUDY, {"StudyDescription": "as it came", "StudyDate": "20240312"}, existing)
    assert "study_description" not in row
    assert row["study_date"] == "2024-03-12"


def test_a_study_that_is_listed_whole_needs_no_row():
    existing = [{"redcap_repeat_instrument": "", "study_description": "x"}]
    assert study_row(STUDY, {"StudyDescription": "y"}, existing) is None


def test_new_series_are_numbered_in_the_order_of_their_uids():
    assert [row["redcap_repeat_instance"] for row in series_rows(STUDY, [TWO, ONE], [])] == [1, 2]


def test_a_series_that_changes_keeps_its_number_whatever_the_highest_is():
    existing = [
        there(3, series_instance_uid="1.1", series_num_files="1"),
        there(5, series_instance_uid="1.2", series_num_files="1"),
    ]
    (row,) = series_rows(STUDY, [ONE, TWO], existing)
    assert (row["redcap_repeat_instance"], row["series_num_files"]) == (3, "3")


def test_a_series_keeps_its_number_when_one_comes_before_it():
    existing = [there(1, series_instance_uid="1.2", series_num_files="1")]
    rows = series_rows(STUDY, [ONE, TWO], existing)
    assert [(row["series_instance_uid"], row["redcap_repeat_instance"]) for row in rows] == [
        ("1.1", 2)
    ]


def test_a_late_series_takes_the_number_after_the_highest():
    existing = [there(7, series_instance_uid="1.2", series_num_files="1")]
    assert series_rows(STUDY, [ONE, TWO], existing)[0]["redcap_repeat_instance"] == 8


def test_the_number_of_files_follows_what_arrives_and_nothing_else_does():
    existing = [there(1, series_instance_uid="1.1", series_num_files="2", series_description="mended",
                      series_date="2024-03-12", series_time="10:11:12", series_classify_types="MR, T1")]  # fmt: skip
    (row,) = series_rows(STUDY, [ONE], existing)
    changed = {name: value for name, value in row.items() if name.startswith("series_")}
    assert changed == {"series_num_files": "3", "series_complete": 2}


def test_nothing_changed_nothing_written():
    existing = [there(1, series_instance_uid="1.2", series_num_files="1")]
    assert series_rows(STUDY, [TWO], existing) == []


def test_the_study_is_told_by_the_first_series_that_knows_and_arrived_with_the_first():
    told = study_values([
        {"ArrivalDate": "2024-03-12 10:05", "IncomingConnection": {"AETitleCaller": "CT1"}},
        {"ArrivalDate": "2024-03-12 10:01", "StudyDate": "20240312"},
    ])  # fmt: skip
    assert told["AETitleCaller"] == "CT1"
    assert told["StudyDate"] == "20240312"
    assert told["ArrivalDate"] == "2024-03-12 10:01"


def test_a_transfer_is_asked_for_as_the_next_free_instance():
    row = transfer_row(STUDY, Assignment("P", "S", "E"), datetime(2024, 3, 12, 10, 5))
    assert row["redcap_repeat_instance"] == "new"
    assert row["transfer_requested_date"] == "2024-03-12 10:05"
    assert (row["transfer_project_name"], row["transfer_name"], row["transfer_event_name"]) == (
        "P",
        "S",
        "E",
    )


def test_the_projects_of_a_study_are_those_of_its_transfers():
    rows = [
        {"redcap_repeat_instrument": "transfers", "transfer_project_name": "P"},
        {"redcap_repeat_instrument": "transfers", "transfer_project_name": ""},
        {"redcap_repeat_instrument": "series", "transfer_project_name": "X"},
    ]
    assert projects_of(rows) == {"P"}
