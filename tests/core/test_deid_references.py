"""What an output refers to is told, by the UIDs that it leaves with."""

import pytest
from deidentifying import header_of
from headgate.core.deid.engine import deidentify
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.memory import Memory
from headgate.core.deid.uids import replace_uid
from headgate.core.dicom.elements import encoding_of
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

RECIPE = Recipe("LUNG", "LUNG-001", "baseline", project_key(b"k" * 32, "LUNG"))


def item(**values):
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def instance(syntax, number=1):
    made = item(
        SOPClassUID="1.2.840.10008.5.1.4.1.1.481.3", SOPInstanceUID=f"1.2.3.{number}",
        StudyInstanceUID="1.2.4", SeriesInstanceUID="1.2.5", Modality="RTSTRUCT",
        PatientName="Nordmann^Kari", PatientID="PID4711",
        ReferencedImageSequence=[item(ReferencedSOPInstanceUID=f"1.2.7.{number}")],
    )  # fmt: skip
    contour = item(ContourImageSequence=[item(ReferencedSOPInstanceUID="1.2.8")])
    series = item(SeriesInstanceUID="1.2.9", ContourImageSequence=contour.ContourImageSequence)
    study = item(RTReferencedSeriesSequence=[series])
    made.ReferencedFrameOfReferenceSequence = [item(RTReferencedStudySequence=[study])]
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    return header_of(made), encoding_of(syntax)


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_references_of_every_depth_are_told_by_their_new_uids(syntax):
    memory = Memory()
    for number in (1, 2, 3):  # the next of a series too
        found = deidentify(*instance(syntax, number), RECIPE, memory).references
        old = (f"1.2.7.{number}", "1.2.8", "1.2.9")
        assert set(found) == {replace_uid(uid, RECIPE) for uid in old}


def test_its_own_series_is_no_reference():
    header, encoding = instance(ExplicitVRLittleEndian)
    found = deidentify(header, encoding, RECIPE, Memory()).references
    assert replace_uid("1.2.5", RECIPE) not in found
