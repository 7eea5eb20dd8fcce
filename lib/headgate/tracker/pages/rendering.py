"""From a template to an answer: every value escaped, every answer with strict headers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from headgate.tracker.pages.visits import ProjectVisit, Visit, address

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'none'; "
    "img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.globals["address"] = address
TEMPLATES.globals["SAVED"] = {
    "form": "Saved.",
    "file": "The file is stored.",
    "name": "The record has its new name.",
    "deletion": "Deleted.",
    "import": "Imported.",
    "dictionary": "The project has the new dictionary.",
    "user": "The rights are stored.",
    "removal": "The user is no user of the project any more.",
    "report": "The report is stored.",
    "password": "The password is changed.",
}
# Of every project: the page, its name in the list, and the rights of which one is needed.
SECTIONS = (
    ("", "Records", ()),
    ("import", "Import", ("data_import_tool",)),
    ("export", "Export", ()),
    ("reports", "Reports", ()),
    ("dictionary", "Dictionary", ()),
    ("people", "Users", ("user_rights",)),
    ("log", "Log", ("logging",)),
    ("token", "API token", ("api_export", "api_import")),
)


@dataclass(frozen=True)
class Download:
    """An answer to be kept as a file; its rows are read as it is sent."""

    name: str
    media_type: str
    chunks: Iterator[str | bytes]

    def headers(self) -> dict[str, str]:
        """Return the headers that make a browser keep it, and never show it as a page."""
        disposition = f"attachment; filename*=UTF-8''{quote(self.name, safe='')}"
        return {**HEADERS, "Content-Type": self.media_type, "Content-Disposition": disposition}


def page(
    visit: Visit | None, template: str, title: str, status: int = 200, **values: Any
) -> Response:
    """Given a visit (None: nobody is signed in), a template and its values, return the answer."""
    project = visit.project if isinstance(visit, ProjectVisit) else None
    text = TEMPLATES.get_template(f"{template}.html").render(
        title=title,
        account=visit.session.account if visit else None,
        form_token=visit.session.form_token if visit else "",
        here=visit.sent.path if visit else "",
        saved=visit.sent.asked("saved") if visit else "",
        project=project,
        sections=_sections(visit) if isinstance(visit, ProjectVisit) else [],
        **{"crumbs": [], **values},
    )
    return HTMLResponse(text, status, HEADERS)


def go(target: str) -> Response:
    """Given an address, return the answer that sends the browser there, to read."""
    return RedirectResponse(target, 303, HEADERS)


def _sections(visit: ProjectVisit) -> list[tuple[str, str]]:
    rights = visit.caller.rights
    return [
        (visit.address(path), name)
        for path, name, needed in SECTIONS
        if not needed or any(rights.get(right) for right in needed)
    ]
