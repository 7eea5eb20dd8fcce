"""From a map of how likely each pixel is text to boxes around texts: differentiable binarization.

Liao et al., Real-time Scene Text Detection with Differentiable Binarization, AAAI 2020: texts are
found shrunk, and grown again by their area and perimeter.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from headgate.core.pixels.boxes import Box, clipped, grown

LIKELY_FROM = 0.3
GROWN_BY = 1.6
# Smaller than this, a blob is no letter, not even a shrunk one.
NARROWEST, NARROWEST_GROWN = 3, 5


class Run(NamedTuple):
    """Neighbours in a row: from column `left` to before `right`."""

    row: int
    left: int
    right: int


def text_boxes(likelihood: np.ndarray, sure_from: float) -> list[Box]:
    """Given a map (rows, columns) from 0 to 1, return boxes around what is text in it.

    A blob counts where its pixels are text with `sure_from` on the average.
    """
    rows, columns = likelihood.shape
    found = []
    for runs in blobs(_thickened(likelihood > LIKELY_FROM)):
        box = _around(runs)
        if min(box.width, box.height) < NARROWEST or _mean(likelihood, runs) < sure_from:
            continue
        margin = round(GROWN_BY * box.width * box.height / (2 * (box.width + box.height)))
        whole = clipped(grown(box, margin, margin), rows, columns)
        if whole and min(whole.width, whole.height) >= NARROWEST_GROWN:
            found.append(whole)
    return found


def blobs(mask: np.ndarray) -> list[list[Run]]:
    """Given a mask, return its connected parts, corners connect too, each as runs of pixels."""
    parts: list[list[Run]] = []
    part_of: list[int] = []
    above: list[tuple[Run, int]] = []
    for row in range(mask.shape[0]):
        here: list[tuple[Run, int]] = []
        for run in _runs(mask[row], row):
            near = {
                _root(part_of, part)
                for other, part in above
                if other.left <= run.right and run.left <= other.right
            }
            part = min(near, default=len(parts))
            if not near:
                parts.append([])
                part_of.append(part)
            for other_part in near - {part}:
                part_of[other_part] = part
                parts[part] += parts[other_part]
                parts[other_part] = []
            parts[part].append(run)
            here.append((run, part))
        above = here
    return [runs for runs in parts if runs]


def _root(part_of: list[int], part: int) -> int:
    while part_of[part] != part:
        part = part_of[part]
    return part


def _runs(line: np.ndarray, row: int) -> Iterator[Run]:
    edges = np.flatnonzero(np.diff(line.astype(np.int8), prepend=0, append=0))
    for left, right in edges.reshape(-1, 2):
        yield Run(row, int(left), int(right))


def _thickened(mask: np.ndarray) -> np.ndarray:
    """Return a mask with each pixel's right and lower neighbour, which joins broken strokes."""
    thick = mask.copy()
    thick[1:] |= mask[:-1]
    thick[:, 1:] |= mask[:, :-1]
    thick[1:, 1:] |= mask[:-1, :-1]
    return thick


def _around(runs: list[Run]) -> Box:
    return Box(
        min(run.left for run in runs),
        min(run.row for run in runs),
        max(run.right for run in runs),
        max(run.row for run in runs) + 1,
    )


def _mean(likelihood: np.ndarray, runs: list[Run]) -> float:
    total = sum(float(likelihood[run.row, run.left : run.right].sum()) for run in runs)
    return total / sum(run.right - run.left for run in runs)
