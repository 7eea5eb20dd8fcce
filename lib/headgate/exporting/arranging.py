"""What was pulled, laid out as the layout wants it: a tree that is packed as it is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pydicom.dataset import Dataset

from headgate.context import Context
from headgate.core.errors import Rejected
from headgate.core.exporting import KINDS, STUDY_NUMBER, ExportRequest, apart, folder_of
from headgate.exporting import changing
from headgate.exporting.changing import Whose
from headgate.exporting.pulling import Series
from headgate.settings.derived import LayoutSettings
from headgate.stores import dicomdirs, files, thumbnails
from headgate.stores.dicomfiles import read_header
from headgate.stores.pulled import SUFFIX

PAGE, PICTURES = "index.html", "thumbnails"
NUMBER_DIGITS = 5
UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


class One(NamedTuple):
    """An instance that was pulled, and its number in the series."""

    number: int
    path: Path


@dataclass(frozen=True)
class Found:
    """A series that was pulled and is the project's: its instances in order, and its values."""

    series: Series
    instances: list[Path]
    values: dict[str, str]
    header: Dataset = field(repr=False)


def found(pulled: Path, several: list[Series], request: ExportRequest) -> Iterator[Found]:
    """Given what was pulled, yield the series in the order of participant, date and number.

    Raise Rejected where an instance is not the project's, or still says whose it is.
    """
    everything = [_found(pulled / one.study / one.uid, one, request) for one in several]
    studies: dict[str, dict[str, None]] = {}
    for one in sorted((one for one in everything if one), key=_order):
        known = studies.setdefault(one.values["participant"], {})
        known[one.series.study] = None
        one.values[STUDY_NUMBER] = str(list(known).index(one.series.study) + 1)
        yield one


def arrange(
    context: Context, layout: LayoutSettings, several: list[Found], tree: Path,
    tell: Callable[[int], None],
) -> None:  # fmt: skip
    """Given a layout and the series, write them into a tree. Raise Rejected, Misconfigured."""
    scheme = layout.folder or KINDS[layout.kind]
    folders = apart(folder_of(scheme, one.values) for one in several)
    places: dict[Path, str] = {}
    for folder, one in zip(folders, several, strict=True):
        for number, path in enumerate(one.instances, 1):
            is_sorted = layout.kind == "pure"
            name = f"{number:0{NUMBER_DIGITS}}{SUFFIX}" if is_sorted else path.name
            places[path] = f"{folder}/{name}"
    named = dict(places)
    known = {one.series.uid: changing.whose(context, layout, one.values) for one in several}
    if layout.dicomdir:
        headers = ((path, _as_written(path, layout, known[one.series.uid]))
                   for one in several for path in one.instances)  # fmt: skip
        places = dicomdirs.write(tree, headers)
        _write_names(tree, {places[path]: name for path, name in named.items()})
    for one in several:
        for path in one.instances:
            target = tree / places[path]
            target.parent.mkdir(parents=True, exist_ok=True)
            changing.write(path, target, layout, known[one.series.uid])
        tell(len(one.instances))


def show(title: str, several: list[Found], tree: Path) -> None:
    """Given a title and the series, put a page with a picture of each into the tree."""
    shown = []
    (tree / PICTURES).mkdir(exist_ok=True)
    for number, one in enumerate(several, 1):
        data = thumbnails.picture(one.instances[len(one.instances) // 2])
        place = f"{PICTURES}/{number:04}.png" if data else ""
        if data:
            files.write_new(tree / place, data, is_synced=False)
        values = one.values
        series = f"{values['modality']} {values['series_number']} {values['series_description']}"
        whose = f"{values['participant']}, {values['event']}, {values['study_date']}"
        shown.append(thumbnails.Shown(place, (whose, series, f"{len(one.instances)} instances")))
    (tree / PAGE).write_text(thumbnails.page(title, shown))


def _found(folder: Path, series: Series, request: ExportRequest) -> Found | None:
    ordered = []
    header: Dataset | None = None
    for name in sorted(series.instances):
        path = folder / f"{name}{SUFFIX}"
        header = read_header(path)
        _check(header, series, name, request)
        ordered.append((_number(header), name, path, header))
    if not ordered:
        return None
    ordered.sort(key=lambda one: one[:2])
    first = ordered[0][3]
    return Found(series, [one[2] for one in ordered], changing.values_of(first), first)


def _check(header: Dataset, series: Series, name: str, request: ExportRequest) -> None:
    """Nothing leaves that is not the project's, or not de-identified."""
    projects = {str(header.get("InstitutionName", "")),
                str(header.get("ClinicalTrialProtocolID", ""))}  # fmt: skip
    uids = tuple(str(header.get(one, "")) for one in UIDS)
    participant = str(header.get("PatientID", ""))
    trouble = ""
    if request.project not in projects or uids != (series.study, series.uid, name):
        trouble = f"is not of project {request.project}"
    elif request.participant and participant != request.participant:
        trouble = "is not of the participant"
    elif header.get("PatientIdentityRemoved") != "YES":
        trouble = "does not say that it is de-identified"
    elif not participant.strip():
        trouble = "has no participant"
    if trouble:
        raise Rejected(
            f"an instance of study {series.study} in the PACS {trouble}: nothing is exported; "
            "find out how it came there, remove it or send it again, then ask anew"
        )


def _number(header: Dataset) -> int:
    text = str(header.get("InstanceNumber") or 0)
    return int(text) if text.lstrip("-").isdecimal() else 0


def _order(one: Found) -> tuple[str, str, str, int, str]:
    values = one.values
    number = values["series_number"]
    return (
        values["participant"], values["study_date"], one.series.study,
        int(number) if number.isdecimal() else 0, one.series.uid,
    )  # fmt: skip


def _as_written(path: Path, layout: LayoutSettings, known: Whose) -> Dataset:
    header = read_header(path)
    changing.changed(header, layout, known)
    return header


def _write_names(tree: Path, names: dict[str, str]) -> None:
    lines = [f"{file}\t{name}\n" for file, name in sorted(names.items())]
    (tree / "NAMES.TSV").write_text("file\tname\n" + "".join(lines))
