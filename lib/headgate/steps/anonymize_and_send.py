"""De-identify what is requested, send it to the research PACS, prove it, and tell REDCap."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from headgate.context import Context
from headgate.core import backoff, routing, transfer
from headgate.core.errors import HeadgateError, Misconfigured, Rejected, Unavailable
from headgate.core.model import Request
from headgate.core.states import State
from headgate.core.step import Outcome, Step, deferred, error, ok
from headgate.delivering import again
from headgate.stores import keymark

NAME = "anonymize-and-send"


class Work(StrEnum):
    """What is to be done with a request."""

    RECOVER = "recover"
    DELIVER = "deliver"
    RECORD = "record"


@dataclass(frozen=True)
class Item:
    """A request by its id, and what is to be done with it."""

    work: Work
    request: str

    def __str__(self) -> str:
        return self.request


def plan(context: Context) -> Iterator[Item]:
    """Yield what a run that died left, then what REDCap is not told of, then the queue."""
    for request in context.queues.ids(State.ACTIVE):
        yield Item(Work.RECOVER, request)
    for request in context.queues.ids(State.SENT):
        yield Item(Work.RECORD, request)
    for request in context.queues.ids(State.QUEUED):
        yield Item(Work.DELIVER, request)


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """Do what the item says; a request is always in exactly one place."""
    if item.work is Work.RECOVER:
        context.queues.recover(item.request)
        yield ok(item, "found active after a run that died: queued again")
    elif item.work is Work.RECORD:
        yield from _record(context, context.queues.read(State.SENT, item.request))
    elif context.queues.state_of(item.request) is State.QUEUED:  # not held or withdrawn since
        request = context.queues.read(State.QUEUED, item.request)
        if _is_due(context, request):
            yield from _deliver(context, request)


def _is_due(context: Context, request: Request) -> bool:
    """A time further ahead than the longest wait is the trace of a clock that was set back. A study
    that is not filed whole, as after bin/rebuild, would go in part, or not at all.
    """
    wait = request.not_before - context.now()
    if 0 < wait <= context.settings.sending.retry_longest_seconds:
        return False
    is_on_its_way = context.archive.waits_for_process(request.study)
    return not is_on_its_way and not context.spool.is_changing(request.study)


def _deliver(context: Context, request: Request) -> Iterator[Outcome]:
    context.queues.take(request.id, State.QUEUED, "claim")
    try:
        if not request.made_from and (why := again.why_not(context, request)):
            yield _withdrawn(context, request, why)
            return
        request = _sent(context, request)
    except Unavailable as reason:
        yield _later(context, request, reason)
        return
    except Misconfigured as reason:  # a target that was taken out of the settings, say
        context.queues.move(request.with_values(reason=str(reason)), State.ACTIVE, "later")
        raise
    except Rejected as reason:
        summary = json.dumps({"rejected": str(reason)}, ensure_ascii=False)
        code = transfer.DEIDENTIFICATION_FAILED
        request = request.with_values(error=code, reason=str(reason), summary=summary)
    if request.error:
        yield from _fail(context, request)
        return
    context.queues.move(request, State.ACTIVE, "accepted")
    text = f"study {request.study} sent and proven: {request.summary}; {request.reason}"
    yield ok(request, text.removesuffix("; "))
    yield from _record(context, request)


def _withdrawn(context: Context, request: Request, why: str) -> Outcome:
    """The queue is older than REDCap: create-transfer-requests is yet to see it, or it is from a
    backup.
    """
    context.queues.withdraw(request.id, State.ACTIVE)
    return ok(request, f"study {request.study}: its row {why}: it is withdrawn")


def _sent(context: Context, request: Request) -> Request:
    """Return the request with what came of it. Raise Unavailable, Rejected."""
    from headgate.core.deid.uids import replace_study_uid
    from headgate.delivering import processed
    from headgate.delivering.targets import delivered

    project = context.projects.get(request.project)
    if complaint := routing.complaint_about(request.assignment, project):
        raise Rejected(complaint)
    keymark.note(context.layout, context.site_key)
    processed.note(context, request)  # before anybody can have it to make something of it
    deliveries, lacking = delivered(context, request, project or {})
    return request.with_values(
        error=transfer.error_of(deliveries),
        summary=transfer.summary(deliveries),
        mapped_study=request.study
        if request.made_from
        else replace_study_uid(request.study, context.recipe(request.assignment)),
        reason=f"it refers to {lacking} instances or series that were not sent" if lacking else "",
    )


def _later(context: Context, request: Request, reason: HeadgateError) -> Outcome:
    from headgate.delivering.study import Unfinished, Waiting

    sending = context.settings.sending
    attempts = request.attempts + 1
    wait = backoff.delay_seconds(
        attempts, sending.retry_first_seconds, sending.retry_longest_seconds, random.SystemRandom()
    )
    if isinstance(reason, Waiting):  # nothing was tried: it goes when its target is asked again
        attempts, wait = request.attempts, reason.seconds
    request = request.with_values(
        attempts=attempts, not_before=context.now() + wait, reason=str(reason)
    )
    context.queues.move(request, State.ACTIVE, "later")
    if isinstance(reason, Unfinished):
        return ok(request, f"study {request.study}: {reason}")
    return deferred(request, f"study {request.study}: {reason}; again in {wait:.0f} s")


def _fail(context: Context, request: Request) -> Iterator[Outcome]:
    """REDCap is told first: a failed request is not looked at again until a person requeues it."""
    try:
        context.tables.incoming.write([_result(context, request)], overwrite=True)
    except Unavailable as reason:
        yield _later(context, request, reason)
        return
    request = request.with_values(is_failure_told=True)
    context.queues.move(request, State.ACTIVE, "rejected")
    yield error(
        request,
        f"study {request.study} is held for a person: {request.summary}; "
        f"mend it, then bin/requeue {request.id}",
    )


def _record(context: Context, request: Request) -> Iterator[Outcome]:
    """In the row of its study, what a workstation made of it only takes back a failure."""
    if not request.made_from or request.is_failure_told:
        context.tables.incoming.write([_result(context, request)], overwrite=True)
        yield ok(request, f"study {request.study}: REDCap knows")
    context.queues.move(request, State.SENT, "recorded")


def _result(context: Context, request: Request) -> dict[str, object]:
    when = datetime.fromtimestamp(context.now()).astimezone()
    return transfer.result_row(request, when)


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
