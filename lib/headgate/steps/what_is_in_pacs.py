"""List in REDCap's WhatIsInIDS7 what the research PACS holds; only what changed is written."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import click

from headgate import pacslisting
from headgate.context import Context
from headgate.core import fields, pacsrows
from headgate.core.errors import HeadgateError, Unavailable
from headgate.core.pacsrows import Row, Told
from headgate.core.states import State
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.core.windows import Window, last_days
from headgate.pacslisting import Crowded, Source
from headgate.stores.dicomnet.pacs import Unsupported
from headgate.stores.tables import RefusedImport

NAME = "what-is-in-pacs"


@dataclass(frozen=True)
class Changed:
    """Rows that REDCap has not, or has otherwise."""

    rows: list[Row]

    def __str__(self) -> str:
        first = self.rows[0][fields.PACS_RECORD]
        more = len(self.rows) - 1
        return f"{first} and {more} more" if more else first


@dataclass(frozen=True)
class Hidden:
    """A window of a PACS in which it has more than it tells."""

    pacs: str
    window: Window

    def __str__(self) -> str:
        return f"{self.pacs} {self.window}"


@dataclass(frozen=True)
class Silent:
    """A PACS that does not tell what it holds, and why."""

    pacs: str
    reason: HeadgateError

    def __str__(self) -> str:
        return self.pacs


Item = Changed | Hidden | Silent


def plan(context: Context) -> Iterator[Item]:
    """Yield what changed: of the last days and what was delivered since; of all with --all. A PACS
    that is away does not hold up the others.
    """
    seen: set[str] = set()
    for name in pacslisting.names(context):
        try:
            yield from _of_pacs(context, name, seen)
        except (Unavailable, Unsupported) as reason:
            yield Silent(name, reason)


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """Write the rows; where REDCap refuses them, each for itself, so that one stops none."""
    if isinstance(item, Silent):
        if isinstance(item.reason, Unavailable):
            raise item.reason
        yield not_needed(item, f"{item.reason}: what it holds is not listed; set its qido_url")
        return
    if isinstance(item, Hidden):
        at_most = context.settings.listing.answers_at_most
        yield error(
            item,
            f"{item.pacs} holds {at_most} studies or more that no smaller window parts: some may "
            "not be listed; raise answers_at_most if it tells more at once",
        )
        return
    table = context.tables.what_is_in_pacs
    try:
        table.write(item.rows, overwrite=True)
    except RefusedImport:
        for row in item.rows:
            try:
                table.write([row], overwrite=True)
            except RefusedImport as reason:
                yield error(row[fields.PACS_RECORD], f"WhatIsInIDS7 refuses its row: {reason}")
        return
    yield ok(item, f"{len(item.rows)} rows written")


def after(context: Context) -> None:
    """Note since when deliveries are asked for."""
    context.watermarks.reached(NAME, context.began)


def _of_pacs(context: Context, name: str, seen: set[str]) -> Iterator[Changed | Hidden]:
    with pacslisting.source(context, name) as asked:
        studies = _studies(context, name, asked, seen)
        while batch := list(islice(studies, context.settings.listing.studies_per_import)):
            yield from (one for one in batch if isinstance(one, Hidden))
            told = [one for one in batch if not isinstance(one, Hidden)]
            yield from _changed(context, name, told)


def _changed(context: Context, name: str, told: list[Told]) -> Iterator[Changed]:
    rows = [pacsrows.row_of(one) for one in pacslisting.all_counted(context, name, told)]
    names = [row[fields.PACS_RECORD] for row in rows]
    existing = context.tables.what_is_in_pacs.export(records=names)
    now = datetime.fromtimestamp(context.now()).astimezone()
    changed = pacsrows.changed(rows, existing, now)
    if context.options.get("only"):
        yield from (Changed([row]) for row in changed)
    elif changed:
        yield Changed(changed)


def _studies(context: Context, name: str, asked: Source, seen: set[str]) -> Iterator[Told | Hidden]:
    """A study that a PACS before had is its row: two PACSs must not write it in turns."""
    project = context.options.get("project") or ""
    for one in _asked_for(context, asked, seen, project):
        if isinstance(one, Crowded):
            yield Hidden(name, one.window)
        elif pacslisting.is_of(one, project) and one["StudyInstanceUID"] not in seen:
            seen.add(one["StudyInstanceUID"])
            yield one


def _asked_for(
    context: Context, asked: Source, seen: set[str], project: str
) -> Iterator[Told | Crowded]:
    overlap = context.settings.redcap.overlap_minutes
    since = context.watermarks.since(NAME, context.began, overlap)
    today = datetime.fromtimestamp(context.began).astimezone().date()
    delivered_since = since.timestamp() if since else 0.0
    if context.options.get("only"):
        yield from _by_uid(asked, context.options["only"])
        return
    if context.options.get("all") or since is None:
        yield from pacslisting.everything(asked, today, project)
        delivered_since = 0.0
    else:
        window = last_days(today, context.settings.listing.days)
        yield from pacslisting.within(asked, [window], project)
    delivered = (one.mapped_study for one in context.queues.since(State.DONE, delivered_since))
    yield from _by_uid(asked, (uid for uid in delivered if uid and uid not in seen))


def _by_uid(asked: Source, studies: Iterator[str]) -> Iterator[Told]:
    for study in studies:
        told = pacslisting.study(asked, study)
        if told is not None:
            yield told


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(["--all"], is_flag=True, help="Ask for all dates, not the last days alone."),
        click.Option(["--project"], metavar="NAME", help="Ask for the studies of one project."),
    ),
    after=after,
    locks=(NAME,),
)
