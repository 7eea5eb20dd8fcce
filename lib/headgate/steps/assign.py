"""Say to which project, participant and event studies belong, as the tracking UI does."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from headgate.context import Context
from headgate.core import fields, listing, routing, transfer
from headgate.core.errors import Rejected
from headgate.core.model import Assignment
from headgate.core.step import Outcome, Step, error, not_needed, ok

NAME = "assign"


@dataclass(frozen=True)
class Wanted:
    """A study and to whom it goes."""

    study: str
    assignment: Assignment

    def __str__(self) -> str:
        return self.study


@dataclass(frozen=True)
class Waiting:
    """A study that nobody assigned."""

    row: dict[str, Any]

    def __str__(self) -> str:
        return str(self.row[fields.INCOMING_RECORD])


@dataclass(frozen=True)
class Couplings:
    """Rows of a coupling list, to be added to REDCap's."""

    rows: list[dict[str, Any]]

    def __str__(self) -> str:
        return "coupling-list"


COLUMNS = ("study_instance_uid", "accession_number", "participant", "event", "project")
FIRST_LINE = 2  # of a CSV, after the names of its columns
AS_CSV = f"save it as a CSV with commas, in UTF-8, whose first line is {','.join(COLUMNS)}"
Item = Wanted | Waiting | Couplings


def plan(context: Context) -> Iterator[Item]:
    """Yield what waits with --list, the file's rows with --coupling-list, else the study named."""
    options = context.options
    if options["coupling_list"]:
        yield Couplings(_couplings(Path(options["coupling_list"]), options["project"] or ""))
    elif options["list"]:
        yield from _waiting(context)
    elif options["study"] and options["project"] and options["participant"]:
        assignment = Assignment(options["project"], options["participant"], options["event"] or "")
        yield Wanted(options["study"], assignment)
    else:
        raise click.UsageError(
            "name a STUDY with --project and --participant, or give --list or --coupling-list"
        )


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """Write the transfer row, or the rows of the coupling list, or tell what waits."""
    if isinstance(item, Waiting):
        row = item.row
        told = " ".join(str(row.get(name, "")) for name in ("study_date", "study_description"))
        yield not_needed(item, f"waits for a project: {told}", **row)
    elif isinstance(item, Couplings):
        yield from _couple(context, item.rows)
    else:
        yield _assign(context, item)


def _assign(context: Context, wanted: Wanted) -> Outcome:
    complaint = routing.complaint_about(
        wanted.assignment, context.projects.get(wanted.assignment.project)
    )
    if complaint:
        return error(wanted, f"not assigned: {complaint}")
    names = [fields.INCOMING_RECORD]
    forms = [fields.STUDY_FORM, fields.TRANSFERS_FORM]
    rows = context.tables.incoming.export(records=[wanted.study], fields=names, forms=forms)
    if not rows:
        return error(wanted, "not listed in REDCap: see bin/status --study for where it is")
    project = wanted.assignment.project
    there = [transfer.assignment_in(row) for row in rows if row.get(fields.REPEAT_INSTANCE)]
    if wanted.assignment in there:
        return not_needed(wanted, f"is assigned to {project} already")
    if project in [one.project for one in there]:
        text = (
            f"is assigned to {project} already, to another participant or event: correct that row"
        )
        return error(wanted, f"{text} in REDCap")
    context.tables.incoming.write([listing.transfer_row(wanted.study, wanted.assignment, _now())])
    return ok(wanted, f"assigned to {project}")


def _couple(context: Context, rows: list[dict[str, Any]]) -> Iterator[Outcome]:
    there = context.tables.coupling_list.export()
    keys = (fields.COUPLING_ACCESSION, fields.COUPLING_STUDY, fields.COUPLING_PROJECT)
    values = (fields.COUPLING_PARTICIPANT, fields.COUPLING_EVENT)
    known: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for row in there:
        known[_words(row, keys)].add(_words(row, values))
    new = [row for row in rows if _words(row, keys) not in known]
    others = [
        str(number)
        for number, row in enumerate(rows, FIRST_LINE)
        if _words(row, keys) in known and _words(row, values) not in known[_words(row, keys)]
    ]
    numbers = [int(row["record_id"]) for row in there if str(row["record_id"]).isdigit()]
    last = max(numbers, default=-1)
    numbered = [{"record_id": str(last + 1 + number), **row} for number, row in enumerate(new)]
    context.tables.coupling_list.write(numbered)
    yield ok("coupling-list", f"{len(new)} rows added, {len(rows) - len(new)} were there already")
    if others:
        yield error(
            "coupling-list",
            f"REDCap couples lines {', '.join(others)} to another participant or event: "
            "correct the rows of CouplingList there",
        )


def _words(row: dict[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(str(row.get(name, "")).strip() for name in names)


def _waiting(context: Context) -> Iterator[Waiting]:
    names = [fields.INCOMING_RECORD, "study_date", "study_description", "study_aetitle_sender"]
    rows = context.tables.incoming.export(fields=names, forms=[fields.TRANSFERS_FORM])
    by_study: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_study.setdefault(str(row[fields.INCOMING_RECORD]), []).append(row)
    for several in by_study.values():
        if not listing.projects_of(several):
            yield Waiting({name: several[0].get(name, "") for name in names})


def _couplings(path: Path, project: str) -> list[dict[str, Any]]:
    """The project may be one for all."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns, read = reader.fieldnames or (), list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise Rejected(f"the coupling list cannot be read: {reason}; {AS_CSV}") from reason
    if "participant" not in columns:
        raise Rejected(f"the first line of the coupling list names no participant: {AS_CSV}")
    return [_coupling(number, row, project) for number, row in enumerate(read, FIRST_LINE)]


def _coupling(number: int, row: dict[str, str], project: str) -> dict[str, Any]:
    words = {name: (row.get(name) or "").strip() for name in COLUMNS}
    target = words["project"] or project
    is_about = words["accession_number"] or words["study_instance_uid"]
    if not (target and is_about and words["participant"]):
        raise Rejected(
            f"line {number} of the coupling list needs accession_number or study_instance_uid, "
            "participant, and project (or --project): nothing was added"
        )
    return {
        fields.COUPLING_ACCESSION: words["accession_number"],
        fields.COUPLING_STUDY: words["study_instance_uid"],
        fields.COUPLING_PROJECT: target,
        fields.COUPLING_PARTICIPANT: words["participant"],
        fields.COUPLING_EVENT: words["event"],
        fields.COUPLING_DATE: _now().strftime("%Y-%m-%d %H:%M"),
    }


def _now() -> datetime:
    return datetime.now().astimezone()


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Argument(["study"], required=False),
        click.Option(["--project"], help="The research project."),
        click.Option(["--participant"], help="The participant in the project."),
        click.Option(["--event"], help="The event, a visit."),
        click.Option(["--list"], is_flag=True, help="List the studies that wait for a project."),
        click.Option(
            ["--coupling-list"], metavar="FILE",
            help="A CSV: accession_number or study_instance_uid, participant, event, project.",
        ),
    ),
    by_hand=True,
)  # fmt: skip
