"""Which of the texts that were found are blanked: all but orientation marks where they stand."""

import pytest
from headgate.core.pixels.boxes import Box, Word, merged
from headgate.core.pixels.changes import unchanged
from headgate.core.pixels.finding import boxes_to_blank, is_mark, is_sure, reduced

ROWS, COLUMNS = 400, 500
LEFT, RIGHT = Box(5, 190, 20, 210), Box(480, 190, 495, 210)
TOP, BOTTOM = Box(240, 5, 255, 25), Box(240, 375, 255, 395)
CORNER, CENTRE = Box(5, 5, 20, 25), Box(240, 190, 255, 210)


@pytest.mark.parametrize("letter", "APLRHFSI")
@pytest.mark.parametrize("box", [LEFT, RIGHT, TOP, BOTTOM])
def test_an_orientation_mark_at_the_middle_of_a_border_is_kept(letter, box):
    assert is_mark(Word(letter, box, 0.9), ROWS, COLUMNS)


@pytest.mark.parametrize("pair", ["RA", "PL", "HL", "AF", "ir", "SP"])
def test_a_pair_of_two_axes_is_kept(pair):
    assert is_mark(Word(pair, LEFT, 0.9), ROWS, COLUMNS)


@pytest.mark.parametrize("text", ["K", "1", "AP", "LR", "HF", "SI", "AA", "RAH", "", "Å"])
def test_D07_what_is_no_mark_is_blanked_though_it_is_one_character_or_two(text):
    assert not is_mark(Word(text, LEFT, 0.9), ROWS, COLUMNS)


@pytest.mark.parametrize("box", [CORNER, CENTRE, Box(5, 40, 20, 60), Box(60, 5, 80, 25)])
def test_D07_a_single_letter_elsewhere_is_blanked(box):
    assert not is_mark(Word("L", box, 0.9), ROWS, COLUMNS)


def test_a_large_or_doubtful_letter_is_blanked():
    assert not is_mark(Word("L", Box(0, 150, 100, 250), 0.9), ROWS, COLUMNS)
    assert not is_mark(Word("L", LEFT, 0.4), ROWS, COLUMNS)


def test_boxes_grow_by_a_margin_stay_within_the_frame_and_are_merged_where_they_touch():
    words = [
        Word("KJERSTI", Box(1, 1, 60, 21), 0.9),
        Word("NORDMANN", Box(62, 1, 140, 21), 0.9),
        Word("L", LEFT, 0.9),
    ]
    assert boxes_to_blank(words, ROWS, COLUMNS) == [Box(0, 0, 145, 26)]


def test_a_bone_that_was_taken_for_a_letter_is_not_blanked():
    bone, letter = Word("D", Box(100, 100, 300, 250), 0.4), Word("D", Box(100, 100, 120, 120), 0.4)
    assert boxes_to_blank([bone], ROWS, COLUMNS) == []
    assert boxes_to_blank([letter], ROWS, COLUMNS)


def test_merging_goes_on_until_no_two_touch():
    boxes = [Box(0, 0, 10, 10), Box(20, 0, 30, 10), Box(9, 0, 21, 10), Box(50, 50, 60, 60)]
    assert merged(boxes) == [Box(0, 0, 30, 10), Box(50, 50, 60, 60)]


def test_a_box_of_an_enlarged_frame_covers_all_of_the_text_in_the_frame():
    assert reduced(Word("N", Box(3, 5, 9, 11), 0.9), 4).box == Box(0, 1, 3, 3)


def test_text_that_looks_as_in_the_frame_before_is_text_still():
    import numpy as np

    before = np.arange(100).reshape(10, 10)
    frame = before.copy()
    frame[8, 8] = 0
    same, other = Box(0, 0, 5, 5), Box(5, 5, 10, 10)
    assert unchanged([same, other], before, frame) == [same]


@pytest.mark.parametrize(
    ("text", "sure", "expected"), [("N", 0.9, True), ("N", 0.4, False), ("-.=", 0.9, False)]
)
def test_only_what_would_be_text_to_anybody_holds_an_instance(text, sure, expected):
    assert is_sure(Word(text, CENTRE, sure)) == expected
