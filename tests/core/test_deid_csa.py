"""Siemens' CSA headers leave with their measures and without their patient."""

import gzip
import struct
import warnings
from io import BytesIO
from pathlib import Path

import nibabel
import pytest
from deidentifying import deidentify
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.rules import csa
from headgate.core.deid.rules.profile import Profile
from pydicom import Dataset, dcmread

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from nibabel.nicom import csareader

SHIPPED = Path(nibabel.__file__).parent / "nicom/tests/data"
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", project_key(b"k" * 32, "LUNG"))
# what research reads: diffusion, mosaics, distortion correction
WANTED = (
    "B_value", "DiffusionGradientDirection", "B_matrix", "DiffusionDirectionality",
    "SliceNormalVector", "NumberOfImagesInMosaic", "MosaicRefAcqTimes",
    "BandwidthPerPixelPhaseEncode", "PhaseEncodingDirectionPositive", "SliceMeasurementDuration",
)  # fmt: skip
GARBAGE = b"\0Nordmann^Kari"
PROTOCOL = b"""<XProtocol> { <ParamString."PatientName"> { "Nordmann^Kari" } }
### ASCCONV BEGIN object=MrProtDataImpl ###
tSequenceFileName	 = 	"%SiemensSeq%\\ep2d_diff"
sPatient.flUsedPatientWeight	 = 	71.5
tPatientName	 = 	"Nordmann^Kari"
sSliceArray.asSlice[0].dThickness	 = 	2.5 # Kari
sSliceArray.lSize	 = 	0x28
lCounter	 = 	4711
### ASCCONV END ###
"""


def header(values, garbage=b""):
    """A CSA header of the second kind: (name, VR) to values, with garbage after every zero."""
    parts = [b"SV10\4\3\2\1", struct.pack("<2I", len(values), 77)]
    for (name, vr), items in values.items():
        filled = (name.encode() + garbage).ljust(64, b"\0")
        parts.append(struct.pack("<64si4s3i", filled, len(items), vr.encode(), 6, len(items), 77))
        for item in items:
            data = item + (garbage or b"\0")
            parts += [struct.pack("<4i", len(data), len(data), 77, len(data)), data]
            parts.append(bytes(-len(data) % 4))
    return b"".join(parts)


def read(blob):
    return {name: tag["items"] for name, tag in csareader.read(blob)["tags"].items()}


def nobody(_):
    return False


def dataset(blob, number=0x10, **values):
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.3"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.Modality = "1.2.4", "1.2.5", "MR"
    made.PatientName, made.PatientID = "Nordmann^Kari", "4711"
    made.private_block(0x0029, "SIEMENS CSA HEADER", create=True).add_new(number, "OB", blob)
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


@pytest.mark.parametrize("name", ["siemens_dwi_0", "siemens_dwi_1000"])
def test_what_diffusion_needs_of_a_real_header_stays(name):
    before = dcmread(BytesIO(gzip.decompress((SHIPPED / f"{name}.dcm.gz").read_bytes())))
    after = deidentify(before, RECIPE)
    old, new = read(before[0x0029, 0x1010].value), read(after[0x0029, 0x1010].value)
    found = {one: old[one] for one in WANTED if old.get(one)}
    assert len(found) >= 5
    assert {one: new[one] for one in found} == found
    assert set(new) < set(old)


def test_what_names_the_patient_goes_and_what_lay_after_a_zero():
    blob = header(
        {
            ("PatientName", "LO"): [b"Nordmann^Kari"],
            ("PatReinPattern", "ST"): [b"1;HFS;71.50"],
            ("UsedPatientWeight", "DS"): [b"71.5"],
            ("AcquisitionDate", "DS"): [b"20240229"],
            ("FrameOfReferenceUID", "UI"): [b"1.2.3"],
            ("ImageHistory", "LO"): [b"seen by Nordmann"],
            ("B_value", "IS"): [b"1000"],
            ("SliceResolution", "DS"): [b"Nordmann"],
            ("ImaCoilString", "LO"): [b"HEA;HEP"],
        },
        GARBAGE,
    )
    after = deidentify(dataset(blob), RECIPE)[0x0029, 0x1010].value
    assert read(after) == {"B_value": [1000], "ImaCoilString": ["HEA;HEP"]}
    assert b"ordmann" not in after


def test_a_number_of_the_patients_goes_where_it_stands_as_a_measure_too():
    blob = header({("SomeCounter", "IS"): [b"4711"], ("B_value", "IS"): [b"1000"]})
    assert read(deidentify(dataset(blob), RECIPE)[0x0029, 0x1010].value) == {"B_value": [1000]}


def test_of_the_protocol_the_numbers_stay():
    blob = header({("MrPhoenixProtocol", "UN"): [PROTOCOL]})
    after = deidentify(dataset(blob, 0x20), RECIPE)[0x0029, 0x1020].value
    assert read(after)["MrPhoenixProtocol"][0].split() == [
        "###", "ASCCONV", "BEGIN", "###",
        "sSliceArray.asSlice[0].dThickness", "=", "2.5",
        "sSliceArray.lSize", "=", "0x28",
        "###", "ASCCONV", "END", "###",
    ]  # fmt: skip


def test_a_header_of_the_first_kind_becomes_one_of_the_second():
    items = [b"1000\0", b"", b""]
    blob = struct.pack("<2I", 1, 77)
    blob += struct.pack("<64si4s3i", b"B_value", 1, b"IS", 6, 3, 77)
    for item in items:
        blob += struct.pack("<4i", len(item) + 3, 0, 77, 0) + item + bytes(-len(item) % 4)
    assert read(csa.rewritten(blob, nobody)) == {"B_value": [1000]}


@pytest.mark.parametrize(
    "blob",
    [b"", b"SV10", b"SV10\4\3\2\1\xff\xff\xff\x7f", b"words" * 40, bytes(range(256)) * 8,
     header({("B_value", "IS"): [b"1000"]})[:-9]],
)  # fmt: skip
def test_what_is_no_csa_header_goes(blob):
    assert csa.rewritten(blob, nobody) is None
    assert (0x0029, 0x1010) not in deidentify(dataset(blob), RECIPE)


def test_without_the_option_it_goes_whole():
    strict = Recipe("L", "P", "e", b"k" * 32, profile=Profile(safe_private=False))
    blob = header({("B_value", "IS"): [b"1000"]})
    assert (0x0029, 0x1010) not in deidentify(dataset(blob), strict)
