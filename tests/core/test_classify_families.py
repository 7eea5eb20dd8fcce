"""The rules that come with the gateway, on headers made for each family and on real ones."""

import json
from contextlib import suppress
from pathlib import Path

import pydicom
import pytest
from deidentifying import header_of, plain_header
from headgate.core.classify.csa import csa_values
from headgate.core.classify.rules import classify, load_rules
from headgate.core.classify.values import header_values, orientation
from headgate.core.dicom.elements import EXPLICIT
from headgate.core.dicom.header import Header
from headgate.core.errors import Rejected
from headgate.stores.dicomfiles import read_plain_header
from pydicom import Dataset

HERE = Path(__file__)
RULES = load_rules(json.loads((HERE.parents[2] / "config/classify-rules.json").read_text()))
PACKAGED = Path(pydicom.__file__).parent / "data" / "test_files"
SHARED = HERE.parents[3] / "shared" / "data"
STORAGE = "1.2.840.10008.5.1.4.1.1."
AXIAL, SAGITTAL, CORONAL = [1, 0, 0, 0, 1, 0], [0, 1, 0, 0, 0, -1], [1, 0, 0, 0, 0, -1]


def types_of(dataset, **series):
    header = plain_header(dataset)
    return classify(RULES, header_values(header), {**csa_values(header), **series})


def types_in(path):
    header = read_plain_header(path)
    return classify(RULES, header_values(header), csa_values(header))


def a_header(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Manufacturer": "SIEMENS"}, ["SIEMENS"]),
        ({"Manufacturer": "Siemens Healthineers"}, ["SIEMENS"]),
        ({"Manufacturer": "GE MEDICAL SYSTEMS"}, ["GE"]),
        ({"Manufacturer": "GEORGE"}, []),
        ({"Manufacturer": "Philips Medical Systems"}, ["PHILIPS"]),
        ({"Manufacturer": "TOSHIBA_MEC"}, ["CANON"]),
        ({"Manufacturer": "Canon Medical"}, ["CANON"]),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "M"]}, ["original"]),
        ({"ImageType": ["DERIVED", "SECONDARY", "ORIGINAL"]}, ["derived"]),
        ({"Manufacturer": "SIEMENS", "ImageType": ["ORIGINAL", "PRIMARY", "MOSAIC"]},
         ["SIEMENS", "original", "mosaic"]),
        ({"Manufacturer": "GE", "ImageType": ["ORIGINAL", "PRIMARY", "MOSAIC"]},
         ["GE", "original"]),
        ({"ImageOrientationPatient": AXIAL}, ["axial"]),
        ({"ImageOrientationPatient": SAGITTAL}, ["sagittal"]),
        ({"ImageOrientationPatient": CORONAL}, ["coronal"]),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0.7, -0.7]}, ["oblique"]),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, ["original", "localizer"]),
        ({"SeriesDescription": "3-Plane Loc"}, ["localizer"]),
        ({"SeriesDescription": "AAHead_Scout"}, ["localizer"]),
        ({"Modality": "CT", "ContrastBolusAgent": "Omnipaque 350"},
         ["CT", "contrast", "CT with contrast"]),
        ({"Modality": "CT", "ContrastBolusAgent": "NONE"}, ["CT", "CT without contrast"]),
        ({"Modality": "CT", "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
         ["CT", "original", "localizer"]),
        ({"Modality": "CT", "ConvolutionKernel": "B70f"},
         ["CT", "CT without contrast", "CT sharp kernel"]),
        ({"Modality": "CT", "ConvolutionKernel": ["Br40d", "3"]},
         ["CT", "CT without contrast", "CT soft kernel"]),
        ({"Modality": "MR", "SeriesDescription": "t1_mprage_sag"}, ["MR", "T1"]),
        ({"Modality": "MR", "SeriesDescription": "Ax T2 FSE"}, ["MR", "T2"]),
        ({"Modality": "MR", "SeriesDescription": "Sag T2 FLAIR"}, ["MR", "FLAIR"]),
        ({"Modality": "MR", "SeriesDescription": "t2_swi"}, ["MR", "T2*"]),
        ({"Modality": "MR", "SeriesDescription": "T2* GRE"}, ["MR", "T2*"]),
        ({"Modality": "MR", "SeriesDescription": "ep2d_diff_3scan"}, ["MR", "diffusion"]),
        ({"Modality": "MR", "DiffusionBValue": 1000.0}, ["MR", "diffusion"]),
        ({"Modality": "MR", "DiffusionBValue": 0.0}, ["MR"]),
        ({"Modality": "MR", "SequenceName": "*epfid2d1_64"}, ["MR", "fMRI"]),
        ({"Modality": "MR", "SeriesDescription": "rest bold"}, ["MR", "fMRI"]),
        ({"Modality": "MR", "SeriesDescription": "TOF_3D_multi-slab"}, ["MR", "angiography"]),
        ({"Modality": "MR", "ScanningSequence": "SE", "RepetitionTime": 500, "EchoTime": 12},
         ["MR", "T1"]),
        ({"Modality": "MR", "ScanningSequence": "SE", "RepetitionTime": 4000, "EchoTime": 95},
         ["MR", "T2"]),
        ({"Modality": "MR", "InversionTime": 2500, "EchoTime": 120}, ["MR", "FLAIR"]),
        ({"Modality": "PT"}, ["PET"]),
        ({"Modality": "US"}, ["US"]),
        ({"SOPClassUID": STORAGE + "7"}, ["secondary capture"]),
        ({"SOPClassUID": STORAGE + "77.1.6"}, []),
        ({"Modality": "PR", "SOPClassUID": STORAGE + "11.1"}, ["PR", "presentation state"]),
        ({"Modality": "SR", "SOPClassUID": STORAGE + "88.33"}, ["SR", "structured report"]),
        ({"Modality": "RTDOSE", "SOPClassUID": STORAGE + "481.2"}, ["RT dose"]),
        ({"SOPClassUID": STORAGE + "481.3"}, ["RT structure set"]),
        ({"SOPClassUID": STORAGE + "481.5"}, ["RT plan"]),
        ({}, []),
    ],
)  # fmt: skip
def test_families(values, expected):
    assert types_of(a_header(**values)) == expected


