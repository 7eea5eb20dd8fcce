"""Frames out of stored pixel elements, one at a time, and back into them without loss."""

import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder, get_encoder
from pydicom.pixels.processing import apply_color_lut
from pydicom.uid import UID

from headgate.core.dicom.elements import EXPLICIT, SEQUENCE_END, UNDEFINED, encoding_of, head
from headgate.core.errors import Rejected
from headgate.core.pixels import jpeg, jpeglossless, native
from headgate.core.pixels.description import PALETTE, Description
from headgate.core.pixels.rendering import as_rgb
from headgate.core.pixels.stored import (
    EXPLICIT_LITTLE,
    J2K,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    LENGTHS,
    LOSSY,
    NATIVE,
    OFFSETS,
    PIXEL_DATA,
    REENCODED,
    RLE,
    Stored,
    stored,
)
from headgate.stores.isolation import Crashed, isolated

# what a broken or foreign bit stream makes pydicom and its decoders raise
BROKEN = (
    ValueError, TypeError, KeyError, AttributeError, IndexError, NotImplementedError, RuntimeError,
    EOFError, struct.error, OverflowError, MemoryError, AssertionError,
)  # fmt: skip

Frame = np.ndarray
FRAME_SECONDS = 120.0  # for one to be decoded


@dataclass(frozen=True)
class Written:
    """Cleaned frames: the pixel elements that hold them, the syntax, and how they are described."""

    pixels: Sequence[bytes | memoryview]
    transfer_syntax: str
    image: Description


def palette_of(header: Dataset, image: Description) -> np.ndarray | None:
    """Given a header, return the colours of each stored value (values, 3), or None without any.

    Raise Rejected where PALETTE COLOR has no palette: PS3.3 C.7.6.3.1.5.
    """
    if image.photometric != PALETTE:
        return None
    values = np.arange(1 << image.bits_stored, dtype=np.uint16)
    try:
        return np.asarray(apply_color_lut(values, header))[:, :3]
    except BROKEN as error:
        raise Rejected(f"its palette cannot be read ({type(error).__name__})") from error


def opened(
    pixels: Iterable[memoryview], transfer_syntax: str, image: Description
) -> tuple[Description, Iterator[Frame]]:
    """Given stored pixel elements and what the header says of them, return how the decoded frames
    are described, and the frames (rows, columns[, 3]) of stored values, each decoded in its turn.

    Raise Rejected where a frame cannot be decoded.
    """
    elements = {one.tag: one for one in (stored(pixel, transfer_syntax) for pixel in pixels)}
    if PIXEL_DATA not in elements:
        raise Rejected("its pixels are floating point numbers, which cannot be cleaned")
    if image.high_bit != image.bits_stored - 1:
        raise Rejected("High Bit is not one less than Bits Stored")
    decoded = _frames(elements, transfer_syntax, image)
    first, meaning = next(decoded)
    now = image
    if transfer_syntax not in NATIVE:
        meaning = "YBR_FULL" if meaning == "YBR_FULL_422" else meaning  # expanded by the decoder
        now = replace(image, photometric=meaning)
    return now, chain([first], (frame for frame, _ in decoded))


def _frames(
    elements: dict[int, Stored], transfer_syntax: str, image: Description
) -> Iterator[tuple[Frame, str]]:
    count = 0
    try:
        for array, meaning in _told(elements, transfer_syntax, image):
            yield array, meaning
            count += 1
    except Crashed as error:
        raise Rejected(f"frame {count + 1} cannot be decoded ({error})") from error
    except BROKEN as error:
        raise Rejected(f"frame {count + 1} cannot be decoded ({type(error).__name__})") from error
    if count != image.frames:
        raise Rejected("it has not as many frames as it says")


def _told(
    elements: dict[int, Stored], transfer_syntax: str, image: Description
) -> Iterator[tuple[Frame, str]]:
    """Yield the frames and their photometric interpretation; native decoders work apart."""

    def each() -> Iterator[tuple[Frame, str]]:
        for array, told in _decoded(elements, transfer_syntax, image):
            yield array, str(told["photometric_interpretation"])

    return each() if transfer_syntax in NATIVE else isolated(each, BROKEN, FRAME_SECONDS)


