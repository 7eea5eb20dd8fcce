"""A form of a record: shown, filled in, saved; never over what somebody else saved meanwhile."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.responses import Response

from headgate.tracker.model.dictionary import Column
from headgate.tracker.model.rights import EDIT
from headgate.tracker.pages.fillings import NEW, Filling, filling_of
from headgate.tracker.pages.items import Item, items_of, shown
from headgate.tracker.pages.rendering import go, page
from headgate.tracker.pages.suggestions import suggestions_for
from headgate.tracker.pages.visits import ProjectVisit, is_local
from headgate.tracker.records.planning import carry_out, plan_import
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.incoming import Row

UNCHECKED = "0"


@dataclass(frozen=True)
class Typed:
    """What a person typed, and what was wrong with it, by field."""

    values: Mapping[str, str]
    problems: Mapping[str, str] = field(default_factory=dict)
    general: str = ""
    conflicts: Sequence[tuple[Item, str, str]] = ()


def show(visit: ProjectVisit) -> Response:
    """Given a visit whose query names a filling, return its form."""
    filling = filling_of(visit)
    return _page(visit, filling, Typed(filling.entry.values))


def save(visit: ProjectVisit) -> Response:
    """Given a filled-in form, within a transaction, store it; else show it again and say why."""
    filling = filling_of(visit)
    if visit.caller.rights.to_form(filling.form) != EDIT:
        raise Refused("You may read this form, not change it.", 403)
    items = items_of(filling)
    row = _row(visit, filling, items)
    typed = {**filling.entry.values, **row}
    if visit.sent.value("digest") != filling.digest():
        conflicts = _conflicts(items, row, filling)
        if conflicts:
            return _page(visit, filling, Typed(typed, conflicts=conflicts), 409)
    call = visit.call()
    try:
        plan = plan_import(call, [{**filling.identity(), **row}], True, "YMD", False)
    except Refused as error:
        if error.status != 400:
            raise
        return _page(visit, filling, _problems(filling, typed, error.message), 422)
    carry_out(call, plan)
    return go(_afterwards(visit, filling))


def _page(visit: ProjectVisit, filling: Filling, typed: Typed, status: int = 200) -> Response:
    project, values = visit.project, typed.values
    items = [item for item in items_of(filling) if not item.is_hidden]
    is_editable = visit.caller.rights.to_form(filling.form) == EDIT
    label = project.dictionary.forms[filling.form]
    crumbs = [
        (visit.address(), project.title),
        (visit.address("record", record=filling.record), filling.record),
    ]
    return page(
        *(visit, "form", label, status),
        filling=filling,
        items=items,
        values=values,
        typed=typed,
        shown=shown,
        is_editable=is_editable,
        is_new=not filling.entry.values,
        new_instance=filling.instance == NEW,
        suggestions=suggestions_for(visit) if is_editable else {},
        digest=filling.digest(),
        action=visit.address("form", **filling.query()),
        back=_next(visit),
        rights_delete=is_editable and bool(visit.caller.rights.get("record_delete")),
        files=[item for item in items if item.field.kind == "file"],
        crumbs=crumbs,
    )


def _row(visit: ProjectVisit, filling: Filling, items: Sequence[Item]) -> Row:
    """Return the values that were sent, by column. Raise Refused (403) for one not to be typed."""
    sent = visit.sent
    typed = {
        column.name: column
        for item in items
        if item.is_typed and not item.is_hidden
        for column in item.field.columns
    }
    columns = visit.project.dictionary.columns
    closed = [name for name in sent.form if name in columns and name not in typed]
    if closed:
        raise Refused(f"These fields are read-only here: {', '.join(closed)}", 403)
    offered = set(sent.values("offered"))
    row: Row = {}
    for name, column in typed.items():
        if name in sent.form:
            row[name] = _as_stored(sent.value(name), filling.entry.values.get(name, ""))
        elif column.code is not None and column.field.name in offered:
            # A browser sends nothing for a box without a tick.
            row[name] = UNCHECKED
    return row


def _as_stored(value: str, stored: str) -> str:
    # Browsers write \r\n: a text that differs in nothing else was not changed.
    plain = value.replace("\r\n", "\n")
    return stored if stored.replace("\r\n", "\n") == plain else plain


def _conflicts(items: Sequence[Item], row: Row, filling: Filling) -> list[tuple[Item, str, str]]:
    """Return each field that is not as typed, with the value typed and the one stored."""
    before = filling.entry.values
    found = []
    for item in items:
        if any(_differs(column, row, before) for column in item.field.columns):
            typed = {**before, **row}
            found.append((item, shown(item.field, typed), shown(item.field, before)))
    return found


def _differs(column: Column, row: Row, before: Mapping[str, str]) -> bool:
    if column.name not in row:
        return False
    blank = "" if column.code is None else UNCHECKED
    return (row[column.name] or blank) != (before.get(column.name) or blank)


def _problems(filling: Filling, typed: Mapping[str, str], message: str) -> Typed:
    """Return what was typed with the planning's words beside the fields that they are about."""
    columns = filling.project.dictionary.columns
    problems, general = {}, []
    for cells in csv.reader(io.StringIO(message)):
        if len(cells) == 4 and cells[1] in columns:
            problems[columns[cells[1]].field.name] = cells[3]
        else:
            general.append(cells[-1] if cells else "")
    return Typed(typed, problems, "\n".join(general))


def _next(visit: ProjectVisit) -> str:
    target = visit.sent.value("next") or visit.sent.asked("next")
    return target if is_local(target) else ""


def _afterwards(visit: ProjectVisit, filling: Filling) -> str:
    target = _next(visit) or visit.address("record", record=filling.record)
    return f"{target}{'&' if '?' in target else '?'}saved=form"
