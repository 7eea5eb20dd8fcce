"""Fact 1.10, files in records: uploaded, handed out with their name, deleted."""

import io

import pytest
import requests
from headgate.tracker.wire.answers import file_answer

PLACE = {"record": "1", "field": "paper"}


@pytest.fixture
def filled(classic):
    classic.import_records([{"record_id": 1, "name": "a"}])
    return classic


def test_1_10_a_file_comes_back_with_its_name_in_the_content_type(filled, ask, upload):
    response = upload(filled, "file", "x.txt", b"hello\n", **PLACE)
    assert (response.status_code, response.content) == (200, b"")
    response = ask(filled, "file", action="export", **PLACE)
    assert response.content == b"hello\n"
    assert response.headers["Content-Type"] == 'text/plain; name="x.txt";charset=UTF-8'
    assert filled.export_file("1", "paper") == (b"hello\n", {"name": "x.txt", "charset": "UTF-8"})


def test_1_10_flat_exports_show_the_name_and_single_values_the_number(filled, ask, upload):
    upload(filled, "file", "x.txt", **PLACE)
    assert ask(filled, "record", fields="paper").json()[0]["paper"] == "x.txt"
    rows = ask(filled, "record", type="eav").json()
    (value,) = [row["value"] for row in rows if row["field_name"] == "paper"]
    assert value.isdecimal()


def test_1_10_an_empty_file_is_a_file(filled, upload):
    assert upload(filled, "file", "empty.bin", b"", **PLACE).status_code == 200
    assert filled.export_file("1", "paper") == (b"", {"name": "empty.bin", "charset": "UTF-8"})


def test_1_10_the_media_type_is_the_one_sent(filled, ask, upload):
    part = {"file": ("x.dat", b"1", "image/png")}
    upload(filled, "file", files=part, **PLACE)
    assert (
        ask(filled, "file", action="export", **PLACE)
        .headers["Content-Type"]
        .startswith("image/png;")
    )


@pytest.mark.parametrize("kind", ["text/html\r\nX-Bad: 1", "nonsense", "a/b/c", ""])
def test_1_10_a_media_type_that_is_none_is_found_by_the_name(filled, ask, tracker, kind):
    edge = "----edge"
    fields = {"token": filled.token, "content": "file", "action": "import", **PLACE}
    body = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    body += (
        f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        f"Content-Type: {kind}\r\n\r\nx\r\n--{edge}--\r\n"
    )
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    sent = requests.post(tracker.url, data=body.encode(), headers=headers, timeout=30)
    assert sent.status_code == 200
    response = ask(filled, "file", action="export", **PLACE)
    assert "X-Bad" not in response.headers
    found = response.headers["Content-Type"].split(";")[0]
    assert found in {"application/pdf", "text/html"}


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\scan.txt", "scan.txt"),
        ("a\u202eb.txt", "ab.txt"),
        ("..", "file"),
        ("Bildå.txt", "Bildå.txt"),
        ("снимок.txt", "снимок.txt"),
    ],
)
def test_1_10_names_lose_folders_and_hidden_signs(filled, ask, upload, name, kept):
    assert upload(filled, "file", name, **PLACE).status_code == 200
    assert ask(filled, "record", fields="paper").json()[0]["paper"] == kept
    header = ask(filled, "file", action="export", **PLACE).headers["Content-Type"]
    assert f'name="{kept.encode().decode("latin-1")}";' in header


def test_1_10_quotes_in_a_name_end_nothing():
    answer = file_answer('a";b\\.txt', "text/plain", b"")
    assert answer.content_type == 'text/plain; name="a\\";b\\\\.txt";charset=UTF-8'


def test_1_10_a_second_file_takes_the_place_of_the_first(filled, upload, rows_in):
    upload(filled, "file", "1.txt", b"1", **PLACE)
    upload(filled, "file", "2.txt", b"2", **PLACE)
    assert filled.export_file("1", "paper")[0] == b"2"
    assert rows_in(filled, "documents") == 1


def test_1_10_a_deleted_file_is_gone(filled, ask, refusal, upload, rows_in):
    upload(filled, "file", **PLACE)
    response = ask(filled, "file", action="delete", **PLACE)
    assert (response.status_code, response.content) == (200, b"")
    assert rows_in(filled, "documents") == 0
    assert ask(filled, "record").json()[0]["paper"] == ""
    assert refusal(filled, "file", action="export", **PLACE)[0] == 400
    assert refusal(filled, "file", action="delete", **PLACE)[0] == 400


@pytest.mark.parametrize("part", [{}, {"instrument": "first"}])
def test_1_10_with_its_record_a_file_goes_too(filled, ask, upload, rows_in, part):
    upload(filled, "file", **PLACE)
    assert ask(filled, "record", action="delete", **{"records[0]": "1"}, **part).text == "1"
    assert rows_in(filled, "documents") == 0


def test_1_10_an_upload_makes_the_record(filled, ask, upload):
    assert upload(filled, "file", record="77", field="paper").status_code == 200
    row = ask(filled, "record", records="77").json()[0]
    assert (row["paper"], row["first_complete"]) == ("note.txt", "0")


