"""Headers as plain values: as pydicom decodes them, and as far as they can be read."""

import struct
import warnings
from pathlib import Path

import pydicom
import pytest
from deidentifying import plain_header
from headgate.core.dicom.elements import EXPLICIT, IMPLICIT
from headgate.core.dicom.header import Header
from headgate.core.errors import Rejected
from headgate.stores.dicomfiles import read_plain_header
from pydicom import Dataset
from pydicom.multival import MultiValue

PACKAGED = Path(pydicom.__file__).parent / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data"
FILES = sorted({*PACKAGED.rglob("*.dcm"), *SHARED.glob("*/*")})
BULK = {"OB", "OD", "OF", "OL", "OV", "OW", "UN", "SQ", "OB or OW", "US or OW", "US or SS or OW"}
SYNTAXES = {
    EXPLICIT: pydicom.uid.ExplicitVRLittleEndian,
    IMPLICIT: pydicom.uid.ImplicitVRLittleEndian,
}


def decoded_by_pydicom(path):
    """The values by tag of whatever pydicom can decode; None where it cannot."""
    dataset, found = pydicom.dcmread(path, force=True, stop_before_pixels=True), {}
    for tag in dataset.keys():  # noqa: SIM118
        try:
            element = dataset[tag]
        except (ValueError, TypeError, NotImplementedError):
            found[tag] = None
            continue
        is_number = element.VR not in ("DS", "IS") or not isinstance(element.value, str)
        if element.VR not in BULK and tag.group & 0xFFFE != 0x7FE0 and tag.element and is_number:
            found[tag] = alike(element.value)
    return found


def alike(value):
    """A value as it can be compared: without padding, and numbers as such."""
    if isinstance(value, MultiValue | list):
        return [alike(one) for one in value]
    if value is None or isinstance(value, int | float):
        return value
    return str(value).strip() or None


def test_values_are_those_that_pydicom_decodes():
    compared = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for path in FILES:
            try:
                header = read_plain_header(path)
            except Rejected:
                continue
            for tag, value in decoded_by_pydicom(path).items():
                if value is not None:
                    assert alike(header.value(int(tag))) == value, (path.name, tag)
                    compared += 1
    assert compared > 3000


@pytest.mark.parametrize("encoding", SYNTAXES)
def test_vendors_elements_have_their_values_where_their_creator_is_told(encoding):
    dataset = Dataset()
    block = dataset.private_block(0x0043, "GEMS_PARM_01", create=True)
    block.add_new(0x39, "IS", [1000, 8, 0, 0])
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = SYNTAXES[encoding]
    header = plain_header(dataset)
    assert header.value(0x00431039) == [1000, 8, 0, 0]
    assert header.value(0x00430010) == "GEMS_PARM_01"


@pytest.mark.parametrize(("is_signed", "value"), [(0, 65535), (1, -1)])
def test_pixel_values_have_the_sign_of_the_pixels(is_signed, value):
    dataset = Dataset()
    dataset.PixelRepresentation = is_signed
    dataset.add_new(0x00280120, "SS" if is_signed else "US", value)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = SYNTAXES[IMPLICIT]
    assert plain_header(dataset).get("PixelPaddingValue") == value


def test_items_inherit_the_character_set_of_what_they_lie_in():
    item, dataset = Dataset(), Dataset()
    item.CodeMeaning = "Bjørn"
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.ProcedureCodeSequence = [item]
    (found,) = plain_header(dataset).items("ProcedureCodeSequence")
    assert found.get("CodeMeaning") == "Bjørn"
    assert not list(found.items("ProcedureCodeSequence"))


def element(group, number, vr, value):
    return struct.pack("<HH2sH", group, number, vr, len(value)) + value


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        (b"IS", b"1A"),
        (b"DS", b"nan "),
        (b"FD", b"abcd"),
        (b"DS", b"\\"),
        (b"LO", b"  "),
        (b"XX", b"ab"),
    ],
)
def test_a_value_that_cannot_be_told_hides_no_other(vr, value):
    data = element(0x0008, 0x0060, b"CS", b"CT") + element(0x0020, 0x0013, vr, value)
    header = Header(data + element(0x0020, 0x0020, b"CS", b"L\\P "), EXPLICIT)
    assert header.get("InstanceNumber") in (None, [None, None])
    assert (header.get("Modality"), header.get("PatientOrientation")) == ("CT", ["L", "P"])
    assert header.text("PatientOrientation") == "L\\P"
    assert header.text("PatientID") == ""


def test_what_breaks_off_is_read_as_far_as_it_goes():
    data = element(0x0008, 0x0060, b"CS", b"CT") + element(0x0010, 0x0020, b"LO", b"12345 ")
    header = Header(data[:-2], EXPLICIT)
    assert list(header.tags) == [0x00080060]
    sequence = struct.pack("<HH2sHI", 0x0008, 0x1032, b"SQ", 0, 8) + bytes(8)
    assert not list(Header(sequence, EXPLICIT).items("ProcedureCodeSequence"))
