"""Code strings: those of the standard stay, whoever is called like them; names do not."""

import pytest
from deidentifying import deidentify, leaks_of
from headgate.core.deid.identity import Recipe, project_key
from pydicom import Dataset
from pydicom.sequence import Sequence

KEY = project_key(b"a site's secret of thirty-two b.", "LUNG")
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", KEY)


def an_image(patient, **values):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = patient, "4711815"
    dataset.ReferringPhysicianName = "Skjelbred^Torgunn"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    ("patient", "keyword", "value"),
    [
        ("Pancreas^Ole", "BodyPartExamined", "PANCREAS"),
        ("Primary^Ann", "ImageType", ["ORIGINAL", "PRIMARY", "AXIAL"]),
        ("Norm^Siri", "CorrectedImage", ["DECY", "NORM"]),
        ("Beam^Jim", "DoseSummationType", "BEAM"),
    ],
)
def test_what_the_standard_defines_stays(patient, keyword, value):
    dataset = an_image(patient, **{keyword: value})
    dataset.ReferencedImageSequence = Sequence([an_image("", **{keyword: value})])
    assert not leaks_of(dataset, RECIPE)
    cleaned = deidentify(dataset, RECIPE)
    assert cleaned[keyword].value == value
    assert cleaned.ReferencedImageSequence[0][keyword].value == value


@pytest.mark.parametrize("code", ["PANCREAS_OLE", "OLE PANCREAS", "XPANCREAS"])
def test_what_it_does_not_define_is_read(code):
    dataset = an_image("Pancreas^Ole", BodyPartExamined=code)
    assert not leaks_of(dataset, RECIPE)
    assert deidentify(dataset, RECIPE).BodyPartExamined == "REMOVED"


@pytest.mark.parametrize("code", ["SKJELBRED", "DR_SKJELBRED", "SKJELBRED T"])
def test_people_around_the_patient_are_no_codes(code):
    cleaned = deidentify(an_image("Berg^Liv", ScanOptions=["FS", code]), RECIPE)
    assert list(cleaned.ScanOptions) == ["FS", "REMOVED"]


@pytest.mark.parametrize("text", ["by tskjelbred", "skjelbredt", "by TSKJELBRED"])
def test_what_machines_call_them_is_cut_from_texts(text):
    cleaned = deidentify(an_image("Berg^Liv", SeriesDescription=f"T1 {text} sag"), RECIPE)
    assert "skjelbred" not in cleaned.SeriesDescription.lower()
    assert cleaned.SeriesDescription.startswith("T1")
