import pytest
from headgate.core.model import Assignment
from headgate.core.routing import by_coupling_list, by_rules, complaint_about, read_rules

STUDY = {
    "StudyInstanceUID": "1.2.3",
    "AccessionNumber": "A1",
    "AETitleCalled": "HEADGATE",
    "AETitleCaller": "CT1",
    "PatientID": "P-001",
    "PatientName": "P-001^Study",
}


def rule(record, project="P", active="1", event="E", **patterns):
    return {
        "record_id": record,
        "routing_active": active,
        "routing_dest_project": project,
        "routing_event_name": event,
        **{f"routing_{name}": pattern for name, pattern in patterns.items()},
    }


def routed(*rows):
    rules, complaints = read_rules(rows)
    return by_rules(STUDY, rules), complaints


def test_every_pattern_of_a_rule_must_match():
    assert routed(rule("1", incoming_aetitle="HEAD.*", sending_aetitle="CT1$"))[0] == Assignment(
        "P", "P-001", "E"
    )
    assert routed(rule("1", incoming_aetitle="HEAD.*", sending_aetitle="MR"))[0] is None


def test_the_first_match_by_record_order_counts_and_records_are_numbers():
    rows = [rule("10", "TEN", sending_aetitle="CT"), rule("9", "NINE", sending_aetitle="CT")]
    assert routed(*rows)[0].project == "NINE"


def test_an_inactive_rule_is_skipped():
    assert (
        routed(
            rule("1", "NO", active="0", sending_aetitle="CT"),
            rule("2", "YES", sending_aetitle="CT"),
        )[0].project
        == "YES"
    )


def test_a_bad_expression_is_reported_and_skipped():
    found, complaints = routed(
        rule("1", "BAD", sending_aetitle="("), rule("2", "GOOD", sending_aetitle="C")
    )
    assert found.project == "GOOD"
    assert len(complaints) == 1
    assert "routing rule 1" in complaints[0]


def test_a_rule_without_patterns_would_match_all_and_is_skipped():
    found, complaints = routed(rule("1"))
    assert found is None
    assert "one pattern" in complaints[0]


def test_patterns_match_from_the_start():
    assert routed(rule("1", sending_aetitle="T1"))[0] is None


def coupling(**values):
    return {"cl_projectname": "P", "cl_subjectid": "S1", "cl_eventname": "E"} | values


@pytest.mark.parametrize(
    "row", [coupling(cl_accessionnumber="A1"), coupling(cl_accessionnumber=" A1 "),
            coupling(cl_studyinstanceuid="1.2.3")],
)  # fmt: skip
def test_the_coupling_list_knows_a_study_by_accession_number_or_uid(row):
    assert by_coupling_list(STUDY, [row]) == [Assignment("P", "S1", "E")]


@pytest.mark.parametrize(
    "row", [coupling(cl_accessionnumber="A11"), coupling(cl_accessionnumber=""),
            coupling(cl_accessionnumber="A1", cl_subjectid=""), coupling()],
)  # fmt: skip
def test_a_row_that_is_not_about_the_study_says_nothing(row):
    assert by_coupling_list(STUDY, [row]) == []


def test_a_study_without_accession_number_is_coupled_to_nothing_empty():
    assert by_coupling_list({"StudyInstanceUID": "9"}, [coupling(cl_accessionnumber="")]) == []


def test_a_study_may_go_to_two_projects_and_to_each_once():
    rows = [coupling(cl_accessionnumber="A1"), coupling(cl_accessionnumber="A1"),
            coupling(cl_accessionnumber="A1", cl_projectname="Q")]  # fmt: skip
    assert [one.project for one in by_coupling_list(STUDY, rows)] == ["P", "Q"]


PROJECT = {"project_name": "P", "project_patient_naming": "P-[0-9]{3}", "project_active": "1"}


@pytest.mark.parametrize(
    ("assignment", "project", "word"),
    [
        (Assignment("P", "P-001", "E"), PROJECT, None),
        (Assignment("P", "P-001", "E"), PROJECT | {"project_patient_naming": ""}, None),
        (Assignment("P", "P-001", "E"), None, "not in DataTransferProjects"),
        (Assignment("P", "P-001", "E"), PROJECT | {"project_active": "0"}, "not active"),
        (Assignment("P", "P-0011", "E"), PROJECT, "does not fit"),
        (Assignment("P", "", "E"), PROJECT, "no participant"),
        (Assignment("P", "P-001", ""), PROJECT, "no event"),
        (Assignment("P", "a^b", "E"), PROJECT, "no participant"),
        (Assignment("P", "P-001", "E"), PROJECT | {"project_patient_naming": "("}, "no regular expression"),
    ],
)  # fmt: skip
def test_what_is_said_of_an_assignment(assignment, project, word):
    complaint = complaint_about(assignment, project)
    assert (word in complaint) if word else complaint is None


def test_a_complaint_never_shows_the_participant_as_it_may_be_a_patient():
    assert "01020312345" not in complaint_about(Assignment("P", "01020312345", "E"), PROJECT)
