"""Name participants at random by their project's pattern, and assign studies that ask for it."""

import secrets
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import click

from headgate.context import Context
from headgate.core import autoid, fields, imaging, listing, routing
from headgate.core.errors import Rejected, Unavailable
from headgate.core.model import Assignment
from headgate.core.naming import NEARLY_USED_UP, Names, folded, names_of
from headgate.core.step import Outcome, Step, deferred, error, not_needed, ok
from headgate.stores import keymark

NAME = "populate-auto-id"
AE_TITLE_CALLED = "study_aetitle_addressed"
Row = dict[str, Any]
Couple = tuple[str, str]  # project, hash of the person


@dataclass(frozen=True)
class Asking:
    """Studies whose called AE title asks for automatic names, and the projects of each."""

    studies: dict[str, list[str]]

    def __str__(self) -> str:
        return ",".join(self.studies)


def plan(context: Context) -> Iterator[Asking]:
    """Yield what changed in REDCap, asks for names, is here, and that nobody assigned, in batches;
    with --all, whatever changed when.
    """
    by_title = _projects_by_title(context)
    if not by_title:
        return
    overlap = context.settings.redcap.overlap_minutes
    since = context.watermarks.since(NAME, context.began, overlap)
    rows = context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD, AE_TITLE_CALLED],
        forms=[fields.TRANSFERS_FORM],
        changed_since=None if context.options.get("all") else since,
    )
    by_study: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_study[str(row[fields.INCOMING_RECORD])].append(row)
    wanted = (
        (study, projects)
        for study, several in sorted(by_study.items())
        if context.is_asked_for(study) and (projects := _asked_by(several, by_title))
        if context.trees.series_names(study)
    )
    while batch := dict(islice(wanted, context.settings.incoming.studies_per_import)):
        yield Asking(batch)


def apply(context: Context, asking: Asking) -> Iterator[Outcome]:
    """Reserve a name in AutoID for each person who has none, then write the transfers.

    A run that dies in between finds the name in AutoID again.
    """
    persons = {study: _person(context, study) for study in asking.studies}
    wanted: dict[Couple, list[str]] = defaultdict(list)
    for study, projects in asking.studies.items():
        if not persons[study]:
            text = "it has no PatientID to tell whose it is: assign it by hand"
            yield _complaint(context, study, f"not named: {text}", is_awaited=False)
            continue
        for project in projects:
            wanted[project, persons[study]].append(study)
    before = context.tables.auto_id.export()
    books = autoid.read_books(before)
    yield from _went_under_another(context, wanted, books)
    lacking = [couple for couple in wanted if _name(books, couple) is None]
    if lacking:
        yield from _reserve(context, lacking, books)
        books = yield from _read_back(context, lacking, before)
    yield from _assign(context, wanted, books)
    if complaints := _complaints(context) - context.watermarks.seen(NAME):
        context.watermarks.remember(NAME, context.watermarks.seen(NAME) | complaints)


def after(context: Context) -> None:
    """Note until when Incoming is read, unless something waits to be mended."""
    if context.watermarks.seen(NAME) != _complaints(context):
        context.watermarks.remember(NAME, _complaints(context))
    if not context.once("awaited", set):
        context.watermarks.reached(NAME, context.began)


def _complaint(context: Context, item: str, text: str, *, is_awaited: bool = True) -> Outcome:
    """What a person has to mend is said once; what is awaited then is tried each time."""
    mark = context.hashed(f"{item} {text}")
    _complaints(context).add(mark)
    if is_awaited:
        context.once("awaited", set).add(mark)
    is_known = mark in context.watermarks.seen(NAME)
    return not_needed(item, f"still {text}") if is_known else error(item, text)


def _complaints(context: Context) -> set[str]:
    found: set[str] = context.once("complaints", set)
    return found


def _went_under_another(
    context: Context, wanted: dict[Couple, list[str]], books: dict[str, autoid.Book]
) -> Iterator[Outcome]:
    """Take out what the ledger knows under a name that AutoID does not: somebody would get two."""
    for (project, person), studies in list(wanted.items()):
        name = _name(books, (project, person))
        for study in list(studies):
            went = context.ledger.participants(study, project)
            if went and name not in went:
                studies.remove(study)
                text = (
                    f"it went to {project} under a name that AutoID does not have: put AutoID back "
                    "from its backup, or assign it by hand"
                )
                yield _complaint(context, study, f"not named: {text}")
        if not studies:
            del wanted[project, person]


