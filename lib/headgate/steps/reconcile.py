"""Hold what was received, filed and sent against what the PACS has, and queue the gap again."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import click

from headgate.context import Context
from headgate.core import transfer
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import HeadgateError, Unavailable
from headgate.core.model import Delivery, Fate, Request, content_version
from headgate.core.states import State
from headgate.core.step import Outcome, Step, deferred, error, not_needed, ok
from headgate.delivering import again
from headgate.delivering.processed import recipe_of
from headgate.delivering.proving import held_in_series
from headgate.stores.dicomnet import pacs
from headgate.stores.quarantine.archive import without_kind

NAME = "reconcile"
SECONDS_A_DAY = 86400
AT_WORK = (State.QUEUED, State.ACTIVE, State.SENT)
FOR_A_PERSON = (State.FAILED, State.HELD)


@dataclass(frozen=True)
class Compared:
    """A study, and what was delivered of it: the newest request for each whom it went to."""

    study: str
    requests: tuple[Request, ...]

    def __str__(self) -> str:
        return self.study


@dataclass(frozen=True)
class Damaged:
    """A file in the queues that holds no request."""

    text: str

    def __str__(self) -> str:
        return "requests"


def plan(context: Context) -> Iterator[Compared | Damaged]:
    """Yield the studies of the last days on which nothing is at work."""
    delivered: dict[str, dict[object, Request]] = defaultdict(dict)
    damages: list[HeadgateError] = []
    for request in context.queues.each(State.DONE, damages.append):
        delivered[request.study][request.assignment] = request
    at_work = {one.study for state in AT_WORK for one in context.queues.each(state, damages.append)}
    for state in FOR_A_PERSON:  # who was told of it: what went to others is compared all the same
        for request in context.queues.each(state, damages.append):
            delivered[request.study].pop(request.assignment, None)
    yield from (Damaged(str(one)) for one in damages)
    days = context.options.get("days") or 0
    ages = dict(context.archive.studies_by_age(context.now()))
    for study in sorted({*ages, *delivered} - at_work):
        requests = tuple(delivered[study].values()) if study in delivered else ()
        youngest = min([ages.get(study, float("inf")), *(_age(context, one) for one in requests)])
        is_recent = not days or youngest < days * SECONDS_A_DAY
        if is_recent and not context.spool.is_changing(study):
            yield Compared(study, requests)


def apply(context: Context, item: Compared | Damaged) -> Iterator[Outcome]:
    """Compare by SOP Instance UID: archive and raw/, the sender, and each PACS it went to; one
    that is away does not hold up the others.
    """
    if isinstance(item, Damaged):
        yield error(item, item.text)
        return
    yield from _file_again(context, item.study)
    yield from _count_performed(context, item.study)
    yield from _as_far_as_told(item.study, _ask_sources(context, item.study))
    for request in item.requests:
        if request.uid_scheme and not context.ledger.read(request.study, request.assignment):
            continue  # another gateway delivered it: it is sent again when somebody asks for that
        project = context.projects.get(request.project)
        if project is None:
            text = f"REDCap has project {request.project} no more: its PACS is not asked"
            yield not_needed(item.study, text)
            continue
        for target in context.targets_of(project):
            yield from _as_far_as_told(item.study, _compare(context, request, target))


def _as_far_as_told(study: str, outcomes: Iterator[Outcome]) -> Iterator[Outcome]:
    try:
        yield from outcomes
    except Unavailable as reason:
        yield deferred(study, str(reason))


def _file_again(context: Context, study: str) -> Iterator[Outcome]:
    """What is in the archive and neither filed, nor set aside, nor waiting is announced again."""
    filed = {path.resolve() for path in context.trees.instances(study).values()}
    aside = {path.resolve() for _, _, path in context.trees.unknown()}
    known = filed | aside
    names = {without_kind(path.name) for path in filed}
    lacking = [
        path
        for path in context.archive.files_of(study)
        if path.resolve() not in known and path.name not in names
    ]
    new = sum(context.archive.announce(path) for path in lacking)
    if new:
        yield ok(study, f"{new} instances were not filed: process files them")


def _count_performed(context: Context, study: str) -> Iterator[Outcome]:
    """Tell of what a modality made (MPPS) and never sent; a study that was cleared had all."""
    expected: dict[str, dict[str, int]] = context.once("expected", context.performed.by_study)
    if not context.trees.series_names(study):
        return
    for series, count in sorted(expected.get(study, {}).items()):
        lacking = count - context.trees.count(study, series)
        if lacking > 0:
            text = f"the modality made {lacking} more instances of series {series}: send them again"
            yield error(study, text, series=series)


def _ask_sources(context: Context, study: str) -> Iterator[Outcome]:
    """Tell of what a sender has and never sent whole. Raise Unavailable."""
    for series in context.trees.series_names(study):
        connection = context.trees.read_series(study, series).get("IncomingConnection", {})
        peer = context.source(str(connection.get("AETitleCaller", "")))
        if peer is None:
            continue
        try:
            there = pacs.stored_instances(peer, study, [series])
        except pacs.Unsupported:
            continue
        lacking = there - set(context.trees.instances(study))
        if lacking:
            yield error(
                study,
                f"{peer} has {len(lacking)} more instances of series {series}: send them again",
                series=series,
                lacking=sorted(lacking),
            )


def _compare(context: Context, request: Request, target: str) -> Iterator[Outcome]:
    """Queue a new request for what was not sent or is gone. Raise Unavailable."""
    filed = context.trees.instances(request.study)
    ledger = context.ledger.read(request.study, request.assignment, target)
    sent = [one for one in ledger.values() if one.fate is Fate.STORED]
    held = _held(context, request, target, sent)
    lost = [one for one in sent if held is not None and one.output_uid not in held]
    here = [one for one in lost if one.sop_instance in filed]
    lacking = {one.sop_instance for one in here} | set(transfer.lacking(filed, ledger))
    counts = _counts(sent, held)
    # what went to the wrong one is removed from the PACS by people, and must not come back
    if (lacking or lost) and (why := again.why_not(context, request)):
        text = f"the row of request {request.id} {why}: nothing of that goes again"
        yield not_needed(request.study, text, series=counts)
        return
    if here:
        again.unprove(context, request, here, Fate.MISSING)
    if lacking:
        _queue(context, request, list(filed))
        text = f"{len(lacking)} of {len(filed)} instances lack at the PACS: queued again"
        yield ok(request.study, text, series=counts)
    if len(lost) > len(here):
        text = (
            f"{len(lost) - len(here)} instances are gone from the PACS and no longer here: "
            "have them sent again"
        )
        yield error(request.study, text, series=counts)
    if not lacking and not lost:
        said = "it answers no queries" if held is None else "the PACS holds them"
        text = f"{len(filed)} instances filed, {len(sent)} sent; {said}"
        yield ok(request.study, text, series=counts)


def _held(context: Context, request: Request, target: str, sent: list[Delivery]) -> set[str] | None:
    mapped = request.mapped_study  # as it was sent: by a key that was lost since, perhaps
    study = mapped or replace_study_uid(request.study, recipe_of(context, request))
    return held_in_series(context, target, study, sorted({one.output_series for one in sent}))


def _counts(sent: list[Delivery], held: set[str] | None) -> dict[str, dict[str, Any]]:
    """By series as sent: how many were, and how many of them the PACS holds."""
    found: dict[str, dict[str, Any]] = {}
    for one in sent:
        told = found.setdefault(one.output_series, {"sent": 0, "held": None if held is None else 0})
        told["sent"] += 1
        if held is not None:
            told["held"] += one.output_uid in held
    return found


def _queue(context: Context, request: Request, filed: list[str]) -> None:
    """A request of its own: the one that is done stays the record of what was done."""
    version = f"{content_version(filed)}-{context.now():.0f}"
    own = Request.wanted(request.study, request.transfer, request.assignment, version)
    again.queue(context, own.with_values(made_from=request.made_from))


def _age(context: Context, request: Request) -> float:
    try:
        return context.now() - datetime.fromisoformat(request.created).timestamp()
    except ValueError:
        return 0.0


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(
            ["--days"], type=click.IntRange(0), default=30, show_default=True,
            help="Studies received or requested in so many days; 0: all.",
        ),
    ),
    # beside process and anonymize-and-send: what they do meanwhile is done twice at worst
    locks=(NAME,),
)  # fmt: skip
