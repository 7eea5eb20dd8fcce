"""Delete the rows of WhatIsInIDS7 whose study is gone from the PACS, each asked for before."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import click

from headgate import pacslisting
from headgate.context import Context
from headgate.core import fields
from headgate.core.errors import Rejected, Unavailable
from headgate.core.grammar import is_uid
from headgate.core.step import Outcome, Step, error, ok
from headgate.pacslisting import Crowded, Source

NAME = "what-is-not-in-pacs"
AT_ONCE = 100  # deletions a call: REDCap bans who calls too often


@dataclass(frozen=True)
class Gone:
    """Studies that REDCap has rows of and no PACS holds."""

    studies: list[str]

    def __str__(self) -> str:
        return ",".join(self.studies)


@dataclass(frozen=True)
class Odd:
    """A row whose name is no UID, which no PACS can be asked for."""

    name: str

    def __str__(self) -> str:
        return self.name


def plan(context: Context) -> Iterator[Gone | Odd]:
    """Yield the studies that are gone. Raise Rejected where the answers are not to be believed."""
    rows = context.tables.what_is_in_pacs.export(fields=[fields.PACS_RECORD])
    listed = sorted({str(row[fields.PACS_RECORD]) for row in rows})
    yield from (Odd(name) for name in listed if not is_uid(name))
    listed = [name for name in listed if is_uid(name)]
    if not listed:
        return
    with ExitStack() as stack:
        sources = {
            name: stack.enter_context(pacslisting.source(context, name))
            for name in pacslisting.names(context)
        }
        there = {name: _studies(context, asked) for name, asked in sources.items()}
        held: set[str] = set().union(*there.values())
        if held.isdisjoint(listed):
            raise Rejected(
                f"the PACS tells of none of the {len(listed)} studies that are listed: nothing is "
                "deleted; see with bin/check-config --connect and in the PACS what is wrong"
            )
        gone = _gone(context, [one for one in listed if one not in held], sources, len(listed))
        for name, asked in sources.items():
            _check_answers(asked, name, there[name])
    wanted = iter(filter(context.is_asked_for, gone))
    while batch := list(islice(wanted, AT_ONCE)):
        yield Gone(batch)


def apply(context: Context, item: Gone | Odd) -> Iterator[Outcome]:
    """Delete the rows."""
    if isinstance(item, Odd):
        yield error(item, "a row of WhatIsInIDS7 is not named by a UID: mend or delete it there")
        return
    context.tables.what_is_in_pacs.delete(item.studies)
    yield from (ok(one, "gone from the PACS: its row is deleted") for one in item.studies)


def _studies(context: Context, asked: Source) -> set[str]:
    today = datetime.fromtimestamp(context.began).astimezone().date()
    told = pacslisting.everything(asked, today)
    return {one["StudyInstanceUID"] for one in told if not isinstance(one, Crowded)}


def _gone(
    context: Context, candidates: list[str], sources: dict[str, Source], listed: int
) -> list[str]:
    """Return those that no PACS has when asked for it alone. Raise Rejected when they are many."""
    percent = context.options.get("percent")
    if percent is None:
        percent = context.settings.listing.gone_percent_at_most
    gone: list[str] = []
    for one in candidates:
        if all(pacslisting.study(asked, one) is None for asked in sources.values()):
            gone.append(one)
        if 100 * len(gone) > percent * listed:
            raise Rejected(
                f"more than {percent:g} % of the {listed} studies that are listed are gone from "
                "the PACS: nothing is deleted; when that is right, run it with a higher --percent"
            )
    return gone


def _check_answers(asked: Source, name: str, there: set[str]) -> None:
    """A PACS that has forgotten what it told of a moment ago has not said that others are gone."""
    known = next(iter(there), None)
    if known is not None and pacslisting.study(asked, known) is None:
        raise Unavailable(f"{name} no longer knows study {known}, of which it told: try later")


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(
            ["--percent"], type=click.FloatRange(0, 100),
            help="So many of the rows may go, in place of gone_percent_at_most.",
        ),
    ),
    locks=(NAME,),
)  # fmt: skip
