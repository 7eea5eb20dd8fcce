"""The frames of one instance without the text burned into them, in memory from end to end."""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from headgate.core.deid.profile import Profile
from headgate.core.errors import Rejected
from headgate.core.pixels.blanking import blank, blank_outside
from headgate.core.pixels.boxes import Box, Word
from headgate.core.pixels.description import Description, describe
from headgate.core.pixels.finding import boxes_to_blank, is_sure, reduced, unchanged
from headgate.core.pixels.regions import kept_regions, template_boxes
from headgate.core.pixels.rendering import views
from headgate.stores import ocr, pixeldata
from headgate.stores.dicomfiles import Instance, understanding

Reader = Callable[[np.ndarray], list[Word]]
# Text found after blanking is blanked as well; what is still there after so many rounds is held.
ROUNDS = 4


class Cleaning(NamedTuple):
    """How the frames of an instance are cleaned."""

    image: Description
    palette: np.ndarray | None
    kept: list[Box] | None
    masks: list[Box]
    read: Reader


def clean_pixels(
    instance: Instance, profile: Profile, read: Reader = ocr.words
) -> pixeldata.Written:
    """Given an instance and a profile, return its frames without text, encoded anew.

    Raise Rejected where a frame cannot be decoded, or text is left in it: with the frame's
    number, never with what was read. Raise Misconfigured where there is no reader.
    """
    with understanding():
        image = describe(instance.header)
        palette = pixeldata.palette_of(instance.header, image)
    decoded, frames = pixeldata.opened(instance.pixels, instance.transfer_syntax, image)
    cleaning = Cleaning(
        decoded, palette, kept_regions(image), template_boxes(image, profile.pixel_templates), read
    )
    return pixeldata.recoded(_cleaned(frames, cleaning), instance.transfer_syntax, decoded)


def _cleaned(frames: Iterator[np.ndarray], how: Cleaning) -> Iterator[np.ndarray]:
    """Yield each frame without its text; a frame that was seen before is not read again."""
    seen: dict[bytes, list[Box]] = {}
    boxes: list[Box] = []
    before = np.empty(0)
    for number, frame in enumerate(frames, 1):
        masked = _masked(frame, how)
        digest = hashlib.sha256(masked.tobytes()).digest()
        if digest not in seen:
            seen[digest] = _boxes(masked, unchanged(boxes, before, masked), number, how)
        before, boxes = masked, seen[digest]
        yield blank(masked, boxes, how.image, how.palette)


def _masked(frame: np.ndarray, how: Cleaning) -> np.ndarray:
    if how.kept is not None:
        frame = blank_outside(frame, how.kept, how.image, how.palette)
    return blank(frame, how.masks, how.image, how.palette)


def _boxes(frame: np.ndarray, known: list[Box], number: int, how: Cleaning) -> list[Box]:
    """Return the boxes without which a frame has no text, which is read again to be sure."""
    boxes = list(known)
    rows, columns = how.image.rows, how.image.columns
    for attempt in range(ROUNDS):
        words = _words(blank(frame, boxes, how.image, how.palette), how)
        # at first whatever looks like text is blanked; then only what is text keeps it from going
        found = boxes_to_blank(filter(is_sure, words) if attempt else words, rows, columns)
        if not found:
            return boxes
        boxes += found
    raise Rejected(f"text is left in frame {number} after blanking")


def _words(frame: np.ndarray, how: Cleaning) -> list[Word]:
    return [
        reduced(word, view.scale)
        for view in views(frame, how.image, how.palette)
        for word in how.read(view.image)
    ]