def _decoded(
    elements: dict[int, Stored], transfer_syntax: str, image: Description
) -> Iterator[tuple[Frame, Any]]:
    frames = elements[PIXEL_DATA]
    if transfer_syntax in NATIVE:
        several = native.frames(frames.value, frames.vr, encoding_of(transfer_syntax), image)
        return ((frame, {"photometric_interpretation": image.photometric}) for frame in several)
    tables = None
    if OFFSETS in elements and LENGTHS in elements:
        tables = bytes(elements[OFFSETS].value), bytes(elements[LENGTHS].value)
    if jpeg.is_decoded(transfer_syntax, image):
        several = jpeg.frames(bytes(frames.value), transfer_syntax, image, tables)
        return ((frame, {"photometric_interpretation": image.photometric}) for frame in several)
    options = {**_options(image), "number_of_frames": image.frames, "pixel_keyword": "PixelData"}
    if image.samples > 1:
        options["planar_configuration"] = int(image.is_planar)
    if tables:
        options["extended_offsets"] = tables
    if transfer_syntax in (JPEG_BASELINE, JPEG_EXTENDED):
        options["decoding_plugin"] = "pillow"
    return get_decoder(UID(transfer_syntax)).iter_array(bytes(frames.value), raw=True, **options)


def _options(image: Description) -> dict[str, Any]:
    """Return what pydicom's coders ask of the Image Pixel Module."""
    return {
        "rows": image.rows, "columns": image.columns,
        "samples_per_pixel": image.samples, "photometric_interpretation": image.photometric,
        "bits_allocated": image.bits_allocated, "bits_stored": image.bits_stored,
        "pixel_representation": int(image.is_signed),
    }  # fmt: skip


def recoded(frames: Iterator[Frame], transfer_syntax: str, image: Description) -> Written:
    """Given cleaned frames and how they were stored, return them encoded without loss: in the
    same syntax where there is an encoder for them, else uncompressed.

    Raise Rejected where they come to more than a data set can hold.
    """
    first = next(frames)
    whole: Iterator[Frame] = chain([first], frames)
    if transfer_syntax in NATIVE:
        return Written(_native(whole, transfer_syntax, image), transfer_syntax, image)
    target, encoder = REENCODED.get(transfer_syntax, ("", ""))
    now = replace(image, is_planar=False)
    if encoder == J2K and image.photometric == "RGB":
        now = replace(now, photometric="YBR_RCT")
    if encoder and _encodes(encoder, first, now):
        # PS3.5 G.2: RLE has planes whatever is told, so what was told stays
        told = replace(now, is_planar=image.is_planar) if encoder == RLE else now
        return Written(_encapsulated(whole, encoder, now), target, told)
    now = replace(image, is_planar=False)
    if transfer_syntax in LOSSY and now.photometric == "YBR_FULL":
        # PS3.3 C.8.5.6.1.2: ultrasound has it in no uncompressed frames of this layout
        whole = (as_rgb(frame, image) for frame in whole)
        now = replace(now, photometric="RGB")
    return Written(_native(whole, EXPLICIT_LITTLE, now), EXPLICIT_LITTLE, now)


def _encodes(encoder: str, frame: Frame, image: Description) -> bool:
    """Return whether an encoder takes such frames, and gives back what it took."""
    try:
        coded = _coded(encoder, frame, image)
        again, _ = next(_again(encoder, coded, image))
    except BROKEN:
        return False
    return bool(np.array_equal(again, frame))


def _coded(encoder: str, frame: Frame, image: Description) -> bytes:
    if encoder == JPEG_LOSSLESS:
        return jpeglossless.encode(frame, image)
    options = {**_options(image), "number_of_frames": 1}
    if image.samples > 1:
        options["planar_configuration"] = 0
    return bytes(get_encoder(UID(encoder)).encode(np.ascontiguousarray(frame), **options))


def _again(encoder: str, coded: bytes, image: Description) -> Iterator[tuple[Frame, Any]]:
    one = replace(image, frames=1)
    value = memoryview(encapsulate([coded], has_bot=False))
    return _decoded({PIXEL_DATA: Stored(PIXEL_DATA, "OB", value)}, encoder, one)


def _encapsulated(frames: Iterable[Frame], encoder: str, image: Description) -> list[bytes]:
    coded = [_coded(encoder, frame, image) for frame in frames]
    # PS3.5 A.4: a basic offset table reaches no further than its 32 bits
    has_table = sum(map(len, coded)) + 8 * len(coded) < UNDEFINED
    value = encapsulate(coded, has_bot=has_table)
    delimiter = head(SEQUENCE_END, b"", 0, EXPLICIT)
    return [head(PIXEL_DATA, b"OB", UNDEFINED, EXPLICIT), value, delimiter]


def _native(frames: Iterable[Frame], transfer_syntax: str, image: Description) -> list[bytes]:
    encoding = encoding_of(transfer_syntax)
    parts = native.packed(frames, encoding, image)
    length = sum(map(len, parts))
    if length + 1 >= UNDEFINED:
        raise Rejected("its frames come to more than a data set can hold uncompressed")
    vr = b"OB" if image.bits_allocated <= 8 and not encoding.is_implicit else b"OW"
    return [head(PIXEL_DATA, vr, length + length % 2, encoding), *parts, bytes(length % 2)]
