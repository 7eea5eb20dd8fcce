"""Queue the jobs of workflows for studies and series that have arrived whole."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from headgate.context import Context
from headgate.core import arrival
from headgate.core.jobs import Job
from headgate.core.model import content_version
from headgate.core.step import Outcome, Step, not_needed, ok

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
    count = sum(context.jobs.add(job) for job in _jobs(context, study))
    context.spool.triggered(study)
    yield ok(study, f"{count} jobs queued") if count else not_needed(study, "no new job")


def _jobs(context: Context, study: str) -> Iterator[Job]:
    workflows = {name: one for name, one in context.settings.workflows.items() if one.enabled}
    by_series: dict[str, list[str]] = defaultdict(list)
    if workflows:
        for name, path in context.trees.instances(study).items():
            by_series[path.parent.name].append(name)
    whole = {"": [name for several in by_series.values() for name in several]}
    created = datetime.fromtimestamp(context.now(), UTC).isoformat(timespec="seconds")
    for workflow, settings in workflows.items():
        parts = by_series if settings.level == "series" else whole
        for series, names in sorted(parts.items()):
            if names:
                job = Job.wanted(workflow, study, series, content_version(names))
                yield job.with_values(created=created)


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
