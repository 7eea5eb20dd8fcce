"""Make room on the data partition: oldest studies first, and only what may go."""

from collections.abc import Iterator
from dataclasses import dataclass

from headgate.context import Context
from headgate.core import fields
from headgate.core.model import Request
from headgate.core.retention import why_deletable
from headgate.core.states import State
from headgate.core.step import Outcome, Step, error, ok
from headgate.stores import files
from headgate.stores.quarantine.archive import without_kind

NAME = "clear-old-files"
MEGABYTE = 1 << 20


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


class Leftovers:
    """Files that a run that died had moved away, and not yet deleted."""

    def __str__(self) -> str:
        return "leftovers"


Item = Study | Shortage | Leftovers


def plan(context: Context) -> Iterator[Item]:
    """Yield studies that may go, oldest first, until enough is free."""
    if context.archive.has_discards():
        yield Leftovers()
    wanted = context.settings.retention.free_percent
    if files.free_percent(context.layout.datadir) >= wanted:
        return
    open_studies = {request.study for request in _open_requests(context)}
    set_aside = {path for _, _, path in context.trees.unknown()}
    for study, age in context.archive.studies_by_age(context.now()):
        if files.free_percent(context.layout.datadir) >= wanted:
            return
        if study in open_studies or context.spool.is_changing(study):
            continue
        if not set_aside.isdisjoint(context.archive.files_of(study)):
            continue  # a person has not looked at it yet
        if reason := _why(context, study, age):
            yield Study(study, reason)
    if (free := files.free_percent(context.layout.datadir)) < wanted:
        yield Shortage(free)


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """Delete a study: its place in the trees first, its bytes last."""
    if isinstance(item, Leftovers):
        context.archive.finish_discards()
        yield ok(item, "what a run that died had begun to delete is deleted")
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


def _why(context: Context, study: str, age: float) -> str | None:
    return why_deletable(
        [without_kind(path.name) for path in context.archive.files_of(study)],
        context.ledger.of_study(study),
        age,
        _is_wanted(context, study),
        context.settings.retention.unassigned_days,
    )


def _is_wanted(context: Context, study: str) -> bool:
    """Somebody asked for it in REDCap and has not got it, or from a gateway before us, of which no
    proof is here. Raise Unavailable.
    """
    is_ours = bool(context.ledger.of_study(study))
    rows = context.tables.incoming.export(
        records=[study], fields=[fields.INCOMING_RECORD], forms=[fields.TRANSFERS_FORM]
    )
    return any(
        row.get(fields.TRANSFER_PROJECT) and not (is_ours and row.get(fields.TRANSFER_DATE))
        for row in rows
    )


def _open_requests(context: Context) -> Iterator[Request]:
    for state in State:
        if state is not State.DONE:
            yield from context.queues.each(state)


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME, "process"))
