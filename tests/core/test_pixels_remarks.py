"""Texts beside the pixels: comments of compressed streams, and what follows the frames."""

import pytest
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.dicom.elements import Encoding
from headgate.core.pixels.remarks import may_follow, size_of, without_remarks

EXPLICIT = Encoding(is_implicit=False, is_little=True)
PATIENT = Identifiers(names=("Hammersmark", "Torunn"), numbers=("FR2024871",))
NAME = b"Hammersmark^Torunn"
SCAN = b"\xff\xda" + bytes(range(1, 200)) + b"\xff\xd9"
WAVELET = b"\xff\x90" + bytes(range(1, 200)) + b"\xff\xd9"


def segment(marker, data):
    return b"\xff" + bytes([marker]) + (len(data) + 2).to_bytes(2, "big") + data


def compressed(*fragments):
    items = [
        b"\xfe\xff\x00\xe0" + len(one).to_bytes(4, "little") + one for one in (b"", *fragments)
    ]
    return b"\xe0\x7f\x10\0OB\0\0" + b"\xff" * 4 + b"".join(items) + b"\xfe\xff\xdd\xe0" + bytes(4)


def native(value):
    return b"\xe0\x7f\x10\0OW\0\0" + len(value).to_bytes(4, "little") + value


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (b"\xff\xd8" + segment(0xE0, b"JFIF\0") + b"\xff\xfe\0\x14", NAME, SCAN),
        (b"\xff\xd8\xff\xfe\0\x0c", b"Dr. Berger", SCAN),
        (b"\xff\xd8\xff\xe1\0\x14", NAME, SCAN),
        (b"\xff\xd8" + SCAN, NAME, b""),
        (b"\xff\x4f\xff\x64\0\x14", NAME, WAVELET),
        (b"\xff\x4f" + WAVELET, b"  nr FR2024871 ", b""),
        (bytes(64) + b"\x03\x01\x02", b"Hammersmark", b"~~"),  # RLE
        (b"\0\0\1\xb2", b"Hammersmark", bytes(9000)),  # MPEG-2: user data
    ],
)  # fmt: skip
def test_a_text_in_a_stream_is_blanked_and_nothing_else(before, text, after):
    pixels = compressed(before + text + after, before)
    (result,) = without_remarks([pixels], EXPLICIT, 0, PATIENT)
    assert result == compressed(before + bytes(len(text)) + after, before)


@pytest.mark.parametrize(
    "stream",
    [
        b"\xff\xd8" + segment(0xFE, b"Lavc58.54.100") + SCAN,
        b"\xff\xd8" + segment(0xEE, b"Adobe\0d\0\0\0\0\0") + SCAN,
        b"\xff\x4f" + segment(0x64, b"\0\1Kakadu-v5.2.1") + WAVELET,
        b"\xff\xd8\xff", b"\xff\xd8\xff\xfe\xff\xff", b"",
    ],
)  # fmt: skip
def test_what_names_nobody_is_not_copied(stream):
    pixels = [compressed(stream)]
    assert without_remarks(pixels, EXPLICIT, 0, PATIENT) is pixels


def test_a_text_after_native_frames_is_blanked():
    (result,) = without_remarks([native(bytes(8) + NAME)], EXPLICIT, 8, PATIENT)
    assert result == native(bytes(8) + bytes(18))


@pytest.mark.parametrize("size", [800, 20])
def test_a_text_in_the_place_of_frames_is_blanked(size):
    (result,) = without_remarks([native(bytes(8) + NAME + bytes(30))], EXPLICIT, size, PATIENT)
    assert result == native(bytes(8) + bytes(11) + b"^" + bytes(36))


def test_a_text_in_data_that_no_header_calls_an_image_is_blanked():
    (result,) = without_remarks([native(b"raw " + NAME + b" 2")], EXPLICIT, 0, PATIENT)
    assert result == native(b"raw " + bytes(11) + b"^" + bytes(6) + b" 2")
    pixels = [native(b"raw noise \xff\xd9 and no name")]
    assert without_remarks(pixels, EXPLICIT, 0, PATIENT) is pixels


def test_a_short_name_is_blanked_too_where_frames_are_cut_short():
    patient = Identifiers(names=("Zhang",))
    (result,) = without_remarks([native(bytes(9) + b" Zhang ")], EXPLICIT, 800, patient)
    assert result == native(bytes(9) + b" " + bytes(5) + b" ")


@pytest.mark.parametrize(("size", "expected"), [(12, False), (11, True), (30, True)])
def test_only_pixels_of_another_size_are_searched(size, expected):
    assert may_follow([native(bytes(12))], size) is expected


def test_the_size_of_frames_is_told_by_the_header():
    values = {
        0x00280002: b"\1\0", 0x00280008: b"3 ", 0x00280010: b"\4\0", 0x00280011: b"\5\0",
        0x00280100: b"\x10\0",
    }  # fmt: skip
    assert size_of(frozenset(values.items()), EXPLICIT) == 3 * 4 * 5 * 2
    del values[0x00280010]
    assert size_of(frozenset(values.items()), EXPLICIT) == 0
