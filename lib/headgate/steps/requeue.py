"""Let failed or held requests go again, at once and with a clean count of attempts."""

from collections.abc import Iterator

import click

from headgate.context import Context
from headgate.core.step import Outcome, Step, error, ok


def plan(context: Context) -> Iterator[str]:
    """Yield the ids that were named."""
    yield from context.options["ids"]


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Move the request to queued/. Raise ImpossibleTransition for one not stopped."""
    state = context.queues.state_of(item)
    if state is None:
        yield error(item, "no such request: bin/status lists them")
        return
    request = context.queues.read(state, item)
    fresh = request.with_values(attempts=0, not_before=0.0, reason="", error=0, summary="")
    context.queues.move(fresh, state, "requeue")
    yield ok(item, f"queued again: study {request.study}")


STEP = Step(
    "requeue",
    __doc__,
    plan,
    apply,
    parameters=(click.Argument(["ids"], nargs=-1, required=True, metavar="ID..."),),
    by_hand=True,
)
