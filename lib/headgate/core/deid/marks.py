"""What is written into a de-identified data set: PS3.15 E.1.1, and FIONA's places."""

from pydicom import DataElement, Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from headgate.core.deid.identity import Recipe
from headgate.core.deid.profile import METHODS
from headgate.core.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION

METHOD = "DICOM PS3.15 Annex E, 2024b"
UNICODE = "ISO_IR 192"  # PS3.3 C.12.1.1.2

# Where the recipe's texts go: tag, VR, attribute of the recipe
WRITTEN = (
    (0x00080080, "LO", "project"),  # Institution Name
    (0x00080090, "PN", "event"),  # Referring Physician's Name
    (0x00100010, "PN", "participant"),  # Patient's Name
    (0x00100020, "LO", "participant"),  # Patient ID
    (0x00120020, "LO", "project"),  # Clinical Trial Protocol ID
    (0x00120021, "LO", "project"),  # Clinical Trial Protocol Name
    (0x00120040, "LO", "participant"),  # Clinical Trial Subject ID
    (0x00120050, "LO", "event"),  # Clinical Trial Time Point ID
    (0x00120051, "ST", "event"),  # Clinical Trial Time Point Description
)
# PS3.3 C.7.1.3 and C.7.2.3: type 2 beside them, which nothing here can fill
LEFT_EMPTY = (
    (0x00120010, "LO", "REMOVED"),  # Clinical Trial Sponsor Name, type 1
    (0x00120030, "LO", ""),  # Clinical Trial Site ID
    (0x00120031, "LO", ""),  # Clinical Trial Site Name
)


def written(recipe: Recipe) -> list[DataElement]:
    """Given a recipe, return the elements to set at the top level of its data sets."""
    return [
        *(DataElement(tag, vr, getattr(recipe, name)) for tag, vr, name in WRITTEN),
        *(DataElement(tag, vr, value) for tag, vr, value in LEFT_EMPTY),
        DataElement(0x00120062, "CS", "YES"),  # Patient Identity Removed
        DataElement(0x00120063, "LO", METHOD),  # De-identification Method
        DataElement(
            0x00120064, "SQ", Sequence([code(value, "DCM", meaning) for value, meaning in METHODS])
        ),
        DataElement(0x00280303, "CS", "MODIFIED"),  # Longitudinal Temporal Information Modified
    ]


def file_meta(dataset: Dataset, sop_instance_uid: str) -> FileMetaDataset:
    """Given a data set as it came and its new SOP Instance UID, return its new file meta group.

    Only the transfer syntax is taken over: no AE titles, no private information (PS3.10 7.1).
    """
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\0\1"
    meta.MediaStorageSOPClassUID = UID(dataset.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    given = getattr(dataset, "file_meta", None)
    if given is not None and "TransferSyntaxUID" in given:
        meta.TransferSyntaxUID = given.TransferSyntaxUID
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    return meta


def write_in_unicode(dataset: Dataset) -> None:
    """Given a data set, have its texts written as UTF-8, those of its items too."""
    dataset.SpecificCharacterSet = UNICODE
    for element in dataset:
        for item in element.value if element.VR == "SQ" else ():
            _inherit_character_set(item)


def _inherit_character_set(dataset: Dataset) -> None:
    dataset.pop("SpecificCharacterSet", None)
    for element in dataset:
        for item in element.value if element.VR == "SQ" else ():
            _inherit_character_set(item)


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Given the three parts of a code, return it as an item of a code sequence: PS3.3 8.8."""
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = scheme
    item.CodeMeaning = meaning
    return item
