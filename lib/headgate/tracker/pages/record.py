"""A record: its forms, in each event, with their values and instances."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from headgate.tracker.model.entries import Entry, groups_of
from headgate.tracker.model.projects import Event
from headgate.tracker.model.rights import EDIT, NO_ACCESS
from headgate.tracker.pages import transfers
from headgate.tracker.pages.fillings import NEW, Filling, record_of
from headgate.tracker.pages.items import items_of, piped, plain, shown, status_word
from headgate.tracker.pages.rendering import page
from headgate.tracker.pages.visits import ProjectVisit

MOST_COLUMNS = 7


@dataclass(frozen=True)
class Value:
    """A field with a value, as people read it; `document` leads to a file."""

    name: str
    label: str
    text: str
    is_identifier: bool
    document: str = ""


@dataclass(frozen=True)
class Instance:
    """A filled-in form: where it is, its status, what it says."""

    number: str
    label: str
    address: str
    status: str
    values: Sequence[Value]
    state: str = ""


@dataclass(frozen=True)
class Part:
    """A form of the record in an event; `add` leads to a new instance, where it repeats."""

    form: str
    label: str
    repeats: bool
    add: str
    instances: Sequence[Instance]
    columns: Sequence[tuple[str, str]]


def show(visit: ProjectVisit) -> Response:
    """Given a visit whose query names a record, return what is stored of it."""
    project = visit.project
    record, entries = record_of(visit, must_exist=True)
    group_id = groups_of(visit.connection, project.project_id, [record])[record]
    group = project.groups.get(group_id or 0)
    found = transfers.transfers_in(entries)
    events = [(event, _parts(visit, record, entries, event)) for event in project.events]
    is_incoming = transfers.has_transfers(project)
    may_assign = visit.caller.rights.to_form(transfers.FORM) == EDIT
    assign = {"form": transfers.FORM, "instance": transfers.next_instance(found)}
    return page(
        *(visit, "record", record),
        record=record,
        group=group.name if group else "",
        events=[(event, parts) for event, parts in events if parts],
        state=_state(found) if is_incoming else "",
        assign=visit.address("form", record=record, **assign) if is_incoming and may_assign else "",
        rights=visit.caller.rights,
        crumbs=[(visit.address(), project.title)],
    )


def _state(found: Sequence[transfers.Transfer]) -> str:
    states = {item.state for item in found} or {"waiting"}
    return next(state for state in transfers.STATES if state in states)


def _parts(visit: ProjectVisit, record: str, entries: Sequence[Entry], event: Event) -> list[Part]:
    project, rights = visit.project, visit.caller.rights
    return [
        _part(visit, record, entries, event, form)
        for form in project.dictionary.forms
        if project.has_form(event.event_id, form) and rights.to_form(form) != NO_ACCESS
    ]


def _part(
    visit: ProjectVisit, record: str, entries: Sequence[Entry], event: Event, form: str
) -> Part:
    project, number = visit.project, event.event_id
    instrument = form if project.repeats(number, form) else ""
    repeats = project.repeats(number, instrument)
    mine = [
        entry
        for entry in entries
        if (entry.event_id, entry.instrument) == (number, instrument)
        and bool(entry.instance) == repeats
    ]
    fillings = [
        Filling(project, record, event, form, str(entry.instance or ""), entries) for entry in mine
    ]
    if not fillings and not repeats:
        fillings = [Filling(project, record, event, form, "", entries)]
    instances = [_instance(visit, filling) for filling in fillings]
    new = visit.address("form", record=record, form=form, event=number, instance=NEW)
    may_add = repeats and visit.caller.rights.to_form(form) == EDIT
    label = project.dictionary.forms[form]
    return Part(form, label, repeats, new if may_add else "", instances, _columns(instances))


def _instance(visit: ProjectVisit, filling: Filling) -> Instance:
    project, entry = visit.project, filling.entry
    label = project.repeating.get((entry.event_id, entry.instrument), "") if entry.instance else ""
    return Instance(
        number=filling.instance,
        label=piped(label, project, entry),
        address=visit.address("form", **filling.query()),
        status=status_word(project, entry, filling.form),
        values=list(_values(visit, filling)),
        state=transfers.state_of(entry.values) if filling.form == transfers.FORM else "",
    )


def _values(visit: ProjectVisit, filling: Filling) -> Iterable[Value]:
    for item in items_of(filling):
        text = shown(item.field, filling.entry.values)
        if not text or item.is_hidden or item.field.status:
            continue
        document = ""
        if item.field.kind == "file":
            document = visit.address("file", **filling.query(), field=item.name)
        yield Value(item.name, plain(item.label), text, item.field.identifier, document)


def _columns(instances: Sequence[Instance]) -> list[tuple[str, str]]:
    """Return the first fields that any instance has a value of, with their labels."""
    found = {value.name: value.label for instance in instances for value in instance.values}
    return list(found.items())[:MOST_COLUMNS]
