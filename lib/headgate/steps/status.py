"""Tell how the gateway is: queues, ages, disk, last runs; with --study, the whole life of one."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime

import click

from headgate.context import Context
from headgate.core import fields
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.core.jobs import JobState
from headgate.core.model import Delivery, Request
from headgate.core.states import State
from headgate.core.step import Outcome, Step, not_needed, ok
from headgate.stores import disks, metrics
from headgate.stores.layout import NO_STUDY

NAME = "status"
MOST_COUNTED = 1000  # requests that are done: to count all takes longer with each year
OVERVIEW = ("disk", "arrived", "changed", "returned", "unknown", "jobs", *State)


def plan(context: Context) -> Iterator[str]:
    """Yield what is told of."""
    if study := context.options["study"]:
        if not is_uid(study):
            raise click.UsageError("--study is a Study Instance UID: digits and dots")
        yield from LIFE
    else:
        yield from OVERVIEW
        yield from (f"run.{step}" for step in metrics.known(context.layout.metrics))


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Tell of one thing; nothing is changed, and REDCap is not asked."""
    if context.options["study"]:
        yield ok(item, LIFE[item](context, context.options["study"]))
    elif item.startswith("run."):
        yield _last_run(context, item.removeprefix("run."))
    elif item == "jobs":
        yield _jobs(context)
    elif item in tuple(State):
        yield _queue(context, State(item))
    else:
        yield ok(item, _overview(context, item))


def _overview(context: Context, item: str) -> str:
    if item == "disk":
        free = disks.free_percent(context.layout.datadir)
        aim = context.settings.retention.free_percent
        return f"{free:.1f} % free; clear-old-files aims at {aim} %"
    if item == "arrived":
        return f"{len(context.trees.arrivals())} instances wait for process"
    if item == "changed":
        marks = len(context.spool.changed()) + len(context.spool.settled())
        return f"{marks} studies wait for populate-incoming"
    if item == "returned":
        count = len(context.spool.returned())
        return f"{count} studies wait for create-transfer-requests-for-processed"
    reasons = Counter(reason for _, reason, _ in context.trees.unknown())
    told = "".join(f"; {count} x {reason}" for reason, count in reasons.most_common(5))
    if nameless := len(context.archive.without_study()):
        told += f"; {nameless} lie in {context.layout.archive / NO_STUDY}, as they tell no study"
    return f"{sum(reasons.values())} files could not be filed{told}"


def _queue(context: Context, state: State) -> Outcome:
    if state is State.DONE:
        count = context.queues.count(state, MOST_COUNTED)
        more = " or more" if count == MOST_COUNTED else ""
        return ok(state, f"{count}{more} requests", count=count)
    ids = context.queues.ids(state)
    oldest = context.queues.oldest(state)
    age = f", the oldest for {(context.now() - oldest) / 60:.0f} minutes" if oldest else ""
    text = f"{len(ids)} requests{age}"
    if state is State.QUEUED:
        for request in _tried_most(context):
            told = f"tried {request.attempts} times: {request.reason}"
            text += f"\n          {request.id} {request.study} {told}"
    if state in (State.FAILED, State.HELD):
        for request_id in ids[:10]:
            text += f"\n          {_stopped(context, state, request_id)}"
    return ok(state, text, count=len(ids))


def _stopped(context: Context, state: State, request_id: str) -> str:
    """Return what is told of a request that waits for a person."""
    try:
        request = context.queues.read(state, request_id)
    except Rejected as damage:
        return str(damage)
    return f"{request_id} {request.study} {request.summary or request.reason}"


def _tried_most(context: Context) -> list[Request]:
    """Return queued requests that could not go; one that is at work now has moved meanwhile."""
    found = []
    for one in context.queues.ids(State.QUEUED):
        with suppress(Rejected):
            found.append(context.queues.read(State.QUEUED, one))
    tried = [one for one in found if one.attempts]
    return sorted(tried, key=lambda one: -one.attempts)[:10]


def _jobs(context: Context) -> Outcome:
    ids = {state: context.jobs.entered(state) for state in JobState}
    counts = {str(state): len(several) for state, several in ids.items()}
    text = ", ".join(f"{count} {state}" for state, count in counts.items())
    if oldest := min(ids[JobState.QUEUED].values(), default=0.0):
        text += f"; the oldest for {(context.now() - oldest) / 60:.0f} minutes"
    for state in (JobState.FAILED, JobState.HELD):
        for job_id in list(ids[state])[:10]:
            text += f"\n          {job_id} {_told_of_job(context, state, job_id)}"
    return ok("jobs", text, **counts)


