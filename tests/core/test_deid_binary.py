"""The patient's numbers in elements that hold numbers, not texts."""

import struct

import pytest
from deidentifying import deidentify, leaks_of
from headgate.core.deid.identity import Recipe, project_key
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

KEY = project_key(b"a site's secret of thirty-two b.", "LUNG")
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", KEY)
NUMBER, BORN = 4711815, 19620316
SPECTRAL_WIDTH, REGION_FLAGS, B1_RMS = 0x00189052, 0x00186016, 0x00181320
LUT_DATA, SIEMENS, GE = 0x00283006, 0x00191000, 0x00251000
SYNTAXES = (ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian)


def left_of(tag, vr, value, syntax=ExplicitVRLittleEndian, block=None):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = "Hammersmark^Per", f"PAS{NUMBER}"
    dataset.PatientBirthDate = str(BORN)
    if block:
        dataset.private_block(tag >> 16, block, create=True)
    dataset.add_new(tag, vr, value)
    assert not leaks_of(dataset, RECIPE)
    return deidentify(dataset, RECIPE)[tag].value


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("number", [NUMBER, BORN])
@pytest.mark.parametrize(
    ("tag", "vr"), [(SPECTRAL_WIDTH, "FD"), (REGION_FLAGS, "UL"), (B1_RMS, "FL")]
)
def test_a_number_of_the_patient_is_none_of_the_machine(tag, vr, number, syntax):
    assert left_of(tag, vr, number, syntax) == 0
    assert left_of(tag, vr, number + 64, syntax) == number + 64


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_numbers_beside_it_stay(syntax):
    values = [1.5, float(NUMBER), -2.25]
    assert list(left_of(SPECTRAL_WIDTH, "FD", values, syntax)) == [1.5, 0, -2.25]


def test_one_that_stands_across_two_others_is_chance():
    first, second = struct.unpack("<2I", b"\1\2" + struct.pack("<I", NUMBER) + b"\3\4")
    assert list(left_of(REGION_FLAGS, "UL", [first, second])) == [first, second]


@pytest.mark.parametrize("vr", ["FD", "UN"])
def test_it_is_none_of_a_vendor_either(vr):
    values = (float(NUMBER), 0.0, 1.0)
    value = struct.pack("<3d", *values) if vr == "UN" else list(values)
    found = left_of(SIEMENS | 0x0E, vr, value, block="SIEMENS MR HEADER")
    assert list(found) == [0, 0, 1]
    assert left_of(GE | 0x07, "SL", NUMBER, block="GEMS_SERS_01") == 0


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (struct.pack("<I", NUMBER), bytes(4)), (struct.pack(">d", NUMBER), bytes(8)),
        (b"\1\2" + struct.pack("<I", NUMBER), b"\1\2" + struct.pack("<I", NUMBER)),
    ],
)  # fmt: skip
def test_of_bytes_a_value_that_is_nothing_else_is_told_from_chance(data, expected):
    assert left_of(LUT_DATA, "OW", data) == expected


@pytest.mark.parametrize(
    "text", ["4711815", "4711815.0", "+4711815", "0004711815", "4.711815e+06", "19620316.00"]
)
def test_it_is_known_as_a_decimal_is_written(text):
    assert left_of(0x00181050, "DS", text) == 0


def test_a_birth_number_is_somebodys_whoever_it_is():
    assert left_of(SPECTRAL_WIDTH, "FD", 30103175255.0) == 0
    assert left_of(SPECTRAL_WIDTH, "FD", 30103175256.0) == 30103175256
    assert left_of(SPECTRAL_WIDTH, "FD", 30103175255.5) == 30103175255.5


@pytest.mark.parametrize("number", ["0000000001", "00000012", "0001000"])
def test_a_number_of_zeros_is_not_looked_for_among_counts(number):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = "Hammersmark^Per", number
    dataset.DimensionIndexValues, dataset.SliceThickness = [int(number), 7], f"{int(number):e}"
    cleaned = deidentify(dataset, RECIPE)
    assert list(cleaned.DimensionIndexValues) == [int(number), 7]
    assert float(cleaned.SliceThickness) == int(number)
