"""A frame as a lossless JPEG stream: ITU-T T.81, process 14, selection value 1 (PS3.5 A.4.1).

No package on PyPI writes it, and archives are full of it.
"""

import struct
from itertools import pairwise

import numpy as np

from headgate.core.pixels.description import Description

START, FRAME, TABLE, SCAN, END = b"\xff\xd8", b"\xff\xc3", b"\xff\xc4", b"\xff\xda", b"\xff\xd9"
# T.81 Table K.3, carried on to 16 bits: how long the code of each number of bits is (F.1.2.1.1)
LENGTHS = np.array([2, 3, 3, 3, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])
ROWS_AT_ONCE = 256  # bounds the memory that bits take while they are single
LEFT = 1  # T.81 Table H.1: the sample before is the prediction


def encode(frame: np.ndarray, image: Description) -> bytes:
    """Given a frame (rows, columns[, 3]) of stored values of at most 16 bits, return its stream."""
    samples = frame.reshape(image.rows, image.columns, image.samples).astype(np.int64)
    differences = _differences(samples & ((1 << image.bits_stored) - 1), image.bits_stored)
    bits = [
        _bits(differences[start : start + ROWS_AT_ONCE].reshape(-1))
        for start in range(0, image.rows, ROWS_AT_ONCE)
    ]
    whole = np.concatenate(bits)
    padding = np.ones(-whole.size % 8, np.uint8)
    # T.81 B.1.1.5: a zero follows a byte that could begin a marker
    scan = np.packbits(np.concatenate([whole, padding])).tobytes().replace(b"\xff", b"\xff\0")
    return _head(image) + scan + END


def _head(image: Description) -> bytes:
    parts = range(1, image.samples + 1)
    frame = struct.pack(">BHHB", image.bits_stored, image.rows, image.columns, image.samples)
    frame += b"".join(bytes([part, 0x11, 0]) for part in parts)
    counts = bytes(LENGTHS.tolist().count(length) for length in range(1, 17))
    table = b"\0" + counts + bytes(range(len(LENGTHS)))
    scan = bytes([image.samples, *(byte for part in parts for byte in (part, 0)), LEFT, 0, 0])
    return START + _segment(FRAME, frame) + _segment(TABLE, table) + _segment(SCAN, scan)


def _segment(marker: bytes, content: bytes) -> bytes:
    return marker + struct.pack(">H", len(content) + 2) + content


def _differences(samples: np.ndarray, bits_stored: int) -> np.ndarray:
    """Return each sample less its prediction, from -32767 to 32768: T.81 H.1.2."""
    predicted = np.empty_like(samples)
    predicted[:, 1:] = samples[:, :-1]
    predicted[1:, 0] = samples[:-1, 0]
    predicted[0, 0] = 1 << (bits_stored - 1)
    differences = (samples - predicted) & 0xFFFF
    return np.where(differences > 1 << 15, differences - (1 << 16), differences)


def _bits(differences: np.ndarray) -> np.ndarray:
    """Return the bits of each difference's code and of its own, one after the other."""
    sizes = np.ceil(np.log2(np.abs(differences) + 1)).astype(np.int64)
    own = np.where(sizes == 16, 0, sizes)  # 32768 is all there is with 16 bits
    low = np.where(differences < 0, differences - 1, differences) & ((1 << own) - 1)
    values, lengths = (_codes()[sizes] << own) | low, LENGTHS[sizes] + own
    ends = np.cumsum(lengths)
    after = np.repeat(ends, lengths) - np.arange(ends[-1]) - 1
    return ((np.repeat(values, lengths) >> after) & 1).astype(np.uint8)


def _codes() -> np.ndarray:
    """T.81 C.2: codes in the order of their lengths, each one more than the one before."""
    codes = [0]
    for before, length in pairwise(LENGTHS):
        codes.append((codes[-1] + 1) << int(length - before))
    return np.array(codes)
