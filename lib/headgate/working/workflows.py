"""What the workflows of the settings have to do with a study: its jobs, and what they are given."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress

from headgate.context import Context
from headgate.core.errors import Rejected
from headgate.core.jobs import CALLING_TITLE, Job
from headgate.core.model import Request, content_version
from headgate.core.selecting import parsed
from headgate.core.states import State
from headgate.settings.derived import WorkflowSettings

STOPPED = (State.FAILED, State.HELD)


def wanted_jobs(context: Context, study: str) -> Iterator[Job]:
    """Given a study, yield the job of each workflow over it and its series as they are now.

    What programs made of it is no part of that, or each would run over its own output for ever.
    """
    workflows = {name: one for name, one in context.settings.workflows.items() if one.enabled}
    by_series = instances(context, study) if workflows else {}
    whole = {"": [name for several in by_series.values() for name in several]}
    for workflow, settings in workflows.items():
        parts = by_series if settings.level == "series" else whole
        for series, names in sorted(parts.items()):
            if names:
                yield Job.wanted(workflow, study, series, content_version(names))


def instances(context: Context, study: str) -> dict[str, list[str]]:
    """Given a study, return the SOP instances of each series that no program of ours made."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, path in context.trees.instances(study).items():
        found[path.parent.name].append(name)
    return {
        series: names for series, names in found.items() if not _is_made(context, study, series)
    }


def chosen(context: Context, settings: WorkflowSettings, job: Job) -> list[str]:
    """Given a workflow and its job, return the series that its statement selects.

    Raise Misconfigured where the statement is none.
    """
    told = [
        {**context.trees.read_series(job.study, series), "SeriesInstanceUID": series}
        for series in sorted(instances(context, job.study))
    ]
    found = parsed(settings.select).chosen(told)
    return [series for series in found if job.series in ("", series)]


def requests(context: Context, settings: WorkflowSettings, study: str) -> list[Request]:
    """Given a workflow and a study, return what was requested of it for the workflow's projects,
    once for each whom it went to.
    """
    by_study: dict[str, list[Request]] = context.once("requests", lambda: _by_study(context))
    projects = settings.projects
    mine = [one for one in by_study.get(study, ()) if not projects or one.project in projects]
    return list({one.assignment: one for one in mine}.values())


def _by_study(context: Context) -> dict[str, list[Request]]:
    found: dict[str, list[Request]] = defaultdict(list)
    for state in State:
        if state not in STOPPED:
            for name in context.queues.ids(state):
                with suppress(Rejected):  # who sends it tells of one that cannot be read
                    request = context.queues.read(state, name)
                    found[request.study].append(request)
    return found


def _is_made(context: Context, study: str, series: str) -> bool:
    connection = context.trees.read_series(study, series).get("IncomingConnection", {})
    return bool(connection.get("AETitleCaller") == CALLING_TITLE)
