"""Whatever people type comes back as text, and never as markup or as a query."""

import pytest
import requests

EVIL = "<script>alert('x')</script>\"'--; DROP TABLE records;{{7*7}}"
SHOWN = "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&#34;&#39;--; DROP TABLE records;{{7*7}}"


@pytest.fixture
def evil(make, number_of, database):
    metadata = [
        {"field_name": name, "form_name": "first", "field_type": kind, "field_label": EVIL,
         "select_choices_or_calculations": f"1, {EVIL}" if kind == "radio" else "",
         "field_note": EVIL, "section_header": EVIL, "branching_logic": logic}
        for name, kind, logic in (
            ("record_id", "text", ""), ("words", "text", ""), ("lines", "notes", ""),
            ("choice", "radio", ""), ("rest", "text", f'[words] = "{EVIL[:27]}"'),
        )
    ]  # fmt: skip
    project = make(project_title=EVIL, metadata=metadata, repeating=())
    project.import_records([{"record_id": EVIL, "words": EVIL, "lines": EVIL, "choice": "1"}])
    number = number_of(project)
    database.execute(
        "INSERT INTO reports (project_id, title, definition) VALUES (?, ?, ?)",
        (number, EVIL, '{"fields": ["words", "choice"], "filterLogic": ""}'),
    )
    database.execute(
        "INSERT INTO users (project_id, username, rights) VALUES (?, ?, '{}')", (number, EVIL)
    )
    return number


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/projects/{}",
        "/projects/{}?text={evil}&state={evil}&order={evil}&form={evil}&status={evil}",
        "/projects/{}/record?record={evil}",
        "/projects/{}/form?record={evil}&form=first&next={evil}",
        "/projects/{}/history?record={evil}",
        "/projects/{}/history?record={evil}&field=words",
        "/projects/{}/delete?record={evil}",
        "/projects/{}/rename?record={evil}",
        "/projects/{}/dictionary",
        "/projects/{}/reports",
        "/projects/{}/report?id={report}",
        "/projects/{}/report/edit?id={report}",
        "/projects/{}/people",
        "/projects/{}/person?username={evil}",
        "/projects/{}/log",
        "/projects/{}/log?record={evil}&username={evil}&kind={evil}",
        "/projects/{}/export",
        "/projects/{}/add",
    ],
)
def test_it_is_shown_as_text(path, evil, boss, database):
    report = database.execute("SELECT MAX(report_id) FROM reports").fetchone()[0]
    quoted = requests.utils.quote(EVIL, safe="")
    page = boss.get(path.format(evil, evil=quoted, report=report))
    assert page.status_code == 200
    assert SHOWN in page.text
    assert "<script" not in page.text


def test_what_is_typed_wrongly_comes_back_as_text(boss, number):
    path = f"/projects/{number}/form?record=2&form=first"
    page = boss.post(path, {"age": EVIL, "digest": ""})
    assert page.status_code in {409, 422}
    assert SHOWN in page.text
    assert "<script" not in page.text
    page = boss.post("/sign-in", {"username": EVIL, "password": EVIL})
    assert "<script" not in page.text
