"""Signing in: who may, for how long, and how often one may try."""

import re
import time

import pytest
import requests
from headgate.tracker.pages import accounts
from headgate.tracker.pages.sessions import COOKIE, IDLE_SECONDS, LONGEST_SECONDS
from visitors import PASSWORD, Visitor, hidden

WRONG = "do not fit"


@pytest.fixture
def stranger(base):
    return Visitor(base)


@pytest.fixture
def enter(stranger):
    """Fills in the sign-in form and sends it."""

    def fill_in(name, password=PASSWORD, **data):
        page = stranger.get("/sign-in")
        sent = {"form_token": hidden(page, "form_token"), **data}
        return stranger.post("/sign-in", {"username": name, "password": password, **sent})

    return fill_in


def test_the_right_password_opens_a_session(enter, stranger, account):
    answer = enter(account())
    assert answer.status_code == 303
    assert stranger.get("/").status_code == 200
    cookie = next(part for part in answer.headers["Set-Cookie"].split(", ") if COOKIE in part)
    for mark in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert mark in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_stays_with_https(stranger, account):
    stranger.session.headers["X-Forwarded-Proto"] = "https"
    page = stranger.get("/sign-in")
    token = hidden(page, "form_token")
    sent = {"username": account(), "password": PASSWORD, "form_token": token}
    cookies = {"Cookie": f"headgate_sign_in={token}"}
    answer = stranger.post("/sign-in", sent, headers=cookies)
    assert answer.status_code == 303
    assert re.search(rf"{COOKIE}=[^,]*Secure", answer.headers["Set-Cookie"])


def test_the_cookie_is_kept_only_as_a_digest(enter, account, tracker, stranger):
    enter(account())
    value = stranger.session.cookies[COOKIE]
    assert len(value) >= 43
    files = tracker.database.parent.glob(f"{tracker.database.name}*")
    assert not any(value.encode() in path.read_bytes() for path in files)


def test_a_wrong_password_and_an_unknown_name_are_answered_alike(enter, account):
    known, unknown = account(), "nobody-at-all"
    first, second = enter(known, "not the password"), enter(unknown, "not the password")
    assert first.status_code == second.status_code == 401
    assert WRONG in first.text
    assert first.text.replace(known, unknown) == second.text


def test_an_unknown_name_takes_as_long(enter, account, monkeypatch):
    checked = []
    real = accounts.PasswordHasher.verify
    monkeypatch.setattr(
        accounts.PasswordHasher, "verify", lambda *given: checked.append(given[1]) or real(*given)
    )
    enter("nobody-at-all", "not the password")
    enter(account(), "not the password")
    assert len(checked) == 2
    first, second = (text.split("$")[1:4] for text in checked)
    assert first == second


def test_signing_in_opens_a_new_session_and_ends_the_old_one(enter, stranger, account, base):
    name = account()
    enter(name)
    before = stranger.session.cookies[COOKIE]
    enter(name)
    assert stranger.session.cookies[COOKIE] != before
    answer = requests.get(base, cookies={COOKIE: before}, allow_redirects=False, timeout=30)
    assert answer.status_code == 303


def test_signing_out_ends_the_session(boss):
    cookie = boss.session.cookies[COOKIE]
    assert boss.post("/sign-out").status_code == 303
    answer = requests.get(boss.base, cookies={COOKIE: cookie}, allow_redirects=False, timeout=30)
    assert answer.headers["Location"] == "/sign-in"


@pytest.mark.parametrize(
    ("column", "age", "lives"),
    [
        ("used_at", IDLE_SECONDS - 60, True),
        ("used_at", IDLE_SECONDS + 1, False),
        ("opened_at", LONGEST_SECONDS - 60, True),
        ("opened_at", LONGEST_SECONDS + 1, False),
    ],
)
def test_a_session_ends_when_idle_or_old(column, age, lives, account, visitor, database, count):
    name = account(administrator=True)
    one = visitor(name)
    database.execute(
        f"UPDATE sessions SET {column} = ? WHERE username = ?", (time.time() - age, name)
    )
    answer = one.get("/", allow_redirects=False)
    assert answer.status_code == (200 if lives else 303)
    # The next one that signs in sweeps up.
    visitor(account())
    assert count("sessions", f"username = '{name}'") == int(lives)


