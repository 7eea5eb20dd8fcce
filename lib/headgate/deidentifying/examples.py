"""The examples that profiles carry: each is de-identified, and must become what it says."""

from pathlib import Path

from pydicom.dataset import Dataset

from headgate.context import Context
from headgate.core.deid.engine import deidentify
from headgate.core.deid.identity import Recipe
from headgate.core.deid.memory import Memory
from headgate.core.deid.rules.profile import Profile
from headgate.core.dicom.datasets import decoded, encoded
from headgate.core.dicom.elements import EXPLICIT
from headgate.core.errors import Misconfigured, Rejected
from headgate.environment import shipped
from headgate.stores import profiles

CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
KEY = b"a key for examples, which hide nothing"


def tried(context: Context) -> str:
    """Given the run, try the examples of every profile that a project uses; return what was done.

    Raise Misconfigured where one does not become what it says.
    """
    folder = Path(context.settings.deid.profiles or shipped("config/deid"))
    names = sorted({"default", *(own.profile for own in context.settings.projects.values())})
    count = 0
    for name in names:
        profile, several = profiles.named(name, folder)
        for number, example in enumerate(several, start=1):
            _try(profile, example, f"profile {name}, example {number}")
        count += len(several)
    return f"{len(names)} profiles can be used, {count} examples hold"


def _try(profile: Profile, example: profiles.Example, place: str) -> None:
    recipe = Recipe("EXAMPLE", "EXAMPLE-1", "visit 1", KEY, profile=profile)
    try:
        cleaned = deidentify(_encoded(example), EXPLICIT, recipe, Memory())
    except Rejected as reason:
        raise Misconfigured(f"{place} is refused: {reason}") from reason
    result = decoded(cleaned.header(), EXPLICIT)
    for keyword, wanted in example.after.items():
        found = str(result.get(keyword) or "")
        if found != wanted:
            raise Misconfigured(f"{place}: {keyword} becomes {found!r}, not {wanted!r}")
    if cleaned.leaks:
        raise Misconfigured(f"{place}: the patient is left in {', '.join(cleaned.leaks)}")


def _encoded(example: profiles.Example) -> bytes:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = CT_IMAGE_STORAGE, "2.25.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "2.25.2", "2.25.3"
    for keyword, text in example.before.items():
        setattr(dataset, keyword, text)
    return encoded(dataset, EXPLICIT)