def _told_of_job(context: Context, state: JobState, job_id: str) -> str:
    try:
        job = context.jobs.read(state, job_id)
    except Rejected as reason:
        return str(reason)
    return f"{job.workflow} {job.study} {job.reason}"


def _last_run(context: Context, step: str) -> Outcome:
    values = metrics.read(context.layout.metrics, step)
    success = values.get("last_success_timestamp_seconds", 0.0)
    when = datetime.fromtimestamp(success).astimezone().isoformat(timespec="seconds")
    code = int(values.get("exit_code", 0))
    if not success:
        return not_needed(step, f"no success yet; the last run ended with {code}")
    return ok(step, f"last success {when}; the last run ended with {code}", **values)


def _received(context: Context, study: str) -> str:
    return f"{len(context.archive.files_of(study))} files in the archive"


def _filed(context: Context, study: str) -> str:
    count = len(context.trees.instances(study))
    return f"{count} instances in {len(context.trees.series_names(study))} series"


def _listing(context: Context, study: str) -> str:
    if origins := context.mapped.read(study):
        return f"a workstation made it of study {origins[-1].study}: it is not listed"
    return "waits to be listed" if context.spool.is_changing(study) else "nothing to be listed"


def _requests(context: Context, study: str) -> str:
    requests = context.queues.of_study(study, lambda _state: True)
    states = [f"{request.id} {context.queues.state_of(request.id)}" for request in requests]
    return "; ".join(states) or "none: nobody assigned it, or create-transfer-requests not ran"


def _workflows(context: Context, study: str) -> str:
    told = []
    for state in JobState:
        for job_id in context.jobs.entered(state):
            with suppress(Rejected):  # the overview tells of one that cannot be read
                job = context.jobs.read(state, job_id)
                told += [f"{job.workflow} {state} ({job_id})"] if job.study == study else []
    return "; ".join(told) or "no job of a workflow"


def _ledger(context: Context, study: str) -> str:
    return _told(context.ledger.of_study(study))


def _expected(context: Context, study: str) -> str:
    """Whether all came that the modality told of."""
    expected = context.performed.expected(study)
    if not expected:
        return "the modality told nothing of it (MPPS)"
    here = Counter(path.parent.name for path in context.trees.instances(study).values())
    lacking = {series: count - here[series] for series, count in expected.items()}
    missing = {series: count for series, count in lacking.items() if count > 0}
    if not missing:
        return f"all {sum(expected.values())} instances that the modality told of are here"
    told = "; ".join(f"{count} of series {series}" for series, count in sorted(missing.items()))
    return f"{sum(missing.values())} of {sum(expected.values())} instances have not come: {told}"


def _told(deliveries: dict[str, list[Delivery]]) -> str:
    counts = Counter(
        f"{one.fate} for {one.participant} at {one.target or 'no target'} (proof: {one.proof})"
        for several in deliveries.values()
        for one in several
    )
    return "; ".join(f"{count} {what}" for what, count in counts.items()) or "nothing was sent"


def _next(context: Context, study: str) -> str:
    """What happens next, or who has to act."""
    if context.archive.waits_for_process(study):
        return "process files what came"
    states = {context.queues.state_of(one.id) for one in context.queues.of_study(study, bool)}
    for state, words in NEXT.items():
        if state in states:
            return words
    if study in context.spool.returned():
        return "create-transfer-requests-for-processed requests that it goes where its study went"
    if context.spool.is_changing(study):
        return "populate-incoming lists it once it is quiet"
    if context.trees.instances(study):
        return f"somebody assigns it: {fields.TRANSFER_PROJECT} in REDCap, or bin/assign {study}"
    return "it is not here: have it sent"


LIFE = {
    "received": _received,
    "filed": _filed,
    "expected": _expected,
    "listing": _listing,
    "requests": _requests,
    "workflows": _workflows,
    "ledger": _ledger,
    "next": _next,
}
NEXT = {
    State.FAILED: "a person: see why it failed, mend it, bin/requeue",
    State.HELD: "a person: bin/requeue lets it go on",
    State.ACTIVE: "anonymize-and-send is at it, or takes it up again",
    State.QUEUED: "anonymize-and-send sends it",
    State.SENT: "anonymize-and-send tells REDCap",
    State.DONE: "nothing: it is delivered, proven and recorded",
}

STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(click.Option(["--study"], metavar="UID", help="Tell of this study alone."),),
    changes=False,
    by_hand=True,
)