def test_a_visit_keeps_the_session_alive(account, visitor, database):
    name = account()
    one = visitor(name)
    database.execute(
        "UPDATE sessions SET used_at = ? WHERE username = ?", (time.time() - 600, name)
    )
    one.get("/")
    used = database.execute("SELECT used_at FROM sessions WHERE username = ?", (name,)).fetchone()
    assert time.time() - used[0] < 60


def test_after_five_failures_even_the_right_password_waits(enter, account, database):
    name = account()
    for _ in range(5):
        assert enter(name, "not the password").status_code == 401
    refused = enter(name)
    assert refused.status_code == 401
    assert WRONG in refused.text
    database.execute("UPDATE accounts SET failed_at = failed_at - 2 WHERE username = ?", (name,))
    assert enter(name).status_code == 303
    row = database.execute("SELECT failures FROM accounts WHERE username = ?", (name,)).fetchone()
    assert row[0] == 0


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (10, 32), (30, 900), (10**9, 900)]
)
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(failures, seconds, account, database, enter):
    name = account()

    def failed(ago):
        database.execute(
            "UPDATE accounts SET failures = ?, failed_at = ? WHERE username = ?",
            (failures, time.time() - ago, name),
        )

    if seconds:
        failed(max(0, seconds - 20) if seconds > 20 else 0)
        assert enter(name).status_code == 401
    failed(seconds)
    assert enter(name).status_code == 303


@pytest.mark.parametrize("cookie", ["", "x" * 43])
def test_the_sign_in_form_of_another_site_is_refused(cookie, stranger, account):
    token = hidden(stranger.get("/sign-in"), "form_token")
    stranger.session.cookies.set("headgate_sign_in", cookie, path="/", domain="127.0.0.1")
    sent = {"username": account(), "password": PASSWORD, "form_token": token}
    answer = requests.post(
        f"{stranger.base}/sign-in",
        data=sent,
        cookies={"headgate_sign_in": cookie},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("target", "goes"),
    [
        ("/projects/1?state=waiting", "/projects/1?state=waiting"),
        ("//evil.example/", "/"),
        ("///evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("", "/"),
    ],
)
def test_after_the_sign_in_one_stays_here(target, goes, enter, account):
    assert enter(account(), next=target).headers["Location"] == goes


def test_who_was_sent_to_the_sign_in_comes_back(stranger):
    answer = stranger.get("/projects/1?state=waiting")
    assert hidden(answer, "next") == "/projects/1?state=waiting"


def test_a_password_is_changed_by_who_knows_it(account, visitor, enter):
    name = account()
    one, other = visitor(name), visitor(name)
    new = {"new": "another long one", "again": "another long one"}
    assert one.post("/password", {"password": "wrong password", **new}).status_code == 422
    right = {"password": PASSWORD}
    assert one.post("/password", {**right, "new": "short", "again": "short"}).status_code == 422
    assert one.post("/password", {**right, **new, "again": "x"}).status_code == 422
    answer = one.post("/password", {**right, **new})
    assert answer.status_code == 303
    assert one.get("/", allow_redirects=False).status_code == 200
    assert other.get("/", allow_redirects=False).status_code == 303
    assert enter(name).status_code == 401
    assert enter(name, "another long one").status_code == 303


def test_passwords_are_kept_as_argon2id(account, database):
    row = database.execute(
        "SELECT password FROM accounts WHERE username = ?", (account(),)
    ).fetchone()
    assert row[0].startswith("$argon2id$")
