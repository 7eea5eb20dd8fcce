"""JPEG frames that pydicom has no permissively licensed decoder for: 12 bits, and lossless.

libjpeg-turbo decodes them, which is in imagecodecs; ITU-T T.81, PS3.5 8.2.1.
"""

from collections.abc import Iterator

import numpy as np
from imagecodecs import jpeg8_decode
from pydicom.encaps import generate_frames

from headgate.core.pixels.blanking import without_unused_bits
from headgate.core.pixels.description import Description
from headgate.core.pixels.stored import (
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_ANY,
    JPEG_RETIRED,
)

DECODED = (JPEG_LOSSLESS_ANY, JPEG_LOSSLESS, *JPEG_RETIRED)


def is_decoded(transfer_syntax: str, image: Description) -> bool:
    """Given how frames are stored, return whether they are decoded here."""
    is_deep = transfer_syntax == JPEG_EXTENDED and image.bits_allocated > 8
    return is_deep or transfer_syntax in DECODED


def frames(
    value: bytes, image: Description, tables: tuple[bytes, bytes] | None = None
) -> Iterator[np.ndarray]:
    """Given encapsulated Pixel Data and its extended offset tables, yield its frames (rows,
    columns[, 3]) of stored values.

    Raise RuntimeError or ValueError where a stream is no such frame.
    """
    kind = np.dtype(f"u{image.bits_allocated // 8}")
    shape = (image.rows, image.columns, image.samples)[: 2 if image.samples == 1 else 3]
    # what is stored of colours is wanted as it is: RGB stays RGB, YBR stays YBR
    colours = "UNKNOWN" if image.samples == 3 else None
    for stream in generate_frames(value, number_of_frames=image.frames, extended_offsets=tables):
        decoded = jpeg8_decode(stream, colorspace=colours)
        if decoded.shape != shape:
            raise ValueError("the stream holds a frame of another size")
        stored = decoded.astype(kind)
        signed = stored.view(f"i{kind.itemsize}") if image.is_signed else stored
        yield without_unused_bits(signed, image)
