"""Reports: fields and a filter kept under a title, run as a table."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from starlette.responses import Response

from headgate.tracker.logic.meaning import filter_from
from headgate.tracker.model.call import Call
from headgate.tracker.model.rights import NO_ACCESS
from headgate.tracker.pages.rendering import go, page
from headgate.tracker.pages.visits import ProjectVisit, missing
from headgate.tracker.records.exporting import chosen_batches, select
from headgate.tracker.records.rendering import Known, Rendering, Style, header_labels
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.parameters import Parameters

EACH = 100
LONGEST_TITLE = 200


@dataclass(frozen=True)
class Report:
    """A report as it is stored."""

    report_id: int
    title: str
    fields: list[str]
    logic: str


def show(visit: ProjectVisit) -> Response:
    """Given a visit, return the reports of the project."""
    rows = visit.connection.execute(
        "SELECT report_id, title, definition FROM reports WHERE project_id = ? ORDER BY title",
        (visit.project.project_id,),
    )
    return page(
        *(visit, "reports", "Reports"),
        reports=[_report(row) for row in rows],
        may_make=bool(visit.caller.rights.get("reports")),
        crumbs=_crumbs(visit),
    )


def run(visit: ProjectVisit) -> Response:
    """Given a visit whose query names a report, return a page of its rows. Raise Refused."""
    report, number = _named(visit), visit.sent.page()
    known = [name for name in report.fields if name in visit.project.dictionary.fields]
    record_field = visit.project.dictionary.record_field
    asked = Parameters({"filterLogic": report.logic}, {"fields": [record_field, *known]})
    call = Call(visit.connection, visit.project, asked, visit.caller, "")
    rendering = Rendering(
        visit.project, (selection := select(call)).fields, selection.named, Style(labels=True)
    )
    rows = _rows(rendering, chosen_batches(call, selection))
    shown = list(islice(rows, (number - 1) * EACH, number * EACH + 1))
    place = {"id": report.report_id}
    return page(
        *(visit, "report", report.title),
        report=report,
        names=rendering.flat_columns,
        headers=header_labels(visit.project, rendering.flat_columns),
        rows=shown[:EACH],
        number=number,
        record_field=record_field,
        later=visit.address("report", **place, page=number + 1) if len(shown) > EACH else "",
        earlier=visit.address("report", **place, page=number - 1) if number > 1 else "",
        may_make=bool(visit.caller.rights.get("reports")),
        crumbs=[*_crumbs(visit), (visit.address("reports"), "Reports")],
    )


def edit(visit: ProjectVisit, typed: Report | None = None, problem: str = "") -> Response:
    """Given a visit whose query names a report or none, return the form of it."""
    report = typed or (_named(visit) if visit.sent.asked("id") else Report(0, "", [], ""))
    return page(
        *(visit, "report_edit", "Report", 422 if problem else 200),
        report=report,
        fields=_choices(visit),
        problem=problem,
        action=visit.sent.address,
        crumbs=[*_crumbs(visit), (visit.address("reports"), "Reports")],
    )


def save(visit: ProjectVisit) -> Response:
    """Given a report, within a transaction, store it; else show the form again with the reason."""
    sent, number = visit.sent, 0
    if sent.asked("id"):
        number = _named(visit).report_id
    known = {name for fields in _choices(visit).values() for name, _ in fields}
    fields = [name for name in sent.values("field") if name in known]
    typed = Report(number, sent.value("title").strip(), fields, sent.value("logic").strip())
    problem = _problem(visit, typed)
    if problem:
        return edit(visit, typed, problem)
    definition = json.dumps({"fields": typed.fields, "filterLogic": typed.logic})
    if number:
        visit.connection.execute(
            "UPDATE reports SET title = ?, definition = ? WHERE project_id = ? AND report_id = ?",
            (typed.title, definition, visit.project.project_id, number),
        )
    else:
        number = (
            visit.connection.execute(
                "INSERT INTO reports (project_id, title, definition) VALUES (?, ?, ?)",
                (visit.project.project_id, typed.title, definition),
            ).lastrowid
            or 0
        )
    visit.call().note("manage", "Manage/Design ", f"Save report '{typed.title}'")
    return go(visit.address("report", id=number, saved="report"))


def remove(visit: ProjectVisit) -> Response:
    """Given a visit whose query names a report, within a transaction, delete it."""
    report = _named(visit)
    visit.connection.execute(
        "DELETE FROM reports WHERE project_id = ? AND report_id = ?",
        (visit.project.project_id, report.report_id),
    )
    visit.call().note("manage", "Manage/Design ", f"Delete report '{report.title}'")
    return go(visit.address("reports", saved="deletion"))


def _problem(visit: ProjectVisit, typed: Report) -> str:
    if not typed.title or len(typed.title) > LONGEST_TITLE:
        return "A report needs a title."
    if not typed.fields:
        return "Choose at least one field."
    try:
        filter_from(typed.logic, visit.project)
    except Refused as error:
        return error.message
    return ""


def _rows(rendering: Rendering, batches: Iterator[Any]) -> Iterator[dict[str, Any]]:
    for batch in batches:
        yield from rendering.flat_rows(batch, Known())


def _named(visit: ProjectVisit) -> Report:
    text = visit.sent.asked("id")
    row = visit.connection.execute(
        "SELECT report_id, title, definition FROM reports WHERE project_id = ? AND report_id = ?",
        (visit.project.project_id, int(text) if text.isdecimal() and len(text) < 19 else 0),
    ).fetchone()
    if row is None:
        raise missing()
    return _report(row)


def _report(row: sqlite3.Row) -> Report:
    definition = json.loads(row["definition"])
    fields = [str(name) for name in definition.get("fields", [])]
    return Report(row["report_id"], row["title"], fields, str(definition.get("filterLogic", "")))


def _choices(visit: ProjectVisit) -> dict[str, list[tuple[str, str]]]:
    """Return the fields to choose from, by the label of their form."""
    dictionary = visit.project.dictionary
    found: dict[str, list[tuple[str, str]]] = {}
    for item in dictionary.fields.values():
        if item.columns and visit.caller.rights.to_form(item.form) != NO_ACCESS:
            found.setdefault(dictionary.forms[item.form], []).append((item.name, item.label))
    return found


def _crumbs(visit: ProjectVisit) -> list[tuple[str, str]]:
    return [(visit.address(), visit.project.title)]
