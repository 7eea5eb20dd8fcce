"""Queue a request for each transfer that REDCap wants and the research PACS has not got whole."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import click

from headgate.context import Context
from headgate.core import fields, listing, transfer
from headgate.core.grammar import is_uid
from headgate.core.model import Assignment, Request, content_version
from headgate.core.states import State
from headgate.core.step import Outcome, Step, not_needed, ok
from headgate.stores.queues import pass_over

NAME = "create-transfer-requests"
NEEDED = (fields.TRANSFER_REQUESTED, *transfer.NAMED)
WAITING = (State.QUEUED, State.FAILED, State.HELD)


@dataclass(frozen=True)
class Wanted:
    """A row of the transfers form that names project, participant and requested date."""

    study: str
    transfer: int
    assignment: Assignment
    is_transferred: bool
    mapped_study: str

    def __str__(self) -> str:
        return self.study


@dataclass(frozen=True)
class Waiting:
    """A request that waits, and in which state."""

    state: State
    request: Request


@dataclass(frozen=True)
class Outdated:
    """A request that waits though nobody wants the study to go there any more, and why."""

    waiting: Waiting
    why: str

    def __str__(self) -> str:
        return self.waiting.request.study


def plan(context: Context) -> Iterator[Wanted | Outdated]:
    """Yield the complete transfer rows of studies that changed in REDCap; of all with --all. What
    waits for somebody whom its row names no more comes first.
    """
    waiting = _waiting(context)  # before REDCap tells: the row of what is queued later is not there
    overlap = context.settings.redcap.overlap_minutes
    since = context.watermarks.since(NAME, context.began, overlap)
    rows = context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD],
        forms=[fields.TRANSFERS_FORM],
        changed_since=None if context.options.get("all") else since,
    )
    by_study = defaultdict(list)
    for row in rows:
        by_study[str(row[fields.INCOMING_RECORD])].append(row)
    for study, several in by_study.items():
        for old in waiting.get(study, ()):
            if why := transfer.why_outdated(old.request, several):
                yield Outdated(old, why)
        for row in listing.transfers(several):
            if all(row.get(name) for name in NEEDED):
                yield _wanted(row)


def apply(context: Context, wanted: Wanted | Outdated) -> Iterator[Outcome]:
    """Queue the request, unless it is there already or the ledger has every instance."""
    if isinstance(wanted, Outdated):
        yield from _withdrawn(context, wanted.waiting, wanted.why)
        return
    on_disk = context.trees.instances(wanted.study)
    request = Request.wanted(
        wanted.study, wanted.transfer, wanted.assignment, content_version(on_disk)
    )
    is_whole = wanted.is_transferred and not _lacks(context, wanted, list(on_disk))
    if is_whole and (on_disk or not _went_to_others(context, wanted)):
        return  # else nothing of it is here, and REDCap is told that it has to come again
    state = context.queues.state_of(request.id)
    if _is_forgotten(context, wanted, request) and not _lacks(context, wanted, list(on_disk)):
        version = f"{content_version(on_disk)}-{context.now():.0f}"
        request = Request.wanted(wanted.study, wanted.transfer, wanted.assignment, version)
        state = None
    if state in (State.FAILED, State.HELD):
        yield not_needed(wanted, f"request {request.id} is {state}: look at it, then bin/requeue")
    elif state is None:
        created = datetime.fromtimestamp(context.now(), UTC).isoformat(timespec="seconds")
        context.queues.add(request.with_values(created=created))
        yield ok(wanted, f"request {request.id} queued for {wanted.assignment.project}")
        for old in _waiting(context).get(wanted.study, ()):
            is_older = old.request.transfer == wanted.transfer and old.state is State.FAILED
            if is_older and old.request.assignment == wanted.assignment:
                yield from _withdrawn(context, old, f"gives way to {request.id}")


def after(context: Context) -> None:
    """Note until when REDCap is read."""
    context.watermarks.reached(NAME, context.began)


def _withdrawn(context: Context, old: Waiting, why: str) -> Iterator[Outcome]:
    request = old.request
    if context.queues.withdraw(request.id, old.state):
        yield ok(request.study, f"request {request.id} that was {old.state} {why}: it is withdrawn")


def _waiting(context: Context) -> dict[str, list[Waiting]]:
    """By study. What a workstation made is of another study than its row."""

    def found() -> dict[str, list[Waiting]]:
        several: dict[str, list[Waiting]] = defaultdict(list)
        for state in WAITING:
            for one in context.queues.each(state, pass_over):
                if not one.made_from:
                    several[one.study].append(Waiting(state, one))
        return several

    waiting: dict[str, list[Waiting]] = context.once("waiting", found)
    return waiting


def _wanted(row: dict[str, Any]) -> Wanted:
    return Wanted(
        str(row[fields.INCOMING_RECORD]),
        int(row[fields.REPEAT_INSTANCE]),
        transfer.assignment_in(row),
        bool(row.get(fields.TRANSFER_DATE)),
        str(row.get(fields.TRANSFER_MAPPED, "")),
    )


def _went_to_others(context: Context, wanted: Wanted) -> bool:
    """The copy that the row tells of went to whom it named before."""
    origins = context.mapped.read(wanted.mapped_study) if is_uid(wanted.mapped_study) else []
    own = [one for one in origins if (one.study, one.transfer) == (wanted.study, wanted.transfer)]
    return bool(own) and wanted.assignment not in [one.assignment for one in own]


def _is_forgotten(context: Context, wanted: Wanted, request: Request) -> bool:
    """REDCap was told before it was asked now, and has it no more: its backup was put back."""
    told = None if wanted.is_transferred else context.queues.entered(State.DONE, request.id)
    is_old = told is not None and told < context.began
    return is_old and (wanted.study, wanted.transfer) not in _wishes(context)


def _wishes(context: Context) -> set[tuple[str, int]]:
    """By study and row, what is asked for and not done."""

    def found() -> set[tuple[str, int]]:
        waiting = [one.request for several in _waiting(context).values() for one in several]
        at_work = [
            one
            for state in (State.ACTIVE, State.SENT)
            for one in context.queues.each(state, pass_over)
        ]
        return {(one.study, one.transfer) for one in waiting + at_work}

    wishes: set[tuple[str, int]] = context.once("wishes", found)
    return wishes


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
