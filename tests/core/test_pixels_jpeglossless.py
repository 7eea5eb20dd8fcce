"""Lossless JPEG: what is written is read again by a decoder that others wrote."""

import imaging
import numpy as np
import pytest
from headgate.core.pixels.jpeglossless import encode
from libjpeg import decode


def image_of(rows, columns, bits, samples=1):
    return imaging.Description(
        "MONOCHROME2" if samples == 1 else "RGB", rows, columns, samples, bits_stored=bits
    )


@pytest.mark.parametrize("bits", [8, 10, 12, 15, 16])
@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (300, 7), (7, 300)])
def test_noise_of_any_depth_and_size_comes_back(bits, shape):
    frame = np.random.default_rng(bits).integers(0, 1 << bits, shape).astype("u2")
    again = decode(encode(frame, image_of(*shape, bits)))
    assert np.array_equal(again.reshape(shape), frame)


def test_the_largest_steps_there_are_come_back():
    frame = np.array([[0, 65535, 0, 32768], [32768, 0, 32767, 65535]], "u2")
    assert np.array_equal(decode(encode(frame, image_of(2, 4, 16))), frame)


def test_three_samples_a_pixel_come_back():
    frame = np.random.default_rng(0).integers(0, 256, (40, 30, 3)).astype("u1")
    assert np.array_equal(decode(encode(frame, image_of(40, 30, 8, 3)), 0), frame)


def test_a_smooth_image_becomes_smaller():
    frame = imaging.frame(imaging.KINDS["MONOCHROME2 12 bit"], None)
    assert len(encode(frame, imaging.KINDS["MONOCHROME2 12 bit"])) < frame.nbytes / 2
