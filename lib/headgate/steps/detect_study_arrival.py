"""Queue the jobs of workflows for studies and series that have arrived whole."""

from collections.abc import Iterator
from datetime import UTC, datetime

from headgate.context import Context
from headgate.core import arrival
from headgate.core.step import Outcome, Step, not_needed, ok
from headgate.working.workflows import wanted_jobs

NAME = "detect-study-arrival"


def plan(context: Context) -> Iterator[str]:
    """Yield the studies that came to rest since the last pass, whoever saw it first."""
    now, quiet = context.now(), context.settings.incoming.quiet_seconds
    changed = context.spool.changed()
    rested = {study for study, last in changed.items() if arrival.is_settled(last, now, quiet)}
    yield from sorted(rested | (context.spool.triggering() - set(changed)))


def apply(context: Context, study: str) -> Iterator[Outcome]:
    """Queue a job for each workflow; what it is made of is part of its id, so that an instance
    that comes late makes a new one, and a run that died no second.
    """
    context.spool.settle(study)
    context.spool.take_trigger(study)
    created = datetime.fromtimestamp(context.now(), UTC).isoformat(timespec="seconds")
    jobs = [job.with_values(created=created) for job in wanted_jobs(context, study)]
    count = sum(map(context.jobs.add, jobs))
    context.spool.triggered(study)
    yield ok(study, f"{count} jobs queued") if count else not_needed(study, "no new job")


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
