"""Tell each project's own REDCap of the studies that were delivered to it, once."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import click

from headgate.context import Context
from headgate.core import backoff, fields, imaging
from headgate.core.errors import Excluded, HeadgateError, Rejected, Unavailable
from headgate.core.model import Assignment, Fate
from headgate.core.step import Outcome, Step, deferred, error, not_needed, ok
from headgate.stores.tables import RefusedImport, RefusedToken, Table
from headgate.stores.targets import Silence

NAME = "populate-projects"
MOST_PROJECTS = 60
NEEDED = (fields.TRANSFER_DATE, fields.TRANSFER_MAPPED, fields.TRANSFER_NAME)
PLACE = (fields.PARTICIPANT_RECORD, imaging.EVENT)


@dataclass(frozen=True)
class Delivered:
    """A study that was delivered; `mark` stands for it among what was told."""

    study: str
    mapped: str
    assignment: Assignment
    mark: str


New = tuple[Delivered, dict[str, Any]]  # what is told, and its row


@dataclass(frozen=True)
class News:
    """What was delivered and not told of, by project, and the marks of all that was read."""

    projects: dict[str, list[Delivered]]
    marks: set[str]

    def __str__(self) -> str:
        return ",".join(self.projects)


@dataclass
class Told:
    """What came of one project: the marks of what its REDCap knows, and what to say."""

    marks: set[str] = field(default_factory=set)
    outcomes: list[Outcome] = field(default_factory=list)
    trouble: str = ""


def plan(context: Context) -> Iterator[News]:
    """Yield what was delivered since the last pass; with --all, whatever was delivered when."""
    overlap = context.settings.redcap.overlap_minutes
    since = context.watermarks.since(NAME, context.began, overlap)
    rows = context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD],
        forms=[fields.TRANSFERS_FORM],
        changed_since=None if context.options.get("all") else since,
    )
    seen = set() if context.options.get("all") else context.watermarks.seen(NAME)
    projects: dict[str, list[Delivered]] = defaultdict(list)
    marks = set()
    for row in rows:
        project = str(row.get(fields.TRANSFER_PROJECT, "")).strip()
        if not project or not all(row.get(name) for name in NEEDED):
            continue
        one = _delivered(context, row, project)
        marks.add(one.mark)
        if one.mark not in seen and context.is_asked_for(project):
            projects[project].append(one)
    if projects:
        yield News(dict(projects), marks & seen)


def apply(context: Context, news: News) -> Iterator[Outcome]:
    """Tell the projects, several at once; each for itself, so that one stops no other."""
    due = [project for project in news.projects if _is_due(context, project)]
    now, later = due[:MOST_PROJECTS], due[MOST_PROJECTS:]
    told, marks = context.projects if now else {}, set(news.marks)
    context.once("untold", set).update(set(news.projects) - set(now))
    calls = max(1, context.settings.redcap.projects_at_once)
    with ThreadPoolExecutor(calls) as pool:
        several = pool.map(
            lambda name: _tell(context, name, told.get(name, {}), news.projects[name]), now
        )
        for project, result in zip(now, several, strict=True):
            marks |= result.marks
            context.watermarks.remember(NAME, marks)
            yield from result.outcomes
            _note(context, project, result.trouble)
    if later:
        yield deferred(news, f"{len(later)} more projects are told by the next run")


def after(context: Context) -> None:
    """Note until when Incoming is read, unless a project waits for its time."""
    if not context.once("untold", set):
        context.watermarks.reached(NAME, context.began)


def _delivered(context: Context, row: dict[str, Any], project: str) -> Delivered:
    assignment = Assignment(
        project,
        str(row[fields.TRANSFER_NAME]).strip(),
        str(row.get(fields.TRANSFER_EVENT, "")).strip(),
    )
    study, mapped = str(row[fields.INCOMING_RECORD]), str(row[fields.TRANSFER_MAPPED])
    words = [study, mapped, project, assignment.participant, assignment.event]
    return Delivered(study, mapped, assignment, context.hashed(json.dumps(words)))


def _tell(context: Context, name: str, project: dict[str, Any], several: list[Delivered]) -> Told:
    told = Told()
    token = str(project.get(fields.PROJECT_TOKEN, "")).strip()
    if not token:
        told.marks = {one.mark for one in several}
        told.outcomes.append(not_needed(name, "has no REDCap of its own (project_token)"))
        return told
    try:
        _write(context, context.tables.of_project(name, token), project, several, told)
    except RefusedToken:
        told.trouble = f"REDCap refuses project_token of {name}: renew it in DataTransferProjects"
        told.outcomes.append(error(name, told.trouble))
    except Unavailable as reason:
        told.trouble = str(reason)
        told.outcomes.append(deferred(name, told.trouble))
    except HeadgateError as reason:
        told.trouble = str(reason)
        told.outcomes.append(error(name, told.trouble))
    return told


def _write(
    context: Context, table: Table, project: dict[str, Any], several: list[Delivered], told: Told
) -> None:
    events = table.events()
    participants = sorted({one.assignment.participant for one in several})
    names = [fields.PARTICIPANT_RECORD, fields.IMAGING_STUDY]
    there = {
        (str(row[fields.PARTICIPANT_RECORD]), str(row[fields.IMAGING_STUDY]))
        for row in table.export(records=participants, fields=names)
    }
    new: list[New] = []
    for one in several:
        if (one.assignment.participant, one.mapped) in there:
            told.marks.add(one.mark)
            continue
        there.add((one.assignment.participant, one.mapped))
        try:
            event = imaging.unique_event(one.assignment.event, events, one.assignment.project)
        except Rejected as reason:
            told.trouble = str(reason)
            told.outcomes.append(error(one.study, f"not told to its project: {reason}"))
            continue
        copy = _copied(context, project, one)
        new.append((one, imaging.imaging_row(one.assignment, event, one.mapped, copy)))
    for several_new in imaging.in_turn(new, lambda one: tuple(one[1][name] for name in PLACE)):
        _import(table, several_new, told)


def _import(table: Table, several: list[New], told: Told) -> None:
    """All in one import; where REDCap refuses it, each study for itself, so that one stops none."""
    try:
        table.write([row for _, row in several])
    except RefusedImport as reason:
        if len(several) > 1:
            for one in several:
                _import(table, [one], told)
            return
        told.trouble = f"{table.name} refuses its row: {reason}; mend its instruments or events"
        told.outcomes.append(error(several[0][0].study, told.trouble))
        return
    for delivered, _ in several:
        told.marks.add(delivered.mark)
        text = f"told to the REDCap of {delivered.assignment.project}"
        told.outcomes.append(ok(delivered.study, text))


def _copied(context: Context, project: dict[str, Any], one: Delivered) -> dict[str, str]:
    """What the copy in the research PACS says; nothing of what is no longer here."""
    from headgate.deidentifying.researchcopy import copied_values

    ledger = context.ledger.read(one.study, one.assignment)
    recipe = context.recipe(one.assignment, project)
    for name, path in sorted(context.trees.instances(one.study).items()):
        if name in ledger and ledger[name].fate is Fate.STORED:
            try:
                return copied_values(path, recipe, fields.IMAGING_FIELDS.values())
            except (Rejected, Excluded, FileNotFoundError):
                continue
    return {}


def _is_due(context: Context, project: str) -> bool:
    wait = context.targets.read(_target(project)).not_before - context.now()
    return not 0 < wait <= context.settings.sending.retry_longest_seconds


def _note(context: Context, project: str, trouble: str) -> None:
    """What could not be told is told again after a while that doubles, and complained of then."""
    if not trouble:
        context.targets.forget(_target(project))
        return
    context.once("untold", set).add(project)
    sending = context.settings.sending
    attempts = context.targets.read(_target(project)).attempts + 1
    wait = backoff.delay_seconds(
        attempts, sending.retry_first_seconds, sending.retry_longest_seconds, random.SystemRandom()
    )
    context.targets.write(_target(project), Silence(attempts, context.now() + wait, trouble))


def _target(project: str) -> str:
    return f"redcap of {project}"


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(["--all"], is_flag=True, help="Read all of Incoming, not what changed alone."),
    ),
    after=after,
    locks=(NAME,),
)
