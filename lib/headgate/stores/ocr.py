"""The reader of text in images: PP-OCRv4 on ONNX Runtime, its models in its package, offline.

It was chosen by measurement: tests/bench/RESULTS.md, Burned-in text. It works on arrays in
memory: nothing is written to disk, nothing is asked of a network.
"""

import logging
import os
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np

from headgate.core.errors import Misconfigured
from headgate.core.pixels.boxes import Box, Word

# Larger images are read in tiles, as the detector would shrink them; text is seldom wider than
# the stretch that neighbours share.
TILE, SHARED = 1920, 256
# Lower than the package's 0.5: a doubtful box costs a blanked patch, a missed one a name.
DETECTED_FROM, READ_FROM = 0.3, 0.3
MISSING = (
    "the reader of burned-in text cannot be loaded: pip install rapidocr-onnxruntime, "
    "apt install libgl1 libglib2.0-0, or switch pixel cleaning off in the profile"
)


def words(image: np.ndarray) -> list[Word]:
    """Given a frame as 8-bit grey (rows, columns), return the texts found in it.

    Raise Misconfigured where the reader is not installed.
    """
    reader = _reader()
    found = []
    for left, top in _tiles(*image.shape):
        tile = np.ascontiguousarray(image[top : top + TILE, left : left + TILE])
        results, _ = reader(tile, box_thresh=DETECTED_FROM, text_score=READ_FROM)
        found += [_word(corners, text, sure, left, top) for corners, text, sure in results or ()]
    return found


def _tiles(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    for top in _starts(rows):
        for left in _starts(columns):
            yield left, top


def _starts(size: int) -> list[int]:
    """Return where tiles begin so that they cover so many pixels, the last one whole."""
    if size <= TILE:
        return [0]
    return [*range(0, size - TILE, TILE - SHARED), size - TILE]


def _word(corners: Any, text: str, sure: Any, left: int, top: int) -> Word:
    across, down = np.asarray(corners, dtype=float).T
    box = Box(
        int(np.floor(across.min())) + left,
        int(np.floor(down.min())) + top,
        int(np.ceil(across.max())) + left,
        int(np.ceil(down.max())) + top,
    )
    return Word(str(text), box, float(sure))


@cache
def _reader() -> Any:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # the pipeline's processes share the cores
    try:
        import cv2
        from rapidocr_onnxruntime import RapidOCR
    except ImportError as error:
        raise Misconfigured(MISSING) from error
    cv2.setNumThreads(1)
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)
    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1, use_cls=False)
