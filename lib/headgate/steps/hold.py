"""Hold requests and jobs back: the operator's brake on what is queued or failed."""

from collections.abc import Iterator

import click

from headgate.context import Context
from headgate.core.step import Outcome, Step, ok


def plan(context: Context) -> Iterator[str]:
    """Yield the ids that were named."""
    yield from context.options["ids"]


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Move the request to held/. Raise Rejected, ImpossibleTransition when it is on its way."""
    if context.jobs.state_of(item):
        job_state, job = context.jobs.find(item)
        context.jobs.move(job, job_state, "hold")
        yield ok(item, f"held: {job.workflow} over {job.study}; bin/requeue {item} lets it go on")
        return
    state, request = context.queues.find(item)
    context.queues.take(item, state, "hold")
    yield ok(item, f"held: study {request.study}; bin/requeue {item} lets it go on")


STEP = Step(
    "hold",
    __doc__,
    plan,
    apply,
    parameters=(click.Argument(["ids"], nargs=-1, required=True, metavar="ID..."),),
    by_hand=True,
)
