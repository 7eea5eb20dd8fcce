"""From the texts that were found to the boxes that are blanked, orientation marks left out."""

from collections.abc import Iterable

import numpy as np

from headgate.core.pixels.boxes import Box, Word, clipped, grown, merged

# A reader's box cuts tall letters: it grows by a share of its height, two pixels at the least.
PAD_SHARE, PAD_LEAST = 0.25, 2
# PS3.3 C.7.6.1.1.1: anterior, posterior, left, right, head, foot; superior and inferior beside
AXES = ("AP", "LR", "HFSI")
LETTERS = "".join(AXES)
MARKS = frozenset({
    *LETTERS,
    *(one + other for one in LETTERS for other in LETTERS
      if not any(one in axis and other in axis for axis in AXES)),
})  # fmt: skip
# Where a mark stands: in the outer tenth of the frame, at the middle third of that border
BORDER, MIDDLE_FROM, MIDDLE_TO = 0.1, 1 / 3, 2 / 3
MARK_AT_MOST = 1 / 8
LETTER_AT_MOST = 1 / 6
# From here on a reader trusts itself; below it, anatomy often looks like a letter.
SURE_FROM = 0.5


def boxes_to_blank(words: Iterable[Word], rows: int, columns: int) -> list[Box]:
    """Given the texts found in a frame of so many rows and columns, return the boxes to blank.

    They are grown by a margin; those that touch are one.
    """
    boxes = (
        _padded(word.box)
        for word in words
        if not (is_mark(word, rows, columns) or _is_anatomy(word, rows))
    )
    return merged(box for one in boxes if (box := clipped(one, rows, columns)))


def is_sure(word: Word) -> bool:
    """Given a text, return whether it would be one to anybody: it has a letter or a digit."""
    return word.confidence >= SURE_FROM and any(map(str.isalnum, word.text))


def is_mark(word: Word, rows: int, columns: int) -> bool:
    """Given a text and the frame it stands in, return whether it is an orientation mark there.

    One letter, or two of different axes, small, at the middle of a border, and read with
    confidence: a single letter elsewhere is part of somebody's name.
    """
    box = word.box
    if word.text.strip().upper() not in MARKS or word.confidence < SURE_FROM:
        return False
    if box.width > columns * MARK_AT_MOST or box.height > rows * MARK_AT_MOST:
        return False
    across, down = (box.left + box.right) / 2 / columns, (box.top + box.bottom) / 2 / rows
    return (_is_outer(across) and _is_middle(down)) or (_is_outer(down) and _is_middle(across))


def reduced(word: Word, scale: int) -> Word:
    """Given a text found in an enlarged frame, return it where it stands in the frame itself."""
    left, top, right, bottom = word.box
    box = Box(left // scale, top // scale, -(-right // scale), -(-bottom // scale))
    return word._replace(box=box)


def unchanged(boxes: Iterable[Box], before: np.ndarray, frame: np.ndarray) -> list[Box]:
    """Given boxes with text in the frame before, return those that look the same in this one.

    What was text there is text here, whether or not the reader sees it again.
    """
    return [
        box
        for box in boxes
        if np.array_equal(
            before[box.top : box.bottom, box.left : box.right],
            frame[box.top : box.bottom, box.left : box.right],
        )
    ]


def _is_anatomy(word: Word, rows: int) -> bool:
    """Return whether a bone was taken for a letter: large letters are read with confidence."""
    return not is_sure(word) and word.box.height > rows * LETTER_AT_MOST


def _is_outer(place: float) -> bool:
    return not BORDER < place < 1 - BORDER


def _is_middle(place: float) -> bool:
    return MIDDLE_FROM <= place <= MIDDLE_TO


def _padded(box: Box) -> Box:
    pad = max(PAD_LEAST, round(PAD_SHARE * min(box.width, box.height)))
    return grown(box, pad, pad)
