"""What a script is: a plan that reads, and an apply that changes the world."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became of an item."""

    OK = "ok"
    NOTNEEDED = "notneeded"
    DEFERRED = "deferred"
    ERROR = "error"


@dataclass(frozen=True)
class Outcome:
    """What became of one item, in words for an operator; `details` go to --json alone."""

    item: str
    status: Status
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One script.

    `plan(context)` reads and yields items, each with a `str` that names it in logs;
    `apply(context, item)` changes the world and yields an Outcome for each thing it did. `after`
    runs when every item of a whole pass went well, and `totals` returns what is printed last.
    `parameters` are the script's own command-line options, in click's terms; `overrides` tells
    which of them stand for a setting. `locks` name what a run must hold alone. `by_hand` scripts
    show every outcome; one that `serves` runs until it is ended; `is_alone` ones need neither
    configuration nor data tree; one that `rehearses` is applied in a dry run too, and sees to it
    itself that nothing is written.
    """

    name: str
    summary: str
    plan: Callable[[Any], Iterator[Any]]
    apply: Callable[[Any, Any], Iterator[Outcome]]
    parameters: tuple[Any, ...] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    after: Callable[[Any], None] | None = None
    totals: Callable[[Any], dict[str, Any]] | None = None
    locks: tuple[str, ...] = ()
    changes: bool = True
    by_hand: bool = False
    serves: bool = False
    is_alone: bool = False
    rehearses: bool = False


def ok(item: object, text: str, **details: Any) -> Outcome:
    """Given what was done to an item, return the Outcome."""
    return Outcome(str(item), Status.OK, text, details)


def error(item: object, text: str, **details: Any) -> Outcome:
    """Given what went wrong with an item and what to do, return the Outcome."""
    return Outcome(str(item), Status.ERROR, text, details)


def deferred(item: object, text: str, **details: Any) -> Outcome:
    """Given why an item waits, return the Outcome."""
    return Outcome(str(item), Status.DEFERRED, text, details)


def not_needed(item: object, text: str, **details: Any) -> Outcome:
    """Given why nothing was to be done, return the Outcome."""
    return Outcome(str(item), Status.NOTNEEDED, text, details)
