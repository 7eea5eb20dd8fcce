"""Planters within sequences: nested items, annotations, reports, radiotherapy, histories."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence

from planting import writings
from planting.keys import DIRECT, INSTITUTION, PERSON, QUASI, Planted
from planting.patients import Patient
from planting.texts import put_raw

CT = "1.2.840.10008.5.1.4.1.1.2"


def item(**values: object) -> Dataset:
    """Given values by keyword, return an item of them."""
    result = Dataset()
    for keyword, value in values.items():
        setattr(result, keyword, value)
    return result


def code(meaning: str, value: str = "T-1", scheme: str = "99TEST") -> Dataset:
    """Given a meaning, return the item of a code."""
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def nested(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant identifiers at depths to 12, some of undefined length, some as UN."""
    depth = dice.choice((1, 2, 3, 5, 12))
    text = writings.of_name(patient, dice)
    inner = item(
        PatientName=patient.name, PatientID=patient.number, SeriesDescription=f"serie {text}",
        InstitutionName=patient.hospital, PatientComments=patient.email,
    )  # fmt: skip
    for _ in range(depth):
        is_open = dice.random() < 0.5
        inner.is_undefined_length_sequence_item = is_open
        outer = item(ReferencedSeriesSequence=Sequence([inner]))
        outer["ReferencedSeriesSequence"].is_undefined_length = is_open
        inner = outer
    dataset.ReferencedSeriesSequence = inner.ReferencedSeriesSequence
    dataset["ReferencedSeriesSequence"].is_undefined_length = dice.random() < 0.5
    place = f"{depth} sequences deep"
    yield Planted(place, DIRECT, patient.telling)
    yield Planted(place, DIRECT, patient.number)
    yield Planted(place, DIRECT, text)
    yield Planted(place, DIRECT, patient.email)
    yield Planted(place, INSTITUTION, patient.hospital)


def sequence_as_unknown(
    dataset: Dataset, patient: Patient, dice: random.Random
) -> Iterator[Planted]:
    """Plant a sequence written as UN: its items are in Implicit VR Little Endian (PS3.5 6.2.2)."""
    text = writings.of_number(patient.number, dice)
    stream = DicomBytesIO()
    is_kept = not dataset.original_encoding[0] and dataset.original_encoding[1]
    # who does not know that leaves them as they were
    stream.is_implicit_VR, stream.is_little_endian = not is_kept or dice.random() < 0.5, True
    inner = item(PatientID=patient.number, SeriesDescription=f"serie {text}",
                 StudyInstanceUID="1.2.3.8", SeriesInstanceUID="1.2.3.7",
                 PurposeOfReferenceCodeSequence=[])  # fmt: skip
    write_dataset(stream, inner)
    data = stream.getvalue()
    whole = b"\xfe\xff\x00\xe0" + len(data).to_bytes(4, "little") + data
    put_raw(dataset, "RelatedSeriesSequence", whole, "UN")
    yield Planted("a sequence as UN", DIRECT, text)


