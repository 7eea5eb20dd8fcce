"""Hold requests back: the operator's brake on a queued or failed request."""

from collections.abc import Iterator

import click

from headgate.context import Context
from headgate.core.step import Outcome, Step, ok


def plan(context: Context) -> Iterator[str]:
    """Yield the ids that were named."""
    yield from context.options["ids"]


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Move the request to held/. Raise Rejected, ImpossibleTransition when it is on its way."""
    state, request = context.queues.find(item)
    context.queues.move(request, state, "hold")
    yield ok(item, f"held: study {request.study}; bin/requeue {item} lets it go on")


STEP = Step(
    "hold",
    __doc__,
    plan,
    apply,
    parameters=(click.Argument(["ids"], nargs=-1, required=True, metavar="ID..."),),
    by_hand=True,
)