def test_a_series_in_three_planes_is_a_localizer():
    planes = {"ClassifyType": ["axial", "coronal", "sagittal"]}
    assert types_of(a_header(Modality="MR"), NumFiles=3, **planes) == ["MR", "localizer"]
    assert types_of(a_header(Modality="MR"), NumFiles=900, **planes) == ["MR"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CT_small.dcm", {"GE", "CT", "original", "axial", "CT with contrast"}),
        ("MR_small.dcm", {"CANON", "MR", "axial", "T2"}),
        ("rtplan.dcm", {"RT plan"}),
        ("rtdose.dcm", {"RT dose"}),
        ("test-SR.dcm", {"structured report"}),
        ("SC_rgb_jpeg.dcm", {"secondary capture"}),
        ("examples_ybr_color.dcm", {"US"}),
    ],
)
def test_packaged_files(name, expected):
    assert expected <= set(types_in(PACKAGED / name))


@pytest.mark.skipif(not SHARED.is_dir(), reason="real data are not here")
def test_real_files_never_stop_the_rules_and_have_the_type_of_their_folder():
    expected = {"CT": "CT", "MR": "MR", "US": "US", "SR": "structured report",
                "SC": "secondary capture", "PR": "presentation state",
                "RTDOSE": "RT dose", "PT": "PET"}  # fmt: skip
    known = 0
    for file in sorted(SHARED.glob("*/*")):
        with suppress(Rejected):
            known += expected.get(file.parent.name) in types_in(file)
    assert known >= 0.9 * sum(len(list((SHARED / name).glob("*"))) for name in expected)


@pytest.mark.parametrize(
    ("cosines", "name"),
    [
        (AXIAL, "axial"),
        ([0.99, 0.1, 0, -0.1, 0.99, 0.05], "axial"),
        ([0, -1, 0, 0, 0, -1], "sagittal"),
        (CORONAL, "coronal"),
        ([1, 0, 0, 0, 0.87, 0.5], "oblique"),
        ([1, 0, 0], None),
        ([0] * 6, None),
        ([1, 0, 0, 1, 0, 0], None),
    ],
)
def test_orientation(cosines, name):
    assert orientation(cosines) == name


def test_header_values_have_keywords_and_numbers_and_pass_over_broken_elements():
    dataset = a_header(Modality="CT", ImageType=["ORIGINAL", "PRIMARY"], Rows=512)
    dataset.add_new(0x00511009, "LO", "private")
    broken = b"\x20\0\x13\0FD\3\0abc"
    found = header_values(Header(broken + header_of(dataset), EXPLICIT))
    assert found["Modality"] == found["0008,0060"] == "CT"
    assert found["ImageType"] == ["ORIGINAL", "PRIMARY"]
    assert found["0051,1009"] == "private"
    assert found["Rows"] == 512
    assert "InstanceNumber" not in found


def test_an_enhanced_object_has_its_plane_in_the_functional_groups():
    plane, groups = a_header(ImageOrientationPatient=CORONAL), Dataset()
    groups.PlaneOrientationSequence = [plane]
    for keyword in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        found = header_values(plain_header(a_header(**{keyword: [groups]})))
        assert found["Orientation"] == "coronal"
