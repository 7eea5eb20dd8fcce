"""What stands before every page: the session, the form's token, the project and the rights."""

import hmac
import sqlite3
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from headgate.core.errors import Unavailable
from headgate.tracker.model.projects import load_project
from headgate.tracker.model.rights import ALL_RIGHTS, Rights
from headgate.tracker.model.tokens import Caller, person_in
from headgate.tracker.pages.accounts import Account
from headgate.tracker.pages.rendering import Download, go, page
from headgate.tracker.pages.sessions import COOKIE, Session, find_session
from headgate.tracker.pages.visits import ProjectVisit, Sent, Upload, Visit, missing
from headgate.tracker.storage.database import change, connect, look
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.sending import LongResponse

LARGEST_FORM = 64 * 1024 * 1024
MOST_FIELDS = 50_000
FORGED = "This form is not from a page of your session: open the page again."
BUSY = "The database cannot be used now; nothing was changed."
HIGHEST_NUMBER = 2**63
Answer = Response | Download
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """A page: where it is, by which method, what answers, and the rights that it takes.

    One that writes holds the only write transaction; `freely` is one that sees to that itself.
    """

    path: str
    method: str
    run: Callable[..., Answer]
    rights: tuple[str, ...] = ()
    freely: bool = False


def route(database: Path, item: Page) -> Route:
    """Given the database and a page, return its route; nobody comes there without a session."""

    def run(request: Request, sent: Sent) -> Response:
        with ExitStack() as opened:
            connection = opened.enter_context(closing(connect(database)))
            session = _session(connection, sent.cookies)
            if session is None:
                return to_sign_in(sent, item.method)
            visit = Visit(connection, sent, session)
            try:
                if item.method == "POST":
                    check_form(session.form_token, sent)
                answer = _run(item, visit, request.path_params, opened)
            except Refused as error:
                return refused(visit, error)
            if isinstance(answer, Download):
                chunks = _kept_open(answer.chunks, opened.pop_all())
                return LongResponse(chunks, 200, answer.headers())
            return answer

    async def endpoint(request: Request) -> Response:
        sent = sent_by(request)
        if item.method == "POST":
            # A stranger's form is not even read.
            if not await run_in_threadpool(_is_signed_in, database, sent.cookies):
                return to_sign_in(sent, item.method)
            sent = await with_form(request, sent)
        return await run_in_threadpool(run, request, sent)

    return Route(item.path, kept(endpoint), methods=[item.method])


def kept(endpoint: Endpoint) -> Endpoint:
    """Given an endpoint, return one that answers with a page even where something is wrong."""

    async def answering(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Refused as error:
            return page(None, "message", "This did not work", error.status, text=error.message)
        except (sqlite3.OperationalError, Unavailable):
            return page(None, "message", "Not now", 503, text=BUSY)
        except ClientDisconnect:
            return Response(status_code=400)

    return answering


def refused(visit: Visit | None, error: Refused) -> Response:
    """Given a refusal, return the page that tells it."""
    titles = {403: "Not allowed", 404: "Not found"}
    title = titles.get(error.status, "This did not work")
    return page(visit, "message", title, error.status, text=error.message)


def sent_by(request: Request) -> Sent:
    """Given a request, return what came with it but the form."""
    headers = request.headers
    return Sent(
        path=request.url.path,
        query={name: _plain(value) for name, value in request.query_params.items()},
        cookies=request.cookies,
        is_secure="https" in {request.url.scheme, headers.get("x-forwarded-proto", "")},
    )


async def with_form(request: Request, sent: Sent, largest: int = LARGEST_FORM) -> Sent:
    """Given a request whose form was not read, return all that came with it. Raise Refused."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise Refused(FORGED, 403)
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > largest:
        raise Refused(f"A form has at most {largest // 1024} KiB.", 413)
    values: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    limits = {"max_files": 50, "max_fields": MOST_FIELDS, "max_part_size": largest}
    async with request.form(**limits) as form:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                values.setdefault(name, []).append(_plain(value))
            elif value.filename:
                kind = value.content_type or "application/octet-stream"
                files[name] = Upload(_plain(value.filename), kind, await value.read())
    return Sent(sent.path, sent.query, values, files, sent.cookies, sent.is_secure)


def check_form(token: str, sent: Sent) -> None:
    """Given the token that a form must carry, do nothing if it does. Raise Refused (403) if not."""
    if not token or not hmac.compare_digest(token.encode(), sent.value("form_token").encode()):
        raise Refused(FORGED, 403)


def to_sign_in(sent: Sent, method: str) -> Response:
    """Given what a stranger sent, return the way to the sign-in, and from there back."""
    wanted = sent.address if method == "GET" else ""
    query = urlencode({"next": wanted}) if wanted not in {"", "/"} else ""
    return go(f"/sign-in?{query}" if query else "/sign-in")


def caller_in(connection: sqlite3.Connection, account: Account, project_id: int) -> Caller | None:
    """Given an account and a project, return what the account may do there; None: nothing.

    An administrator who is no user of the project may do all.
    """
    listed = connection.execute(
        "SELECT 1 FROM users WHERE project_id = ? AND username = ?", (project_id, account.username)
    ).fetchone()
    if account.administrator and listed is None:
        return Caller(project_id, account.username, Rights(ALL_RIGHTS))
    return person_in(connection, project_id, account.username)


def _run(item: Page, visit: Visit, path: Mapping[str, int], opened: ExitStack) -> Answer:
    if item.freely:
        return item.run(_within(visit, path, item.rights))
    if item.method == "GET":
        opened.enter_context(look(visit.connection))
        return item.run(_within(visit, path, item.rights))
    with change(visit.connection):
        return item.run(_within(visit, path, item.rights))


def _within(visit: Visit, path: Mapping[str, int], rights: tuple[str, ...]) -> Visit:
    """Return the visit with its project, if the path names one. Raise Refused."""
    project_id = path.get("project")
    if project_id is None:
        return visit
    connection, account = visit.connection, visit.session.account
    query = "SELECT 1 FROM projects WHERE project_id = ?"
    # A number too large for the database is no project either.
    if project_id >= HIGHEST_NUMBER or not connection.execute(query, (project_id,)).fetchone():
        raise missing()
    caller = caller_in(connection, account, project_id)
    if caller is None:
        raise missing()
    for right in rights:
        caller.need(right)
    project = load_project(connection, project_id)
    return ProjectVisit(connection, visit.sent, visit.session, project, caller)


def _session(connection: sqlite3.Connection, cookies: Mapping[str, str]) -> Session | None:
    return find_session(connection, cookies[COOKIE]) if COOKIE in cookies else None


def _is_signed_in(database: Path, cookies: Mapping[str, str]) -> bool:
    with closing(connect(database)) as connection:
        return _session(connection, cookies) is not None


def _kept_open(chunks: Iterator[str | bytes], opened: ExitStack) -> Iterator[str | bytes]:
    with opened:
        yield from chunks


def _plain(text: str) -> str:
    # Half a surrogate pair, and a zero, no database and no answer could hold.
    return text.encode("utf-8", "replace").decode().replace("\0", "")
