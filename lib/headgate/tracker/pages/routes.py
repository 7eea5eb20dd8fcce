"""The pages at /, in one table: where each is, what answers, and the rights that it takes."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from headgate.tracker.pages import (
    dashboard,
    dictionary,
    documents,
    exporting,
    form,
    history,
    importing,
    people,
    projects,
    record,
    removal,
    reports,
    sign_in,
    tokens,
)
from headgate.tracker.pages.guard import Page, route
from headgate.tracker.pages.rendering import HEADERS, page
from headgate.tracker.pages.sign_in import sign_in_routes
from headgate.tracker.pages.visits import MISSING, Visit, missing

P = "/projects/{project:int}"
STATIC = Path(__file__).parent / "static"
FILES = {"style.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}
PAGES = (
    Page("/", "GET", projects.show),
    Page("/sign-out", "POST", sign_in.sign_out),
    Page("/password", "GET", sign_in.ask_password),
    Page("/password", "POST", sign_in.take_password, freely=True),
    Page(P, "GET", dashboard.show),
    Page(f"{P}/add", "GET", dashboard.add, ("record_create",)),
    Page(f"{P}/record", "GET", record.show),
    Page(f"{P}/form", "GET", form.show),
    Page(f"{P}/form", "POST", form.save),
    Page(f"{P}/file", "GET", documents.download),
    Page(f"{P}/file", "POST", documents.upload),
    Page(f"{P}/history", "GET", history.show_record),
    Page(f"{P}/delete", "GET", removal.ask, ("record_delete",)),
    Page(f"{P}/delete", "POST", removal.remove, ("record_delete",)),
    Page(f"{P}/rename", "GET", removal.ask_name, ("record_rename",)),
    Page(f"{P}/rename", "POST", removal.rename, ("record_rename",)),
    Page(f"{P}/import", "GET", importing.show, ("data_import_tool",)),
    Page(f"{P}/import", "POST", importing.look, ("data_import_tool",)),
    Page(f"{P}/import/take", "POST", importing.take, ("data_import_tool",)),
    Page(f"{P}/export", "GET", exporting.show),
    Page(f"{P}/records.csv", "GET", exporting.download, freely=True),
    Page(f"{P}/reports", "GET", reports.show),
    Page(f"{P}/report", "GET", reports.run),
    Page(f"{P}/report/edit", "GET", reports.edit, ("reports",)),
    Page(f"{P}/report/edit", "POST", reports.save, ("reports",)),
    Page(f"{P}/report/delete", "POST", reports.remove, ("reports",)),
    Page(f"{P}/dictionary", "GET", dictionary.show),
    Page(f"{P}/dictionary.csv", "GET", dictionary.download),
    Page(f"{P}/dictionary", "POST", dictionary.look, ("design",)),
    Page(f"{P}/dictionary/take", "POST", dictionary.take, ("design",)),
    Page(f"{P}/people", "GET", people.show, ("user_rights",)),
    Page(f"{P}/person", "GET", people.show_person, ("user_rights",)),
    Page(f"{P}/person", "POST", people.save_person, ("user_rights",)),
    Page(f"{P}/person/remove", "POST", people.remove_person, ("user_rights",)),
    Page(f"{P}/log", "GET", history.show_log, ("logging",)),
    Page(f"{P}/token", "GET", tokens.show),
    Page(f"{P}/token", "POST", tokens.act),
)


def routes(database: Path) -> list[Route]:
    """Given the database, return the routes of the pages."""
    return [
        Route("/static/{name}", _static, methods=["GET"]),
        *sign_in_routes(database),
        *(route(database, item) for item in PAGES),
        route(database, Page("/{rest:path}", "GET", _nothing)),
    ]


async def _static(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in FILES:
        return page(None, "message", "Not found", 404, text=MISSING)
    headers = {**HEADERS, "Cache-Control": "no-cache", "Content-Type": FILES[name]}
    return FileResponse(STATIC / name, headers=headers)


def _nothing(_: Visit) -> Response:
    raise missing()
