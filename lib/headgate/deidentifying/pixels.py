"""The frames of one instance without the text burned into them, in memory from end to end."""

import hashlib
from collections.abc import Callable, Iterator
from functools import partial, reduce
from typing import NamedTuple

import numpy as np

from headgate.core.deid.identifiers.telling import NOBODY, Identifiers
from headgate.core.deid.rules.profile import Profile
from headgate.core.errors import Rejected
from headgate.core.pixels.blanking import blank, blank_outside, without_unused_bits
from headgate.core.pixels.boxes import Box, Word, around, of
from headgate.core.pixels.changes import NOISE, changed, unchanged
from headgate.core.pixels.description import Description, describe
from headgate.core.pixels.finding import boxes_to_blank, is_sure, padded, reduced
from headgate.core.pixels.misreading import names_patient
from headgate.core.pixels.regions import kept_regions, template_boxes
from headgate.core.pixels.rendering import MOST_TIMES, narrowest, views
from headgate.stores import ocr, pixeldata
from headgate.stores.dicomfiles import Instance, understanding

Judge = Callable[[str], bool]  # whether a text may be the patient's
Reader = Callable[[np.ndarray], list[Word]]
# Text found after blanking is blanked as well; what is still there after so many rounds is held.
ROUNDS = 4
# What differs in a frame from those before it is mostly anatomy that moves: it is enlarged less.
FOLLOWING_TIMES = 2


class Cleaning(NamedTuple):
    """How the frames of an instance are cleaned."""

    image: Description
    palette: np.ndarray | None
    kept: list[Box] | None
    masks: list[Box]
    read: Reader
    names: Judge


class Known(NamedTuple):
    """What was read so far, each place as it looked then, and where text stands in it."""

    read: np.ndarray
    boxes: list[Box]


def clean_pixels(
    instance: Instance,
    profile: Profile,
    identifiers: Identifiers = NOBODY,
    read: Reader = ocr.words,
) -> pixeldata.Written:
    """Given an instance, a profile and the patient's identifiers, return its frames without text,
    encoded anew; as they are stored, where there is none in any of them.

    Raise Rejected where a frame cannot be decoded, or text is left in it: with the frame's
    number, never with what was read; and where there is no reader.
    """
    with understanding():
        image = describe(instance.header)
        palette = pixeldata.palette_of(instance.header, image)
    decoded, frames = pixeldata.opened(instance.pixels, instance.transfer_syntax, image)
    masks = template_boxes(image, profile.pixel_templates)
    names = partial(names_patient, identifiers=identifiers)
    cleaning = Cleaning(decoded, palette, kept_regions(image), masks, read, names)
    touched: list[int] = []
    cleaned = _cleaned(frames, cleaning, touched)
    written = pixeldata.recoded(cleaned, instance.transfer_syntax, decoded)
    if touched:
        return written
    return pixeldata.Written(instance.pixels, instance.transfer_syntax, image)


def _cleaned(
    frames: Iterator[np.ndarray], how: Cleaning, touched: list[int]
) -> Iterator[np.ndarray]:
    """Yield each frame without its text; what was read before and looks the same is not again.

    The numbers of those that then differ are added to `touched`.
    """
    seen: dict[bytes, list[Box]] = {}
    before: Known | None = None
    for number, frame in enumerate(frames, 1):
        masked = _masked(without_unused_bits(frame, how.image), how)
        digest = hashlib.sha256(masked.tobytes()).digest()
        if digest in seen:
            before = Known(masked, seen[digest])
        else:
            before = _known(masked, before, number, how)
            seen[digest] = before.boxes
        result = blank(masked, before.boxes, how.image, how.palette)
        if not np.array_equal(result, frame):
            touched.append(number)
        yield result


def _known(frame: np.ndarray, before: Known | None, number: int, how: Cleaning) -> Known:
    """Return where text is in a frame, of which only what differs from what was read is read."""
    if before is None:
        return Known(frame, _boxes(frame, [], _whole(how.image), number, how))
    noise = NOISE * narrowest(frame, how.image, how.palette)
    part = changed(frame, before.read, noise)
    if part is None:
        return before
    kept = unchanged(before.boxes, before.read, frame, noise)
    part = reduce(around, (box for box in before.boxes if box not in kept), part)
    read = before.read.copy()
    read[of(part)] = frame[of(part)]
    return Known(read, _boxes(frame, kept, part, number, how))


def _masked(frame: np.ndarray, how: Cleaning) -> np.ndarray:
    if how.kept is not None:
        frame = blank_outside(frame, how.kept, how.image, how.palette)
    return blank(frame, how.masks, how.image, how.palette)


def _boxes(frame: np.ndarray, known: list[Box], part: Box, number: int, how: Cleaning) -> list[Box]:
    """Return the boxes without which a part of a frame has no text: it is read again to be sure,
    the other way round, as a reader that misses light text on dark may see dark text on light.
    """
    boxes = list(known)
    rows, columns = how.image.rows, how.image.columns
    for attempt in range(ROUNDS):
        blanked = blank(frame, boxes, how.image, how.palette)
        words = _words(blanked, part, how, is_inverse=attempt % 2 == 1)
        # at first whatever looks like text is blanked; then only what is text keeps it from going
        naming = [word.box for word in words if how.names(word.text)]
        found = boxes_to_blank(filter(is_sure, words) if attempt else words, rows, columns)
        found += padded(naming, rows, columns)
        if not found and (attempt > 0 or part != _whole(how.image)):
            return boxes
        boxes += found
    raise Rejected(f"text is left in frame {number} after blanking")


def _words(frame: np.ndarray, part: Box, how: Cleaning, is_inverse: bool) -> list[Word]:
    most_times = MOST_TIMES if part == _whole(how.image) else FOLLOWING_TIMES
    return [
        reduced(word, view.scale, view.left, view.top)
        for view in views(frame, how.image, how.palette, part, most_times)
        for word in how.read(255 - view.image if is_inverse else view.image)
    ]


def _whole(image: Description) -> Box:
    return Box(0, 0, image.columns, image.rows)
