"""Raise the indexes again from the archive: every file is announced anew, stale links go."""

from collections.abc import Iterator

from headgate.context import Context
from headgate.core.step import Outcome, Step, not_needed, ok
from headgate.delivering import processed

NAME = "rebuild"
MAPPED = "mapped"


def plan(context: Context) -> Iterator[str]:
    """Yield what mapped UIDs stand for, every study of the archive, and those in raw/ alone."""
    yield MAPPED
    yield from sorted({*context.archive.studies(), *context.trees.studies()})


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Forget what the indexes say of the study, and announce its files to process."""
    if item == MAPPED:
        count = processed.note_all(context)
        yield ok(item, f"{count} studies more are known by their mapped UIDs")
        return
    for series in context.trees.all_series(item):
        context.trees.unlink_participant(str(series.get("PatientID", "")), item)
    context.trees.forget(item)
    paths = context.archive.files_of(item)
    for path in paths:
        context.archive.announce(path)
    if paths:
        yield ok(item, f"{len(paths)} files announced: bin/process files them anew")
    else:
        yield not_needed(item, "no longer in the archive: its links are gone")


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME, "process"), by_hand=True)
