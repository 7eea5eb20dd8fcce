"""Tokens, users and rights, reports, the log."""

import json
import re

import pytest
from headgate.tracker.model.rights import RIGHTS
from visitors import hidden


def shown_token(page):
    found = re.search(r'id="token" class="secret" value="([0-9A-F]{32})"', page.text)
    return found[1] if found else None


def test_a_token_is_made_shown_renewed_and_deleted(member, number, send):
    one = member(number)
    path = f"/projects/{number}/token"
    first = shown_token(one.post(path, {"do": "make"}))

    def works(token):
        return send(token=token, content="version").status_code == 200

    assert works(first)
    assert shown_token(one.get(path)) is None
    assert shown_token(one.post(path, {"do": "show"})) == first
    second = shown_token(one.post(path, {"do": "renew"}))
    assert second not in {first, None}
    assert works(second)
    assert not works(first)
    one.post(path, {"do": "delete"})
    assert not works(second)
    assert one.post(path, {"do": "nothing"}).status_code == 400


def test_an_administrator_who_is_no_user_has_no_token(boss, number, count):
    before = count("tokens")
    assert boss.post(f"/projects/{number}/token", {"do": "make"}).status_code == 400
    assert count("tokens") == before


def test_a_user_is_added_changed_and_removed(
    boss, number, account, visitor, group, database, log_of
):
    name, site = account(), group(number)
    one = visitor(name)
    assert one.get(f"/projects/{number}").status_code == 404
    path = f"/projects/{number}/person"
    given = {"username": name, "right": ["logging"], "form:first": "2", "export:first": "1"}
    assert boss.post(path, given).status_code == 303
    assert one.get(f"/projects/{number}/log").status_code == 200
    assert one.get(f"/projects/{number}/people").status_code == 403
    assert (
        "read this form, not change" in one.get(f"/projects/{number}/form?record=1&form=first").text
    )
    assert one.get(f"/projects/{number}/form?record=1&form=second").status_code == 404
    assert boss.post(path, {**given, "right": [], "group": str(site)}).status_code == 303
    assert one.get(f"/projects/{number}/log").status_code == 403
    assert one.get(f"/projects/{number}/record?record=1").status_code == 404
    assert boss.post(path, {**given, "expiration": "2020-01-01"}).status_code == 303
    assert one.get(f"/projects/{number}").status_code == 404
    assert boss.post(f"{path}/remove", {"username": name}).status_code == 303
    assert name not in boss.get(f"/projects/{number}/people").text
    assert log_of(number)[0] == f"Deleted User {name}"
    assert boss.post(f"{path}/remove", {"username": name}).status_code == 404


def test_a_role_stands_in_place_of_the_own_rights(boss, number, account, visitor, database):
    name = account()
    role = database.execute(
        "INSERT INTO roles (project_id, unique_role_name, role_label, rights) VALUES (?, ?, ?, ?)",
        (number, "r", "Reader", json.dumps({"logging": 1})),
    ).lastrowid
    sent = {"username": name, "right": list(RIGHTS), "role": str(role)}
    boss.post(f"/projects/{number}/person", sent)
    one = visitor(name)
    assert one.get(f"/projects/{number}/log").status_code == 200
    assert one.get(f"/projects/{number}/people").status_code == 403
    assert "Reader" in boss.get(f"/projects/{number}/people").text


@pytest.mark.parametrize(
    "sent", [{"username": " "}, {"username": "x" * 300}, {"expiration": "soon"}]
)
def test_wrong_users_are_told(boss, number, sent, count):
    before = count("users")
    answer = boss.post(f"/projects/{number}/person", {"username": "somebody", **sent})
    assert answer.status_code == 422
    assert count("users") == before


def test_who_gives_rights_touches_no_account(member, number, count, database):
    one = member(number)
    before = database.execute("SELECT * FROM accounts ORDER BY username").fetchall()
    sent = {"username": one.name, "right": list(RIGHTS), "administrator": "1", "password": "x" * 20}
    one.post(f"/projects/{number}/person", sent)
    after = database.execute("SELECT * FROM accounts ORDER BY username").fetchall()
    assert [tuple(row) for row in after] == [tuple(row) for row in before]


def test_a_report_is_made_run_changed_and_deleted(boss, number):
    edit = f"/projects/{number}/report/edit"
    sent = {"title": "Old ones", "field": ["name", "age"], "logic": "[age] > 30"}
    where = boss.post(edit, sent).headers["Location"]
    page = boss.get(where).text
    assert "Ann" in page
    assert "Bob" not in page
    assert "Old ones" in boss.get(f"/projects/{number}/reports").text
    again = where.replace("/report?", "/report/edit?")
    boss.post(again, {**sent, "logic": "[age] = ''"})
    assert "Bob" in boss.get(where).text
    deleted = where.replace("/report?", "/report/delete?")
    assert boss.post(deleted).status_code == 303
    assert boss.get(where).status_code == 404


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"title": ""}, "needs a title"),
        ({"field": []}, "at least one field"),
        ({"logic": "[age >"}, "syntax error"),
        ({"logic": "[nothing] = 1"}, "has not got"),
    ],
)
def test_a_wrong_report_is_told_and_kept(boss, number, sent, said):
    whole = {"title": "Mine", "field": ["name"], "logic": "", **sent}
    page = boss.post(f"/projects/{number}/report/edit", whole)
    assert page.status_code == 422
    assert said in page.text
    assert hidden(page, "logic") == whole["logic"]


def test_a_report_shows_only_what_a_person_may_export(boss, member, number):
    sent = {"title": "All", "field": ["name", "note"], "logic": ""}
    where = boss.post(f"/projects/{number}/report/edit", sent).headers["Location"]
    assert "Ann" in boss.get(where).text
    assert "Ann" not in member(number, forms_export={"first": 0}).get(where).text


def test_a_report_of_another_project_is_not_there(boss, number, make, number_of):
    sent = {"title": "All", "field": ["name"], "logic": ""}
    where = boss.post(f"/projects/{number}/report/edit", sent).headers["Location"]
    other = where.replace(f"/projects/{number}/", f"/projects/{number_of(make())}/")
    assert boss.get(other).status_code == 404


def test_the_log_is_filtered_by_kind_user_and_record(boss, number, member):
    path = f"/projects/{number}/log"
    one = member(number)
    form = f"/projects/{number}/form?record=2&form=first"
    digest = hidden(one.get(form), "digest")
    one.post(form, {"digest": digest, "name": "Bobby"})
    assert "<ins>Bobby</ins>" in boss.get(f"{path}?username={one.name}").text
    assert "<ins>Ann</ins>" not in boss.get(f"{path}?username={one.name}").text
    assert "<ins>Ann</ins>" not in boss.get(f"{path}?record=2").text
    assert "<ins>Bobby</ins>" not in boss.get(f"{path}?kind=record_add").text
    assert "<ins>Ann</ins>" in boss.get(f"{path}?kind=record_add").text


def test_the_log_has_pages_of_a_hundred(boss, number, database):
    database.executemany(
        "INSERT INTO log (project_id, moment, username, kind, action) VALUES (?, ?, 'x', 'manage', ?)",
        ((number, f"2030-01-01 00:{n // 60:02}:{n % 60:02}", f"action {n};") for n in range(150)),
    )
    first = boss.get(f"/projects/{number}/log?username=x").text
    assert "action 149;" in first
    assert "action 50;" in first
    assert "action 49;" not in first
    assert "action 49;" in boss.get(f"/projects/{number}/log?username=x&page=2").text