def _reserve(
    context: Context, lacking: list[Couple], books: dict[str, autoid.Book]
) -> Iterator[Outcome]:
    """Write a name for each into AutoID. Raise Rejected where REDCap numbers no records."""
    if not context.tables.auto_id.numbers_records():
        raise Rejected("AutoID does not number its records: turn on auto-numbering in its setup")
    # AutoID knows a person by what the key makes of the ID
    keymark.note(context.layout, context.site_key)
    rows: list[Row] = []
    for project in sorted({project for project, _ in lacking}):
        persons = [person for one, person in lacking if one == project]
        try:
            names = _names(context, project)
        except Rejected as reason:
            yield _complaint(context, project, f"no participant is named: {reason}")
            continue
        taken = _taken(context, project, books)
        for person in persons:
            if (name := names.draw(taken, secrets.randbelow)) is None:
                text = f"project_patient_naming of {project} is used up: widen it"
                yield _complaint(context, project, text)
                break
            taken.add(folded(name))
            rows.append(autoid.coupling_row(f"new-{len(rows)}", project, person, name))
        if (used := names.used(taken)) >= NEARLY_USED_UP:
            text = f"{used:.0%} of the names of project_patient_naming of {project} are used"
            yield error(project, f"{text}: widen it before none is left")
    context.tables.auto_id.write(rows, is_numbered=True)


def _read_back(context: Context, lacking: list[Couple], before: list[Row]) -> Any:
    """Return the books as everybody reads them now; what lost is taken back. Raise Unavailable."""
    rows = context.tables.auto_id.export()
    if autoid.may_hide_another(before, rows):
        raise Unavailable("another gateway writes into AutoID now: the next run looks again")
    books = autoid.read_books(rows)
    projects = {project for project, _ in lacking}
    lost = [one for project in projects & set(books) for one in books[project].lost]
    context.tables.auto_id.write([autoid.blank_row(one) for one in lost], overwrite=True)
    if lost:
        text = f"{len(lost)} names were given by another gateway at the same time: drawn again"
        yield deferred("auto-id", text)
    return books


def _assign(
    context: Context, wanted: dict[Couple, list[str]], books: dict[str, autoid.Book]
) -> Iterator[Outcome]:
    rows, outcomes = [], []
    for (project, person), studies in wanted.items():
        name = _name(books, (project, person))
        if name is None:
            continue
        event = context.project_settings(project).autoid_event
        assignment = Assignment(project, name, event)
        complaint = routing.complaint_about(assignment, context.projects.get(project))
        for study in studies:
            if complaint:
                outcomes.append(_complaint(context, study, f"not assigned: {complaint}"))
            else:
                when = datetime.fromtimestamp(context.now()).astimezone()
                rows.append(listing.transfer_row(study, assignment, when))
                outcomes.append(ok(study, f"assigned to {project}"))
    for several in imaging.in_turn(rows, lambda row: row[fields.INCOMING_RECORD]):
        context.tables.incoming.write(several)
    yield from outcomes


def _projects_by_title(context: Context) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name, row in context.projects.items():
        title = str(row.get(fields.PROJECT_AUTOID_AETITLE, "")).strip()
        uses = str(row.get(fields.PROJECT_USE_AUTOID, "")) == "1"
        if uses and title and str(row.get(fields.PROJECT_ACTIVE, "1")) != "0":
            found[title].append(name)
    return found


def _asked_by(rows: list[Row], by_title: dict[str, list[str]]) -> list[str]:
    """The projects that ask for a study; none where people or rules sent it elsewhere, or somebody
    cleared a transfer.
    """
    title = next((str(row[AE_TITLE_CALLED]).strip() for row in rows if row[AE_TITLE_CALLED]), "")
    projects = by_title.get(title, [])
    assigned = {str(row[fields.TRANSFER_PROJECT]) for row in listing.transfers(rows)}
    return [] if assigned - set(projects) else [one for one in projects if one not in assigned]


def _person(context: Context, study: str) -> str:
    told = listing.study_values(context.trees.all_series(study))
    return context.hashed(str(told.get("PatientID", "")).strip())


def _name(books: dict[str, autoid.Book], couple: Couple) -> str | None:
    project, person = couple
    return books[project].names.get(person) if project in books else None


def _names(context: Context, project: str) -> Names:
    pattern = str(context.projects[project].get(fields.PROJECT_NAMING, ""))
    found: Names = context.once(f"names {project}", lambda: names_of(pattern, project))
    return found


def _taken(context: Context, project: str, books: dict[str, autoid.Book]) -> set[str]:
    """Every name that the project has, also those that people gave and whose coupling is gone."""
    where = f"[{fields.TRANSFER_PROJECT}] = {fields.quoted(project)}"
    rows = context.tables.incoming.export(
        fields=[fields.INCOMING_RECORD, fields.TRANSFER_PROJECT, fields.TRANSFER_NAME],
        where=where if fields.can_be_asked_for(project) else None,
    )
    given = {
        folded(str(row[fields.TRANSFER_NAME]))
        for row in rows
        if row.get(fields.TRANSFER_PROJECT) == project
    }
    return given | (books[project].taken if project in books else set())


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
