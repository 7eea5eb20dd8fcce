"""Queue a request for each transfer that REDCap wants and the research PACS has not got whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from headgate.context import Context
from headgate.core import fields
from headgate.core.model import Assignment, Request, content_version
from headgate.core.states import State
from headgate.core.step import Outcome, Step, not_needed, ok

NAME = "create-transfer-requests"
NEEDED = (fields.TRANSFER_REQUESTED, fields.TRANSFER_PROJECT, fields.TRANSFER_NAME)


@dataclass(frozen=True)
class Wanted:
    """A row of the transfers form that names project, participant and requested date."""

    study: str
    transfer: int
    assignment: Assignment
    is_transferred: bool

    def __str__(self) -> str:
        return self.study


def plan(context: Context) -> Iterator[Wanted]:
    """Yield the complete transfer rows of studies that changed in REDCap; of all with --all."""
    overlap = context.settings.redcap.overlap_minutes
    since = context.watermarks.since(NAME, context.began, overlap)
    rows = context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD],
        forms=[fields.TRANSFERS_FORM],
        changed_since=None if context.options.get("all") else since,
    )
    for row in rows:
        is_transfer = row.get(fields.REPEAT_FORM) == fields.TRANSFERS_FORM
        if is_transfer and all(row.get(name) for name in NEEDED):
            yield _wanted(row)


def apply(context: Context, wanted: Wanted) -> Iterator[Outcome]:
    """Queue the request, unless it is there already or the ledger has every instance."""
    on_disk = context.trees.instances(wanted.study)
    request = Request.wanted(
        wanted.study, wanted.transfer, wanted.assignment, content_version(on_disk)
    )
    if wanted.is_transferred and not _lacks(context, wanted, list(on_disk)):
        return
    state = context.queues.state_of(request.id)
    if state in (State.FAILED, State.HELD):
        yield not_needed(wanted, f"request {request.id} is {state}: look at it, then bin/requeue")
    elif state is None:
        created = datetime.fromtimestamp(context.now(), UTC).isoformat(timespec="seconds")
        context.queues.add(request.with_values(created=created))
        yield ok(wanted, f"request {request.id} queued for {wanted.assignment.project}")


def after(context: Context) -> None:
    """Note until when REDCap is read."""
    context.watermarks.reached(NAME, context.began)


def _wanted(row: dict[str, Any]) -> Wanted:
    assignment = Assignment(
        str(row[fields.TRANSFER_PROJECT]).strip(),
        str(row[fields.TRANSFER_NAME]).strip(),
        str(row.get(fields.TRANSFER_EVENT, "")).strip(),
    )
    return Wanted(
        str(row[fields.INCOMING_RECORD]),
        int(row[fields.REPEAT_INSTANCE]),
        assignment,
        bool(row.get(fields.TRANSFER_DATE)),
    )


def _lacks(context: Context, wanted: Wanted, on_disk: list[str]) -> bool:
    ledger = context.ledger.read(wanted.study, wanted.assignment)
    return any(name not in ledger for name in on_disk)


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(["--all"], is_flag=True, help="Read all of REDCap, not what changed alone."),
    ),
    after=after,
    locks=(NAME,),
)
