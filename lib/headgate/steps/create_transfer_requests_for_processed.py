"""Queue a request for series that a workstation made of a research copy and sent back here."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from headgate.context import Context
from headgate.core.model import Request, content_version
from headgate.core.states import State
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.delivering import processed
from headgate.stores.mapped import Origin

NAME = "create-transfer-requests-for-processed"


@dataclass(frozen=True)
class Returned:
    """A study that came back under its mapped UID."""

    study: str

    def __str__(self) -> str:
        return self.study


class Index:
    """All mapped UIDs, to be noted again."""

    def __str__(self) -> str:
        return "mapped"


def plan(context: Context) -> Iterator[Returned | Index]:
    """Yield the studies that came back; with --all, first what the mapped UIDs stand for."""
    if context.options.get("all"):
        yield Index()
    for study in context.spool.returned():
        yield Returned(study)


def apply(context: Context, item: Returned | Index) -> Iterator[Outcome]:
    """Request that it goes to whom its study went; then its mark is removed."""
    if isinstance(item, Index):
        count = processed.note_all(context) + processed.note_transfers(context)
        yield ok(item, f"{count} studies more are known by their mapped UIDs")
        return
    on_disk = context.trees.instances(item.study)
    if not on_disk:
        context.spool.requested(item.study)
        yield not_needed(item, "what came back is no longer on disk")
        return
    origin = _origin(context, item.study)
    if origin is None:
        yield error(
            item,
            "came back under another PatientID than the participants it went to: look whose it is; "
            "mend it where it was made and send it again, or delete it by hand",
        )
        return
    version = content_version(on_disk)
    request = Request.wanted(item.study, origin.transfer, origin.assignment, version)
    state = context.queues.state_of(request.id)
    if state is None:
        created = datetime.fromtimestamp(context.now(), UTC).isoformat(timespec="seconds")
        context.queues.add(request.with_values(created=created, made_from=origin.study))
        yield ok(item, f"request {request.id} queued: it goes where study {origin.study} went")
    elif state in (State.FAILED, State.HELD):
        yield not_needed(item, f"request {request.id} is {state}: look at it, then bin/requeue")
    context.spool.requested(item.study)


def _origin(context: Context, study: str) -> Origin | None:
    """Of those that the copy went to, the newest who is the patient of all its series."""
    patients = {str(one.get("PatientID", "")) for one in context.trees.all_series(study)}
    own = [one for one in context.mapped.read(study) if {one.participant} == patients]
    return own[-1] if own else None


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(
            ["--all"], is_flag=True,
            help="Note again what mapped UIDs stand for: from the requests, and all of REDCap.",
        ),
    ),
    locks=(NAME,),
)  # fmt: skip
