"""What a reader is shown of a frame, and what is made of its map of likely text."""

from dataclasses import replace

import imaging
import numpy as np
import pytest
from headgate.core.pixels.blobs import blobs, text_boxes
from headgate.core.pixels.boxes import Box, Word, around_all, common
from headgate.core.pixels.changes import changed, unchanged
from headgate.core.pixels.finding import boxes_to_blank
from headgate.core.pixels.rendering import narrowest, views

GREY = imaging.KINDS["MONOCHROME2 8 bit"]


def test_a_likely_line_becomes_a_box_grown_by_its_area_and_perimeter():
    likelihood = np.zeros((64, 128))
    likelihood[20:30, 10:70] = 0.8
    (box,) = text_boxes(likelihood, 0.3)
    assert box == Box(3, 13, 78, 38)
    assert text_boxes(likelihood * 0.5, 0.5) == []


def test_specks_are_no_text():
    likelihood = np.zeros((64, 64))
    likelihood[5, 5:40] = 0.9
    assert text_boxes(likelihood, 0.3) == []


@pytest.mark.parametrize("turned", [False, True])
def test_a_shape_that_joins_late_is_one_blob(turned):
    mask = np.zeros((6, 9), bool)
    mask[0:5, 0], mask[0:5, 4], mask[0:5, 8], mask[5, :] = True, True, True, True
    mask[2, 2] = True
    several = blobs(mask[::-1] if turned else mask)
    assert sorted(sum(run.right - run.left for run in runs) for runs in several) == [1, 24]


def test_what_differs_by_more_than_noise_is_read_and_what_does_not_is_not():
    read = np.full((100, 100), 50, np.uint8)
    assert changed(read + np.uint8(5), read, 6) is None
    frame = read.copy()
    frame[50, 60] = 90
    box = changed(frame, read, 6)
    assert box is not None
    assert common(box, Box(60, 50, 61, 51)) == Box(60, 50, 61, 51)
    assert unchanged([Box(0, 0, 20, 20), Box(55, 45, 65, 55)], read, frame, 6) == [
        Box(0, 0, 20, 20)
    ]


def test_noise_is_measured_by_the_narrowest_window_and_a_palette_has_none():
    image = replace(imaging.KINDS["MONOCHROME2 12 bit"], window=(100.0, 300.0))
    assert narrowest(imaging.frame(image, None), image) == 200
    palette = np.zeros((256, 3), np.uint8)
    one = imaging.KINDS["PALETTE COLOR"]
    assert narrowest(imaging.frame(one, None), one, palette) == 0


def test_a_part_of_a_frame_is_shown_where_it_stands():
    frame = imaging.frame(GREY, imaging.ink())
    part = Box(10, 40, 200, 60)
    for view in views(frame, GREY, None, part, 2):
        assert (view.left, view.top, view.scale) == (10, 40, 2)
        assert view.image.shape == (40, 380)


def test_colours_are_looked_at_where_they_are():
    image = imaging.KINDS["RGB"]
    frame = np.repeat(imaging.frame(GREY, None)[..., None], 3, axis=2)
    frame[100:110, 100:120] = (250, 20, 20)
    *_, coloured = views(frame, image)
    assert coloured.image.shape[0] < 192 * coloured.scale / 2
    assert around_all(np.zeros((4, 4), bool), 2) is None


@pytest.mark.parametrize(
    ("text", "confidence", "is_blanked"),
    [("V", 0.7, False), ("V", 0.95, True), ("NORD", 0.7, True), ("NORD", 0.4, False)],
)
def test_a_sector_that_was_taken_for_a_large_letter_stays(text, confidence, is_blanked):
    word = Word(text, Box(100, 100, 300, 250), confidence)
    assert bool(boxes_to_blank([word], 400, 500)) == is_blanked
