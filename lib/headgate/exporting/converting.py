"""What was pulled, as a BIDS data set of NIfTI."""

import shutil
from collections.abc import Callable
from pathlib import Path

from headgate.context import Context
from headgate.core import bids
from headgate.exporting import changing
from headgate.exporting.arranging import Found
from headgate.settings.derived import LayoutSettings
from headgate.stores import niftis, zips

SEVERAL = ("bold", "dwi")  # a single volume of such a series is its reference
README = """# {project}

Converted from DICOM. Series that BIDS has no place for are under `sourcedata/`, as they are.
"""
IGNORED = "index.html\nthumbnails\nthumbnails/**\nMANIFEST.sha256\n"


def convert(
    context: Context, layout: LayoutSettings, several: list[Found], tree: Path, work: Path,
    tell: Callable[[int], None],
) -> None:  # fmt: skip
    """Given the series, an empty tree and a folder to work in, write the data set into the tree.

    What is no image, or has no place in BIDS, goes to sourcedata. Raise Rejected, Misconfigured.
    """
    names = bids.Names(bids.rules_of(layout.images, "exports.layouts: images"))
    for one in several:
        made = zips.empty(work)
        series = zips.empty(made / "series")
        known = changing.whose(context, layout, one.values)
        for path in one.instances:
            changing.write(path, series / path.name, layout, known)
        name = names.name(one.values)
        images = niftis.convert(series, zips.empty(made / "images")) if name else []
        if name is None or not images or not _is_whole(images, name):
            _leave(series, tree / "sourcedata", one)
        else:
            _place(images, name, tree)
        tell(len(one.instances))
    shutil.rmtree(work, ignore_errors=True)
    _write_about(tree, several)


def _place(images: list[Path], name: bids.Name, tree: Path) -> None:
    """Several images of one series, echoes or parts, are numbered."""
    folder = tree / name.folder
    folder.mkdir(parents=True, exist_ok=True)
    for number, image in enumerate(images, 1):
        stem = name.stem
        if len(images) > 1:
            start, _, suffix = stem.rpartition("_")
            start, _, run = start.rpartition("_run-")
            stem = f"{start}_acq-part{number}_run-{run}_{suffix}"
        if name.suffix in SEVERAL and niftis.volumes(image) == 1:
            stem = f"{stem.removesuffix(name.suffix)}sbref"
        niftis.place(image, folder / stem, {"TaskName": name.task} if name.task else {})


def _is_whole(images: list[Path], name: bids.Name) -> bool:
    """Volumes of diffusion are of use with their directions alone."""
    return name.suffix != "dwi" or all(
        niftis.volumes(one) == 1 or niftis.has_directions(one) for one in images
    )


def _leave(series: Path, place: Path, one: Found) -> None:
    subject, session = bids.label(one.values["participant"]), bids.label(one.values["event"])
    target = place / f"sub-{subject}" / f"ses-{session}" / one.series.uid
    target.parent.mkdir(parents=True, exist_ok=True)
    series.rename(target)


def _write_about(tree: Path, several: list[Found]) -> None:
    project = several[0].values["project"]
    rows: dict[str, dict[str, str]] = {}
    for one in several:
        label = bids.label(one.values["participant"])
        if any((tree / f"sub-{label}").glob("**/*.nii.gz")):
            told = {"sex": one.header.get("PatientSex"), "age": one.header.get("PatientAge")}
            rows.setdefault(label, {name: str(value or "") for name, value in told.items()})
    (tree / "dataset_description.json").write_text(bids.description(project, niftis.version()))
    (tree / "participants.tsv").write_text(bids.participants(rows))
    (tree / "participants.json").write_text(bids.about_participants())
    (tree / "README.md").write_text(README.format(project=project))
    (tree / ".bidsignore").write_text(IGNORED)
