"""Index what arrived: links in raw/ and participants/, a JSON per series, unknown/ with reasons."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

from pydicom.dataset import Dataset

from headgate.context import Context
from headgate.core.classify import csa, rules, values
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.core.series import NEEDED, describe
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores import files
from headgate.stores.dicomfiles import read_header

BATCH = 1000


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
        _tell(context, study, series, headers)
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
        header = read_header(file)
        study, series, instance = _names(header, file)
        clash = context.trees.file_instance(study, series, instance, file)
        if clash:
            raise Rejected(
                "the same SOP Instance UID came before with other bytes: the first ones count; "
                "compare both, and remove the one that is wrong"
            )
    except Rejected as reason:
        context.trees.set_aside(link.name, file, str(reason))
        yield error(link.name.split("_")[0], f"set aside in unknown/: {reason}")
        return
    context.trees.link_participant(
        str(header.get("PatientID", "")), str(header.get("StudyDate", "")),
        str(header.get("StudyTime", "")).split(".")[0], study,
    )  # fmt: skip
    filed[study, series][instance] = header


def _names(header: Dataset, file: Path) -> tuple[str, str, str]:
    for keyword in NEEDED:
        if not is_uid(str(header.get(keyword, ""))):
            raise Rejected(f"{keyword} is missing, or is no UID")
    instance = str(header.SOPInstanceUID)
    if not file.name.startswith(instance):
        raise Rejected("the SOP Instance UID is another one than that of the C-STORE")
    return str(header.StudyInstanceUID), str(header.SeriesInstanceUID), instance


def _tell(context: Context, study: str, series: str, headers: dict[str, Dataset]) -> None:
    """A series is told of by its first instance, whatever came first, so that a rebuild agrees."""
    folder = context.layout.study_raw(study) / series
    names = files.names_in(folder)
    first = folder / names[0]
    header = headers.get(names[0]) or read_header(first)
    told = {**describe(header), **csa.csa_values(header), "NumFiles": len(names)}
    arrival = datetime.fromtimestamp(first.stat().st_mtime).astimezone()
    told["ArrivalDate"] = arrival.strftime("%Y-%m-%d %H:%M")
    told["ClassifyType"] = rules.classify(context.rules, values.header_values(header), told)
    context.trees.write_series(study, series, told)


STEP = Step("process", __doc__, plan, apply, locks=("process",))
