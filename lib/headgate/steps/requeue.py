"""Let failed or held requests and jobs go again, at once and with a clean count of attempts."""

from collections.abc import Iterator
from datetime import UTC, datetime

import click

from headgate.context import Context
from headgate.core.step import Outcome, Step, ok
from headgate.stores import files


def plan(context: Context) -> Iterator[str]:
    """Yield the ids that were named."""
    yield from context.options["ids"]


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Move the request to queued/. Raise Rejected, ImpossibleTransition for one not stopped."""
    if context.jobs.state_of(item):
        yield _job(context, item)
        return
    state, request = context.queues.find(item)
    fresh = request.with_values(attempts=0, not_before=0.0, reason="", error=0, summary="")
    context.queues.move(fresh, state, "requeue")
    yield ok(item, f"queued again: study {request.study}")


def _job(context: Context, item: str) -> Outcome:
    state, job = context.jobs.find(item)
    now = datetime.fromtimestamp(context.now(), UTC).isoformat(timespec="seconds")
    fresh = job.with_values(attempts=0, not_before=0.0, reason="", created=now)
    context.jobs.move(fresh, state, "requeue")
    files.remove(context.jobs.complaints(item))
    return ok(item, f"queued again: {job.workflow} over study {job.study}")


STEP = Step(
    "requeue",
    __doc__,
    plan,
    apply,
    parameters=(click.Argument(["ids"], nargs=-1, required=True, metavar="ID..."),),
    locks=("requeue",),  # of two that write the same request, one would bring it back
    by_hand=True,
)
