"""Send again what was requested later than it was transferred, or all of a project."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from headgate.context import Context
from headgate.core import fields
from headgate.core.model import Assignment, Fate, Request, content_version
from headgate.core.states import State
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.delivering import again
from headgate.stores.queues import pass_over
from headgate.stores.tables import can_be_asked_for, quoted

NAME = "resend-project"
NEEDED = (fields.TRANSFER_REQUESTED, fields.TRANSFER_PROJECT, fields.TRANSFER_NAME)


@dataclass(frozen=True)
class Wanted:
    """A transfer that is wanted once more; `stamp` tells this wish from others."""

    study: str
    transfer: int
    assignment: Assignment
    stamp: str

    def __str__(self) -> str:
        return self.study


def plan(context: Context) -> Iterator[Wanted]:
    """Yield the transfers that are wanted again; with --import-all, every one of the project."""
    project = context.options.get("import_all")
    began = datetime.fromtimestamp(context.began).astimezone().isoformat(timespec="seconds")
    for row in _of_project(context, project) if project else _changed(context):
        is_transfer = row.get(fields.REPEAT_FORM) == fields.TRANSFERS_FORM
        if not is_transfer or not all(row.get(name) for name in NEEDED):
            continue
        requested, done = str(row[fields.TRANSFER_REQUESTED]), str(row[fields.TRANSFER_DATE])
        if project and str(row[fields.TRANSFER_PROJECT]).strip() == project:
            yield _wanted(row, began)
        elif not project and done and requested > done:  # both are Y-M-D H:M
            yield _wanted(row, requested)


def apply(context: Context, wanted: Wanted) -> Iterator[Outcome]:
    """Say in the ledger that it goes again, then queue a request; unless one is at work."""
    on_disk = context.trees.instances(wanted.study)
    if not on_disk:
        yield error(wanted, "wanted again and no longer here: have the study sent to us again")
        return
    version = f"{content_version(on_disk)}-{wanted.stamp}"
    request = Request.wanted(wanted.study, wanted.transfer, wanted.assignment, version)
    state = context.queues.state_of(request.id) or _at_work(context).get(
        (wanted.study, wanted.assignment)
    )
    if state is not None:
        look = ": look at it, then bin/requeue" if state in (State.FAILED, State.HELD) else ""
        yield not_needed(wanted, f"a request of it is {state}{look}")
        return
    for target in context.targets_of(context.projects.get(wanted.assignment.project) or {}):
        ledger = context.ledger.read(wanted.study, wanted.assignment, target)
        there = [ledger[name] for name in on_disk if name in ledger]
        sent = [one for one in there if one.fate in (Fate.STORED, Fate.MISSING)]
        again.unprove(context, request, sent, Fate.AGAIN)
    again.queue(context, request)
    text = f"request {request.id}: {len(on_disk)} instances go to {request.project} again"
    yield ok(wanted, text)


def after(context: Context) -> None:
    """Note until when REDCap is read."""
    if not context.options.get("import_all"):
        context.watermarks.reached(NAME, context.began)


def _changed(context: Context) -> list[dict[str, Any]]:
    overlap = context.settings.redcap.overlap_minutes
    since = context.watermarks.since(NAME, context.began, overlap)
    return context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD], forms=[fields.TRANSFERS_FORM], changed_since=since
    )


def _of_project(context: Context, project: str) -> list[dict[str, Any]]:
    if project not in context.projects:
        raise click.UsageError(f"DataTransferProjects has no project {project!r}")
    where = f"[{fields.TRANSFER_PROJECT}] = {quoted(project)}"
    return context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD],
        forms=[fields.TRANSFERS_FORM],
        where=where if can_be_asked_for(project) else None,
    )


def _wanted(row: dict[str, Any], stamp: str) -> Wanted:
    assignment = Assignment(
        str(row[fields.TRANSFER_PROJECT]).strip(),
        str(row[fields.TRANSFER_NAME]).strip(),
        str(row.get(fields.TRANSFER_EVENT, "")).strip(),
    )
    study, transfer = str(row[fields.INCOMING_RECORD]), int(row[fields.REPEAT_INSTANCE])
    return Wanted(study, transfer, assignment, stamp)


def _at_work(context: Context) -> dict[tuple[str, Assignment], State]:
    def find() -> dict[tuple[str, Assignment], State]:
        return {
            (request.study, request.assignment): state
            for state in State
            if state is not State.DONE
            for request in context.queues.each(state, pass_over)
        }

    found: dict[tuple[str, Assignment], State] = context.once("at work", find)
    return found


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(["--import-all"], metavar="PROJECT", help="Send all of a project again."),
    ),
    after=after,
    locks=(NAME,),
)
