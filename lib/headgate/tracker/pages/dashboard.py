"""The record status dashboard: the records of a project, a hundred at a time."""

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from headgate.tracker.model.dictionary import STATUS_CHOICES
from headgate.tracker.model.entries import Entry, next_number, read_entries
from headgate.tracker.model.projects import Project
from headgate.tracker.model.rights import EDIT, NO_ACCESS
from headgate.tracker.pages import transfers
from headgate.tracker.pages.rendering import go, page
from headgate.tracker.pages.visits import ProjectVisit

EACH = 100
ORDERS = {
    "record": "r.number IS NULL, r.number, r.record",
    "-record": "r.number IS NULL DESC, r.number DESC, r.record DESC",
    "changed": "r.modified, r.record",
    "-changed": "r.modified DESC, r.record DESC",
}
# Names first; then values of the rows that do not repeat, found as text before they are parsed.
SEARCH = """ AND (r.record LIKE :text ESCAPE '~' OR EXISTS (
    SELECT 1 FROM json_each(:events) v CROSS JOIN entries e
    ON e.project_id = :project AND e.record = r.record AND e.event_id = v.value
        AND e.instrument = '' AND e.content LIKE :as_json ESCAPE '~'
    WHERE EXISTS (SELECT 1 FROM json_each(e.content) c
        WHERE c.value LIKE :text ESCAPE '~'
            AND c.key IN (SELECT value FROM json_each(:columns)))))"""
STATUS = """ AND EXISTS (SELECT 1 FROM entries e WHERE e.project_id = :project
    AND e.record = r.record AND json_extract(e.content, :status_path) = :status)"""
SHOWN = ("study_description", "study_accession_number", "study_arrival_date")


@dataclass(frozen=True)
class Wanted:
    """What the query asks for: words, a state of transfers or of a form, an order, a page."""

    text: str
    state: str
    form: str
    status: str
    order: str
    page: int


@dataclass(frozen=True)
class Row:
    """A record of the list; a project shows transfers or the status of each form."""

    record: str
    modified: str
    state: str
    group: str
    values: Mapping[str, str]
    transfers: Sequence[transfers.Transfer]
    series: int
    statuses: Mapping[str, Sequence[str]]
    assign: str


def show(visit: ProjectVisit) -> Response:
    """Given a visit, return the page of records that it asks for."""
    project, connection = visit.project, visit.connection
    is_incoming = transfers.has_transfers(project)
    wanted = _wanted(visit, is_incoming)
    rows = _found(visit, wanted)
    names = [row["record"] for row in rows[:EACH]]
    forms = _forms(visit)
    shown = {form for form in forms if form != "series"} if is_incoming else None
    by_record: dict[str, list[Entry]] = {name: [] for name in names}
    for entry in read_entries(connection, project, names, shown):
        by_record[entry.record].append(entry)
    series = _series(visit, names) if is_incoming else {}
    counts = transfers.counts_of(connection, project.project_id, visit.caller.group_id)
    return page(
        *(visit, "incoming" if is_incoming else "dashboard", project.title),
        rows=[_row(visit, row, by_record[row["record"]], forms, series) for row in rows[:EACH]],
        wanted=wanted,
        forms=forms,
        counts=counts,
        total=sum(counts.values()),
        has_more=len(rows) > EACH,
        link=lambda **changes: visit.address("", **{**_query(wanted, is_incoming), **changes}),
        statuses=STATUS_CHOICES,
        may_add=bool(visit.caller.rights.get("record_create")),
        may_assign=visit.caller.rights.to_form(transfers.FORM) == EDIT,
        columns=_columns(visit),
    )


def add(visit: ProjectVisit) -> Response:
    """Given a name for a new record, return the way to its first form; given none, ask for it."""
    visit.caller.need("record_create")
    project, name = visit.project, visit.sent.asked("record").strip()
    forms = [form for form in _forms(visit) if visit.caller.rights.to_form(form) == EDIT]
    if name and forms:
        first = project.events[0].event_id
        return go(visit.address("form", record=name, form=forms[0], event=first))
    numbered = bool(project.settings["record_autonumbering_enabled"])
    suggestion = next_name(visit) if numbered else ""
    crumbs = [(visit.address(), project.title)]
    return page(visit, "add", "Add a record", suggestion=suggestion, forms=forms, crumbs=crumbs)


def next_name(visit: ProjectVisit) -> str:
    """Given a visit, return the name that a new record gets: the next number, within its group."""
    group_id = visit.caller.group_id
    number = next_number(visit.connection, visit.project.project_id, group_id)
    return str(number) if group_id is None else f"{group_id}-{number}"


