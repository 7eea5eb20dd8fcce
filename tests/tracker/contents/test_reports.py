"""Reports: their own fields and filter, and the options of an export of records."""

import contextlib
import json
import sqlite3

import pytest


@pytest.fixture
def report(tracker, project_id):
    """Stores a report as the pages do, and returns its number."""

    def store(project, fields, logic=""):
        definition = json.dumps({"fields": fields, "filterLogic": logic})
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
            return connection.execute(
                "INSERT INTO reports (project_id, title, definition) VALUES (?, 'A report', ?)",
                (project_id(project), definition),
            ).lastrowid

    return store


@pytest.fixture
def filled(make):
    project = make(repeating=())
    project.import_records(
        [
            {"record_id": 1, "kind": "1", "ticks___1": 1, "age": 10},
            {"record_id": 2, "kind": "2", "age": 20},
        ]
    )
    return project


def test_a_report_has_its_fields_and_its_rows_alone(filled, ask, report):
    number = report(filled, ["record_id", "kind"], "[age] > 15")
    rows = ask(filled, "report", report_id=number).json()
    assert rows == [{"record_id": "2", "kind": "2"}]


def test_a_report_takes_the_options_of_records(filled, ask, report):
    number = report(filled, ["record_id", "kind", "ticks"])
    asked = {"report_id": number, "format": "csv", "rawOrLabel": "label", "csvDelimiter": "tab"}
    text = ask(
        filled, "report", rawOrLabelHeaders="label", exportCheckboxLabel="true", **asked
    ).text
    lines = text.splitlines()
    assert lines[0].split("\t")[:2] == ["Record_Id", "Kind"]
    assert lines[1] == "1\tOne\tRed\t\t"
    assert ask(filled, "report", report_id=number, format="xml").text.count("<item>") == 2


def test_what_a_report_says_itself_is_not_asked_for(filled, ask, report):
    number = report(filled, ["record_id"], "[age] > 15")
    asked = {"fields": "age", "records": "1", "filterLogic": "", "type": "eav", "forms": "second"}
    assert ask(filled, "report", report_id=number, **asked).json() == [{"record_id": "2"}]


@pytest.mark.parametrize("number", ["0", "999999", "x", "", "99999999999999999999", "²"])
def test_an_unknown_report_is_400(filled, refusal, number):
    status, text = refusal(filled, "report", report_id=number)
    assert (status, "report_id=" in text) == (400, True)


def test_a_report_of_another_project_is_unknown(filled, make, refusal, report):
    other = make()
    assert refusal(filled, "report", report_id=report(other, ["record_id"]))[0] == 400


def test_a_report_whose_fields_are_gone_shows_nothing_else(filled, refusal, report):
    assert refusal(filled, "report", report_id=report(filled, ["gone"]))[0] == 400


def test_a_report_takes_its_right_and_leaves_a_line(filled, ask, refusal, report, person):
    number = report(filled, ["record_id", "name"])
    token = person(filled, "u", reports=0)
    told = refusal(filled, "report", token=token, report_id=number)
    assert told == (403, "You do not have Reports privileges")
    hidden = person(filled, "v", forms_export={"first": 0})
    assert set(ask(filled, "report", token=hidden, report_id=number).json()[0]) == {"record_id"}
    assert filled.export_logging(log_type="export")[0]["action"] == "Data export (API)"
