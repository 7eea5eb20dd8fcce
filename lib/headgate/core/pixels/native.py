"""Frames as they lie uncompressed in pixel data: PS3.5 8.1 and 8.2, PS3.3 C.7.6.3.1."""

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np

from headgate.core.dicom.elements import Encoding
from headgate.core.pixels.description import Description

SHARED_COLOURS = "YBR_FULL_422"  # two brightnesses, then the blue and the red of both


def frames(
    value: memoryview, vr: str, encoding: Encoding, image: Description
) -> Iterator[np.ndarray]:
    """Given the value of Pixel Data, yield its frames (rows, columns[, 3]) of stored values.

    Colours that pixels share are given to each. Raise ValueError where the value ends too early.
    """
    size = image.rows * image.columns
    if image.bits_allocated == 1:  # the bits of frames follow each other
        bits = np.unpackbits(np.frombuffer(value, np.uint8), bitorder="little")
        for number in range(image.frames):
            yield bits[number * size : (number + 1) * size].reshape(image.rows, image.columns)
        return
    kind = np.dtype(f"{'i' if image.is_signed else 'u'}{image.bits_allocated // 8}")
    if image.bits_allocated == 8 and vr == "OW" and not encoding.is_little:
        value = memoryview(np.frombuffer(value, "<u2").byteswap().tobytes())
    count = size * (2 if image.photometric == SHARED_COLOURS else image.samples)
    for number in range(image.frames):
        start = number * count * kind.itemsize
        samples = np.frombuffer(value, kind.newbyteorder(_order(encoding)), count, start)
        yield _shaped(samples.astype(kind, copy=False), image)


def packed(several: Iterable[np.ndarray], encoding: Encoding, image: Description) -> list[bytes]:
    """Given frames of stored values, return the parts of the value of Pixel Data."""
    if image.bits_allocated == 1:
        bits = np.concatenate([frame.reshape(-1) for frame in several])
        return [np.packbits(bits, bitorder="little").tobytes()]
    return [_laid_out(frame, encoding, image).tobytes() for frame in several]


def _shaped(samples: np.ndarray, image: Description) -> np.ndarray:
    if image.photometric == SHARED_COLOURS:
        pairs = samples.reshape(image.rows, image.columns // 2, 4)
        bright = pairs[..., :2].reshape(image.rows, image.columns)
        blue, red = (pairs[..., at].repeat(2, axis=1) for at in (2, 3))
        return np.stack([bright, blue, red], axis=2)
    if image.is_planar:
        return samples.reshape(3, image.rows, image.columns).transpose(1, 2, 0)
    shape = (image.rows, image.columns, image.samples)
    return samples.reshape(shape[: 2 if image.samples == 1 else 3])


def _laid_out(frame: np.ndarray, encoding: Encoding, image: Description) -> np.ndarray:
    if image.photometric == SHARED_COLOURS:
        pairs = frame.reshape(image.rows, image.columns // 2, 2, 3)
        frame = np.concatenate([pairs[..., 0], pairs[..., 0, 1:]], axis=-1)
    elif image.is_planar:
        frame = frame.transpose(2, 0, 1)
    return frame.astype(frame.dtype.newbyteorder(_order(encoding)), copy=False)


def _order(encoding: Encoding) -> Literal["<", ">"]:
    return "<" if encoding.is_little else ">"
