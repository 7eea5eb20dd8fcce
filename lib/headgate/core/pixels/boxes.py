"""Rectangles on a frame, in pixels: from the top left corner, the far edges left out."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Box(NamedTuple):
    """A rectangle: rows from `top` to before `bottom`, columns from `left` to before `right`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Return how many columns it covers."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Return how many rows it covers."""
        return self.bottom - self.top


class Word(NamedTuple):
    """A text that was found: where, and how sure its reading is, from 0 to 1."""

    text: str
    box: Box
    confidence: float


def grown(box: Box, across: int, down: int) -> Box:
    """Given a box, return it larger by so many columns on either side, and so many rows."""
    return Box(box.left - across, box.top - down, box.right + across, box.bottom + down)


def clipped(box: Box, rows: int, columns: int) -> Box | None:
    """Given a box, return what of it lies within a frame, or None."""
    inside = Box(max(box.left, 0), max(box.top, 0), min(box.right, columns), min(box.bottom, rows))
    return inside if inside.width > 0 and inside.height > 0 else None


def touch(one: Box, other: Box) -> bool:
    """Given two boxes, return whether they overlap or border on each other."""
    return (
        one.left <= other.right
        and other.left <= one.right
        and one.top <= other.bottom
        and other.top <= one.bottom
    )


def around(one: Box, other: Box) -> Box:
    """Given two boxes, return the smallest that holds both."""
    return Box(
        min(one.left, other.left),
        min(one.top, other.top),
        max(one.right, other.right),
        max(one.bottom, other.bottom),
    )


def merged(boxes: Iterable[Box]) -> list[Box]:
    """Given boxes, return them with those that touch put together, in reading order."""
    found: list[Box] = []
    for one in boxes:
        box = one
        while near := next((other for other in found if touch(box, other)), None):
            found.remove(near)
            box = around(box, near)
        found.append(box)
    return sorted(found, key=lambda box: (box.top, box.left))


def common(one: Box, other: Box) -> Box | None:
    """Given two boxes, return what lies in both, or None."""
    left, top = max(one.left, other.left), max(one.top, other.top)
    right, bottom = min(one.right, other.right), min(one.bottom, other.bottom)
    return Box(left, top, right, bottom) if left < right and top < bottom else None


def around_all(mask: "np.ndarray", margin: int) -> Box | None:
    """Given a mask (rows, columns), return the box around what is set, with a margin, or None."""
    rows, columns = (mask.max(axis=one).nonzero()[0] for one in (1, 0))
    if not rows.size:
        return None
    box = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return clipped(grown(box, margin, margin), *mask.shape)


def of(box: Box) -> tuple[slice, slice]:
    """Given a box, return where it lies in an array (rows, columns)."""
    return slice(box.top, box.bottom), slice(box.left, box.right)
