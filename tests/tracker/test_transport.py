"""Facts 1.0 to 1.2: the endpoint, its parameters, formats and errors."""

import json

import pytest
import requests
from redcap import Project, RedcapError

XML = '<?xml version="1.0" encoding="UTF-8" ?>'
NO_RIGHTS = "You do not have permissions to use the API"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_1_0_only_post_is_implemented(tracker, method):
    response = requests.request(method, tracker.url, timeout=30)
    assert response.status_code == 501
    error = "The requested method is not implemented."
    assert response.text == f"{XML}<hash><error>{error}</error></hash>"


@pytest.mark.parametrize("token", ["", "F" * 32, "f" * 64, "' OR 1=1 --"])
def test_1_0_an_unknown_token_is_403(send, token):
    response = send(token=token, content="version", format="json")
    assert (response.status_code, response.json()) == (403, {"error": NO_RIGHTS})


@pytest.mark.parametrize(
    ("formats", "body"),
    [
        ({"returnFormat": "json"}, '{"error":"%s"}'),
        ({"returnFormat": "csv"}, "ERROR: %s"),
        ({"returnFormat": "xml"}, f"{XML}<hash><error>%s</error></hash>"),
        ({"format": "csv"}, "ERROR: %s"),
        ({"format": "csv", "returnFormat": "json"}, '{"error":"%s"}'),
        ({}, f"{XML}<hash><error>%s</error></hash>"),
    ],
)
def test_1_0_errors_come_in_the_format_asked_for(send, formats, body):
    assert send(token="", content="version", **formats).text == body % NO_RIGHTS


@pytest.mark.parametrize("content", ["", "bogus"])
def test_1_0_an_unknown_content_is_400(send, classic, content):
    response = send(token=classic.token, content=content, returnFormat="csv")
    message = 'ERROR: The value of the parameter "content" is not valid'
    assert (response.status_code, response.text) == (400, message)


def test_1_0_rights_are_403(send, classic):
    classic.import_users([{"username": "administrator", "record_delete": 0, "api_import": 1}])
    response = send(
        token=classic.token, content="record", action="delete", format="json", **{"records[0]": "1"}
    )
    assert response.status_code == 403
    assert response.json()["error"] == "You do not have Delete Record privileges"
    classic.import_users([{"username": "administrator", "api_import": 0}])
    response = send(token=classic.token, content="record", data="[]", format="json")
    assert response.status_code == 403
    assert response.json()["error"] == "You do not have API Import/Update privileges"


@pytest.mark.parametrize(
    "spelling",
    [
        {"records[0]": "1", "records[1]": "3"},
        {"records[]": ["1", "3"]},
        {"records": "1,3"},
        {"records[7]": "1", "records[x]": "3", "eventName": "label", "record[0]": "2"},
    ],
)
def test_1_0_arrays_come_in_any_spelling_and_strays_are_ignored(send, classic, spelling):
    classic.import_records([{"record_id": n, "name": "x"} for n in (1, 2, 3)])
    rows = send(token=classic.token, content="record", format="json", **spelling).json()
    assert [row["record_id"] for row in rows] == ["1", "3"]


@pytest.mark.parametrize("true", ["true", "True", "TRUE", "1"])
def test_1_0_flags_come_in_any_spelling(send, classic, true):
    classic.import_records([{"record_id": 1}])
    row = send(
        token=classic.token, content="record", format="json", exportBlankForGrayFormStatus=true
    ).json()[0]
    assert row["first_complete"] == ""


def test_1_0_multipart_bodies_are_read_too(tracker, classic):
    classic.import_records([{"record_id": 1, "name": "Å"}])
    parts = {"token": classic.token, "content": "record", "format": "json", "records[0]": "1"}
    files = {name: (None, value) for name, value in parts.items()}
    assert requests.post(tracker.url, files=files, timeout=30).json()[0]["name"] == "Å"


def test_1_0_the_action_export_is_taken_with_records(send, classic):
    classic.import_records([{"record_id": 1}])
    response = send(token=classic.token, content="record", action="export", format="json")
    assert len(response.json()) == 1


def test_1_0_headers(send, classic):
    response = send(token=classic.token, content="record", format="json")
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store, no-cache, must-revalidate"


def test_1_0_csv_is_written_as_by_php(send, classic):
    values = {"name": 'two words, "quoted"', "note": "a\r\nb", "kind": "1", "age": 7}
    classic.import_records([{"record_id": "x", **values}])
    text = send(
        token=classic.token,
        content="record",
        format="csv",
        fields="record_id,name,age,kind,note",
        csvDelimiter="tab",
    ).content.decode()
    assert text == (
        "record_id\tredcap_repeat_instrument\tredcap_repeat_instance\tname\tage\tkind\tnote\n"
        'x\t\t\t"two words, ""quoted"""\t7\t1\t"a\r\nb"\n'
    )


def test_1_1_version_is_plain_text(send, classic):
    assert send(token=classic.token, content="version").text == "15.2.1"
    assert classic.export_version().major == 15


def test_1_2_project_is_one_object_with_numbers(classic):
    facts = classic.export_project_info()
    assert facts["purpose"] == 0
    assert facts["is_longitudinal"] == 0
    assert facts["has_repeating_instruments_or_events"] == 1
    assert list(facts)[:3] == ["project_id", "project_title", "creation_time"]


def test_1_2_settings_are_counted_and_kept(send, classic):
    data = json.dumps([{"project_title": "New", "project_notes": "n", "surveys_enabled": 1}])
    response = send(token=classic.token, content="project_settings", format="json", data=data)
    assert response.text == "3"
    facts = classic.export_project_info()
    assert (facts["project_title"], facts["surveys_enabled"]) == ("New", 1)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("json", '{"project_title": "A & B", "purpose": 1, "purpose_other": "o"}'),
        ("json", '[{"project_title": "A & B", "purpose": "1", "purpose_other": "o"}]'),
        (
            "xml",
            (
                "<?xml version='1.0'?><item><project_title>A &amp; B</project_title>"
                "<purpose>1</purpose><purpose_other><![CDATA[o]]></purpose_other></item>"
            ),
        ),
    ],
)
def test_1_13_a_project_is_made_from_an_object_an_array_or_an_item(tracker, send, form, data):
    response = send(token=tracker.tokens["super"], content="project", format=form, data=data)
    assert len(response.text) == 32
    project = Project(tracker.url, response.text, timeout=30)
    facts = project.export_project_info()
    assert facts["project_title"] == "A & B"
    assert (facts["purpose"], facts["purpose_other"]) == (1, "o")
    with pytest.raises(RedcapError, match="Delete Record"):
        project.delete_records(["1"])


def test_1_13_purpose_other_needs_a_text(tracker, send):
    response = send(
        token=tracker.tokens["super"],
        content="project",
        format="json",
        data='[{"project_title": "x", "purpose": 1}]',
    )
    assert response.status_code == 400
    assert response.json()["error"].startswith("You must provide some text for 'purpose_other'")
