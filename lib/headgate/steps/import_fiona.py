"""Take over FIONA's data tree and what it delivered, in place: no instance is moved or changed."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from headgate.context import Context
from headgate.core import fields
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import Misconfigured
from headgate.core.grammar import is_uid
from headgate.core.model import Assignment, Request, content_version
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.fiona import takingover
from headgate.stores import files, links
from headgate.stores.layout import STUDY_PREFIX

NAME = "import-fiona"
FIONA, OTHER = "fiona", "other"
DELIVERED = (fields.TRANSFER_DATE, fields.TRANSFER_MAPPED, fields.TRANSFER_PROJECT,
             fields.TRANSFER_NAME)  # fmt: skip
WHEN = "%Y-%m-%d %H:%M"


@dataclass(frozen=True)
class Named:
    """A part that is taken over, a study among them."""

    kind: str
    name: str

    def __str__(self) -> str:
        return self.name


def plan(context: Context) -> Iterator[Named]:
    """Yield the parts in their order: what studies are held against comes before them."""
    layout = context.layout
    archived, filed = (files.names_in(place) for place in (layout.archive, layout.raw))
    if not archived:
        raise Misconfigured(
            f"{layout.archive} is empty: is this FIONA's data tree, and is its disk mounted?"
        )
    _rows(context)  # without REDCap nothing is begun
    yield Named("participants", "participants")
    studies = {one.removeprefix(STUDY_PREFIX) for one in archived if one.startswith(STUDY_PREFIX)}
    for name in sorted(filter(is_uid, studies | set(filed))):
        yield Named("study", name)
    yield Named("transfers", "transfers")
    if context.options.get("requests"):
        yield Named("requests", "requests")
    yield Named("leftovers", "leftovers")


def apply(context: Context, item: Named) -> Iterator[Outcome]:
    """Take one part over; a dry run tells what would be done."""
    for outcome in PARTS[item.kind](context, item.name):
        counts: Counter[str] = context.once("totals", Counter)
        counts.update({key: int(n) for key, n in outcome.details.items() if isinstance(n, int)})
        counts.update(studies=item.kind == "study")
        yield outcome


def _participants(context: Context, item: str) -> Iterator[Outcome]:
    mended = kept = 0
    for participant in files.names_in(context.layout.participants):
        for name in files.names_in(context.layout.participants / participant):
            link = context.layout.participants / participant / name
            study = links.target_of(link).name
            if not link.is_symlink() or not is_uid(study):
                kept += 1
                continue
            target = context.layout.study_raw(study)
            if links.target_of(link) != target or link.readlink().is_absolute():
                mended += 1
                if not _is_dry(context):
                    links.repoint(link, target)
    if mended or kept:
        text = f"{mended} links mended, {kept} entries that are no links to studies left"
        yield ok(item, text, participants_mended=mended, participants_kept=kept)


def _study(context: Context, item: str) -> Iterator[Outcome]:
    try:
        study = takingover.compare(context, item)
        is_changing = study.announce or study.waiting or context.spool.is_changing(item)
        study.is_unlisted = bool(study.filed) and not is_changing and item not in _listed(context)
        if not study.is_fit and not _is_dry(context):
            takingover.mend(context, study)
    except PermissionError:
        yield error(item, "belongs to another user: chown -R the data tree, then run it again")
        return
    details = study.told()
    counts = ", ".join(f"{int(count)} {what}" for what, count in details.items() if count)
    for _, reason in study.aside[:1]:
        yield error(item, f"{len(study.aside)} files set aside in unknown/: {reason}", **details)
    if study.aside:
        return
    yield (
        not_needed(item, f"fits: {counts}", **details)
        if study.is_fit
        else ok(item, counts, **details)
    )


def _transfers(context: Context, item: str) -> Iterator[Outcome]:
    """No line of the ledger is made up: what nobody proved stays unproven, and is not deleted."""
    by_project: Counter[str] = Counter()
    schemes: Counter[tuple[str, str]] = Counter()
    for row in _rows(context):
        if not all(row.get(name) for name in DELIVERED):
            continue
        request = _request(context, row)
        schemes[request.project, request.uid_scheme] += 1
        is_new = not context.queues.state_of(request.id)
        if is_new and not _is_dry(context):
            context.queues.take_over(request)
        by_project[request.project] += is_new
    count = sum(by_project.values())
    if count:
        yield ok(item, f"{count} delivered transfers taken over as done", transfers=count)
    for project in sorted({project for project, _ in schemes}):
        yield from _advice(context, project, schemes)


def _advice(context: Context, project: str, schemes: Counter[tuple[str, str]]) -> Iterator[Outcome]:
    place = f'[projects."{project}"]'
    ours, others = schemes[project, FIONA], schemes[project, OTHER]
    if ours and context.project_settings(project).uid_scheme != FIONA:
        text = (
            f'has {ours} transfers under FIONA\'s UIDs: set {place} uid_scheme = "fiona", and its '
            "number of days as date_shift_days, before anything is sent"
        )
        yield error(project, text)
    if others:
        text = (
            f"{others} transfers have a mapped UID that is not FIONA's present one: what comes "
            "late to these studies will not join them in the research PACS"
        )
        yield error(project, text, other_uids=others)


def _requests(context: Context, item: str) -> Iterator[Outcome]:
    """FIONA's own request files: REDCap tells the same, and makes ours."""
    known = {(str(row[fields.INCOMING_RECORD]), str(row.get(fields.REPEAT_INSTANCE, "")))
             for row in _rows(context)}  # fmt: skip
    fit = lost = 0
    for path in sorted(Path(context.options["requests"]).glob("*.json")):
        try:
            values = json.loads(path.read_text())
            key = str(values[fields.INCOMING_RECORD]), str(values[fields.REPEAT_INSTANCE])
        except (ValueError, KeyError, TypeError):
            key = "", ""
        fit, lost = (fit + 1, lost) if key in known else (fit, lost + 1)
    text = f"{fit} request files that REDCap tells too: create-transfer-requests makes ours"
    yield not_needed(item, text, requests=fit)
    if lost:
        text = f"{lost} request files are half, or of transfers that REDCap does not have: see them"
        yield error(item, text, requests_lost=lost)


