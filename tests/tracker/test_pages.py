"""The pages: a look at the records, escaped, and only for this machine's own browser."""

import pytest
import requests

EVIL = "<script>alert('x')</script>"


@pytest.fixture
def look(tracker):
    base = tracker.url.removesuffix("/api/")
    return lambda path, **headers: requests.get(base + path, headers=headers, timeout=30)


def test_projects_records_and_values_are_shown(look, classic):
    title = classic.export_project_info()["project_title"]
    number = classic.export_project_info()["project_id"]
    classic.import_records([{"record_id": "a/b c?", "name": "Ann"}])
    assert title in look("/").text
    page = look(f"/projects/{number}").text
    assert f"/projects/{number}/records/a%2Fb%20c%3F" in page
    assert "Ann" in look(f"/projects/{number}/records/a%2Fb%20c%3F").text


def test_everything_is_escaped(look, make):
    project = make(project_title=EVIL)
    number = project.export_project_info()["project_id"]
    project.import_records([{"record_id": EVIL, "name": EVIL}])
    record = requests.utils.quote(EVIL, safe="")
    for path in ("/", f"/projects/{number}", f"/projects/{number}/records/{record}"):
        page = look(path)
        assert "&lt;script&gt;" in page.text
        assert "<script" not in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [{"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=x"}, {"Host": "evil.example"}],
)
def test_other_clients_are_sent_away(look, headers):
    page = look("/", **headers)
    assert page.status_code == 403
    assert "/projects/" not in page.text


@pytest.mark.parametrize(
    "path", ["/projects/999", "/projects/99999999999999999999", "/projects/1/records/none", "/x"]
)
def test_what_is_not_there_is_404(look, path):
    assert look(path).status_code == 404
