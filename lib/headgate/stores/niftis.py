"""dcm2niix: a series as NIfTI with what its protocol tells beside it."""

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from nibabel.nifti1 import Nifti1Image

from headgate.core.errors import Misconfigured, Rejected

# what dcm2niix makes of one volume or series of volumes
ENDINGS = (".nii.gz", ".json", ".bval", ".bvec")
LONGEST_SECONDS = 3600
# what may name somebody, or tells when: dcm2niix leaves it out itself with -ba y
TELLING = ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "AcquisitionDateTime",
           "InstitutionAddress", "ReferringPhysicianName", "StudyInstanceUID",
           "SeriesInstanceUID")  # fmt: skip


@cache
def program() -> str:
    """Return the path of dcm2niix. Raise Misconfigured."""
    beside = Path(sys.executable).with_name("dcm2niix")
    found = str(beside) if beside.exists() else shutil.which("dcm2niix")
    if not found:
        raise Misconfigured("BIDS needs dcm2niix: pip install dcm2niix")
    return found


@cache
def version() -> str:
    """Return the version of dcm2niix. Raise Misconfigured."""
    told = subprocess.run([program(), "--version"], capture_output=True, text=True, check=False)
    found = re.search(r"v\d[\d.]+", told.stdout)
    return found[0] if found else ""


def convert(series: Path, into: Path) -> list[Path]:
    """Given the folder of a series and an empty one, return the images made there, without their
    endings; none where it is no series of images. Raise Rejected, Misconfigured.
    """
    words = [program(), "-b", "y", "-ba", "y", "-z", "y", "-f", "image_%s", "-o", str(into)]
    try:
        done = subprocess.run(
            [*words, str(series)], capture_output=True, check=False, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise Rejected(f"dcm2niix took longer than {LONGEST_SECONDS} seconds") from error
    images = sorted(into.glob("*.nii.gz"))
    if done.returncode and not images:
        return []
    return [path.with_name(path.name.removesuffix(".nii.gz")) for path in images]


def volumes(image: Path) -> int:
    """Given an image without its ending, return how many volumes it has."""
    shape = Nifti1Image.from_filename(f"{image}.nii.gz").shape
    return int(shape[3]) if len(shape) > 3 else 1


def has_directions(image: Path) -> bool:
    """Given an image without its ending, return whether its diffusion directions are beside it."""
    return all(image.with_name(f"{image.name}.{one}").exists() for one in ("bval", "bvec"))


def place(image: Path, target: Path, told: dict[str, str]) -> None:
    """Given an image without its ending and the path it gets, also without, move what belongs to
    it; `told` is added to its sidecar.
    """
    for ending in ENDINGS:
        source = image.with_name(image.name + ending)
        if source.exists():
            source.rename(target.with_name(target.name + ending))
    sidecar = target.with_name(f"{target.name}.json")
    values = json.loads(sidecar.read_text()) if sidecar.exists() else {}
    kept = {name: value for name, value in values.items() if name not in TELLING}
    sidecar.write_text(json.dumps(kept | told, indent=1) + "\n")
