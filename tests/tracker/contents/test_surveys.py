"""Fact 1.14, surveys: links and codes that stay, and who takes part."""

import contextlib
import sqlite3

import pytest

COLUMNS = [
    *("email", "email_occurrence", "identifier", "record", "invitation_sent_status"),
    *("invitation_send_time", "response_status", "survey_access_code", "survey_link"),
]
ASKED = {"record": "1", "instrument": "first"}


@pytest.fixture
def surveyed(tracker, project_id):
    """Makes forms of a project surveys, as the pages do."""

    def enable(project, *forms):
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
            connection.executemany(
                "INSERT INTO surveys VALUES (?, ?, 'A survey')",
                [(project_id(project), form) for form in forms],
            )
        return project

    return enable


@pytest.fixture
def filled(classic, surveyed):
    classic.import_records([{"record_id": 1, "name": "a"}, {"record_id": 2}])
    return surveyed(classic, "first", "visits")


def test_1_14_links_begin_with_the_servers_address_and_stay(tracker, filled, ask):
    site = tracker.url.removesuffix("/api/")
    link = ask(filled, "surveyLink", **ASKED).text
    assert link.startswith(f"{site}/surveys/?s=")
    assert ask(filled, "surveyLink", **ASKED).text == link
    assert ask(filled, "surveyLink", **{**ASKED, "record": "2"}).text != link
    queue = ask(filled, "surveyQueueLink", record="1").text
    assert queue.startswith(f"{site}/surveys/?sq=")
    assert ask(filled, "surveyQueueLink", record="1").text == queue


def test_1_14_links_may_begin_with_an_address_that_was_set(tmp_path):
    import requests
    from headgate.tracker.server import start

    running = start(tmp_path / "x.sqlite", site="https://redcap.example.org/")
    try:
        body = {"token": running.tokens["super"], "content": "project", "format": "json"}
        odm = (
            '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org">'
            '<Study><GlobalVariables><redcap:Surveys form_name="f" title="F"/></GlobalVariables>'
            '<MetaDataVersion><FormDef redcap:FormName="f"><ItemGroupRef ItemGroupOID="g"/></FormDef>'
            '<ItemGroupDef OID="g"><ItemRef ItemOID="id"/></ItemGroupDef>'
            '<ItemDef OID="id" redcap:FieldType="text"/></MetaDataVersion></Study>'
            '<ClinicalData><SubjectData SubjectKey="1"><FormData FormOID="Form.f"/></SubjectData>'
            "</ClinicalData></ODM>"
        )
        data = {**body, "data": '[{"project_title":"x"}]', "odm": odm}
        token = requests.post(running.url, data=data, timeout=30).text
        asked = {"token": token, "content": "surveyLink", "record": "1", "instrument": "f"}
        link = requests.post(running.url, data=asked, timeout=30).text
        assert link.startswith("https://redcap.example.org/surveys/?s=")
    finally:
        running.stop()


@pytest.mark.parametrize(("content", "length"), [("surveyAccessCode", 9), ("surveyReturnCode", 8)])
def test_1_14_codes_have_their_length_and_stay(filled, ask, content, length):
    code = ask(filled, content, **ASKED).text
    assert len(code) == length
    assert ask(filled, content, **ASKED).text == code
    assert ask(filled, content, **{**ASKED, "record": "2"}).text != code


def test_1_14_each_instance_has_a_link(filled, ask, refusal):
    asked = {"record": "1", "instrument": "visits"}
    first = ask(filled, "surveyLink", **asked).text
    assert ask(filled, "surveyLink", repeat_instance="1", **asked).text == first
    assert ask(filled, "surveyLink", repeat_instance="2", **asked).text != first
    assert refusal(filled, "surveyLink", repeat_instance="2", **ASKED)[0] == 400


@pytest.mark.parametrize(
    "content", ["surveyLink", "surveyAccessCode", "surveyReturnCode", "surveyQueueLink"]
)
def test_1_14_an_unknown_record_has_this_text(filled, refusal, content):
    asked = {**ASKED, "record": "-1"}
    assert refusal(filled, content, **asked) == (400, 'The record "-1" does not exist')


@pytest.mark.parametrize(
    "content", ["surveyLink", "surveyAccessCode", "surveyReturnCode", "participantList"]
)
@pytest.mark.parametrize("form", ["second", "bogus", ""])
def test_1_14_a_form_that_is_no_survey_is_400(filled, refusal, content, form):
    status, text = refusal(filled, content, record="1", instrument=form)
    assert (status, f"'{form}'" in text) == (400, True)


def test_1_14_without_surveys_there_is_no_queue(classic, refusal):
    classic.import_records([{"record_id": 1}])
    assert refusal(classic, "surveyQueueLink", record="1")[0] == 400


def test_1_14_participants_are_responses_and_those_with_a_link(filled, ask):
    rows = ask(filled, "participantList", instrument="first").json()
    assert [(list(row), row["record"], row["response_status"]) for row in rows] == [
        (COLUMNS, "1", 1)
    ]
    assert len(rows[0]["survey_access_code"]) == 9
    link = ask(filled, "surveyLink", record="2", instrument="first").text
    ask(filled, "record", [{"record_id": 1, "first_complete": 2}])
    rows = ask(filled, "participantList", instrument="first").json()
    assert {row["record"]: row["response_status"] for row in rows} == {"1": 2, "2": 0}
    assert rows[1]["survey_link"] == link
    text = ask(filled, "participantList", instrument="first", format="csv").text
    assert text.startswith(",".join(COLUMNS) + "\n,1,,1,0,,2,")


def test_1_14_the_event_says_which_participants(longitudinal, surveyed, ask, refusal):
    surveyed(longitudinal, "first", "second")
    longitudinal.import_records([{"record_id": 1, "redcap_event_name": "other_arm_2", "name": "a"}])
    asked = {"instrument": "first", "event": "other_arm_2"}
    assert len(ask(longitudinal, "participantList", **asked).json()) == 1
    asked["event"] = "event_1_arm_1"
    assert ask(longitudinal, "participantList", **asked).json() == []
    for event in ("bogus", "other_arm_2"):
        assert refusal(longitudinal, "participantList", instrument="second", event=event)[0] == 400


def test_1_14_members_of_a_group_see_its_participants_alone(filled, ask, person, refusal):
    ask(filled, "dag", [{"data_access_group_name": "Ward"}], action="import")
    ask(filled, "record", [{"record_id": 3, "name": "w", "redcap_data_access_group": "ward"}])
    token = person(filled, "nurse", group="ward")
    ask(filled, "surveyLink", **{**ASKED, "record": "2"})
    rows = ask(filled, "participantList", instrument="first", token=token).json()
    assert [row["record"] for row in rows] == ["3"]
    assert refusal(filled, "surveyLink", token=token, **ASKED)[1] == 'The record "1" does not exist'


@pytest.mark.parametrize("content", ["surveyLink", "surveyQueueLink", "participantList"])
def test_1_14_surveys_have_a_right_of_their_own(filled, person, refusal, content):
    token = person(filled, "u", manage_survey_participants=0)
    assert refusal(filled, content, token=token, **ASKED)[0] == 403
