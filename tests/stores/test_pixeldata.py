"""Frames out of every transfer syntax and back into it without loss."""

from dataclasses import replace

import imaging
import numpy as np
import pytest
from headgate.core.errors import Rejected
from headgate.core.pixels import stored
from headgate.core.pixels.description import describe
from headgate.stores import pixeldata
from headgate.stores.dicomfiles import take_apart
from pydicom import Dataset

NATIVE = {
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "big endian": "1.2.840.10008.1.2.2",
    "deflated": "1.2.840.10008.1.2.1.99",
}
RLE, LS, J2K = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
ENCODED = {
    "RLE": RLE,
    "JPEG-LS": LS,
    "JPEG 2000": J2K,
    "JPEG 2000 any": "1.2.840.10008.1.2.4.91",
    "JPEG lossless": "1.2.840.10008.1.2.4.70",
    "JPEG lossless any": "1.2.840.10008.1.2.4.57",
}
GREY = [kind for kind in imaging.KINDS if "MONOCHROME" in kind or kind == "PALETTE COLOR"]
CASES = [
    *((kind, syntax) for kind in imaging.KINDS for syntax in NATIVE.values()),
    *((kind, syntax) for kind in GREY for syntax in ENCODED.values()),
    *((kind, syntax) for kind in ("RGB", "YBR_FULL") for syntax in ENCODED.values()),
]


def made(kind, count=2):
    image = imaging.KINDS[kind]
    return image, [imaging.frame(image, imaging.ink() if at else None) for at in range(count)]


@pytest.mark.parametrize(("kind", "syntax"), CASES)
def test_frames_come_back_as_they_went_in(kind, syntax):
    image, frames = made(kind)
    again = imaging.frames_of(imaging.file_of(image, frames, syntax, NumberOfFrames=2))
    assert len(again) == 2
    assert all(np.array_equal(one, other) for one, other in zip(frames, again, strict=True))


@pytest.mark.parametrize(("kind", "syntax"), CASES)
def test_another_reader_sees_the_same(kind, syntax):
    image, frames = made(kind)
    dataset = imaging.read_back(imaging.file_of(image, frames, syntax, NumberOfFrames=2))
    array = dataset.pixel_array
    if image.samples == 1 or image.photometric == "RGB":
        assert np.array_equal(array, np.stack(frames))
    else:
        assert abs(array[..., 0].astype(int) - np.stack(frames)[..., 0]).max() <= 1


@pytest.mark.parametrize("syntax", [*NATIVE.values(), *ENCODED.values()])
def test_D08_what_has_an_encoder_stays_in_its_syntax(syntax):
    assert stored.written_syntaxes(syntax)[0] == syntax


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.201"])
def test_what_has_none_comes_out_uncompressed(syntax):
    assert stored.written_syntaxes(syntax) == ("1.2.840.10008.1.2.1",)


@pytest.mark.parametrize("syntax", [LS, J2K])
def test_what_this_machine_has_no_encoder_for_comes_out_uncompressed(syntax, monkeypatch):
    image, frames = made("MONOCHROME2 8 bit", 2)
    image = replace(image, frames=2)
    monkeypatch.setattr(pixeldata, "get_encoder", NoEncoder)
    written = pixeldata.recoded(iter(frames), syntax, image)
    assert written.transfer_syntax == NATIVE["explicit"]
    _, again = pixeldata.opened([memoryview(b"".join(written.pixels))], NATIVE["explicit"], image)
    assert all(np.array_equal(one, other) for one, other in zip(frames, again, strict=True))


class NoEncoder:
    """As pydicom answers where a package is not installed, as pyjpegls on Python 3.14."""

    def __init__(self, syntax):
        self.syntax = syntax

    def encode(self, *_, **__):
        raise RuntimeError("none of the available plugins can encode")


def test_single_bits_of_several_frames_follow_each_other():
    image = imaging.Description(
        "MONOCHROME2", 3, 5, frames=2, bits_allocated=1, bits_stored=1, high_bit=0
    )
    frames = [np.eye(3, 5, dtype=np.uint8), 1 - np.eye(3, 5, dtype=np.uint8)]
    written = pixeldata.recoded(iter(frames), "1.2.840.10008.1.2.1", image)
    _, again = pixeldata.opened([memoryview(b"".join(written.pixels))], NATIVE["explicit"], image)
    assert all(np.array_equal(one, other) for one, other in zip(frames, again, strict=True))


def test_bytes_in_words_of_big_endian_are_not_swapped():
    image, frames = made("MONOCHROME2 8 bit", 1)
    file = imaging.file_of(image, frames, NATIVE["big endian"])
    assert b"\x7f\xe0\x00\x10OB" in file
    one = take_apart(file)
    value = bytes(one.pixels[0][12:])
    words = np.frombuffer(value, "<u2").astype(">u2").tobytes()
    element = b"\x7f\xe0\x00\x10OW" + bytes(one.pixels[0][6:12]) + words
    _, again = pixeldata.opened([memoryview(element)], NATIVE["big endian"], image)
    assert np.array_equal(next(again), frames[0])


def test_frames_are_decoded_when_their_turn_comes():
    image, frames = made("MONOCHROME2 8 bit", 2)
    one = imaging.instance(image, frames, RLE, NumberOfFrames=2)
    broken = bytearray(one.pixels[0])
    broken[-40:-8] = bytes(32)
    _, several = pixeldata.opened([memoryview(broken)], RLE, describe(one.header))
    assert np.array_equal(next(several), frames[0])
    with pytest.raises(Rejected, match="frame 2 cannot be decoded"):
        next(several)


@pytest.mark.parametrize(
    ("syntax", "reason"),
    [
        ("1.2.840.10008.1.2.4.100", "frame 1 cannot be decoded"),
        ("1.2.3", "frame 1 cannot be decoded"),
        (J2K, "frame 1 cannot be decoded"),
    ],
)
def test_D07_what_cannot_be_decoded_is_rejected(syntax, reason):
    image, frames = made("MONOCHROME2 8 bit", 1)
    one = imaging.instance(image, frames, RLE)
    with pytest.raises(Rejected, match=reason):
        pixeldata.opened(one.pixels, syntax, describe(one.header))


def test_fewer_frames_than_the_header_says_are_rejected():
    image, frames = made("MONOCHROME2 8 bit", 2)
    one = imaging.instance(image, frames, RLE, NumberOfFrames=3)
    _, several = pixeldata.opened(one.pixels, RLE, describe(one.header))
    with pytest.raises(Rejected):
        list(several)


def test_numbers_in_floating_point_are_no_frames():
    image, frames = made("MONOCHROME2 8 bit", 1)
    one = imaging.instance(image, frames)
    floating = memoryview(b"\xe0\x7f\x08\0OF\0\0\4\0\0\0" + bytes(4))
    assert stored.has_frames(one.pixels, one.transfer_syntax)
    assert not stored.has_frames([floating], one.transfer_syntax)


def test_a_palette_that_is_missing_is_rejected():
    with pytest.raises(Rejected, match="palette"):
        pixeldata.palette_of(Dataset(), imaging.KINDS["PALETTE COLOR"])


@pytest.mark.parametrize(
    "values",
    [{"PhotometricInterpretation": "CMYK"}, {"SamplesPerPixel": 4}, {"Rows": 0}, {"HighBit": 7}],
)
def test_frames_that_cannot_be_described_are_rejected(values):
    image, frames = made("MONOCHROME2 12 bit", 1)
    one = imaging.instance(image, frames, **values)
    with pytest.raises(Rejected):
        pixeldata.opened(one.pixels, one.transfer_syntax, describe(one.header))