def _wanted(visit: ProjectVisit, is_incoming: bool) -> Wanted:
    asked = visit.sent.asked
    state = asked("state") if is_incoming and asked("state") in transfers.STATES else ""
    form = asked("form") if asked("form") in _forms(visit) else ""
    status = asked("status") if asked("status") in dict(STATUS_CHOICES) else ""
    usual = "-changed" if is_incoming else "record"
    order = asked("order") if asked("order") in ORDERS else usual
    return Wanted(asked("text").strip()[:200], state, form, status, order, visit.sent.page())


def _query(wanted: Wanted, is_incoming: bool) -> dict[str, str]:
    usual = "-changed" if is_incoming else "record"
    return {
        "text": wanted.text,
        "state": wanted.state,
        "form": wanted.form,
        "status": wanted.status,
        "order": wanted.order if wanted.order != usual else "",
    }


def _forms(visit: ProjectVisit) -> dict[str, str]:
    rights = visit.caller.rights
    forms = visit.project.dictionary.forms.items()
    return {form: label for form, label in forms if rights.to_form(form) != NO_ACCESS}


def _columns(visit: ProjectVisit) -> dict[str, str]:
    fields, forms = visit.project.dictionary.fields, _forms(visit)
    return {
        name: fields[name].label for name in SHOWN if name in fields and fields[name].form in forms
    }


def _found(visit: ProjectVisit, wanted: Wanted) -> list[sqlite3.Row]:
    """Return the records of the page asked for, and one more if there is a further page."""
    project, forms = visit.project, _forms(visit)
    columns = [
        item.name for item in project.dictionary.columns.values() if item.field.form in forms
    ]
    place: dict[str, Any] = {
        "project": project.project_id,
        "group": visit.caller.group_id,
        "text": _within(wanted.text),
        "as_json": _within(json.dumps(wanted.text)[1:-1]),
        "events": json.dumps(list(project.event_ids)),
        "columns": json.dumps(columns),
        "state": transfers.STATES.index(wanted.state) if wanted.state else None,
        "status_path": f"$.{wanted.form}_complete",
        "status": wanted.status,
        "each": EACH + 1,
        "skipped": (wanted.page - 1) * EACH,
    }
    query = (
        "SELECT r.record, r.modified, r.transfer_state, r.group_id FROM records r"
        " WHERE r.project_id = :project"
    )
    query += "" if visit.caller.group_id is None else " AND r.group_id = :group"
    query += " AND r.transfer_state = :state" if wanted.state else ""
    query += STATUS if wanted.form and wanted.status else ""
    query += SEARCH if wanted.text else ""
    query += f" ORDER BY {ORDERS[wanted.order]} LIMIT :each OFFSET :skipped"
    return visit.connection.execute(query, place).fetchall()


def _within(text: str) -> str:
    """Return the pattern of what holds the text, wherever in it."""
    return "%" + re.sub(r"([~%_])", r"~\1", text) + "%"


def _series(visit: ProjectVisit, names: Sequence[str]) -> dict[str, int]:
    rows = visit.connection.execute(
        "SELECT e.record, COUNT(*) FROM json_each(:names) n CROSS JOIN entries e"
        " ON e.project_id = :project AND e.record = n.value"
        " WHERE e.instrument = 'series' GROUP BY e.record",
        {"project": visit.project.project_id, "names": json.dumps(list(names))},
    )
    return {row[0]: row[1] for row in rows}


def _row(
    visit: ProjectVisit,
    row: sqlite3.Row,
    entries: Sequence[Entry],
    forms: Mapping[str, str],
    series: Mapping[str, int],
) -> Row:
    found = transfers.transfers_in(entries)
    group = visit.project.groups.get(row["group_id"] or 0)
    bases = [entry.values for entry in entries if not entry.instrument]
    return Row(
        record=row["record"],
        modified=row["modified"],
        state=transfers.STATES[row["transfer_state"]],
        group=group.name if group else "",
        values=bases[0] if bases else {},
        transfers=found,
        series=series.get(row["record"], 0),
        statuses={form: _statuses(visit.project, entries, form) for form in forms},
        assign=transfers.next_instance(found),
    )


def _statuses(project: Project, entries: Sequence[Entry], form: str) -> list[str]:
    """Return the status of each filling of a form that has data."""
    holding = (
        entry.values for entry in entries if project.holds(entry.event_id, entry.instrument, form)
    )
    name = f"{form}_complete"
    return [values[name] for values in holding if values.get(name)]
