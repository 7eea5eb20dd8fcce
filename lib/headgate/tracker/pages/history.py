"""The log as pages: of a whole project, of a record, of one field of it."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from headgate.tracker.model.rights import NO_ACCESS
from headgate.tracker.pages.fillings import record_of
from headgate.tracker.pages.rendering import page
from headgate.tracker.pages.visits import ProjectVisit

EACH = 100
KINDS = {
    "record_add": "records made",
    "record_edit": "records changed",
    "record_delete": "records deleted",
    "export": "data exported",
    "manage": "project and design",
    "user": "users and rights",
    "lock_record": "records locked",
    "page_view": "pages viewed",
}
# Who is in a data access group sees what was done to its records, and what to none.
LINES = """
SELECT l.* FROM log l WHERE l.project_id = :project
    AND (:record = '' OR l.record = :record) AND (:kind = '' OR l.kind = :kind)
    AND (:username = '' OR l.username = :username)
    AND (:group IS NULL OR l.record = '' OR EXISTS (SELECT 1 FROM records r
        WHERE r.project_id = l.project_id AND r.record = l.record AND r.group_id = :group))
"""
OF_FIELD = """
    AND EXISTS (SELECT 1 FROM json_each(l.changes) c
        WHERE c.key IN (SELECT value FROM json_each(:columns)))
"""


@dataclass(frozen=True)
class Line:
    """A line of the log; `changes` has the column, the value before and the value after."""

    moment: str
    username: str
    action: str
    details: str
    record: str
    place: str
    changes: Sequence[tuple[str, str, str]]


def show_log(visit: ProjectVisit) -> Response:
    """Given a visit, return the page of the project's log that it asks for."""
    asked = visit.sent.asked
    wanted = {
        "kind": asked("kind") if asked("kind") in KINDS else "",
        "username": asked("username").strip(),
        "record": asked("record").strip(),
    }
    lines = _lines(visit, wanted, set())
    people = visit.connection.execute(
        "SELECT DISTINCT username FROM log WHERE project_id = ? ORDER BY username",
        (visit.project.project_id,),
    )
    return page(
        *(visit, "log", "Log"),
        **_listed(visit, lines, "log", wanted),
        wanted=wanted,
        kinds=KINDS,
        people=[row["username"] for row in people],
        crumbs=[(visit.address(), visit.project.title)],
    )


def show_record(visit: ProjectVisit) -> Response:
    """Given a visit whose query names a record, and a field or none, return its history."""
    record, _ = record_of(visit, must_exist=True)
    field = visit.project.dictionary.fields.get(visit.sent.asked("field"))
    columns = {column.name for column in field.columns} if field else set()
    wanted = {"kind": "", "username": "", "record": record}
    lines = _lines(visit, wanted, columns)
    there = visit.address("record", record=record)
    query = {"record": record, "field": field.name if field else ""}
    return page(
        *(visit, "history", "History"),
        **_listed(visit, lines, "history", query),
        record=record,
        field=field,
        crumbs=[(visit.address(), visit.project.title), (there, record)],
    )


def _listed(
    visit: ProjectVisit, lines: Sequence[Line], name: str, query: Mapping[str, str]
) -> dict[str, Any]:
    number = visit.sent.page()
    later = visit.address(name, **query, page=number + 1) if len(lines) > EACH else ""
    earlier = visit.address(name, **query, page=number - 1) if number > 1 else ""
    return {"lines": lines[:EACH], "number": number, "later": later, "earlier": earlier}


def _lines(visit: ProjectVisit, wanted: Mapping[str, str], columns: set[str]) -> list[Line]:
    query = LINES + (OF_FIELD if columns else "")
    rows = visit.connection.execute(
        f"{query} ORDER BY l.moment DESC, l.log_id DESC LIMIT :each OFFSET :skipped",
        {
            **wanted,
            "project": visit.project.project_id,
            "group": visit.caller.group_id,
            "columns": json.dumps(list(columns)),
            "each": EACH + 1,
            "skipped": (visit.sent.page() - 1) * EACH,
        },
    )
    return [_line(visit, row, columns) for row in rows]


def _line(visit: ProjectVisit, row: sqlite3.Row, columns: set[str]) -> Line:
    project = visit.project
    event = project.event_ids.get(row["event_id"] or 0)
    form = project.dictionary.forms.get(row["instrument"], row["instrument"])
    parts = [
        event.name if event and project.longitudinal else "",
        form,
        f"#{row['instance']}" if row["instance"] else "",
    ]
    return Line(
        row["moment"],
        row["username"],
        row["action"].strip(),
        row["details"],
        row["record"],
        " ".join(part for part in parts if part),
        [
            (name, *pair)
            for name, pair in json.loads(row["changes"]).items()
            if (not columns or name in columns) and _may_see(visit, name)
        ],
    )


def _may_see(visit: ProjectVisit, name: str) -> bool:
    column = visit.project.dictionary.columns.get(name)
    rights = visit.caller.rights
    if column is not None:
        return rights.to_form(column.field.form) != NO_ACCESS
    # A column that is no more belongs to no form: only who sees every form sees it.
    return all(rights.to_form(form) != NO_ACCESS for form in visit.project.dictionary.forms)