def _leftovers(context: Context, item: str) -> Iterator[Outcome]:
    """What is no part of our data tree stays as it is."""
    layout = context.layout
    ours = {path.relative_to(layout.datadir).parts for path in layout.folders()}
    tops = {parts[0] for parts in ours} | {layout.enabled.name}
    seconds = {parts[1] for parts in ours if parts[0] == layout.site.name}
    left = [path.name for path in layout.datadir.iterdir() if path.name not in tops]
    left += [f"site/{path.name}" for path in layout.site.iterdir() if path.name not in seconds]
    strange = sum(not is_uid(one.removeprefix(STUDY_PREFIX))
                  for one in files.names_in(layout.archive))  # fmt: skip
    strange += sum(not is_uid(one) for one in files.names_in(layout.raw))
    if left or strange:
        text = f"left as they are: {', '.join(sorted(left)) or 'nothing beside the data tree'}"
        text += f"; {strange} entries of archive and raw that are no studies" if strange else ""
        yield not_needed(item, text, left=sorted(left), strange=strange)


def _request(context: Context, row: dict[str, Any]) -> Request:
    assignment = Assignment(
        str(row[fields.TRANSFER_PROJECT]).strip(),
        str(row[fields.TRANSFER_NAME]).strip(),
        str(row.get(fields.TRANSFER_EVENT, "")).strip(),
    )
    study, mapped = str(row[fields.INCOMING_RECORD]), str(row[fields.TRANSFER_MAPPED])
    recipe = replace(context.recipe(assignment), uid_scheme=FIONA)
    is_fiona = replace_study_uid(study, recipe) == mapped
    version = content_version(_live(context, study))
    wanted = Request.wanted(study, int(row[fields.REPEAT_INSTANCE]), assignment, version)
    return wanted.with_values(
        created=_when(str(row[fields.TRANSFER_DATE])), mapped_study=mapped,
        summary="delivered by FIONA; proven by nobody", uid_scheme=FIONA if is_fiona else OTHER,
    )  # fmt: skip


def _live(context: Context, study: str) -> list[str]:
    """The instances that stay, as their links are mended now or were."""
    instances = context.trees.instances(study) if is_uid(study) else {}
    return [name for name, path in instances.items() if _is_live(context, path)]


def _is_live(context: Context, link: Path) -> bool:
    target = takingover.in_archive(context, link) if link.is_symlink() else None
    return target is None or target.is_file()


def _when(text: str) -> str:
    try:
        return datetime.strptime(text, WHEN).astimezone().isoformat(timespec="seconds")
    except ValueError:
        return ""


def _rows(context: Context) -> list[dict[str, Any]]:
    """Every transfer row of Incoming, and a row for each study. Raise Unavailable."""
    names = [fields.INCOMING_RECORD]
    found: list[dict[str, Any]] = context.once(
        "rows",
        lambda: context.tables.incoming.export(
            fields=[*names, "study_arrival_date"], forms=[fields.TRANSFERS_FORM]
        ),
    )
    return found


def _listed(context: Context) -> set[str]:
    found: set[str] = context.once(
        "listed", lambda: {str(row[fields.INCOMING_RECORD]) for row in _rows(context)}
    )
    return found


def _is_dry(context: Context) -> bool:
    return bool(context.options.get("dry_run"))


def totals(context: Context) -> dict[str, Any]:
    """Return the counts of all that was found."""
    return dict(context.once("totals", Counter))


PARTS = {
    "participants": _participants,
    "study": _study,
    "transfers": _transfers,
    "requests": _requests,
    "leftovers": _leftovers,
}

STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Argument(["datadir"], type=click.Path(exists=True, file_okay=False)),
        click.Option(
            ["--requests"], type=click.Path(exists=True, file_okay=False), metavar="FOLDER",
            help="FIONA's transfer_requests, held against REDCap.",
        ),
    ),
    overrides={"datadir": "datadir"},
    totals=totals,
    locks=(NAME, "process", "create-transfer-requests", "clear-old-files"),
    by_hand=True,
    rehearses=True,
)  # fmt: skip
