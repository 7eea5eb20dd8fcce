"""From the texts that were found to the boxes that are blanked, orientation marks left out."""

from collections.abc import Iterable

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
SURE_FROM, LETTER_SURE_FROM = 0.5, 0.9


def boxes_to_blank(words: Iterable[Word], rows: int, columns: int) -> list[Box]:
    """Given the texts found in a frame of so many rows and columns, return the boxes to blank.

    They are grown by a margin; those that touch are one.
    """
    boxes = (
        word.box for word in words if not (is_mark(word, rows, columns) or _is_anatomy(word, rows))
    )
    return padded(boxes, rows, columns)


def padded(boxes: Iterable[Box], rows: int, columns: int) -> list[Box]:
    """Given boxes around texts in a frame, return them with a margin; those that touch are one."""
    grown_ones = map(_padded, boxes)
    return merged(box for one in grown_ones if (box := clipped(one, rows, columns)))


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


def reduced(word: Word, scale: int, left: int = 0, top: int = 0) -> Word:
    """Given a text found in an enlarged part of a frame that begins at a place, return it where it
    stands in the frame itself.
    """
    box = word.box
    place = Box(
        left + box.left // scale,
        top + box.top // scale,
        left + -(-box.right // scale),
        top + -(-box.bottom // scale),
    )
    return word._replace(box=place)


def _is_anatomy(word: Word, rows: int) -> bool:
    """Return whether a bone or a sector was taken for text: what is large is read with confidence,
    and a large letter by itself names nobody.
    """
    is_letter = len(word.text.strip()) == 1
    is_doubtful = word.confidence < LETTER_SURE_FROM if is_letter else not is_sure(word)
    return is_doubtful and word.box.height > rows * LETTER_AT_MOST


def _is_outer(place: float) -> bool:
    return not BORDER < place < 1 - BORDER


def _is_middle(place: float) -> bool:
    return MIDDLE_FROM <= place <= MIDDLE_TO


def _padded(box: Box) -> Box:
    pad = max(PAD_LEAST, round(PAD_SHARE * min(box.width, box.height)))
    return grown(box, pad, pad)
