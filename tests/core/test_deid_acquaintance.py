"""What one study tells of a patient is known in the patient's others, and in nobody else's."""

from deidentifying import header_of, syntax_of
from headgate.core.deid.acquaintance import MOST_STUDIES, Acquaintance
from headgate.core.dicom.elements import encoding_of
from pydicom import Dataset


def met_with(*studies):
    met = Acquaintance()
    for uid, name, number, accession in studies:
        dataset = Dataset()
        dataset.AccessionNumber, dataset.PatientName, dataset.PatientID = accession, name, number
        dataset.StudyInstanceUID = uid
        met.meet(header_of(dataset), encoding_of(syntax_of(dataset)))
    return met.of_patients()


def test_the_accession_number_of_an_earlier_study_is_the_patients():
    found = met_with(
        ("1.1", "Berg^Liv", "4711815", "RX-2023-551"),
        ("1.2", "Berg^Liv", "4711815", "RX-2024-118"),
        ("1.3", "Dahl^Siv", "4711816", "RX-2024-119"),
        ("1.4", "Berg^Liv", "9911816", "RX-2024-120"),
    )
    assert found["1.1"] == found["1.2"]
    assert {"RX-2023-551", "RX-2024-118", "4711815"} == set(found["1.2"].numbers)
    assert set(found["1.3"].numbers) == {"4711816", "RX-2024-119"}
    assert set(found["1.4"].numbers) == {"9911816", "RX-2024-120"}


def test_studies_that_name_nobody_are_of_nobody_together():
    found = met_with(("1.1", "", "4711815", "RX-1000"), ("1.2", "Anonymous", "4711815", "RX-2000"))
    assert set(found["1.1"].numbers) == {"4711815", "RX-1000"}


def test_a_phantom_of_many_studies_does_not_carry_the_numbers_of_all():
    several = [(f"1.{one}", "Daily^Quality", "PHANTOM1", f"RX-{one:05}") for one in range(1, 100)]
    assert len(several) > MOST_STUDIES
    assert set(met_with(*several)["1.7"].numbers) == {"PHANTOM1", "RX-00007"}
