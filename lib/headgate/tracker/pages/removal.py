"""Deleting a record, a form of it or an instance, and renaming a record: asked before done."""

from starlette.responses import Response

from headgate.tracker.model.projects import Event
from headgate.tracker.model.rights import EDIT
from headgate.tracker.pages.fillings import event_of, record_of
from headgate.tracker.pages.rendering import go, page
from headgate.tracker.pages.visits import ProjectVisit, missing
from headgate.tracker.records.deleting import delete_parts, rename_record
from headgate.tracker.wire.answers import Refused


def ask(visit: ProjectVisit) -> Response:
    """Given a visit whose query names a record or a part of it, return the question."""
    record, _ = record_of(visit, must_exist=True)
    form, instance, event = _named(visit)
    what = f"the record {record}"
    if form:
        number = f" #{instance}" if instance else ""
        what = f"{visit.project.dictionary.forms[form]}{number} of {what}"
    return page(
        *(visit, "delete", "Delete?"),
        what=what,
        event=event.name if form and visit.project.longitudinal else "",
        action=visit.sent.address,
        back=visit.address("record", record=record),
        crumbs=_crumbs(visit, record),
    )


def remove(visit: ProjectVisit) -> Response:
    """Given the answer to that question, within a transaction, delete. Raise Refused."""
    record, _ = record_of(visit, must_exist=True)
    form, instance, event = _named(visit)
    parts = {"arm": "", "event": "", "instrument": form, "repeat_instance": instance}
    if form:
        parts["event"] = event.unique_name
    delete_parts(visit.call(), [record], parts)
    left = visit.connection.execute(
        "SELECT 1 FROM records WHERE project_id = ? AND record = ?",
        (visit.project.project_id, record),
    ).fetchone()
    if left is None:
        return go(visit.address(saved="deletion"))
    return go(visit.address("record", record=record, saved="deletion"))


def ask_name(visit: ProjectVisit, problem: str = "") -> Response:
    """Given a visit whose query names a record, return the form for its new name."""
    record, _ = record_of(visit, must_exist=True)
    return page(
        *(visit, "rename", "Rename", 422 if problem else 200),
        record=record,
        problem=problem,
        typed=visit.sent.value("new_name"),
        action=visit.sent.address,
        crumbs=_crumbs(visit, record),
    )


def rename(visit: ProjectVisit) -> Response:
    """Given a new name, within a transaction, rename the record; else show the form again."""
    record, _ = record_of(visit, must_exist=True)
    name = visit.sent.value("new_name").strip()
    try:
        rename_record(visit.call(record=record, new_record_name=name))
    except Refused as error:
        return ask_name(visit, error.message)
    return go(visit.address("record", record=name, saved="name"))


def _named(visit: ProjectVisit) -> tuple[str, str, Event]:
    form, instance = visit.sent.asked("form"), visit.sent.asked("instance")
    event = event_of(visit)
    if form and form not in visit.project.dictionary.forms:
        raise missing()
    if form and visit.caller.rights.to_form(form) != EDIT:
        raise Refused("You may read this form, not change it.", 403)
    if instance and not (form and instance.isdecimal()):
        raise missing()
    return form, instance, event


def _crumbs(visit: ProjectVisit, record: str) -> list[tuple[str, str]]:
    there = visit.address("record", record=record)
    return [(visit.address(), visit.project.title), (there, record)]
