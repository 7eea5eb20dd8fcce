"""Data sets that are not quite as PS3.5 says, and can be judged all the same."""

import struct

import pytest
from deidentifying import dataset_of
from headgate.core.deid.engine import deidentify
from headgate.core.deid.identity import Recipe
from headgate.core.deid.memory import Memory
from headgate.core.dicom.elements import Encoding, Malformed, header_end
from headgate.core.dicom.filemeta import TRANSFER_SYNTAX, file_head, read_meta
from headgate.stores.dicomfiles import Instance

EXPLICIT = Encoding(is_implicit=False, is_little=True)
LITTLE = "1.2.840.10008.1.2.1"
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", b"a project's secret of 32 bytes..")


def element(tag, vr, value):
    value += b" " * (len(value) % 2)
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if vr in (b"UN", b"OW"):
        return start + vr + struct.pack("<HI", 0, len(value)) + value
    return start + vr + struct.pack("<H", len(value)) + value


HEAD = [
    element(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.2\0"),
    element(0x00080018, b"UI", b"1.2.3.4.1\0"),
]
TAIL = [
    element(0x00100010, b"PN", b"Hammersmark^Torunn"),
    element(0x0020000D, b"UI", b"1.2.3.4\0"),
]
PIXELS = element(0x7FE00010, b"OW", bytes(8))


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("is_item_open", [True, False])
def test_a_sequence_as_unknown_may_have_kept_the_vrs_of_its_elements(is_open, is_item_open):
    inner = element(0x0008103E, b"LO", b"serie Hammersmark tse")
    length = b"\xff" * 4 if is_item_open else struct.pack("<I", len(inner))
    end = b"\xfe\xff\x0d\xe0\0\0\0\0" if is_item_open else b""
    item = b"\xfe\xff\x00\xe0" + length + inner + end
    whole = element(0x00081250, b"UN", item)
    if is_open:
        whole = b"\x08\0\x50\x12UN\0\0" + b"\xff" * 4 + item + b"\xfe\xff\xdd\xe0\0\0\0\0"
    data = b"".join([*HEAD, whole, *TAIL])
    header = deidentify(data, EXPLICIT, RECIPE, Memory()).header()
    result = dataset_of(header, EXPLICIT)
    assert result.RelatedSeriesSequence[0].SeriesDescription == "serie tse"


@pytest.mark.parametrize("zeros", [1, 8, 509])
def test_zeros_after_a_data_set_are_none_of_it(zeros):
    data = b"".join([*HEAD, *TAIL])
    assert header_end(data + bytes(zeros), EXPLICIT) == len(data)
    instance = Instance(memoryview(data + bytes(zeros)), LITTLE, "", memoryview(b""))
    assert instance.pixels_from(len(data)) == []


@pytest.mark.parametrize("rest", [b"Hammersmark was here", b"\xff" * 20, b"\0" * 5])
def test_what_follows_the_pixels_need_not_be_readable(rest):
    instance = Instance(memoryview(PIXELS + rest), LITTLE, "", memoryview(b""))
    assert instance.pixels_from(0) == [PIXELS]


@pytest.mark.parametrize("data", [PIXELS[:-1], PIXELS + PIXELS[:10], b"\1\2\3"])
def test_pixels_that_are_cut_off_are_not_passed_over(data):
    instance = Instance(memoryview(data), LITTLE, "", memoryview(b""))
    with pytest.raises(Malformed):
        instance.pixels_from(0)


def test_the_meta_information_of_an_older_file_that_was_left_behind_a_newer_ones_tells_nothing():
    newer = file_head("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1", "1.2.840.10008.1.2.4.70")
    older = file_head("1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.9", LITTLE)[132:]
    found, start = read_meta(newer + older + HEAD[0])
    assert (found[TRANSFER_SYNTAX], start) == ("1.2.840.10008.1.2.4.70", len(newer + older))


def test_a_number_as_unknown_whose_sign_is_told_elsewhere_stays_as_it_came():
    padding = element(0x00280120, b"UN", struct.pack("<h", -2000))
    sign = element(0x00280103, b"US", struct.pack("<H", 1))
    data = b"".join([*HEAD, *TAIL, sign, padding])
    assert padding in deidentify(data, EXPLICIT, RECIPE, Memory()).header()


@pytest.mark.parametrize(("age", "left"), [(b"045Y", b"045Y"), (b"24", b"24"), (b"19620315", b"")])
def test_an_age_without_its_unit_stays(age, left):
    data = b"".join([*HEAD, TAIL[0], element(0x00101010, b"AS", age), TAIL[1]])
    header = deidentify(data, EXPLICIT, RECIPE, Memory()).header()
    assert element(0x00101010, b"AS", left) in header


def test_a_uid_of_a_class_that_is_made_of_the_patients_number_does_not_stay():
    number = element(0x00100020, b"LO", b"44812207")
    classes = b"1.2.276.9.44812207\\1.2.276.9.4"
    data = b"".join(
        [HEAD[0], HEAD[1], element(0x0008001A, b"UI", classes), TAIL[0], number, TAIL[1]]
    )
    cleaned = deidentify(data, EXPLICIT, RECIPE, Memory())
    assert b"44812207" not in cleaned.header()
