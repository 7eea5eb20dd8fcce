"""JPEG frames that pydicom has no permissively licensed decoder for on every Python.

Those of 12 bits and the lossless ones libjpeg-turbo decodes (ITU-T T.81, PS3.5 8.2.1), JPEG-LS
CharLS (T.87, PS3.5 8.2.3): both are in imagecodecs.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from imagecodecs import jpeg8_decode, jpegls_decode
from pydicom.encaps import generate_frames

from headgate.core.pixels.blanking import without_unused_bits
from headgate.core.pixels.description import Description
from headgate.core.pixels.stored import (
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_ANY,
    JPEG_LS,
    JPEG_LS_LOSSY,
    JPEG_RETIRED,
)

OF_CHARLS = (JPEG_LS, JPEG_LS_LOSSY)
DECODED = (JPEG_LOSSLESS_ANY, JPEG_LOSSLESS, *JPEG_RETIRED, *OF_CHARLS)


def is_decoded(transfer_syntax: str, image: Description) -> bool:
    """Given how frames are stored, return whether they are decoded here."""
    is_deep = transfer_syntax == JPEG_EXTENDED and image.bits_allocated > 8
    return is_deep or transfer_syntax in DECODED


def frames(
    value: bytes,
    transfer_syntax: str,
    image: Description,
    tables: tuple[bytes, bytes] | None = None,
) -> Iterator[np.ndarray]:
    """Given encapsulated Pixel Data, its syntax and its extended offset tables, yield its frames
    (rows, columns[, 3]) of stored values.

    Raise RuntimeError or ValueError where a stream is no such frame.
    """
    kind = np.dtype(f"u{image.bits_allocated // 8}")
    shape = (image.rows, image.columns, image.samples)[: 2 if image.samples == 1 else 3]
    # what is stored of colours is wanted as it is: RGB stays RGB, YBR stays YBR
    colours = "UNKNOWN" if image.samples == 3 else None
    of_turbo = partial(jpeg8_decode, colorspace=colours)
    decode = jpegls_decode if transfer_syntax in OF_CHARLS else of_turbo
    for stream in generate_frames(value, number_of_frames=image.frames, extended_offsets=tables):
        decoded = decode(stream)
        if decoded.shape != shape:
            raise ValueError("the stream holds a frame of another size")
        stored = decoded.astype(kind)
        signed = stored.view(f"i{kind.itemsize}") if image.is_signed else stored
        yield without_unused_bits(signed, image)
