"""Black, in whatever samples mean; regions of ultrasound; places of devices; what readers see."""

from dataclasses import replace

import imaging
import numpy as np
import pytest
from headgate.core.pixels.blanking import black, blank, blank_outside, without_unused_bits
from headgate.core.pixels.boxes import Box
from headgate.core.pixels.description import Description, describe
from headgate.core.pixels.regions import Template, kept_regions, template_boxes
from headgate.core.pixels.rendering import contrasts, scale_of, upscaled, views
from pydicom import Dataset

REVERSED = np.repeat(np.arange(255, -1, -1)[:, None], 3, axis=1)
BLACK = {
    "MONOCHROME2 8 bit": 0,
    "MONOCHROME2 12 bit": 0,
    "PALETTE COLOR": 255,
    "RGB": (0, 0, 0),
    "RGB planar": (0, 0, 0),
    "YBR_FULL": (0, 128, 128),
    "YBR_FULL_422": (0, 128, 128),
}


@pytest.mark.parametrize("kind", BLACK)
def test_black_is_what_the_photometric_interpretation_shows_black(kind):
    image = imaging.KINDS[kind]
    palette = REVERSED if kind == "PALETTE COLOR" else None
    assert black(imaging.frame(image, None), image, palette) == BLACK[kind]


def test_D07_black_of_MONOCHROME1_is_its_highest_value():
    image = imaging.KINDS["MONOCHROME1 8 bit"]
    frame = imaging.frame(image, None)
    assert black(frame, image) == frame.max()


def test_black_of_signed_values_is_the_lowest_there_is_or_the_padding():
    image = imaging.KINDS["MONOCHROME2 signed"]
    frame = np.array([[-1000, 40]], np.int16)
    assert black(frame, image) == -1000
    assert black(frame, replace(image, padding=-2000)) == -2000
    assert black(frame, replace(image, padding=-40000)) == -1000


@pytest.mark.parametrize("kind", imaging.KINDS)
def test_a_box_is_uniform_afterwards_and_nothing_else_changed(kind):
    image = imaging.KINDS[kind]
    palette = REVERSED if kind == "PALETTE COLOR" else None
    frame = imaging.frame(image, imaging.ink())
    box = Box(20, 40, 180, 58)
    after = blank(frame, [box], image, palette)
    inside = after[box.top : box.bottom, box.left : box.right]
    assert (inside == inside[0, 0]).all()
    outside = np.ones(frame.shape[:2], bool)
    outside[box.top : box.bottom, box.left : box.right] = False
    assert np.array_equal(after[outside], frame[outside])


def test_pairs_that_share_a_colour_are_blanked_together():
    image = imaging.KINDS["YBR_FULL_422"]
    frame = imaging.frame(image, None)
    after = blank(frame, [Box(21, 0, 31, 5)], image)
    assert (after[:5, 20:32, 0] == 0).all()
    assert np.array_equal(after[:, :20], frame[:, :20])
    assert np.array_equal(after[:, 32:], frame[:, 32:])


def test_outside_the_regions_all_is_black():
    image = imaging.KINDS["MONOCHROME2 8 bit"]
    frame = imaging.frame(image, imaging.ink())
    kept = Box(0, 80, 256, 192)
    after = blank_outside(frame, [kept], image)
    assert not after[:80].any()
    assert np.array_equal(after[80:], frame[80:])


def test_regions_are_read_from_the_header_both_corners_within():
    item = Dataset()
    item.RegionLocationMinX0, item.RegionLocationMinY0 = 10, 20
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = 99, 5000
    header = Dataset()
    header.Rows, header.Columns, header.BitsAllocated, header.BitsStored = 192, 256, 8, 8
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    assert kept_regions(describe(header)) is None
    header.SequenceOfUltrasoundRegions = [item]
    assert kept_regions(describe(header)) == [Box(10, 20, 100, 192)]


def test_a_devices_places_are_those_of_its_name_and_size():
    image = Description("RGB", 600, 800, 3, manufacturer="Philips Medical Systems", model="iU22")
    assert template_boxes(image) == [Box(0, 0, 800, 59)]
    assert template_boxes(replace(image, rows=601)) == []
    assert template_boxes(replace(image, model="other")) == []
    mine = Template("philips", "other", 600, 800, (Box(700, 0, 900, 20),))
    assert template_boxes(replace(image, model="other"), [mine]) == [Box(700, 0, 800, 20)]


def test_bits_that_hold_no_sample_are_cleared_and_signs_carried_on():
    image = imaging.KINDS["MONOCHROME2 12 bit"]
    assert without_unused_bits(np.array([0xF123], np.uint16), image).tolist() == [0x123]
    image = imaging.KINDS["MONOCHROME2 signed 12 bit"]
    assert without_unused_bits(np.array([0x0FFF], np.int16), image).tolist() == [-1]


def test_text_brighter_than_all_and_text_in_a_narrow_window_each_have_a_view():
    grey = np.zeros((100, 100), np.float32)
    grey[:50] = np.linspace(0, 100, 50)[:, None]
    grey[99, 99] = 30000.0
    assert len(contrasts(grey)) == 2
    assert len(contrasts(grey, (4000.0, 5000.0))) == 3
    assert contrasts(np.zeros((9, 9), np.float32)) == []


def test_coloured_text_as_bright_as_its_ground_has_a_view_of_its_own():
    image = imaging.KINDS["RGB"]
    frame = np.full((192, 256, 3), 76, np.uint8)
    frame[imaging.ink()] = (254, 0, 0)  # the luminance of red is 76
    seen = [view.image[:: view.scale, :: view.scale] for view in views(frame, image)]
    text, ground = imaging.ink(), ~imaging.ink()
    assert any(abs(one[text].mean() - one[ground].mean()) > 100 for one in seen)


@pytest.mark.parametrize(
    ("size", "times"), [((64, 80), 4), ((480, 640), 2), ((1024, 256), 1), ((2000, 1500), 1)]
)
def test_small_frames_are_enlarged(size, times):
    assert scale_of(*size) == times
    assert upscaled(np.zeros((3, 5), np.uint8), times).shape == (3 * times, 5 * times)


def test_enlarging_keeps_even_grey_even():
    assert (upscaled(np.full((4, 6), 77, np.uint8), 3) == 77).all()