def annotations(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant graphic annotations: PS3.3 C.10.5."""
    text = writings.of_name(patient, dice)
    label = item(
        UnformattedTextValue=text, AnchorPoint=[1, 1], AnchorPointVisibility="Y",
        AnchorPointAnnotationUnits="PIXEL",
    )  # fmt: skip
    layer = item(GraphicLayer="LAYER1", TextObjectSequence=Sequence([label]))
    dataset.GraphicAnnotationSequence = Sequence([layer])
    described = item(
        GraphicLayer="LAYER1", GraphicLayerOrder=1, GraphicLayerDescription=f"pil {text}"
    )
    dataset.GraphicLayerSequence = Sequence([described])
    yield Planted("graphic annotation", DIRECT, text)
    yield Planted("graphic layer", DIRECT, text)


def report(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant content items of a structured report: PS3.3 C.17.3."""
    text, category = writings.identifier(patient, dice)
    concept = Sequence([code("Finding", "121071", "DCM")])
    items = [
        item(RelationshipType="CONTAINS", ValueType="TEXT", ConceptNameCodeSequence=concept,
             TextValue=f"funn hos {text}, kontroll"),
        item(RelationshipType="CONTAINS", ValueType="PNAME", ConceptNameCodeSequence=concept,
             PersonName=patient.referring),
        item(RelationshipType="CONTAINS", ValueType="CODE", ConceptNameCodeSequence=concept,
             ConceptCodeSequence=Sequence([code(f"Mass {patient.number}")])),
        item(RelationshipType="CONTAINS", ValueType="DATE", ConceptNameCodeSequence=concept,
             Date=patient.birth_date),
    ]  # fmt: skip
    dataset.ContentSequence = Sequence([*(dataset.get("ContentSequence") or []), *items])
    observer = item(
        VerifyingObserverName=patient.operator, VerifyingOrganization=patient.hospital,
        VerificationDateTime="20200101101010", VerifyingObserverIdentificationCodeSequence=[],
    )  # fmt: skip
    dataset.VerifyingObserverSequence = Sequence([observer])
    yield Planted("SR text", category, text)
    yield Planted("SR person", PERSON, patient.referring.split("^")[0])
    yield Planted("SR code meaning", DIRECT, patient.number)
    yield Planted("SR observer", PERSON, patient.operator.split("^")[0])
    yield Planted("SR organization", INSTITUTION, patient.hospital)


def radiotherapy(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant names and labels of structures, plans and beams."""
    text, category = writings.identifier(patient, dice)
    short = text[:16] if category != DIRECT else patient.number[:16]
    dataset.StructureSetLabel = short
    dataset.RTPlanLabel = short
    dataset.RTPlanName, dataset.RTPlanDescription = f"plan {text}", f"plan for {text}"
    dataset.ReviewerName = patient.referring
    structure = item(
        ROINumber=1, ReferencedFrameOfReferenceUID="1.2.3", ROIName=f"GTV {text}",
        ROIDescription=text, ROIGenerationAlgorithm="MANUAL",
    )  # fmt: skip
    observed = item(ObservationNumber=1, ReferencedROINumber=1, ROIInterpreter=patient.operator,
                    ROIObservationLabel=text, RTROIInterpretedType="GTV")  # fmt: skip
    beam = item(BeamNumber=1, BeamName=f"felt {text}", BeamDescription=f"felt {text}",
                TreatmentMachineName="LINAC1")  # fmt: skip
    for keyword, one in (
        ("StructureSetROISequence", structure), ("RTROIObservationsSequence", observed),
        ("BeamSequence", beam),
    ):  # fmt: skip
        if keyword not in dataset:
            setattr(dataset, keyword, Sequence([one]))
            yield Planted(keyword, category, text)
    yield Planted("RT labels", DIRECT if category == DIRECT else QUASI, short)
    yield Planted("RT reviewer", PERSON, patient.referring.split("^")[0])


def histories(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant original attributes, modified attributes, sources, requests, and signatures."""
    old = item(PatientName=patient.name, PatientID=patient.birth_number)
    dataset.OriginalAttributesSequence = Sequence([
        item(SourceOfPreviousValues=patient.hospital, AttributeModificationDateTime="20200101",
             ModifyingSystem=patient.operator.split("^")[0], ReasonForTheAttributeModification="CORRECT",
             ModifiedAttributesSequence=Sequence([old])),
    ])  # fmt: skip
    dataset.ModifiedAttributesSequence = Sequence([old])
    purpose = Sequence([code(f"Localizer {patient.family}")])
    source = item(ReferencedSOPClassUID=CT, ReferencedSOPInstanceUID="1.2.3.4.5.6",
                  PurposeOfReferenceCodeSequence=purpose, PatientOrientation=["A", "F"],
                  SeriesDescription=writings.of_name(patient, dice))  # fmt: skip
    dataset.SourceImageSequence = Sequence([source])
    request = item(
        RequestedProcedureID=patient.accession,
        AccessionNumber=patient.accession,
        ScheduledProcedureStepDescription=f"CT {writings.of_name(patient, dice)}",
    )
    dataset.RequestAttributesSequence = Sequence([request])
    signature = item(MACIDNumber=1, DigitalSignatureUID="1.2.3", CertificateType="X509_1993_SIG",
                     DigitalSignatureDateTime="20200101", CertificateOfSigner=patient.email.encode(),
                     Signature=f"{patient.number:<20}".encode())  # fmt: skip
    dataset[0xFFFAFFFA] = DataElement(0xFFFAFFFA, "SQ", Sequence([signature]))
    yield Planted("OriginalAttributesSequence", DIRECT, patient.birth_number)
    yield Planted("ModifiedAttributesSequence", DIRECT, patient.birth_number)
    yield Planted("SourceImageSequence", DIRECT, patient.telling)
    yield Planted("RequestAttributesSequence", DIRECT, patient.accession)
    yield Planted("OriginalAttributesSequence", INSTITUTION, patient.hospital)
    yield Planted("OriginalAttributesSequence", PERSON, patient.operator.split("^")[0])
    yield Planted("DigitalSignaturesSequence", DIRECT, patient.email)
