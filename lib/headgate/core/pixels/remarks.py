"""Texts beside the pixels in Pixel Data: comments of its streams, and what follows its frames."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from headgate.core.deid import clean
from headgate.core.deid.gate import is_within, spans_within
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.dicom.elements import Element, Encoding, element_at, items

Pixels = Sequence[bytes | memoryview]
Span = tuple[int, int]
JPEG, JPEG_2000 = b"\xff\xd8", b"\xff\x4f"  # how streams begin: ITU-T T.81, T.87, T.800
# Comments, and what applications add; but not what decoders read: JFIF, SPIFF and Adobe's colours
REMARKS: dict[bytes, set[int]] = {
    JPEG: {0xFE, *range(0xE1, 0xF0)} - {0xE8, 0xEE}, JPEG_2000: {0x64},
}  # fmt: skip
IMAGE_BEGINS, IMAGE_ENDS, FILLING = frozenset({0xDA, 0x90, 0x93}), b"\xff\xd9", 0xFF
MOST = 1 << 20  # bytes that are searched after native frames
END = 4096  # bytes of a fragment in which something may follow its image
HEAD = 12  # PS3.5 7.1: bytes before a value, at the most
SURE = 6  # as many letters of a name do not meet by chance in a compressed image
SIZE = {
    0x00280002: "samples", 0x00280008: "frames", 0x00280010: "rows", 0x00280011: "columns",
    0x00280100: "bits",
}  # fmt: skip
PHOTOMETRIC_INTERPRETATION = 0x00280004
LOOKED_AT = frozenset({*SIZE, PHOTOMETRIC_INTERPRETATION})


def without_remarks(
    pixels: Pixels, encoding: Encoding, size: int, identifiers: Identifiers
) -> Pixels:
    """Given stored pixel elements, how many bytes their frames have where they are native, and a
    patient, return them with zeros in place of texts beside the frames that name the patient, and
    of comments that name anybody. Where there are none, they are as they were.
    """
    found = [list(_told(one, encoding, size, identifiers)) for one in pixels]
    if not any(found):
        return pixels
    return [
        _blanked(one, spans) if spans else one for one, spans in zip(pixels, found, strict=True)
    ]


def may_follow(pixels: Pixels, size: int) -> bool:
    """Given native pixel elements and how many bytes their frames have, return whether something
    stand in their place or follow them.
    """
    return any(not size <= len(one) <= size + HEAD for one in pixels)


@lru_cache(maxsize=64)
def size_of(values: frozenset[tuple[int, bytes]], encoding: Encoding) -> int:
    """Given the values of those elements of LOOKED_AT that a header has, return how many bytes
    native frames have; 0 where it does not say.
    """
    numbers = _numbers(dict(values), encoding)
    if any(numbers.get(name, 0) <= 0 for name in ("samples", "rows", "columns", "bits")):
        return 0
    area = numbers["rows"] * numbers["columns"] * max(1, numbers.get("frames", 1))
    return -(-area * numbers["samples"] * numbers["bits"] // 8)


def _numbers(values: Mapping[int, bytes], encoding: Encoding) -> dict[str, int]:
    found = {}
    for tag, name in SIZE.items():
        value = values.get(tag, b"")
        if name == "frames":
            digits = value.strip(b" \0")
            found[name] = int(digits) if digits.isdigit() else 1
        elif len(value) == 2:
            (found[name],) = struct.unpack(encoding.order + "H", value)
    return found


def _told(
    pixels: bytes | memoryview, encoding: Encoding, size: int, identifiers: Identifiers
) -> Iterator[Span]:
    element = element_at(pixels, 0, encoding)
    if element.is_open:
        yield from _in_fragments(pixels, element, encoding, identifiers)
    elif not size:
        yield from _in_no_image(pixels, element, identifiers)
    elif element.end - element.value != size:
        yield from _beside(pixels, element, element.value + size, identifiers)


def _beside(
    pixels: bytes | memoryview, element: Element, end: int, identifiers: Identifiers
) -> Iterator[Span]:
    """Yield where the patient is named after native frames, which end there, or at the end of such
    as are cut short, perhaps by somebody's words.
    """
    start = max(element.value, min(end, element.end) - END)
    several = list(spans_within(bytes(pixels[start : end + MOST]), identifiers))
    yield from ((start + a, start + b) for a, b in several)
    if any(start + b > end for _, b in several):
        yield end, element.end


def _in_no_image(
    pixels: bytes | memoryview, element: Element, identifiers: Identifiers
) -> Iterator[Span]:
    """Yield where the patient is named in data of which no header says that they are an image."""
    start = element.value
    several = spans_within(bytes(pixels[start : min(element.end, start + MOST)]), identifiers)
    yield from ((start + a, start + b) for a, b in several if b - a >= SURE)


def _in_fragments(
    pixels: bytes | memoryview, element: Element, encoding: Encoding, identifiers: Identifiers
) -> Iterator[Span]:
    for start, end in items(pixels, element, encoding):
        for first, last in _remarks(pixels, start, end):
            if _names_somebody(bytes(pixels[first:last]), identifiers):
                yield first, last
        last = max(start, end - END)
        yield from ((last + a, last + b) for a, b in _after(bytes(pixels[last:end]), identifiers))
        if bytes(pixels[start : start + 2]) not in REMARKS:  # a video, whose words come first
            begin = bytes(pixels[start : min(last, start + END)])
            yield from ((start + a, start + b) for a, b in _after(begin, identifiers))


def _remarks(stream: bytes | memoryview, start: int, end: int) -> Iterator[Span]:
    """Yield where the remarks of a stream stand, before its image."""
    wanted, position = REMARKS.get(bytes(stream[start : start + 2])), start + 2
    while wanted and position + 4 <= end and stream[position] == FILLING:
        marker = stream[position + 1]
        if marker in IMAGE_BEGINS:
            return
        if marker == FILLING:
            position += 1
            continue
        length = stream[position + 2] << 8 | stream[position + 3]
        if marker in wanted:
            yield position + 4, min(end, position + 2 + length)
        position += 2 + length


def _names_somebody(data: bytes, identifiers: Identifiers) -> bool:
    text = data.decode("latin-1").strip("\0\1 ")
    return is_within(data, identifiers) or clean.cut_anybody(text, identifiers) != text


def _after(data: bytes, identifiers: Identifiers) -> Iterator[Span]:
    """Yield where the last bytes of a fragment name the patient: all that follows its image, where
    its end is told.
    """
    end_of_image = data.rfind(IMAGE_ENDS)
    for start, end in spans_within(data, identifiers):
        if 0 <= end_of_image < start:
            yield end_of_image + len(IMAGE_ENDS), len(data)
        elif end - start >= SURE:
            yield start, end


def _blanked(pixels: bytes | memoryview, spans: Sequence[Span]) -> bytes:
    data = bytearray(pixels)
    for start, end in spans:
        data[start:end] = bytes(end - start)
    return bytes(data)
