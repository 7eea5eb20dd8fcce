"""Forget jobs that ended, what PACSs and modalities told long ago, and old couplings."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from headgate.context import Context
from headgate.core import fields
from headgate.core.jobs import JobState
from headgate.core.step import Outcome, Step, not_needed, ok

NAME = "remove-old-entries"
SECONDS_A_DAY = 86400
ENDED = (JobState.DONE, JobState.FAILED)
MOST_JOBS = 10_000
# REDCap deletes one by one: so many in a call end within its time, so many calls a run
ROWS_A_CALL, CALLS = 200, 10


@dataclass(frozen=True)
class OldJob:
    """A job that ended long ago."""

    state: JobState
    job: str

    def __str__(self) -> str:
        return self.job


@dataclass(frozen=True)
class OldNotice:
    """What a PACS told of storage commitment when nobody waited for it any more."""

    transaction: str

    def __str__(self) -> str:
        return self.transaction


@dataclass(frozen=True)
class OldStep:
    """What a modality told of a step (MPPS) of which nothing is here any more."""

    step: str

    def __str__(self) -> str:
        return self.step


@dataclass(frozen=True)
class OldCouplings:
    """Records of the coupling list that are old."""

    records: tuple[str, ...]

    def __str__(self) -> str:
        return f"coupling-list {self.records[0]} to {self.records[-1]}"


Item = OldJob | OldNotice | OldStep | OldCouplings


def plan(context: Context) -> Iterator[Item]:
    """Yield what is old, the oldest first, so many a run."""
    days = context.settings.retention.job_days
    jobs = (
        OldJob(state, job)
        for state in ENDED
        for job, entered in context.jobs.entered(state).items()
        if days and entered < context.began - days * SECONDS_A_DAY
    )
    yield from islice(jobs, MOST_JOBS)
    if days:
        notices = context.commitments.told_before(context.began - days * SECONDS_A_DAY)
        yield from map(OldNotice, notices[:MOST_JOBS])
        yield from islice(_old_steps(context, days), MOST_JOBS)
    if context.settings.retention.coupling_days:
        old = iter(_old(context, context.tables.coupling_list.export()))
        for _ in range(CALLS):
            if records := tuple(islice(old, ROWS_A_CALL)):
                yield OldCouplings(records)


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """Remove what is old still. Raise Unavailable."""
    if isinstance(item, OldJob):
        before = context.began - context.settings.retention.job_days * SECONDS_A_DAY
        is_gone = context.jobs.forget(item.state, item.job, before)
        yield ok(item, "forgotten") if is_gone else not_needed(item, "is at work again")
        return
    if isinstance(item, OldNotice):
        context.commitments.forget(item.transaction)
        yield ok(item, "forgotten: nobody waited for this commitment")
        return
    if isinstance(item, OldStep):
        context.performed.forget(item.step)
        yield ok(item, "forgotten: nothing of this performed step is in the archive")
        return
    # asked once more: somebody may have given one a new date, or removed it
    old = _old(context, context.tables.coupling_list.export(records=item.records))
    if old:
        context.tables.coupling_list.delete(old)
        yield ok(item, f"{len(old)} rows of the coupling list removed", records=old)
    else:
        yield not_needed(item, "were removed or changed meanwhile")


def _old_steps(context: Context, days: float) -> Iterator[OldStep]:
    """A step is told of before its images come: those of late count, whatever is here."""
    for step in context.performed.told_before(context.began - days * SECONDS_A_DAY):
        told = context.performed.read(step)
        if told and not any(map(context.archive.files_of, told.studies)):
            yield OldStep(step)


def _old(context: Context, rows: list[dict[str, Any]]) -> list[str]:
    """The records whose date is past its time, the oldest first; one without a date stays."""
    days = timedelta(days=context.settings.retention.coupling_days)
    before = datetime.fromtimestamp(context.began).astimezone() - days
    limit = before.strftime("%Y-%m-%d %H:%M")
    dated = [
        (str(row[fields.COUPLING_DATE]), str(row[fields.COUPLING_RECORD]))
        for row in rows
        if row.get(fields.COUPLING_DATE)
    ]
    return [record for date, record in sorted(dated) if date < limit]


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
