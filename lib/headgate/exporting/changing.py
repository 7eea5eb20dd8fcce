"""The texts and dates of instances as a layout wants them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from headgate.context import Context
from headgate.core.deid.dates import offset_days, shift
from headgate.core.dicom.dictionary import tag_of, vr_of
from headgate.core.dicom.filemeta import file_head
from headgate.core.errors import Misconfigured, Rejected
from headgate.core.exporting import NAMES, check_template, clean
from headgate.core.model import Assignment
from headgate.settings.derived import LayoutSettings
from headgate.stores import files
from headgate.stores.dicomfiles import encode, read_instance, understanding

DESCRIPTIONS = (
    "StudyDescription", "SeriesDescription", "ProtocolName", "PerformedProcedureStepDescription",
    "RequestedProcedureDescription", "ImageComments",
)  # fmt: skip
# what tells where an instance belongs, and how it is read, is not a text to be rewritten
KEPT = {
    "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID",
    "SpecificCharacterSet", "TransferSyntaxUID", "PatientIdentityRemoved",
}  # fmt: skip
TEXTS = {"AE", "AS", "CS", "DA", "DS", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UT"}
MODIFIED_DATES, FULL_DATES = "113107", "113106"  # PS3.16 CID 7050
RETAINED = "Retain Longitudinal Temporal Information Full Dates Option"


@dataclass(frozen=True)
class Whose:
    """Whose an instance is, and what its dates and birth date are where they are undone."""

    values: Mapping[str, str]
    back_days: int = 0
    birth_date: str = ""


def values_of(header: Dataset) -> dict[str, str]:
    """Given a header, return what schemes and rewrites may name."""
    return {name: " ".join(str(header.get(keyword) or "").split()) for name, keyword in NAMES}


def check(name: str, layout: LayoutSettings) -> None:
    """Given a layout by name, raise Misconfigured where it cannot be used."""
    where = f"exports.layouts.{name}"
    check_template(layout.folder, f"{where}.folder")
    for keyword, text in layout.rewrites.items():
        tag = tag_of(keyword)
        if tag is None or keyword in KEPT or vr_of(tag) not in TEXTS:
            raise Misconfigured(f"{where}.rewrites cannot set {keyword}: no keyword of a text")
        check_template(text, f"{where}.rewrites.{keyword}")
    if layout.dicomdir and layout.kind == "bids":
        raise Misconfigured(f"{where}: a BIDS data set has no DICOMDIR")


def whose(context: Context, layout: LayoutSettings, values: Mapping[str, str]) -> Whose:
    """Given a layout and the values of a study, return what its instances are changed with.

    Raise Misconfigured where the project may not have its dates back.
    """
    if not layout.undo_date_shift and layout.birth_date == "none":
        return Whose(values)
    project, participant = values["project"], values["participant"]
    if project not in context.settings.exports.may_undo_date_shift:
        raise Misconfigured(
            f"project {project} may not have dates back: exports.may_undo_date_shift lists those "
            "that may"
        )
    recipe = context.recipe(Assignment(project, participant, values["event"] or "-"))
    back = -offset_days(recipe) if layout.undo_date_shift else 0
    birth = _birth_date(context, values, layout.birth_date)
    return Whose(values, back, birth)


def write(source: Path, target: Path, layout: LayoutSettings, known: Whose) -> None:
    """Given an instance that was pulled, write it as the layout wants it; one that stays as it is
    gets a second name. Raise Rejected.
    """
    if not (layout.rewrites or layout.clean_descriptions or known.back_days or known.birth_date):
        target.hardlink_to(source)
        return
    instance = read_instance(source)
    with understanding():
        header = instance.header
        changed(header, layout, known)
        _, whole = encode(header, instance.pixels, instance.transfer_syntax)
        names = str(header.SOPClassUID), str(header.SOPInstanceUID)
    files.write_new(target, file_head(*names, instance.transfer_syntax), whole, is_synced=False)


def changed(header: Dataset, layout: LayoutSettings, known: Whose) -> None:
    """Given a header, change it in place."""
    is_moved = header.get("LongitudinalTemporalInformationModified") == "MODIFIED"
    if known.back_days and is_moved:
        _with_dates_back(header, known.back_days)
    if known.birth_date:
        header.PatientBirthDate = known.birth_date
    if layout.clean_descriptions:
        for keyword in DESCRIPTIONS:
            if header.get(keyword):
                setattr(header, keyword, clean(str(header.get(keyword)), ""))
    for keyword, text in layout.rewrites.items():
        try:
            setattr(header, keyword, Template(text).substitute(known.values))
        except (ValueError, TypeError) as error:
            raise Rejected(f"the layout's rewrite of {keyword} is no value for it") from error


def _with_dates_back(header: Dataset, days: int) -> None:
    def moved(_dataset: Dataset, element: DataElement) -> None:
        if element.VR in ("DA", "DT") and element.value:
            element.value = _each(element.value, lambda one: shift(one, days))

    header.walk(moved)
    header.LongitudinalTemporalInformationModified = "UNMODIFIED"
    for code in header.get("DeidentificationMethodCodeSequence", []):
        if code.get("CodeValue") == MODIFIED_DATES:
            code.CodeValue, code.CodeMeaning = FULL_DATES, RETAINED


def _each(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if hasattr(value, "__iter__"):
        return [change(str(one)) for one in value]
    return change(str(value))


def _birth_date(context: Context, values: Mapping[str, str], wanted: str) -> str:
    """The birth date stands in the study as it was received; where that is gone it stays away."""
    if wanted == "none":
        return ""
    for origin in reversed(context.mapped.read(values["study"])):
        if (origin.project, origin.participant) != (values["project"], values["participant"]):
            continue
        for path in context.archive.files_of(origin.study)[:1]:
            with understanding():
                found = str(read_instance(path).header.get("PatientBirthDate") or "")
            if len(found) == 8 and found.isdecimal():
                return found if wanted == "full" else f"{found[:4]}0101"
    return ""
