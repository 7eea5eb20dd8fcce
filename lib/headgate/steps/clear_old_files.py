"""Make room on the data partition: oldest studies first, and only what may go."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from headgate.context import Context
from headgate.core import fields
from headgate.core.errors import Rejected
from headgate.core.model import Request
from headgate.core.retention import SECONDS_A_DAY, why_deletable
from headgate.core.states import State
from headgate.core.step import Outcome, Step, error, ok
from headgate.stores import disks, metrics
from headgate.stores.quarantine.archive import without_kind

NAME = "clear-old-files"
ASKED_TOGETHER = 100  # studies


@dataclass(frozen=True)
class Study:
    """A study that may go, and why."""

    study: str
    reason: str

    def __str__(self) -> str:
        return self.study


@dataclass(frozen=True)
class Shortage:
    """Room that is lacking although nothing more may go."""

    free: float

    def __str__(self) -> str:
        return "disk"


@dataclass(frozen=True)
class Nameless:
    """A file in which nobody found a study, and that nobody looks at any more."""

    path: Path

    def __str__(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class Leap:
    """Days that went by since the last run: the clock was moved, or nothing ran."""

    days: float

    def __str__(self) -> str:
        return "clock"


class Leftovers:
    """Files that a run that died had moved away, and not yet deleted."""

    def __str__(self) -> str:
        return "leftovers"


Item = Study | Nameless | Shortage | Leap | Leftovers


def plan(context: Context) -> Iterator[Item]:
    """Yield studies that may go, oldest first, until enough is free."""
    if context.archive.has_discards():
        yield Leftovers()
    aim = context.settings.retention.free_percent
    if disks.free_percent(context.layout.datadir) >= aim:
        return
    for item in _settled(context):
        if disks.free_percent(context.layout.datadir) >= aim:
            return
        yield item
    candidates = _candidates(context)
    while some := list(islice(candidates, ASKED_TOGETHER)):
        wanted = _wanted(context, [one.study for one in some])
        for one in some:
            if disks.free_percent(context.layout.datadir) >= aim:
                return
            if one.study not in wanted:
                yield one
    if (free := disks.free_percent(context.layout.datadir)) < aim:
        yield Shortage(free)


def _candidates(context: Context) -> Iterator[Study]:
    """Yield what may go unless somebody wants it, oldest first: REDCap is not asked."""
    open_studies = {request.study for request in _open_requests(context)}
    set_aside = {path for _, _, path in context.trees.unknown()}
    leap = _leap(context)
    for study, age in context.archive.studies_by_age(context.now()):
        if study in open_studies or context.spool.is_changing(study):
            continue
        if not set_aside.isdisjoint(context.archive.files_of(study)):
            continue  # a person has not looked at it yet
        if reason := _why(context, study, 0.0 if leap else age):
            yield Study(study, reason)


def _settled(context: Context) -> Iterator[Leap | Nameless]:
    """Yield files without a study, as old as what nobody assigned, which a person has looked at;
    before them a leap of the clock, after which nothing counts as old.
    """
    days = context.settings.retention.unassigned_days
    if leap := _leap(context):
        yield leap
        return
    paths = context.archive.without_study() if days else []
    set_aside = {path for _, _, path in context.trees.unknown()} if paths else set()
    for path in paths:
        is_old = context.now() - path.stat().st_mtime >= days * SECONDS_A_DAY
        if is_old and path not in set_aside and not context.archive.is_announced(path):
            yield Nameless(path)


def _leap(context: Context) -> Leap | None:
    """A clock that is wrong makes old what came today: it is believed when the next run sees it."""
    last = metrics.read(context.layout.metrics, NAME).get("last_run_timestamp_seconds")
    days = (context.now() - last) / SECONDS_A_DAY if last else 0.0
    return Leap(days) if days > 1 else None


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """Delete a study: its place in the trees first, its bytes last."""
    if isinstance(item, Leftovers):
        context.archive.finish_discards()
        yield ok(item, "what a run that died had begun to delete is deleted")
        return
    if isinstance(item, Leap):
        yield error(
            item,
            f"{item.days:.0f} days since the last run: was the clock moved? Then mend it; what "
            "nobody assigned is left alone in this run, and may go with the next",
        )
        return
    if isinstance(item, Nameless):
        yield _cleared(context, item)
        return
    if isinstance(item, Shortage):
        floor = context.settings.receiver.free_floor_megabytes
        yield error(
            item,
            f"only {item.free:.1f} % is free and nothing more may be deleted: assign what waits, "
            f"mend what failed, or add disk; under {floor} MB the receiver answers 0xA700",
        )
        return
    for series in context.trees.all_series(item.study):
        context.trees.unlink_participant(str(series.get("PatientID", "")), item.study)
    context.trees.forget(item.study)
    kept = context.archive.discard(item.study)
    text = f"deleted: {item.reason}" + (f"; {kept} files came again meanwhile" if kept else "")
    yield ok(item, text)


def _cleared(context: Context, item: Nameless) -> Outcome:
    """Delete it, unless its study can be read after all."""
    from headgate.arriving.filing import can_be_filed

    if can_be_filed(context, item.path):
        context.archive.announce(item.path)
        return ok(item, "its study can be read: bin/process files it")
    context.archive.discard_file(item.path)
    return ok(item, "deleted: nobody found a study in it, and it is no longer in unknown/")


def _why(context: Context, study: str, age: float) -> str | None:
    return why_deletable(
        [without_kind(path.name) for path in context.archive.files_of(study)],
        context.ledger.of_study(study),
        age,
        context.settings.retention.unassigned_days,
    )


def _wanted(context: Context, studies: list[str]) -> set[str]:
    """Those that somebody asked for in REDCap and has not got, or from a gateway before us, of
    which no proof is here. Raise Unavailable.
    """
    rows = context.tables.incoming.export(
        records=studies, fields=[fields.INCOMING_RECORD], forms=[fields.TRANSFERS_FORM]
    )
    return {
        str(row[fields.INCOMING_RECORD])
        for row in rows
        if row.get(fields.TRANSFER_PROJECT)
        and not (row.get(fields.TRANSFER_DATE) and _is_ours(context, row))
    }


def _is_ours(context: Context, row: Mapping[str, Any]) -> bool:
    return bool(context.ledger.of_study(str(row[fields.INCOMING_RECORD])))


def _open_requests(context: Context) -> Iterator[Request]:
    """Yield what is not done. Raise Rejected where a file holds no request: it may be about any
    study.
    """
    # what goes back to the queue meanwhile is met there the second time
    for state in (*(one for one in State if one is not State.DONE), State.QUEUED, State.ACTIVE):
        yield from context.queues.each(state, _keep_all)


def _keep_all(damage: Rejected) -> None:
    raise Rejected(f"{damage}; until then nothing is deleted, as it may be about any study")


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME, "process"))
