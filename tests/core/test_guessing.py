"""Files that do not tell how they are encoded: read where one reading alone fits, else refused."""

import factories
import pytest
from headgate.core.dicom.elements import encoding_of
from headgate.core.dicom.guessing import PLAIN
from headgate.core.errors import Rejected
from headgate.stores.dicomfiles import encode, take_apart, understanding

IMPLICIT, EXPLICIT, BIG = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"


def dataset_in(syntax):
    (made,) = factories.Study("guess").instances(1)
    made.set_original_encoding(*encoding_of(syntax))
    pixels = made.pop("PixelData").value
    head, _ = encode(made, [], syntax)
    group = (0x7FE0).to_bytes(2, "big" if syntax == BIG else "little")
    number = (0x10).to_bytes(2, "big" if syntax == BIG else "little")
    length = len(pixels).to_bytes(4, "big" if syntax == BIG else "little")
    vr = b"" if syntax == IMPLICIT else b"OW\0\0"
    return head + group + number + vr + length + pixels


def meta_of(*elements, is_implicit=False):
    found = b""
    for number, vr, value in elements:
        data = value.encode() + bytes(len(value) % 2)
        length = len(data).to_bytes(4, "little") if is_implicit else vr + bytes([len(data), 0])
        found += b"\x02\0" + number.to_bytes(2, "little") + length + data
    return found


def taken(file):
    with understanding():
        return take_apart(file)


@pytest.mark.parametrize("syntax", sorted(PLAIN))
@pytest.mark.parametrize("before", [b"", bytes(128) + b"DICM"])
def test_a_data_set_without_meta_information_is_read(syntax, before):
    instance = taken(before + dataset_in(syntax))
    assert instance.transfer_syntax == syntax
    assert instance.header.PatientID
    assert len(instance.pixels) == 1


@pytest.mark.parametrize("syntax", sorted(PLAIN))
@pytest.mark.parametrize("rest", [bytes(333), b"what a larger file had there"])
def test_what_stands_behind_the_pixels_tells_nothing(syntax, rest):
    instance = taken(dataset_in(syntax) + rest)
    assert instance.transfer_syntax == syntax
    assert len(instance.pixels) == 1


@pytest.mark.parametrize("told", sorted(PLAIN))
@pytest.mark.parametrize("syntax", sorted(PLAIN))
def test_what_is_told_wrongly_is_read_as_it_is(syntax, told):
    meta = meta_of((2, b"UI", "1.2"), (0x10, b"UI", told))
    assert taken(bytes(128) + b"DICM" + meta + dataset_in(syntax)).transfer_syntax == syntax


@pytest.mark.parametrize("is_implicit", [True, False])
@pytest.mark.parametrize("before", [b"", bytes(128) + b"DICM"])
def test_meta_information_is_read_without_preamble_and_in_either_representation(
    before, is_implicit
):
    meta = meta_of((0x10, b"UI", IMPLICIT), is_implicit=is_implicit)
    instance = taken(before + meta + dataset_in(IMPLICIT))
    assert instance.transfer_syntax == IMPLICIT
    assert instance.header.PatientID


def test_meta_information_without_transfer_syntax_is_no_hindrance():
    meta = meta_of((2, b"UI", "1.2"), (0x12, b"UI", "1.2.3"))
    assert taken(bytes(128) + b"DICM" + meta + dataset_in(BIG)).transfer_syntax == BIG


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-3],
        lambda data: data[1:],
        lambda data: b"\x09" + data[1:],
        lambda data: data[:4] + b"ZZ" + data[6:],
        lambda data: data[: len(data) // 2] + b"\0" + data[len(data) // 2 :],
        lambda data: data[8 + data[6] :] + data[: 8 + data[6]],
        lambda data: b"not a DICOM file, whatever its name says",
        lambda data: b"",
    ],
)
def test_what_is_damaged_is_not_guessed(damage):
    with pytest.raises(Rejected):
        taken(damage(dataset_in(EXPLICIT)))


def test_compressed_pixels_of_an_untold_syntax_are_refused():
    plain = dataset_in(EXPLICIT)
    head = plain[: plain.rindex(b"\xe0\x7f\x10\0OW")]
    ends = b"\xfe\xff\x00\xe0" + bytes(4) + b"\xfe\xff\xdd\xe0" + bytes(4)
    with pytest.raises(Rejected):
        taken(head + b"\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff" + ends)