def test_1_10_an_upload_makes_the_instance(make, metadata, ask, upload):
    fields = [*metadata, {**metadata[10], "field_name": "scan", "form_name": "visits"}]
    project = make(metadata=fields)
    place = {"record": "1", "field": "scan"}
    assert upload(project, "file", "one.txt", b"1", **place).status_code == 200
    assert (
        upload(project, "file", "three.txt", b"3", repeat_instance="3", **place).status_code == 200
    )
    rows = ask(project, "record").json()
    found = [(row["redcap_repeat_instance"], row["scan"]) for row in rows]
    assert found == [("", ""), (1, "one.txt"), (3, "three.txt")]
    assert project.export_file("1", "scan", repeat_instance=3)[0] == b"3"
    assert project.export_file("1", "scan")[0] == b"1"


def test_1_10_the_event_says_where(longitudinal, ask, refusal, upload):
    there = {**PLACE, "event": "other_arm_2"}
    assert upload(longitudinal, "file", **there).status_code == 200
    assert longitudinal.export_file("1", "paper", event="other_arm_2")[0] == b"hello"
    assert refusal(longitudinal, "file", action="export", **PLACE)[0] == 400
    assert (
        "'bogus'"
        in refusal(longitudinal, "file", action="export", **{**PLACE, "event": "bogus"})[1]
    )


@pytest.mark.parametrize("field", ["bogus", "name", ""])
@pytest.mark.parametrize("action", ["export", "import", "delete"])
def test_1_10_only_file_fields_hold_files(filled, upload, action, field):
    response = upload(filled, "file", action=action, record="1", field=field)
    assert (response.status_code, f"'{field}'" in response.json()["error"]) == (400, True)


def test_1_10_a_record_that_is_not_there_has_no_file(filled, refusal):
    for action in ("export", "delete"):
        told = refusal(filled, "file", action=action, record="-1", field="paper")
        assert told == (400, 'The record "-1" does not exist')


def test_1_10_an_import_needs_the_part_named_file(filled, ask, upload, rows_in):
    assert ask(filled, "file", action="import", **PLACE).status_code == 400
    other = {"paper": ("x.txt", io.BytesIO(b"x"))}
    assert upload(filled, "file", files=other, **PLACE).status_code == 400
    two = [("file", ("a", b"a")), ("file", ("b", b"b"))]
    assert upload(filled, "file", files=two, **PLACE).status_code == 400
    assert rows_in(filled, "documents") == 0


def test_1_10_a_larger_body_than_allowed_is_refused(filled, upload, monkeypatch, rows_in):
    monkeypatch.setattr("headgate.tracker.server.LARGEST_BODY", 10_000)
    assert upload(filled, "file", data=b"x" * 20_000, **PLACE).status_code == 413
    assert rows_in(filled, "documents") == 0


@pytest.mark.parametrize(
    ("rights", "action"),
    [
        ({"api_export": 0}, "export"),
        ({"forms_export": {"first": 0}}, "export"),
        ({"forms_export": {"first": 2}}, "export"),
        ({"api_import": 0}, "import"),
        ({"api_import": 0}, "delete"),
        ({"forms": {"first": 2}}, "import"),
        ({"forms": {"first": 0}}, "delete"),
    ],
)
def test_1_10_without_the_right_nothing_is_done(filled, upload, person, rights, action):
    upload(filled, "file", "kept.txt", **PLACE)
    token = person(filled, "u", **rights)
    response = upload(filled, "file", "new.txt", b"new", token=token, action=action, **PLACE)
    assert response.status_code == 403
    assert filled.export_file("1", "paper")[1]["name"] == "kept.txt"


def test_1_10_a_new_record_takes_the_right_to_make_records(filled, upload, person):
    token = person(filled, "u", record_create=0)
    assert upload(filled, "file", token=token, record="9", field="paper").status_code == 403
    assert upload(filled, "file", token=token, **PLACE).status_code == 200


def test_1_10_other_groups_records_are_not_there(filled, ask, upload, person):
    ask(filled, "dag", [{"data_access_group_name": "Ward"}], action="import")
    token = person(filled, "nurse", group="ward")
    for action in ("export", "import", "delete"):
        response = upload(filled, "file", token=token, action=action, **PLACE)
        assert response.json()["error"] == 'The record "1" does not exist'
    assert upload(filled, "file", token=token, record="n1", field="paper").status_code == 200
    assert [row["record_id"] for row in ask(filled, "record", token=token).json()] == ["n1"]


def test_1_12_files_leave_lines_in_the_log(filled, ask, upload):
    upload(filled, "file", **PLACE)
    ask(filled, "file", action="export", **PLACE)
    ask(filled, "file", action="delete", **PLACE)
    lines = [(row["action"], row["details"]) for row in filled.export_logging()]
    assert lines[1] == ("Update record (API) 1", "paper = ''")
    assert lines[2][0] == "Download uploaded file (API)"
    assert lines[3][0] == "Update record (API) 1"
    assert lines[3][1].startswith("paper = '")
