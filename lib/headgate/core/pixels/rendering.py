"""A frame as images for a reader of text: 8-bit grey, stretched in several ways, upscaled."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from headgate.core.pixels.boxes import Box, around_all, common, of
from headgate.core.pixels.description import PALETTE, Description

# A side of so many pixels is enough for the smallest text; below it, frames are upscaled.
ENOUGH, MOST_TIMES = 1024, 4
LONGEST = 1920  # a longer side would be read in pieces
# The brightest and darkest thousandth: text far outside them, or among them, is another view's.
DARK, BRIGHT = 0.1, 99.9
# Contrasts whose ends differ by less than this share of the wider one show the same.
ALIKE = 0.1
# Channels that differ by less than this share of the range make no colour.
COLOURED = 1 / 16
# What is around coloured pixels is shown with them: in rows and columns.
AROUND = 24
# Less than so many of 256 grey levels is no text that a reader sees.
FAINTEST = 16
LUMINANCE = (0.299, 0.587, 0.114)  # PS3.3 C.7.6.3.1.2, YBR_FULL


class View(NamedTuple):
    """An image made of a part of a frame that begins at a place: 8-bit grey (rows, columns), so
    many times as large as it.
    """

    image: np.ndarray
    scale: int
    left: int = 0
    top: int = 0


def views(
    frame: np.ndarray,
    image: Description,
    palette: np.ndarray | None = None,
    part: Box | None = None,
    most_times: int = MOST_TIMES,
) -> Iterator[View]:
    """Given a frame (rows, columns[, 3]) of stored values, yield images in which its texts show,
    those of a part of it where one is given, at most so many times as large.

    Text may be the brightest of all or hide in a narrow window, and it may differ from its ground
    in colour alone: each of these has a view where it is different from the others.
    """
    scale = min(scale_of(image.rows, image.columns), most_times)
    whole = part or Box(0, 0, image.columns, image.rows)
    for grey, window, where in _greys(frame, image, palette):
        inside = common(whole, where) if where else whole
        if inside is None:
            continue
        for low, high in contrasts(grey, window):
            shown = stretched(grey[of(inside)], low, high)
            if np.ptp(shown) >= FAINTEST:
                yield View(upscaled(shown, scale), scale, inside.left, inside.top)


def narrowest(frame: np.ndarray, image: Description, palette: np.ndarray | None = None) -> float:
    """Given a frame, return how far apart in stored values the ends of its hardest contrast are.

    Zero where it is even, and where stored values are not in the order of what they show.
    """
    if image.photometric == PALETTE:
        return 0.0
    return min(
        (
            high - low
            for grey, window, _ in _greys(frame, image, palette)
            for low, high in contrasts(grey, window)
        ),
        default=0.0,
    )


def contrasts(
    grey: np.ndarray, window: tuple[float, float] | None = None
) -> list[tuple[float, float]]:
    """Given a frame as numbers and its window, return between which values it is to be shown."""
    dark, bright = np.percentile(grey, (DARK, BRIGHT))
    several = [(float(grey.min()), float(grey.max())), (float(dark), float(bright))]
    found: list[tuple[float, float]] = []
    for low, high in [*several, *([window] if window else [])]:
        if high > low and not any(_are_alike((low, high), other) for other in found):
            found.append((low, high))
    return found


def stretched(grey: np.ndarray, low: float, high: float) -> np.ndarray:
    """Given a frame as numbers, return it as 8-bit grey between two of them."""
    return (np.clip((grey - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def scale_of(rows: int, columns: int) -> int:
    """Given a frame's size, return how many times it is enlarged."""
    longest = LONGEST // max(rows, columns)
    return max(1, min(MOST_TIMES, ENOUGH // min(rows, columns), longest))


def upscaled(image: np.ndarray, times: int) -> np.ndarray:
    """Given an 8-bit image, return it so many times as large, by linear interpolation."""
    if times == 1:
        return image
    across = _between(image.astype(np.float32), times, axis=1)
    return _between(across, times, axis=0).round().astype(np.uint8)


def _between(image: np.ndarray, times: int, axis: int) -> np.ndarray:
    size = image.shape[axis]
    places = (np.arange(size * times) + 0.5) / times - 0.5
    low = np.clip(np.floor(places).astype(int), 0, size - 1)
    high = np.minimum(low + 1, size - 1)
    weight = np.clip(places - low, 0, 1).astype(np.float32)
    weight = weight[:, None] if axis == 0 else weight[None, :]
    return np.asarray(image.take(low, axis) * (1 - weight) + image.take(high, axis) * weight)


def _greys(
    frame: np.ndarray, image: Description, palette: np.ndarray | None
) -> Iterator[tuple[np.ndarray, tuple[float, float] | None, Box | None]]:
    """Yield a frame as numbers that grow with brightness, each with the window it may have, and
    outside of which box it shows the same as the one before.
    """
    if image.samples == 1 and image.photometric != PALETTE:
        window = image.window
        if image.photometric == "MONOCHROME1":
            yield -frame.astype(np.float32), (-window[1], -window[0]) if window else None, None
        else:
            yield frame.astype(np.float32), window, None
        return
    colours = _rgb(frame, image, palette)
    yield colours @ np.asarray(LUMINANCE, np.float32), None, None
    brightest, darkest = colours.max(axis=2), colours.min(axis=2)
    is_coloured = brightest - darkest > COLOURED * max(float(brightest.max()), 1.0)
    where = around_all(is_coloured, AROUND)
    if where:
        yield brightest, None, where


def _rgb(frame: np.ndarray, image: Description, palette: np.ndarray | None) -> np.ndarray:
    if palette is not None:
        return palette[frame.astype(np.int64)].astype(np.float32)
    colours = frame.astype(np.float32)
    if not image.photometric.startswith("YBR_FULL"):
        return colours
    luma, blue, red = (colours[..., at] for at in range(3))
    blue, red = blue - image.middle, red - image.middle
    return np.stack(
        [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], axis=2
    )


def as_rgb(frame: np.ndarray, image: Description) -> np.ndarray:
    """Given a frame of YBR_FULL, return it as RGB of the same kind of samples."""
    _, high = image.limits
    return np.clip(np.rint(_rgb(frame, image, None)), 0, high).astype(frame.dtype)


def _are_alike(one: tuple[float, float], other: tuple[float, float]) -> bool:
    wider = max(one[1] - one[0], other[1] - other[0])
    return max(abs(one[0] - other[0]), abs(one[1] - other[1])) < ALIKE * wider
