"""Planters of further places: relatives, visits, specimens, segments, safe private blocks."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from planting import writings
from planting.binaries import ascii_name, even
from planting.keys import DIRECT, INSTITUTION, PERSON, Planted
from planting.patients import Patient
from planting.structures import code, item


def relatives(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant the other identifiers of the patient's modules: PS3.3 C.2.2, C.2.3, C.7.1.1."""
    other = item(
        PatientID=patient.birth_number, TypeOfPatientID="TEXT", IssuerOfPatientID="FOLKEREG"
    )
    dataset.OtherPatientIDsSequence = Sequence([other])
    dataset.PatientBirthName = f"{patient.family}^{patient.given.split()[0]}"
    dataset.ResponsiblePerson = patient.referring
    dataset.MedicalRecordLocator = patient.number
    dataset.CountryOfResidence, dataset.RegionOfResidence = "Norge", patient.town[:16]
    dataset.PatientInsurancePlanCodeSequence = Sequence([code(f"plan {patient.birth_number}")])
    dataset.PatientMotherBirthName = f"{patient.family}^{dice.choice(('Solveig', 'Edeltraud'))}"
    dataset.PersonTelephoneNumbers = patient.phone
    dataset.PersonAddress = patient.street
    yield Planted("OtherPatientIDsSequence", DIRECT, patient.birth_number)
    yield Planted("ResponsiblePerson", PERSON, patient.referring.split("^")[0])
    yield Planted("PatientInsurancePlanCodeSequence", DIRECT, patient.birth_number)
    yield Planted("PersonTelephoneNumbers", DIRECT, patient.phone)
    yield Planted("PersonAddress", DIRECT, patient.street)


