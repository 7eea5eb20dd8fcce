"""Nobody comes in without a session, nothing is changed without the form's token or the right."""

import pytest
import requests
from headgate.tracker.pages.routes import PAGES
from visitors import hidden

POSTS = [item for item in PAGES if item.method == "POST"]
GUARDED = [(item, right) for item in PAGES for right in item.rights]
RECORD = "record=1&form=first&event="


def path_of(item, number):
    return item.path.replace("{project:int}", str(number))


def names(item):
    return f"{item.method} {item.path}" if hasattr(item, "path") else str(item)


@pytest.mark.parametrize("item", PAGES, ids=names)
def test_without_a_session_every_page_is_the_sign_in(item, base, number):
    answer = requests.request(
        item.method, base + path_of(item, number), allow_redirects=False, timeout=30
    )
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")
    assert not answer.text


@pytest.mark.parametrize("sent", [{}, {"form_token": ""}, {"form_token": "x" * 43}])
@pytest.mark.parametrize("item", POSTS, ids=names)
def test_a_form_without_the_token_changes_nothing(item, sent, boss, number, count):
    before = count("log"), count("entries"), count("sessions"), count("users")
    answer = boss.session.post(boss.base + path_of(item, number), data=sent, timeout=30)
    assert answer.status_code == 403
    assert (count("log"), count("entries"), count("sessions"), count("users")) == before


@pytest.mark.parametrize("item", POSTS, ids=names)
def test_the_token_of_another_session_is_none(item, boss, number, visitor, account):
    other = visitor(account(administrator=True))
    answer = boss.post(path_of(item, number), {"form_token": other.token})
    assert answer.status_code == 403


def test_a_form_sent_by_another_site_is_refused(boss):
    answer = boss.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert boss.get("/").url.endswith("/")


@pytest.mark.parametrize(("item", "right"), GUARDED, ids=names)
def test_a_page_takes_its_right(item, right, member, number):
    path = f"{path_of(item, number)}?record=1"
    ask = (lambda one: one.get(path)) if item.method == "GET" else (lambda one: one.post(path))
    refused = ask(member(number, **{right: 0}))
    assert refused.status_code == 403
    assert "privileges" in refused.text
    assert ask(member(number, only=[right])).status_code != 403


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_token_page_takes_one_of_the_rights_to_the_api(method, member, number):
    path = f"/projects/{number}/token"
    sent = {} if method == "get" else {"data": {"do": "show"}}

    def ask(one):
        return getattr(one, method)(path, **sent)

    assert ask(member(number, api_export=0, api_import=0)).status_code == 403
    assert ask(member(number, only=["api_import"])).status_code == 200
    assert ask(member(number, only=["api_export"])).status_code == 200


def test_pages_without_the_right_are_not_offered(member, number):
    page = member(number, only=[]).get(f"/projects/{number}").text
    for name in ("Import", "Users", "Log", "API token", "Add a record"):
        assert f">{name}</a>" not in page
    page = member(number).get(f"/projects/{number}").text
    for name in ("Import", "Users", "Log", "API token", "Add a record"):
        assert f">{name}</a>" in page


def test_a_project_of_others_is_not_there(account, visitor, number):
    stranger = visitor(account())
    assert f"/projects/{number}" not in stranger.get("/").text
    for item in PAGES:
        if "project" in item.path:
            path = path_of(item, number)
            answer = stranger.get(path) if item.method == "GET" else stranger.post(path)
            assert answer.status_code == 404, item.path


def test_an_expired_user_is_a_stranger(member, number, database):
    one = member(number)
    assert one.get(f"/projects/{number}").status_code == 200
    database.execute("UPDATE users SET expiration = '2020-01-01' WHERE username = ?", (one.name,))
    assert one.get(f"/projects/{number}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/x",
        "/projects/999999",
        "/projects/99999999999999999999",
        "/projects/{}/record?record=none",
        "/projects/{}/record",
        "/projects/{}/form?record=1&form=none",
        "/projects/{}/form?record=1&form=first&event=999999",
        "/projects/{}/form?record=1&form=visits&instance=0",
        "/projects/{}/form?record=1&form=visits&instance=99999",
        "/projects/{}/report?id=99999999999999999999",
        "/projects/{}/file?record=1&form=first&field=name",
        "/static/none",
        "/static/../routes.py",
    ],
)
def test_what_is_not_there_is_404(path, boss, number):
    assert boss.get(path.format(number)).status_code == 404


@pytest.mark.parametrize("path", ["/sign-in", "/", "/x", "/projects/{}", "/static/style.css"])
def test_every_answer_has_strict_headers(path, boss, number):
    headers = boss.get(path.format(number)).headers
    policy = headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert rule in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert ("no-store" in headers["Cache-Control"]) == ("static" not in path)


def test_pages_name_no_other_site_and_hold_no_script(boss, number):
    for path in ("/", f"/projects/{number}", f"/projects/{number}/form?record=1&form=first"):
        text = boss.get(path).text
        assert "<script" not in text
        assert "style=" not in text
        assert "http" not in text


@pytest.mark.parametrize(("level", "status"), [(0, 404), (2, 403), (1, 303), (3, 303)])
def test_a_form_is_saved_only_by_who_may_edit_it(level, status, member, number):
    one = member(number, forms={"first": level})
    path = f"/projects/{number}/form?record=2&form=first"
    shown = one.get(path)
    assert shown.status_code == (404 if level == 0 else 200)
    assert (">Save<" in shown.text) == (status == 303)
    digest = hidden(shown, "digest") if status == 303 else ""
    assert one.post(path, {"digest": digest}).status_code == status
    assert one.post(path, {"digest": digest, "name": "X"}).status_code == status
    record = one.get(f"/projects/{number}/record?record=2").text
    assert ("Bob" in record) == (level == 2)


def test_a_form_without_access_shows_nowhere(member, number, boss):
    one = member(number, forms={"second": 0})
    assert "Second" in boss.get(f"/projects/{number}").text
    for path in ("", "/record?record=1"):
        assert "Second" not in one.get(f"/projects/{number}{path}").text
    for path in ("/history?record=1", "/log"):
        page = one.get(f"/projects/{number}{path}").text
        assert "ticks___1" not in page
        assert "Ann" in page


def test_a_new_record_takes_its_right(member, number):
    one = member(number, record_create=0)
    path = f"/projects/{number}/form?record=new&form=first"
    assert one.get(path).status_code == 403
    assert one.post(path, {"name": "X"}).status_code == 403


def test_a_group_sees_its_own_records_alone(member, number, group, database):
    site = group(number)
    database.execute(
        "UPDATE records SET group_id = ? WHERE project_id = ? AND record = '2'", (site, number)
    )
    one = member(number, group_id=site)
    listed = one.get(f"/projects/{number}").text
    assert "record=2" in listed
    assert "record=1" not in listed
    for path in ("record?record=1", "form?record=1&form=first", "history?record=1"):
        assert one.get(f"/projects/{number}/{path}").status_code == 404
    for path in ("delete?record=1", "rename?record=1", "form?record=1&form=first"):
        assert one.post(f"/projects/{number}/{path}").status_code == 404
    assert "Ann" not in one.get(f"/projects/{number}/log").text
    assert "Ann" not in one.get(f"/projects/{number}/records.csv").text
    assert "Bob" in one.get(f"/projects/{number}/records.csv").text
