"""Run the program of the next job of a workflow, and hand over what it made."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from headgate.context import Context
from headgate.core import backoff
from headgate.core.errors import HeadgateError, Rejected, Unavailable
from headgate.core.jobs import Job, JobState
from headgate.core.step import Outcome, Step, deferred, error, not_needed, ok
from headgate.settings.derived import WorkflowSettings
from headgate.stores import files, programs
from headgate.working.workflows import chosen, requests, wanted_jobs

NAME = "run-one-job"
SECONDS_A_DAY = 86400


@dataclass(frozen=True)
class Trace:
    """What a run that died left: a job that is active, or a folder whose job is not."""

    job: str
    is_active: bool

    def __str__(self) -> str:
        return self.job


@dataclass(frozen=True)
class Broken:
    """A file among the jobs that is none."""

    job: str
    reason: str

    def __str__(self) -> str:
        return self.job


Item = Trace | Broken | Job


def plan(context: Context) -> Iterator[Item]:
    """Yield what a run that died left, then the jobs whose time has come, until one has run."""
    active = context.jobs.entered(JobState.ACTIVE)
    queued = context.jobs.entered(JobState.QUEUED)
    yield from (Trace(job, is_active=True) for job in active)
    held = context.jobs.entered(JobState.HELD)
    left = set(context.workplaces.left()) - {*active, *queued, *held}
    yield from (Trace(job, is_active=False) for job in sorted(left))
    for name in [*active, *queued]:
        if context.once("has run", list):
            return
        try:
            job = context.jobs.read(JobState.QUEUED, name)
        except Rejected as reason:
            if context.jobs.state_of(name) is JobState.QUEUED:
                yield Broken(name, str(reason))
            continue
        if _is_due(context, job):
            yield job


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """Do one job, or tidy up after one."""
    if isinstance(item, Trace):
        yield from _recover(context, item)
    elif isinstance(item, Broken):
        context.jobs.refuse(item.job)
        yield error(item, item.reason)
    else:
        yield from _do(context, item)


def _recover(context: Context, trace: Trace) -> Iterator[Outcome]:
    """Its program went with the run; a container is seen to, in case its engine outlived it."""
    from headgate.working import running

    if trace.is_active:
        programs.remove_container(running.container_of(trace.job))
        context.jobs.recover(trace.job)
        yield ok(trace, "was at work when its run died: queued again")
    else:
        context.workplaces.clear(trace.job)


def _do(context: Context, job: Job) -> Iterator[Outcome]:
    settings = context.settings.workflows.get(job.workflow)
    try:
        if settings is None or not settings.enabled:
            raise Rejected(f"the workflow {job.workflow!r} is not in the configuration any more")
        why = _why_not_yet(context, settings, job)
        if why:
            yield _wait(context, job, JobState.QUEUED, why)
            return
        if not context.workplaces.has_made(job.id) and (why := _why_not(context, settings, job)):
            context.jobs.move(job.with_values(reason=why), JobState.QUEUED, "passed")
            yield not_needed(job, f"{job.workflow}: {why}")
            return
    except Unavailable:
        raise
    except HeadgateError as reason:
        context.jobs.move(job.with_values(reason=str(reason)), JobState.QUEUED, "refused")
        yield error(job, f"{job.workflow} over study {job.study}: {reason}")
        return
    context.once("has run", list).append(job.id)
    context.jobs.move(job, JobState.QUEUED, "claim")
    yield _ran(context, settings, job)


def _ran(context: Context, settings: WorkflowSettings, job: Job) -> Outcome:
    from headgate.working import running

    about = f"{job.workflow} over study {job.study}"
    try:
        if not context.workplaces.has_made(job.id):
            running.run(context, settings, job, chosen(context, settings, job))
        if settings.output == "values":
            text = (
                f"values written into the REDCap of {_hand_over(context, settings, job)} projects"
            )
        else:
            text = f"{_hand_over(context, settings, job)} instances sent to the receiver"
    except Unavailable as reason:
        return _wait(context, job, JobState.ACTIVE, str(reason))
    except HeadgateError as reason:
        said = context.workplaces.said(job.id)
        if said:
            files.write_whole(context.jobs.complaints(job.id), said)
            reason = Rejected(f"{reason}; what it said is in jobs/failed/{job.id}.stderr")
        context.jobs.move(job.with_values(reason=str(reason)), JobState.ACTIVE, "failed")
        context.workplaces.clear(job.id)
        return error(job, f"{about}: {reason}")
    context.jobs.move(job.with_values(reason=text), JobState.ACTIVE, "finished")
    context.workplaces.clear(job.id)
    return ok(job, f"{about}: {text}")


def _hand_over(context: Context, settings: WorkflowSettings, job: Job) -> str:
    from headgate.working import running

    if settings.output == "values":
        count = running.write_values(context, settings, job)
        return f"values written into the REDCap of {count} projects"
    return f"{running.send(context, job)} instances sent to the receiver"


def _why_not_yet(context: Context, settings: WorkflowSettings, job: Job) -> str:
    """Why it waits, or ''."""
    if not context.workplaces.has_made(job.id):
        if job.study in context.once("changed", context.spool.changed):
            return "more of the study is coming"
        is_gone = not context.trees.series_names(job.study)
        if is_gone and context.archive.files_of(job.study):
            return "process files the study anew"
    needs_request = settings.projects or settings.output == "values"
    if needs_request and not requests(context, settings, job.study):
        return "nobody has requested the study for a project of the workflow yet"
    return ""


def _why_not(context: Context, settings: WorkflowSettings, job: Job) -> str:
    """Why it is not to be done at all, or ''. Raise Misconfigured."""
    now = {one.id for one in wanted_jobs(context, job.study)}
    newer = [one for one in now - {job.id} if _is_over_the_same(context, one, job)]
    if job.id not in now:
        return "more has come since: another job stands for it" if newer else "it is no longer here"
    return "" if chosen(context, settings, job) else "the workflow does not select it"


def _is_over_the_same(context: Context, name: str, job: Job) -> bool:
    state = context.jobs.state_of(name)
    if state is None:
        return False
    other = context.jobs.read(state, name)
    return (other.workflow, other.series) == (job.workflow, job.series)


def _wait(context: Context, job: Job, state: JobState, why: str) -> Outcome:
    """Try again after a while that doubles; after `retention.job_days` no more."""
    days = context.settings.retention.job_days
    if days and _age(context, job) > days * SECONDS_A_DAY:
        event = "refused" if state is JobState.QUEUED else "failed"
        reason = f"given up after {days} days: {why}; bin/requeue tries again"
        context.jobs.move(job.with_values(reason=reason), state, event)
        context.workplaces.clear(job.id)
        return error(job, f"{job.workflow} over study {job.study}: {reason}")
    sending = context.settings.sending
    wait = backoff.delay_seconds(
        job.attempts + 1, sending.retry_first_seconds, sending.retry_longest_seconds,
        random.SystemRandom(),
    )  # fmt: skip
    later = job.with_values(attempts=job.attempts + 1, not_before=context.now() + wait, reason=why)
    if state is JobState.ACTIVE:
        context.jobs.move(later, state, "later")
        return deferred(job, f"{job.workflow} over study {job.study}: {why}")
    context.jobs.put_off(later)
    return not_needed(job, f"{job.workflow} over study {job.study} waits: {why}")


def _is_due(context: Context, job: Job) -> bool:
    """One that a clock set back would keep for ever is due."""
    wait = job.not_before - context.now()
    return not 0 < wait <= context.settings.sending.retry_longest_seconds


def _age(context: Context, job: Job) -> float:
    try:
        return context.now() - datetime.fromisoformat(job.created).timestamp()
    except ValueError:
        return 0.0


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
