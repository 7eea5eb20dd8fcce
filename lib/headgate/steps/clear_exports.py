"""Delete what exports left half-made, and the oldest zip files until there is room."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from headgate.context import Context
from headgate.core.step import Outcome, Step, not_needed, ok
from headgate.stores.exports import DISCARDED, Export

NAME = "clear-exports"
SECONDS_A_MINUTE, SECONDS_AN_HOUR = 60, 3600
MOST_A_RUN = 1000


@dataclass(frozen=True)
class Partial:
    """A folder in which an export was made, and that nobody writes any more."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Old:
    """A zip file that has to go."""

    export: Export

    def __str__(self) -> str:
        return self.export.path.name


def plan(context: Context) -> Iterator[Partial | Old]:
    """Yield what is half-made and left, then the oldest zip files as far as room lacks."""
    context.exports.check()
    yield from map(Partial, context.exports.discarded())
    yield from islice(_partial(context), MOST_A_RUN)
    yield from islice(_old(context), MOST_A_RUN)


def apply(context: Context, item: Partial | Old) -> Iterator[Outcome]:
    """Delete one, if it is still as it was."""
    if isinstance(item, Old):
        if context.exports.remove(item.export):
            yield ok(item, f"deleted: {item.export.size / 1e6:.1f} MB, the oldest there was")
        else:
            yield not_needed(item, "was written anew meanwhile")
    elif item.name.startswith(DISCARDED) or _is_left(
        context, context.exports.last_written(item.name)
    ):
        context.exports.discard(item.name)
        yield ok(item, "deleted: an export that was never finished")
    else:
        yield not_needed(item, "somebody writes there again")


def _partial(context: Context) -> Iterator[Partial]:
    for name, last in context.exports.partial().items():
        if _is_left(context, last):
            yield Partial(name)


def _is_left(context: Context, last: float) -> bool:
    return last < context.began - context.settings.exports.partial_minutes * SECONDS_A_MINUTE


def _old(context: Context) -> Iterator[Old]:
    settings = context.settings.exports
    lacking = context.exports.lacking_bytes(settings.free_percent)
    if not settings.free_percent or lacking <= 0:
        return
    for export in context.exports.zips():
        if lacking <= 0 or export.changed > context.began - settings.kept_hours * SECONDS_AN_HOUR:
            return
        lacking -= export.size
        yield Old(export)


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
