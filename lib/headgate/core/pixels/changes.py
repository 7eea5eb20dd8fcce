"""What of a frame has to be read when another of its instance was read: what differs."""

from collections.abc import Iterable

import numpy as np

from headgate.core.pixels.boxes import Box, around_all, of

# Of the range that is shown: less is the noise of lossy coding, and no text that a reader sees.
NOISE = 1 / 16
# Text that begins to differ at its edge is read with what is around it.
AROUND = 24


def changed(frame: np.ndarray, read: np.ndarray, noise: float) -> Box | None:
    """Given a frame and another whose every place was read, return the rectangle that holds all
    that differs by more than noise; None: nothing does.
    """
    return around_all(_differs(frame, read, noise), AROUND)


def unchanged(
    boxes: Iterable[Box], before: np.ndarray, frame: np.ndarray, noise: float = 0
) -> list[Box]:
    """Given boxes with text in the frame before, return those that look the same in this one.

    What was text there is text here, whether or not the reader sees it again.
    """
    mask = _differs(frame, before, noise)
    return [box for box in boxes if not mask[of(box)].any()]


def _differs(frame: np.ndarray, other: np.ndarray, noise: float) -> np.ndarray:
    """Return where any sample of a pixel differs by more than noise."""
    difference = np.abs(frame.astype(np.float64) - other.astype(np.float64)) > noise
    return np.asarray(difference.any(axis=2) if difference.ndim == 3 else difference)
