"""The Siemens CSA header, made here and as nibabel ships it."""

import struct
from pathlib import Path
from warnings import catch_warnings, simplefilter

import nibabel
import pytest
from deidentifying import plain_header
from headgate.core.classify.csa import NAMES, csa_values
from nibabel.openers import Opener
from pydicom import Dataset, dcmread

SHIPPED = Path(nibabel.__file__).parent / "nicom/tests/data"


def csa_element(name, values):
    """One element of a CSA2 header: name, multiplicity, VR, item count, and the items."""
    data = struct.pack("64si4siii", name.encode(), len(values), b"IS", 6, 6, 77)
    for index in range(6):
        text = f"{values[index]}".encode() + b"\0" if index < len(values) else b""
        padded = text + b"\0" * (-len(text) % 4)
        data += struct.pack("4i", 0, len(text), 77, 0) + padded
    return data


def a_header(**elements):
    body = b"".join(csa_element(name, values) for name, values in elements.items())
    blob = b"SV10\4\3\2\1" + struct.pack("2I", len(elements), 77) + body
    dataset = Dataset()
    block = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    block.add_new(0x10, "OB", blob + b"\0" * (len(blob) % 2))
    return dataset


def test_values_are_read():
    header = a_header(PhaseEncodingDirectionPositive=[1], MosaicRefAcqTimes=[0, 5, 10])
    assert csa_values(plain_header(header)) == {
        "PhaseEncodingDirectionPositive": 1,
        "MosaicRefAcqTimes": 3,
    }


@pytest.mark.parametrize("blob", [b"", b"SV10", b"SV10\4\3\2\1\xff\xff\xff\x7f", b"words" * 9])
def test_a_broken_header_has_no_values(blob):
    dataset = a_header()
    dataset[0x00291010].value = blob
    assert csa_values(plain_header(dataset)) == {}


def test_a_header_without_one_has_no_values():
    assert csa_values(plain_header(Dataset())) == {}


REAL = ("csa_slice_norm.dcm", "siemens_dwi_0.dcm.gz", "siemens_dwi_1000.dcm.gz")


@pytest.mark.parametrize("name", REAL)
def test_real_headers_are_read_as_nibabel_reads_them(name):
    with Opener(SHIPPED / name) as file:
        dataset = dcmread(file)
    with catch_warnings():
        simplefilter("ignore")  # that its readers are new
        from nibabel.nicom import csareader
    tags = csareader.get_csa_header(dataset, "image")["tags"]
    expected = {one: tags[one]["items"] for one, _ in NAMES if tags.get(one, {}).get("items")}
    found = csa_values(plain_header(dataset))
    assert len(expected) >= 3
    assert found.keys() == expected.keys()
    for one, is_counted in NAMES:
        if one in expected:
            several = expected[one]
            single = several[0] if len(several) == 1 else several
            assert found[one] == (len(several) if is_counted else single)
