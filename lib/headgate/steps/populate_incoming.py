"""List settled studies and their series in REDCap's Incoming, and assign those that rules know."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from headgate.context import Context
from headgate.core import arrival, fields, listing, routing
from headgate.core.model import Assignment
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores.tables import RefusedImport

NAME = "populate-incoming"
FORMS = [fields.STUDY_FORM, fields.SERIES_FORM, fields.TRANSFERS_FORM]
CONDITIONS = 50
Row = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """Studies to be listed together, with one import."""

    studies: list[str]

    def __str__(self) -> str:
        return ",".join(self.studies)


@dataclass(frozen=True)
class SetBack:
    """A study whose last arrival lies in the future, as the clock was set back."""

    study: str

    def __str__(self) -> str:
        return self.study


@dataclass(frozen=True)
class LateCouplings:
    """Rows of the coupling list that are new or changed, the marks of all that were read, and
    whether these were all, so that nobody knows which of them are new.
    """

    rows: list[Row]
    marks: set[str]
    are_all: bool

    def __str__(self) -> str:
        return "coupling-list"


Item = Batch | SetBack | LateCouplings


def plan(context: Context) -> Iterator[Item]:
    """Yield the settled studies in batches, then what is new in the coupling list."""
    now, quiet = context.now(), context.settings.incoming.quiet_seconds
    ready = set(context.spool.settled())
    for study, last in context.spool.changed().items():
        if arrival.lies_in_the_future(last, now, quiet):
            yield SetBack(study)
        elif arrival.is_settled(last, now, quiet):
            ready.add(study)
    studies = iter(sorted(filter(context.is_asked_for, ready)))
    while batch := list(islice(studies, context.settings.incoming.studies_per_import)):
        yield Batch(batch)
    overlap = context.settings.redcap.overlap_minutes
    since = context.watermarks.since(NAME, context.began, overlap)
    rows = context.tables.coupling_list.export(changed_since=since)
    marked = {context.hashed(json.dumps(row, sort_keys=True)): row for row in rows}
    seen = context.watermarks.seen(NAME)
    if new := [row for mark, row in marked.items() if mark not in seen]:
        yield LateCouplings(new, set(marked), are_all=since is None)


def apply(context: Context, item: Item) -> Iterator[Outcome]:
    """List, or assign late; a mark is removed when REDCap has what it stands for."""
    if isinstance(item, SetBack):
        context.spool.mark_changed(item.study, context.now())
        yield not_needed(item, "the clock was set back since it came: its quiet time begins anew")
    elif isinstance(item, LateCouplings):
        yield from _assign_late(context, item)
        context.watermarks.remember(NAME, item.marks)
    else:
        returned = [study for study in item.studies if context.mapped.is_mapped(study)]
        for study in returned:
            yield _set_returned(context, study)
        if own := [study for study in item.studies if study not in returned]:
            yield from _list(context, own)


def after(context: Context) -> None:
    """Note until when the coupling list is read."""
    context.watermarks.reached(NAME, context.began)


def _set_returned(context: Context, study: str) -> Outcome:
    """What is known by a mapped UID is a research copy, and no study of the clinic."""
    context.spool.settle(study)
    context.spool.set_returned(study)
    return ok(study, "came back from a workstation: it goes where its study went")


def _list(context: Context, studies: list[str]) -> Iterator[Outcome]:
    for study in studies:
        context.spool.settle(study)
    told = {study: context.trees.all_series(study) for study in studies}
    existing = _existing(context, studies)
    decided = {study for study in studies if listing.transfers(existing[study])}
    context.once("decided", set).update(decided)
    couplings = _couplings(context, {one: told[one] for one in studies if one not in decided})
    rows: dict[str, list[Row]] = {}
    for study, series in told.items():
        values = _identified(context, listing.study_values(series))
        rows[study] = list(filter(None, [listing.study_row(study, values, existing[study])]))
        rows[study] += listing.series_rows(study, series, existing[study])
        if study not in decided:  # what is new in the coupling list comes on its own
            known = listing.study_values(series) | {"StudyInstanceUID": study}
            yield from _assign(context, known, existing[study], couplings, rows[study])
    yield from _write(context, rows)


def _write(context: Context, rows: Mapping[str, list[Row]]) -> Iterator[Outcome]:
    """All in one import; where REDCap refuses it, each study for itself, so that one stops none."""
    try:
        context.tables.incoming.write([row for several in rows.values() for row in several])
        refused = {}
    except RefusedImport as reason:
        refused = dict.fromkeys(rows, reason)
    for study, own in rows.items():
        try:
            if study in refused:
                context.tables.incoming.write(own)
        except RefusedImport as reason:
            yield error(study, f"REDCap's Incoming refuses its rows: {reason}; mend the project")
            continue
        context.spool.listed(study)
        context.once("listed", set).add(study)
        yield ok(study, f"listed: {len(own)} rows written") if own else not_needed(study, "listed")


def _assign(
    context: Context, study: Row, existing: list[Row], couplings: list[Row], rows: list[Row]
) -> Iterator[Outcome]:
    """Existing assignment, coupling list, routing rules, in this order; rows get what is found."""
    assigned = listing.projects_of(existing)
    found = [
        one for one in routing.by_coupling_list(study, couplings) if one.project not in assigned
    ]
    if not found and not assigned:
        rules, complaints = _rules(context)
        yield from (error(study["StudyInstanceUID"], complaint) for complaint in complaints)
        routed = routing.by_rules(study, rules)
        found = [routed] if routed else []
    for assignment in found:
        if complaint := routing.complaint_about(assignment, _project(context, assignment)):
            yield error(study["StudyInstanceUID"], f"not assigned: {complaint}")
        else:
            when = datetime.fromtimestamp(context.now()).astimezone()
            rows.append(listing.transfer_row(study["StudyInstanceUID"], assignment, when))
            yield ok(study["StudyInstanceUID"], f"assigned to {assignment.project}")


def _assign_late(context: Context, late: LateCouplings) -> Iterator[Outcome]:
    couplings = late.rows
    wanted = {
        f"[{field}] = {fields.quoted(str(row[column]))}"
        for row in couplings
        for field, column in (
            ("study_accession_number", fields.COUPLING_ACCESSION),
            (fields.INCOMING_RECORD, fields.COUPLING_STUDY),
        )
        if row.get(column) and fields.can_be_asked_for(str(row[column]))
    }
    names = ["study_accession_number", fields.INCOMING_RECORD]
    conditions = iter(sorted(wanted))
    while some := list(islice(conditions, CONDITIONS)):
        found = context.tables.incoming.export(fields=names, where=" or ".join(some))
        existing = _existing(context, [str(row[fields.INCOMING_RECORD]) for row in found])
        rows: dict[str, list[Row]] = {}
        for row in found:
            name = str(row[fields.INCOMING_RECORD])
            if name in context.once("listed", set) - context.once("decided", set):
                continue  # this run told of it already
            if late.are_all and listing.transfers(existing[name]):
                continue  # somebody may have corrected what an old row said
            number = str(row["study_accession_number"])
            study = {"StudyInstanceUID": name, "AccessionNumber": number}
            new: list[Row] = []
            if routing.by_coupling_list(study, couplings):
                yield from _assign(context, study, existing[name], couplings, new)
            rows[name] = new
        context.tables.incoming.write([row for several in rows.values() for row in several])


def _existing(context: Context, studies: list[str]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {study: [] for study in studies}
    names = [fields.INCOMING_RECORD]
    for row in context.tables.incoming.export(records=studies, fields=names, forms=FORMS):
        found.setdefault(str(row[fields.INCOMING_RECORD]), []).append(row)
    return found


def _couplings(context: Context, told: Mapping[str, list[Row]]) -> list[Row]:
    if not told:
        return []
    conditions = []
    for study, series in told.items():
        conditions.append(f"[{fields.COUPLING_STUDY}] = {fields.quoted(study)}")
        number = str(listing.study_values(series).get("AccessionNumber", ""))
        if number and fields.can_be_asked_for(number):
            conditions.append(f"[{fields.COUPLING_ACCESSION}] = {fields.quoted(number)}")
    return context.tables.coupling_list.export(where=" or ".join(conditions))


def _identified(context: Context, told: Row) -> Row:
    """How much of who the patient is goes to REDCap: a keyed hash, all, or nothing."""
    ways: dict[str, Callable[[str], str]] = {
        "hashed": context.hashed,
        "plain": str,
        "omitted": lambda _value: "",
    }
    way = ways[context.settings.incoming.patient_identity]
    hidden = {key: way(str(told[key])) for key in ("PatientName", "PatientID") if told.get(key)}
    return {**told, **hidden}


def _rules(context: Context) -> tuple[list[routing.Rule], list[str]]:
    return context.once("routing", lambda: routing.read_rules(context.tables.routing.export()))


def _project(context: Context, assignment: Assignment) -> Row | None:
    return context.projects.get(assignment.project)


STEP = Step(NAME, __doc__, plan, apply, after=after, locks=(NAME,))
