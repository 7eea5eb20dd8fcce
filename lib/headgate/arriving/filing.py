"""Arrivals filed: links by study and series, what each series is, and where a participant's are."""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from headgate.arriving.indexing import START, Entry, Reader
from headgate.context import Context
from headgate.core.classify import csa, rules, values
from headgate.core.errors import Rejected
from headgate.core.series import describe
from headgate.core.step import Outcome, error, not_needed, ok
from headgate.stores import files
from headgate.stores.dicomfiles import read_instance, read_plain_header, understanding
from headgate.stores.quarantine.archive import is_filed_as, without_kind
from headgate.stores.quarantine.drafts import announced_as, announced_by, arrival_of
from headgate.stores.readahead import beginnings

CAME_OTHERWISE = (
    "the same SOP Instance UID came before with other bytes: the first ones count; "
    "compare both, and remove the one that is wrong"
)
OTHERWISE_NAMED = "the SOP Instance UID is another one than that of the C-STORE"
DELIVERED_OTHERWISE = (
    "other bytes under the same SOP Instance UID were delivered before: compare it with what the "
    "research PACS has, and remove the one that is wrong"
)


@dataclass
class Filed:
    """What was filed: by series, the planes of its instances; links that another one came for; and
    whose studies they are.
    """

    planes: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    moved: dict[Path, Path] = field(default_factory=dict)
    patients: set[tuple[str, tuple[str, str, str]]] = field(default_factory=set)
    count: int = 0


def file_away(context: Context, announced: str, links: list[Path]) -> Iterator[Outcome]:
    """Given the study that was announced and its arrival links, file each instance, tell of its
    series, mark the study as changed, and forget the links; yield what became of them.

    Every part can be done twice, so that a run that died is simply run again.
    """
    filed = Filed()
    # when the name was given; the bytes may be those of an earlier arrival
    last = max(os.lstat(link).st_ctime for link in links)
    paths = [announced_by(context.layout, link) for link in links]
    starts = beginnings(paths, START)
    for link, path, start in zip(links, paths, starts, strict=True):
        yield from _file(context, link, path, start or _put_back(context, link), filed)
    for (study, series), planes in filed.planes.items():
        try:
            with understanding():
                told = _told(context, study, series, planes)
        except Rejected as reason:
            told = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
            yield error(study, f"series {series} is listed by its UID alone: {reason}")
        told["NumFiles"] = context.trees.count(study, series)
        context.trees.write_series(study, series, told)
    for study in {study for study, _ in filed.planes}:
        context.spool.mark_changed(study, last)
    for link in [filed.moved.get(link, link) for link in links] if filed.moved else links:
        files.remove(link)
    if filed.count:
        told_of = f"{filed.count} instances filed in {len(filed.planes)} series"
        yield ok(announced, told_of)


def _put_back(context: Context, link: Path) -> bytes | None:
    """Put the file that was announced back where it was lost, and return its first bytes."""
    (start,) = beginnings([context.archive.announced(link)], START)
    return start


def can_be_filed(context: Context, file: Path) -> bool:
    """Given a file in the archive, return whether its header tells where it belongs."""
    (start,) = beginnings([file], START)
    try:
        entry = context.once("headers", Reader).entry(file, start or b"")
    except Rejected:
        return False
    return is_filed_as(file.name, entry.instance)


def _file(
    context: Context, link: Path, file: Path, start: bytes | None, filed: Filed
) -> Iterator[Outcome]:
    if start is None:
        yield not_needed(announced_as(link), "what was announced is no longer in the archive")
        return
    try:
        entry = context.once("headers", Reader).entry(file, start)
        if not is_filed_as(file.name, entry.instance):
            raise Rejected(OTHERWISE_NAMED)
        placed = context.archive.given_its_study(file, entry.study, entry.instance)
        if placed is not file:
            file, filed.moved[link] = placed, arrival_of(context.layout, placed)
        if _was_delivered_otherwise(context, entry, file):
            raise Rejected(DELIVERED_OTHERWISE)
        there = context.trees.file_instance(entry.study, entry.series, entry.instance, file)
        if there and not _is_same(there, file):
            raise Rejected(CAME_OTHERWISE)
    except Rejected as reason:
        name = arrival_of(context.layout, file).name
        context.trees.set_aside(name, file, str(reason))
        yield error(announced_as(link), f"set aside in unknown/ as {name}: {reason}")
        return
    if (entry.study, entry.patient) not in filed.patients:
        _link_participant(context, entry)
        filed.patients.add((entry.study, entry.patient))
    filed.count += 1
    planes = filed.planes[entry.study, entry.series]
    if plane := _plane(entry.cosines):
        planes.add(plane)


@lru_cache(maxsize=1024)
def _plane(cosines: tuple[float, ...]) -> str | None:
    return values.orientation(cosines)


def _is_same(there: Path, file: Path) -> bool:
    """What FIONA has under its own name for it may come again, and is kept under ours too."""
    if there.name == file.name or without_kind(there.name) != file.name:
        return False
    with understanding():
        return read_instance(there).digest == read_instance(file).digest


def _link_participant(context: Context, entry: Entry) -> None:
    patient, date, time = entry.patient
    context.trees.link_participant(patient, date, time.split(".")[0], entry.study)


def _was_delivered_otherwise(context: Context, entry: Entry, file: Path) -> bool:
    """The ledger outlives the archive: bytes that it knows are not those that come now."""
    delivered = context.once(
        f"ledger of {entry.study}", lambda: context.ledger.of_study(entry.study)
    )
    known = {one.received for one in delivered.get(entry.instance, ())} - {""}
    if not known:
        return False
    with understanding():
        return read_instance(file).digest not in known


def _told(context: Context, study: str, series: str, planes: set[str]) -> dict[str, Any]:
    """A series is told of by its first instance, whatever came first, so that a rebuild agrees."""
    folder = context.layout.study_raw(study) / series
    names = files.names_in(folder)
    first = folder / names[0]
    header = read_plain_header(first)
    told = {**describe(header), **csa.csa_values(header), "NumFiles": len(names)}
    arrival = datetime.fromtimestamp(first.stat().st_mtime).astimezone()
    told["ArrivalDate"] = arrival.strftime("%Y-%m-%d %H:%M")
    # every plane that the series has slices in: a localizer has three
    before = context.trees.read_series(study, series).get("Planes", [])
    told["Planes"] = sorted({*before, *planes})
    at_series_level = {**told, "ClassifyType": told["Planes"]}
    told["ClassifyType"] = rules.classify(
        context.rules, values.header_values(header), at_series_level
    )
    return told
