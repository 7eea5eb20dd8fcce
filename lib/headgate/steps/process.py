"""Index what arrived: links in raw/ and participants/, a JSON per series, unknown/ with reasons."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from headgate.context import Context
from headgate.core.classify import csa, rules, values
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.core.series import NEEDED, describe
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores import files
from headgate.stores.dicomfiles import read_header, read_instance, understanding
from headgate.stores.quarantine.archive import is_filed_as

BATCH = 1000
CAME_OTHERWISE = (
    "the same SOP Instance UID came before with other bytes: the first ones count; "
    "compare both, and remove the one that is wrong"
)
DELIVERED_OTHERWISE = (
    "other bytes under the same SOP Instance UID were delivered before: compare it with what the "
    "research PACS has, and remove the one that is wrong"
)
OF_PARTICIPANT = ("PatientID", "StudyDate", "StudyTime")


@dataclass(frozen=True)
class Arrivals:
    """Arrival links of one study."""

    study: str
    links: list[Path]

    def __str__(self) -> str:
        return self.study


Filed = dict[tuple[str, str], dict[str, Dataset]]


def plan(context: Context) -> Iterator[Arrivals]:
    """Yield what arrived, study by study, in batches."""
    for study, links in groupby(context.trees.arrivals(), lambda link: link.name.split("_")[0]):
        while batch := list(islice(links, BATCH)):
            yield Arrivals(study, batch)


def apply(context: Context, arrivals: Arrivals) -> Iterator[Outcome]:
    """File each instance, tell of its series, mark the study as changed; then forget the links.

    Every part can be done twice, so that a run that died is simply run again.
    """
    filed: Filed = defaultdict(dict)
    for link in arrivals.links:
        yield from _file(context, link, filed)
    for (study, series), headers in filed.items():
        try:
            with understanding():
                told = _told(context, study, series, headers)
        except Rejected as reason:
            told = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
            yield error(study, f"series {series} is listed by its UID alone: {reason}")
        told["NumFiles"] = context.trees.count(study, series)
        context.trees.write_series(study, series, told)
    last = max(link.lstat().st_mtime for link in arrivals.links)
    for study in {study for study, _ in filed}:
        context.spool.mark_changed(study, last)
    for link in arrivals.links:
        files.remove(link)
    count = sum(map(len, filed.values()))
    if count:
        yield ok(arrivals.study, f"{count} instances filed in {len(filed)} series")


def _file(context: Context, link: Path, filed: Filed) -> Iterator[Outcome]:
    file = link.resolve()
    if not file.exists():
        yield not_needed(link.name.split("_")[0], "what was announced is no longer in the archive")
        return
    try:
        with understanding():
            header = read_header(file)
            patient = [str(header.get(name, "")) for name in OF_PARTICIPANT]
            study, series, instance = _names(header, file)
        if _was_delivered_otherwise(context, study, instance, file):
            raise Rejected(DELIVERED_OTHERWISE)
        if context.trees.file_instance(study, series, instance, file):
            raise Rejected(CAME_OTHERWISE)
    except Rejected as reason:
        context.trees.set_aside(link.name, file, str(reason))
        yield error(link.name.split("_")[0], f"set aside in unknown/: {reason}")
        return
    context.trees.link_participant(patient[0], patient[1], patient[2].split(".")[0], study)
    filed[study, series][instance] = header


def _was_delivered_otherwise(context: Context, study: str, instance: str, file: Path) -> bool:
    """The ledger outlives the archive: bytes that it knows are not those that come now."""
    known = {one.received for one in context.ledger.of_study(study).get(instance, ())} - {""}
    if not known:
        return False
    with understanding():
        return read_instance(file).digest not in known


def _names(header: Dataset, file: Path) -> tuple[str, str, str]:
    for keyword in NEEDED:
        if not is_uid(str(header.get(keyword, ""))):
            raise Rejected(f"{keyword} is missing, or is no UID")
    instance = str(header.SOPInstanceUID)
    if not is_filed_as(file.name, instance):
        raise Rejected("the SOP Instance UID is another one than that of the C-STORE")
    return str(header.StudyInstanceUID), str(header.SeriesInstanceUID), instance


def _told(context: Context, study: str, series: str, headers: dict[str, Dataset]) -> dict[str, Any]:
    """A series is told of by its first instance, whatever came first, so that a rebuild agrees."""
    folder = context.layout.study_raw(study) / series
    names = files.names_in(folder)
    first = folder / names[0]
    header = headers.get(names[0]) or read_header(first)
    told = {**describe(header), **csa.csa_values(header), "NumFiles": len(names)}
    arrival = datetime.fromtimestamp(first.stat().st_mtime).astimezone()
    told["ArrivalDate"] = arrival.strftime("%Y-%m-%d %H:%M")
    told["Planes"] = _planes(context.trees.read_series(study, series), headers)
    at_series_level = {**told, "ClassifyType": told["Planes"]}
    told["ClassifyType"] = rules.classify(
        context.rules, values.header_values(header), at_series_level
    )
    return told


def _planes(before: Mapping[str, Any], headers: Mapping[str, Dataset]) -> list[str]:
    """Every plane that the series has slices in: a localizer has three."""
    planes = set(before.get("Planes", []))
    for header in headers.values():
        cosines = [float(one) for one in header.get("ImageOrientationPatient") or ()]
        if plane := values.orientation(cosines):
            planes.add(plane)
    return sorted(planes)


STEP = Step("process", __doc__, plan, apply, locks=("process",))
