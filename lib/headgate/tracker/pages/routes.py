"""A look at the records, for people at the same machine; there is no sign-in yet."""

import ipaddress
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from headgate.tracker.model.entries import Entry, read_entries
from headgate.tracker.model.projects import Project, load_project
from headgate.tracker.storage.database import connect, look

FIRST = 100
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
STYLE = (
    "body{font:15px/1.4 sans-serif;margin:2em}table{border-collapse:collapse}"
    "td,th{border:1px solid #bbb;padding:.25em .6em;text-align:left;vertical-align:top}"
)
LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}
PROXIED = ("forwarded", "x-forwarded-for", "x-real-ip")
Page = Callable[[sqlite3.Connection, Request], Response]


def routes(database: Path) -> list[Route]:
    """Given the database, return the routes of the pages."""
    return [
        Route("/", _guarded(database, _projects), methods=["GET"]),
        Route("/style.css", _style, methods=["GET"]),
        Route("/projects/{project:int}", _guarded(database, _records), methods=["GET"]),
        Route(
            "/projects/{project:int}/records/{record:path}",
            _guarded(database, _record),
            methods=["GET"],
        ),
    ]


def _guarded(database: Path, page: Page) -> Callable[[Request], object]:
    def run(request: Request) -> Response:
        with closing(connect(database)) as connection, look(connection):
            return page(connection, request)

    async def endpoint(request: Request) -> Response:
        if not is_local(request):
            return _page("Not here", "<p>These pages are for this machine's own browser.</p>", 403)
        return await run_in_threadpool(run, request)

    return endpoint


def is_local(request: Request) -> bool:
    """Given a request, return whether this machine's own browser sent it, without a proxy."""
    try:
        client = request.client and ipaddress.ip_address(request.client.host)
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname
    except ValueError:
        return False
    # A page from elsewhere could call this server by a name of its own: only ours are answered.
    proxied = any(name in request.headers for name in PROXIED)
    return bool(client and client.is_loopback) and host in LOCAL_NAMES and not proxied


async def _style(_: Request) -> Response:
    return Response(STYLE, headers={**HEADERS, "Content-Type": "text/css; charset=utf-8"})


def _projects(connection: sqlite3.Connection, _: Request) -> Response:
    rows = connection.execute(
        "SELECT p.project_id, p.project_title, COUNT(r.record) AS records FROM projects p"
        " LEFT JOIN records r ON r.project_id = p.project_id GROUP BY p.project_id"
    )
    cells = [
        (_link(f"/projects/{row['project_id']}", row["project_title"]), str(row["records"]))
        for row in rows
    ]
    return _page("Projects", _table(("Project", "Records"), cells))


def _records(connection: sqlite3.Connection, request: Request) -> Response:
    project = _project(connection, request)
    if project is None:
        return _missing()
    names = connection.execute(
        "SELECT record, modified FROM records WHERE project_id = ?"
        " ORDER BY number IS NULL, number, record LIMIT ?",
        (project.project_id, FIRST),
    )
    base = f"/projects/{project.project_id}/records/"
    cells = [
        (_link(base + quote(row["record"], safe=""), row["record"]), escape(row["modified"]))
        for row in names
    ]
    return _page(project.title, _table(("Record", "Changed"), cells))


def _record(connection: sqlite3.Connection, request: Request) -> Response:
    project = _project(connection, request)
    record = request.path_params["record"]
    entries = read_entries(connection, project, [record]) if project else []
    if project is None or not entries:
        return _missing()
    parts = [
        f"<h2>{escape(_heading(project, entry))}</h2>"
        + _table(("Field", "Value"), [_texts(item) for item in entry.values.items()])
        for entry in entries
    ]
    back = _link(f"/projects/{project.project_id}", project.title)
    return _page(record, f"<p>{back}</p>" + "".join(parts))


def _heading(project: Project, entry: Entry) -> str:
    event = project.event_ids[entry.event_id].name if project.longitudinal else ""
    instrument = project.dictionary.forms.get(entry.instrument, entry.instrument)
    instance = f"#{entry.instance}" if entry.instance else ""
    return " ".join(part for part in (event, instrument, instance) if part) or "Record"


def _project(connection: sqlite3.Connection, request: Request) -> Project | None:
    project_id = request.path_params["project"]
    query = "SELECT 1 FROM projects WHERE project_id = ?"
    # A number too large for the database is no project either.
    if project_id >= 2**63 or not connection.execute(query, (project_id,)).fetchone():
        return None
    return load_project(connection, project_id)


def _missing() -> Response:
    return _page("Not found", "<p>There is no such page.</p>", 404)


def _texts(cells: Iterable[str]) -> tuple[str, ...]:
    return tuple(escape(cell) for cell in cells)


def _link(target: str, text: str) -> str:
    return f'<a href="{escape(target)}">{escape(text)}</a>'


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Given texts and rows of safe HTML, return a table."""
    head = "".join(f"<th>{escape(text)}</th>" for text in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _page(title: str, body: str, status: int = 200) -> Response:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<link rel="stylesheet" href="/style.css"><title>{escape(title)} - Headgate</title>'
        f'</head><body><p><a href="/">Projects</a></p><h1>{escape(title)}</h1>{body}</body></html>'
    )
    return HTMLResponse(text, status, HEADERS)
