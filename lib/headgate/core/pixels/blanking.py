"""Blanking: boxes of a frame filled with black, in whatever its samples mean."""

from collections.abc import Iterable

import numpy as np

from headgate.core.pixels.boxes import Box
from headgate.core.pixels.description import PALETTE, Description


def blank(
    frame: np.ndarray, boxes: Iterable[Box], image: Description, palette: np.ndarray | None = None
) -> np.ndarray:
    """Given a frame (rows, columns) or (rows, columns, 3) of stored values, return it with the
    boxes black. The palette (entries, 3) is that of PALETTE COLOR.
    """
    result = frame.copy()
    fill = black(frame, image, palette)
    for one in boxes:
        box = _whole_pairs(one) if image.photometric == "YBR_FULL_422" else one
        result[box.top : box.bottom, box.left : box.right] = fill
    return result


def blank_outside(
    frame: np.ndarray, kept: Iterable[Box], image: Description, palette: np.ndarray | None = None
) -> np.ndarray:
    """Given a frame and the boxes to keep, return it with all the rest black."""
    result = np.empty_like(frame)
    result[...] = black(frame, image, palette)
    for box in kept:
        place = slice(box.top, box.bottom), slice(box.left, box.right)
        result[place] = frame[place]
    return result


def black(
    frame: np.ndarray, image: Description, palette: np.ndarray | None = None
) -> int | tuple[int, ...]:
    """Given a frame, return the sample value, or the three, that is shown black.

    A grey frame's own darkest value, where zero is not it: a value that no other pixel comes near
    would change how viewers choose their window.
    """
    if image.photometric == PALETTE:
        return _darkest(palette)
    if image.samples == 3:
        return _black_of_colours(image)
    low, high = image.limits
    if image.padding is not None and low <= image.padding <= high:
        return image.padding
    if image.photometric == "MONOCHROME1":
        return int(frame.max())
    return int(frame.min()) if image.is_signed else 0


def _black_of_colours(image: Description) -> tuple[int, ...]:
    if image.photometric.startswith("YBR_FULL"):
        return 0, image.middle, image.middle
    return 0, 0, 0


def _darkest(palette: np.ndarray | None) -> int:
    if palette is None:
        raise ValueError("a palette is needed to know what is black")
    return int(np.argmin(palette.astype(int).sum(axis=1)))


def _whole_pairs(box: Box) -> Box:
    """PS3.3 C.7.6.3.1.2: two neighbours share their colour."""
    return box._replace(left=box.left - box.left % 2, right=box.right + box.right % 2)


def without_unused_bits(frame: np.ndarray, image: Description) -> np.ndarray:
    """Given a frame of stored values, return it without the bits that hold no sample.

    Retired overlays stand there (PS3.5-2004 8.1.2); beyond a sign, it is carried on.
    """
    if frame.dtype.itemsize * 8 == image.bits_stored:
        return frame
    values = frame.astype(np.int64) & ((1 << image.bits_stored) - 1)
    if image.is_signed:
        values = (values ^ image.middle) - image.middle
    return values.astype(frame.dtype)
