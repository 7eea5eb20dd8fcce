"""Private blocks whose creators are listed as safe, however they are written."""

import pytest
from deidentifying import deidentify, leaks_of
from headgate.core.deid.identity import Recipe, project_key
from pydicom import Dataset

RECIPE = Recipe(
    "LUNG", "LUNG-001", "baseline", project_key(b"a site's secret of thirty-two b.", "LUNG")
)
BLOCKS = (0x20011003, 0x2005100D, 0x2005100E)


def a_philips_image(patient, *creators):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = patient, "4711815"
    diffusion = dataset.private_block(0x2001, creators[0], create=True)
    diffusion.add_new(0x03, "FL", 1000.0)
    scale = dataset.private_block(0x2005, creators[1], create=True)
    scale.add_new(0x0D, "FL", 0.5)
    scale.add_new(0x0E, "FL", 2.25)
    scale.add_new(0x20, "LO", "Philips^Jan")
    return dataset


@pytest.mark.parametrize(
    "creators",
    [
        ("Philips Imaging DD 001", "Philips MR Imaging DD 001"),
        ("PHILIPS IMAGING DD 001", "PHILIPS MR IMAGING DD 001"),  # of older releases
    ],
)
@pytest.mark.parametrize("patient", ["Hammersmark^Per", "Philips^Jan"])
def test_measures_stay_whoever_the_patient_is(patient, creators):
    dataset = a_philips_image(patient, *creators)
    assert not leaks_of(dataset, RECIPE)
    cleaned = deidentify(dataset, RECIPE)
    assert [cleaned[tag].value for tag in BLOCKS] == [1000.0, 0.5, 2.25]
    assert (cleaned[0x20010010].value, cleaned[0x20050010].value) == creators
    assert 0x20051020 not in cleaned
