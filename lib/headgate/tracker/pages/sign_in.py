"""Signing in and out, and changing one's own password."""

import hmac
import secrets
from contextlib import closing
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from headgate.tracker.pages.accounts import account_with, set_password
from headgate.tracker.pages.guard import FORGED, kept, sent_by, with_form
from headgate.tracker.pages.rendering import go, page
from headgate.tracker.pages.sessions import (
    COOKIE,
    LONGEST_SECONDS,
    close_session,
    find_session,
    open_session,
)
from headgate.tracker.pages.visits import Sent, Visit, is_local
from headgate.tracker.storage.database import connect
from headgate.tracker.wire.answers import Refused

FORM_COOKIE = "headgate_sign_in"
LARGEST_SIGN_IN = 16 * 1024
# One text for every cause, so that a stranger does not learn which names there are.
WRONG = (
    "The name and the password do not fit, or there were too many attempts. "
    "Wait a little before you try again."
)


def sign_in_routes(database: Path) -> list[Route]:
    """Given the database, return the routes that need no session."""

    async def show(request: Request) -> Response:
        return _asking(sent_by(request))

    async def submit(request: Request) -> Response:
        sent = await with_form(request, sent_by(request), LARGEST_SIGN_IN)
        return await run_in_threadpool(_enter, database, sent)

    return [
        Route("/sign-in", show, methods=["GET"]),
        Route("/sign-in", kept(submit), methods=["POST"]),
    ]


def sign_out(visit: Visit) -> Response:
    """Given a visit, end its session."""
    close_session(visit.connection, visit.session.digest)
    answer = go("/sign-in")
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def ask_password(visit: Visit, problem: str = "") -> Response:
    """Given a visit, return the form for a new password, with what was wrong with the last one."""
    status = 422 if problem else 200
    return page(visit, "password", "Change password", status, problem=problem)


def take_password(visit: Visit) -> Response:
    """Given the old and the new password, store the new one and open a new session."""
    name, sent = visit.session.account.username, visit.sent
    if account_with(visit.connection, name, sent.value("password"), delays=True) is None:
        return ask_password(visit, "The present password is not right.")
    if sent.value("new") != sent.value("again"):
        return ask_password(visit, "The two new passwords are not the same.")
    try:
        set_password(visit.connection, name, sent.value("new"))
    except Refused as error:
        return ask_password(visit, error.message)
    answer = go("/?saved=password")
    _set_cookie(answer, open_session(visit.connection, name), sent.is_secure)
    return answer


def _asking(sent: Sent, problem: str = "", name: str = "") -> Response:
    # The one that a page opened beside this one has may be in use still.
    token = sent.cookies.get(FORM_COOKIE) or secrets.token_urlsafe(32)
    target = sent.value("next") or sent.asked("next")
    answer = page(
        *(None, "sign_in", "Sign in", 401 if problem else 200),
        problem=problem,
        name=name,
        sign_in_token=token,
        target=target if is_local(target) else "",
    )
    # Sent back both in the cookie and in the form: a page from elsewhere cannot do both.
    answer.set_cookie(
        FORM_COOKIE, token, path="/", httponly=True, samesite="strict", secure=sent.is_secure
    )
    return answer


def _enter(database: Path, sent: Sent) -> Response:
    token = sent.cookies.get(FORM_COOKIE, "")
    if not token or not hmac.compare_digest(token.encode(), sent.value("form_token").encode()):
        raise Refused(FORGED, 403)
    name = sent.value("username").strip()
    with closing(connect(database)) as connection:
        account = account_with(connection, name, sent.value("password"))
        if account is None:
            return _asking(sent, WRONG, name)
        if before := find_session(connection, sent.cookies.get(COOKIE, "")):
            close_session(connection, before.digest)
        cookie = open_session(connection, account.username)
    target = sent.value("next")
    answer = go(target if is_local(target) else "/")
    answer.delete_cookie(FORM_COOKIE, path="/", httponly=True, samesite="strict")
    _set_cookie(answer, cookie, sent.is_secure)
    return answer


def _set_cookie(answer: Response, cookie: str, is_secure: bool) -> None:
    answer.set_cookie(
        *(COOKIE, cookie),
        max_age=LONGEST_SECONDS,
        path="/",
        secure=is_secure,
        httponly=True,
        samesite="strict",
    )