def visits(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant the numbers and texts of visits and orders: PS3.3 C.4 and C.7.2."""
    text, category = writings.identifier(patient, dice)
    dataset.AdmissionID = patient.accession
    dataset.VisitComments = f"{text} innlagt"
    dataset.AdmittingDiagnosesDescription = f"obs. {text}"
    dataset.ReasonForTheRequestedProcedure = f"kontroll av {text}"
    dataset.FillerOrderNumberImagingServiceRequest = patient.accession
    dataset.PlacerOrderNumberImagingServiceRequest = patient.accession
    dataset.PerformedProcedureStepID = patient.accession[:16]
    dataset.RequestingPhysician = patient.operator
    dataset.ReferringPhysicianTelephoneNumbers = "99 88 77 66"
    dataset.ReferringPhysicianAddress = patient.hospital
    dataset.CommentsOnThePerformedProcedureStep = text
    dataset.ImageComments = f"jf. {writings.of_name(patient, dice)}"
    yield Planted("visit", category, text)
    yield Planted("AdmissionID", DIRECT, patient.accession)
    yield Planted("RequestingPhysician", PERSON, patient.operator.split("^")[0])
    yield Planted("ReferringPhysicianAddress", INSTITUTION, patient.hospital)


def specimens(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant specimens and containers: PS3.3 C.7.6.22."""
    text = writings.of_name(patient, dice)
    one = item(SpecimenIdentifier=patient.accession, SpecimenUID="1.2.3.9",
               SpecimenShortDescription=f"biopsi {text}"[:64],
               SpecimenDetailedDescription=f"biopsi av {text}")  # fmt: skip
    dataset.ContainerIdentifier = patient.number
    dataset.SpecimenDescriptionSequence = Sequence([one])
    yield Planted("SpecimenDescriptionSequence", DIRECT, patient.accession)
    yield Planted("SpecimenDetailedDescription", DIRECT, text)
    yield Planted("ContainerIdentifier", DIRECT, patient.number)


def segments(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant labels of segments, presentations and blendings: PS3.3 C.8.20, C.11.10."""
    text = writings.of_name(patient, dice)
    segment = item(SegmentNumber=9, SegmentLabel=f"lesjon {text}"[:64], SegmentAlgorithmType="MANUAL",
                   SegmentDescription=text, TrackingID=patient.number)  # fmt: skip
    if "SegmentSequence" not in dataset:
        dataset.SegmentSequence = Sequence([segment])
        yield Planted("SegmentSequence", DIRECT, text)
        yield Planted("TrackingID", DIRECT, patient.number)
    alternate = item(ContentDescription=f"for {text}", LanguageCodeSequence=[])
    dataset.AlternateContentDescriptionSequence = Sequence([alternate])
    dataset.PresentationCreationDate = "20200202"
    yield Planted("AlternateContentDescriptionSequence", DIRECT, text)


def safe_private(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant texts under elements of manufacturers that are safe: PS3.15 Table E.3.10-1."""
    text = ascii_name(patient)
    block = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
    block.add_new(0x9E, "LO", f"ssfse {text}")
    block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x27, "SH", text[:16])
    block.add_new(0x39, "IS", "1000")
    block = dataset.private_block(0x2001, "Philips Imaging DD 001", create=True)
    block.add_new(0x04, "CS", text.upper()[:16])
    block = dataset.private_block(0x01F1, "ELSCINT1", create=True)
    block.add_new(0x01, "CS", text.upper()[:16])
    yield Planted("safe private", DIRECT, text[:16])


def foreign_private(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant names in blocks that nobody documents, in every representation."""
    text = ascii_name(patient)
    for creator, group in (("GEMS_IDEN_01", 0x0009), ("SIEMENS MEDCOM HEADER", 0x0029),
                           ("Philips MR Imaging DD 001", 0x2005), ("AGFA", 0x0019),
                           ("UIH", 0x0065), ("CANON_MEC_MR3", 0x700D)):  # fmt: skip
        block = dataset.private_block(group, creator, create=True)
        vr = dice.choice(("LO", "PN", "LT", "UN", "OB", "ST"))
        data = even(f"navn {text} ".encode()) if vr in ("UN", "OB") else f"navn {text}"
        block.add_new(0x80, vr, data)
    group = 0x0055  # a block of which no creator is told
    dataset[group << 16 | 0x1010] = DataElement(group << 16 | 0x1010, "LO", f"navn {text}")
    yield Planted("undocumented private", DIRECT, text)


def issuers(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant who gave numbers, numbers of orders, and whom to ask: PS3.3 10.14, C.4.11, C.30.2."""
    staff = patient.operator.split("^")[0]
    issuer = item(LocalNamespaceEntityID=patient.hospital, UniversalEntityIDType="DNS")
    dataset.IssuerOfAccessionNumberSequence = Sequence([issuer])
    dataset.OrderPlacerIdentifierSequence = Sequence([issuer])
    dataset.PlacerOrderNumberProcedure = patient.accession[:16]
    dataset.HumanPerformerName = patient.operator
    dataset.ContactDisplayName = f"{staff} {patient.hospital}"
    dataset.ProtocolName = f"kne {staff}"
    yield Planted("IssuerOfAccessionNumberSequence", INSTITUTION, patient.hospital)
    yield Planted("PlacerOrderNumberProcedure", DIRECT, patient.accession[:16])
    yield Planted("ContactDisplayName", PERSON, staff)


def waveforms(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant annotations and channels of waveforms, and a frame's comments: PS3.3 C.10.9, C.10.10."""
    text = writings.of_name(patient, dice)
    note = item(UnformattedTextValue=f"EKG {text}", AnnotationGroupNumber=1)
    dataset.WaveformAnnotationSequence = Sequence([note])
    content = item(FrameComments=f"bilde {text}", FrameLabel=text[:16], FrameAcquisitionNumber=1)
    dataset.FrameContentSequence = Sequence([content])
    yield Planted("WaveformAnnotationSequence", DIRECT, text)


def unnamed_repeating(
    dataset: Dataset, patient: Patient, _dice: random.Random
) -> Iterator[Planted]:
    """Plant texts under tags that no dictionary knows, and under retired ones: PS3.6."""
    text = ascii_name(patient)
    for tag, vr in ((0x00189999, "LO"), (0x0010FFF0, "LO"), (0x00200070, "LO"), (0x40000010, "LT")):
        dataset[tag] = DataElement(tag, vr, f"navn {text}")
    yield Planted("unknown and retired tags", DIRECT, text)
