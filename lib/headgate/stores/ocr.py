"""The reader of text in images: PP-OCRv4 on ONNX Runtime, its models in a package, offline.

It was chosen by measurement: tests/bench/RESULTS.md, Burned-in text. It works on arrays in
memory: nothing is written to disk, nothing is asked of a network. Of rapidocr the
models alone are used: its own code needs OpenCV with libraries of a desktop.
"""

import multiprocessing
import os
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from headgate.core.errors import Misconfigured, Rejected
from headgate.core.pixels.blobs import text_boxes
from headgate.core.pixels.boxes import Box, Word

# Larger images are read in tiles; text is seldom wider than the stretch that neighbours share.
TILE, SHARED = 1920, 256
# Lower than RapidOCR's 0.5: a doubtful box costs a blanked patch, a missed one a name.
DETECTED_FROM, READ_FROM = 0.3, 0.3
STEP = 32  # the detector halves its image five times
LINE, WIDTH_AT_LEAST = 48, 320  # pixels of a line as the recognizer was trained
TALL = 1.5  # so much higher than wide: a line that runs upwards
DETECTOR, RECOGNIZER = "ch_PP-OCRv4_det_infer.onnx", "ch_PP-OCRv4_rec_infer.onnx"
MISSING = (
    "the reader of text burned into pixels cannot be loaded: "
    "pip install 'rapidocr>=3.4,<3.8' onnxruntime into the gateway's environment"
)


class Reader(NamedTuple):
    """Where text is, what it says, and the letters that it says it in."""

    detector: Any
    recognizer: Any
    letters: list[str]


def words(image: np.ndarray) -> list[Word]:
    """Given a frame as 8-bit grey (rows, columns), return the texts found in it.

    Raise Rejected where there is no reader: what needs it waits until there is one.
    """
    try:
        reader = _reader()
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    found = []
    for left, top in _tiles(*image.shape):
        tile = image[top : top + TILE, left : left + TILE]
        for box in text_boxes(_likelihood(reader, tile), DETECTED_FROM):
            text, confidence = _read(reader, tile[box.top : box.bottom, box.left : box.right])
            if confidence >= READ_FROM:
                found.append(Word(text, _moved(box, left, top), confidence))
    return found


def check() -> None:
    """Raise Misconfigured where the reader cannot be loaded."""
    _reader()


def _likelihood(reader: Reader, tile: np.ndarray) -> np.ndarray:
    """Return how likely each pixel of a tile is text."""
    rows, columns = tile.shape
    whole = np.pad(tile, ((0, -rows % STEP), (0, -columns % STEP)), mode="edge")
    (result,) = reader.detector.run(None, {"x": _normalized(whole)})
    return np.asarray(result[0, 0, :rows, :columns])


def _read(reader: Reader, line: np.ndarray) -> tuple[str, float]:
    """Return the text of a line, and how sure its letters are on the average."""
    if line.shape[0] >= TALL * line.shape[1]:
        line = np.rot90(line)
    width = max(1, -(-line.shape[1] * LINE // line.shape[0]))
    resized = np.asarray(Image.fromarray(line).resize((width, LINE), Image.Resampling.BILINEAR))
    values = _normalized(resized)
    beyond = max(0, WIDTH_AT_LEAST - width)
    padded = np.pad(values, ((0, 0), (0, 0), (0, 0), (0, beyond)))
    (result,) = reader.recognizer.run(None, {"x": padded})
    chosen, sure = result[0].argmax(axis=1), result[0].max(axis=1)
    # connectionist temporal classification: a letter once for all its steps; the first is none
    is_new = (chosen != 0) & (chosen != np.concatenate([[-1], chosen[:-1]]))
    text = "".join(reader.letters[at] for at in chosen[is_new])
    return text, float(sure[is_new].mean()) if text else 0.0


def _normalized(image: np.ndarray) -> np.ndarray:
    """Return 8-bit grey as three equal colours from -1 to 1: (1, 3, rows, columns)."""
    values = image.astype(np.float32) / 127.5 - 1
    return np.ascontiguousarray(np.broadcast_to(values, (1, 3, *image.shape)))


def _moved(box: Box, left: int, top: int) -> Box:
    return Box(box.left + left, box.top + top, box.right + left, box.bottom + top)


def _tiles(rows: int, columns: int) -> Iterator[tuple[int, int]]:
    for top in _starts(rows):
        for left in _starts(columns):
            yield left, top


def _starts(size: int) -> list[int]:
    """Return where tiles begin so that they cover so many pixels, the last one whole."""
    if size <= TILE:
        return [0]
    return [*range(0, size - TILE, TILE - SHARED), size - TILE]


@cache
def _reader() -> Reader:
    package = find_spec("rapidocr")
    # from 1.32 on it tells its maker of each session, from a machine that holds patients' data
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError as error:
        raise Misconfigured(MISSING) from error
    if package is None or not package.origin:
        raise Misconfigured(MISSING)
    options = onnxruntime.SessionOptions()
    # processes that work side by side share the cores; one alone may have them all
    is_one_of_several = multiprocessing.parent_process() is not None
    options.intra_op_num_threads = 1 if is_one_of_several else len(os.sched_getaffinity(0))
    # a thread that waits in a loop takes a core from whatever else is at work
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.inter_op_num_threads = 1
    folder = Path(package.origin).parent / "models"
    try:
        detector, recognizer = (
            onnxruntime.InferenceSession(folder / name, options, providers=["CPUExecutionProvider"])
            for name in (DETECTOR, RECOGNIZER)
        )
        letters = recognizer.get_modelmeta().custom_metadata_map["character"].splitlines()
    except (RuntimeError, OSError, KeyError, ValueError) as error:
        raise Misconfigured(MISSING) from error
    return Reader(detector, recognizer, ["", *letters, " "])
