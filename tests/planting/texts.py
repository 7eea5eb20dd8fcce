"""Planters of texts: demographics, descriptors, names where none belong, wrong encodings."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from planting import writings
from planting.keys import DEVICE, DIRECT, INSTITUTION, PERSON, QUASI, Planted
from planting.patients import Patient

DESCRIPTORS = (
    "SeriesDescription", "StudyDescription", "ProtocolName", "RequestedProcedureDescription",
    "PerformedProcedureStepDescription", "AcquisitionDeviceProcessingDescription",
    "DerivationDescription", "ContrastBolusAgent", "AcquisitionProtocolDescription",
)  # fmt: skip
COMMENTS = (
    "ImageComments", "PatientComments", "StudyComments", "AdditionalPatientHistory",
    "ReasonForStudy", "RequestedProcedureComments", "InterpretationText", "DoseComment",
    "CalculationComment", "ContentDescription", "ReconstructionDescription", "FrameLabel",
    "PixelSpacingCalibrationDescription", "LUTExplanation", "ConfigurationInformation",
)  # fmt: skip
# Attributes of the machine, in which a name stands when somebody typed it into the wrong field
WRONG_PLACES = (
    "StationName", "DeviceSerialNumber", "SoftwareVersions", "StudyID", "ManufacturerModelName",
    "PlateID", "DeviceID", "AcquisitionNumber", "StackID", "ConvolutionKernel", "BodyPartExamined",
    "RequestingService", "CurrentPatientLocation", "PerformedLocation", "PositionReferenceIndicator",
    "SequenceName", "ScheduledStudyLocation", "PatientState", "StationAETitle", "FilterType",
)  # fmt: skip


def demographics(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant the patient's module, and the people and the hospital of the visit."""
    values = {
        "PatientName": (patient.name, DIRECT),
        "PatientID": (patient.number, DIRECT),
        "PatientBirthDate": (patient.birth_date, DIRECT),
        "AccessionNumber": (patient.accession, DIRECT),
        "OtherPatientIDs": (patient.birth_number, DIRECT),
        "OtherPatientNames": (f"{patient.given.split()[0]}^{patient.family}", DIRECT),
        "PatientAddress": (f"{patient.street}, {patient.town}", DIRECT),
        "PatientTelephoneNumbers": (patient.phone, DIRECT),
        "PatientTelecomInformation": (patient.email, DIRECT),
        "ReferringPhysicianName": (patient.referring, PERSON),
        "OperatorsName": (patient.operator, PERSON),
        "PerformingPhysicianName": (patient.referring, PERSON),
        "NameOfPhysiciansReadingStudy": (patient.operator, PERSON),
        "InstitutionName": (patient.hospital, INSTITUTION),
        "InstitutionAddress": (patient.town, INSTITUTION),
        "InstitutionalDepartmentName": (patient.hospital, INSTITUTION),
        "PatientReligiousPreference": ("Pastafarian", QUASI),
        "Occupation": ("Lighthouse man", QUASI),
    }
    always = ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "InstitutionName")
    for keyword, (text, category) in values.items():
        if keyword in always or dice.random() < 0.7:
            setattr(dataset, keyword, text)
            yield Planted(keyword, category, text.split("=")[0])
    dataset.PatientSex = patient.sex


def descriptors(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant identifiers in the midst of descriptors, and in comments."""
    for keyword in dice.sample(DESCRIPTORS, 2) + dice.sample(COMMENTS, 2):
        text, category = writings.identifier(patient, dice)
        before, after = dice.sample(
            ("tse tra", "serie", "sagittal", "nativ", "kontroll", "150 mg"), 2
        )
        whole = dice.choice([f"{before} {text} {after}", f"{text} {before}", f"{before}: {text}"])
        setattr(dataset, keyword, whole)
        yield Planted(keyword, category, text)


def in_wrong_elements(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant the name and numbers under attributes of the machine."""
    for keyword in dice.sample(WRONG_PLACES, 2):
        text = dice.choice((patient.telling.upper(), patient.number, patient.birth_number))
        if len(text) < 3 or (keyword == "AcquisitionNumber" and not text.isdigit()):
            text = patient.number
        dataset.add(DataElement(Tag(keyword), _vr_of(keyword), text, already_converted=True))
        yield Planted(keyword, DIRECT, text)


def wrong_character_set(
    dataset: Dataset, patient: Patient, dice: random.Random
) -> Iterator[Planted]:
    """Plant the name in bytes of another character set than is declared."""
    keyword = dice.choice(
        ("PatientName", "SeriesDescription", "OtherPatientNames", "PatientComments")
    )
    encoding = dice.choice(("utf-8", "latin-1", "utf-8", "cp1252"))
    name = f"{patient.family}^{patient.given}" if "Name" in keyword else f"{patient.telling} serie"
    data = name.encode(encoding, "replace")
    if b"?" in data:
        data = name.encode("utf-8")
    put_raw(dataset, keyword, data, _vr_of(keyword))
    yield Planted(f"{keyword} in {encoding}", DIRECT, patient.telling)


def unknown_representation(
    dataset: Dataset, patient: Patient, dice: random.Random
) -> Iterator[Planted]:
    """Plant texts under UN, of attributes whose VR everybody knows."""
    encoding = "utf-8" if dataset.get("SpecificCharacterSet") == "ISO_IR 192" else "ascii"
    for keyword in dice.sample(
        ("PatientComments", "StudyDescription", "OtherPatientNames", "StationName"), 2
    ):
        text = patient.telling if patient.name.isascii() or encoding == "utf-8" else patient.number
        data = (text if "Name" in keyword else f"serie {text}").encode(encoding)
        put_raw(dataset, keyword, data, "UN")
        yield Planted(f"{keyword} as UN", DIRECT, text)


def creators_and_labels(
    dataset: Dataset, patient: Patient, dice: random.Random
) -> Iterator[Planted]:
    """Plant the creator of a content and its label."""
    dataset.ContentCreatorName = patient.operator
    yield Planted("ContentCreatorName", PERSON, patient.operator.split("^")[0])
    dataset.ContentDescription = f"laget av Dr. {patient.operator.split('^')[0]}"
    yield Planted("ContentDescription", PERSON, patient.operator.split("^")[0])
    dataset.RetrieveAETitle = "FJORDHEIMPACS"
    yield Planted("RetrieveAETitle", DEVICE, "FJORDHEIMPACS")


def _vr_of(keyword: str) -> str:
    from pydicom.datadict import dictionary_VR

    return dictionary_VR(Tag(keyword))


def put_raw(dataset: Dataset, keyword: str, data: bytes, vr: str) -> None:
    """Given a keyword and the bytes of a value, put them under a VR as they are."""
    tag, padded = Tag(keyword), data + b" " * (len(data) % 2)
    is_implicit, is_little = dataset.original_encoding
    dataset[tag] = RawDataElement(
        tag, vr, len(padded), padded, 0, bool(is_implicit), bool(is_little), True
    )
