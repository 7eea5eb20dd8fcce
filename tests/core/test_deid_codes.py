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


def coded(value, scheme, meaning):
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def of_code(patient, number, code):
    """The code and its meaning that leave, within the item of another one."""
    dataset = an_image(patient, AnatomicRegionSequence=Sequence([coded(*code)]))
    region = dataset.AnatomicRegionSequence[0]
    region.AnatomicRegionModifierSequence = Sequence([coded(*code)])
    dataset.PatientID, dataset.PatientBirthDate = number, "19570312"
    assert not leaks_of(dataset, RECIPE)
    region = deidentify(dataset, RECIPE).AnatomicRegionSequence[0]
    found = region.AnatomicRegionModifierSequence[0]
    assert (found.CodeValue, found.CodeMeaning) == (region.CodeValue, region.CodeMeaning)
    return found.CodeValue, found.CodeMeaning


@pytest.mark.parametrize(
    ("patient", "number", "code"),
    [
        ("Brain^Ole", "4711815", ("T-A0100", "SRT", "Brain")),
        ("Brain^Ole", "4711815", ("12738006", "SCT", "Brain structure")),
        ("Left^Hand", "4711815", ("7771000", "SCT", "Left")),
        ("Breast^Ann", "4711815", ("RPID1234", "RADLEX", "MR Breast with contrast")),
        ("Berg^Liv", "1100", ("T-D1100", "SRT", "Head")),
        ("Berg^Liv", "1234", ("1234-5", "LN", "CT of it")),
        ("Berg^Liv", "121060", ("121060", "DCM", "History")),
    ],
)
def test_codes_of_public_schemes_and_what_they_mean_stay(patient, number, code):
    assert of_code(patient, number, code) == (code[0], code[2])


@pytest.mark.parametrize(
    ("patient", "code"),
    [
        ("Brain^Ole", ("T-A0100", "SRT", "Ole Brain")),
        ("Brain^Ole", ("T-A0100", "SRT", "Brain 4711815")),
        ("Brain^Ole", ("T-A0100", "SRT", "Brain O'Grady")),
        ("Brain^Ole", ("T-A0100", "99OURS", "Brain")),
        ("Brain^Ole", ("4711815-1", "LN", "Brain Hansen")),
        ("Head^Brain", ("1111-1", "LN", "Head Brain")),
        ("White^Ole", ("1111-1", "LN", "White")),
        ("Hansen^Liv", ("T-A0100", "SRT", "Hansen")),
    ],
)
def test_names_in_the_place_of_meanings_do_not(patient, code):
    words = {word.lower() for word in patient.split("^")}
    assert not words & set(of_code(patient, "4711815", code)[1].lower().split())


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("1234", ("1234", "99OURS", "CT")), ("1234", ("1234", "I10", "CT")),
        ("4711815", ("4711815", "SCT", "CT")), ("4711815", ("C4711815", "UMLS", "CT")),
        ("4711815", ("19570312", "SCT", "CT")), ("4711815", ("120357", "DCM", "CT")),
        ("4711815", ("KVISTVAAG", "DCM", "CT")),
    ],
)  # fmt: skip
def test_numbers_and_names_in_the_place_of_codes_do_not(number, code):
    assert of_code("Kvistvaag^Liv", number, code)[0] in ("REMOVED", "C")
