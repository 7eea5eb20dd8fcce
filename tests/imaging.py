"""Frames made up, with a name burned in, and data sets that hold them in any transfer syntax."""

from __future__ import annotations

from functools import partial
from io import BytesIO

import factories
import numpy as np
import pytest
from headgate.core.dicom.filemeta import file_head
from headgate.core.pixels.boxes import Box, Word, common
from headgate.core.pixels.description import Description, describe
from headgate.core.pixels.rendering import View
from headgate.deidentifying import pixels
from headgate.stores import pixeldata
from headgate.stores.dicomfiles import Instance, encode, take_apart
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset, dcmread

ROWS, COLUMNS = 192, 256
NAME = "NORDMANN 010203"
START = (20, 40)
# where its ink is
PLACE = Box(22, 45, 172, 56)


def ink(text=NAME, place=START, size=16) -> np.ndarray:
    """Return where a text has ink (rows, columns)."""
    image = Image.new("L", (COLUMNS, ROWS))
    ImageDraw.Draw(image).text(place, text, fill=255, font=ImageFont.load_default(size))
    return np.asarray(image) > 127


def anatomy() -> np.ndarray:
    """Return something smooth that is no text: 0 to 1 (rows, columns)."""
    rows, columns = np.mgrid[0:ROWS, 0:COLUMNS]
    return 0.1 + 0.4 * np.exp(-(((rows - 130) / 40) ** 2 + ((columns - 128) / 60) ** 2))


# photometric interpretation, bits allocated, bits stored, signed, planar
KINDS = {
    "MONOCHROME2 8 bit": Description("MONOCHROME2", ROWS, COLUMNS),
    "MONOCHROME1 8 bit": Description("MONOCHROME1", ROWS, COLUMNS),
    "MONOCHROME2 12 bit": Description(
        "MONOCHROME2", ROWS, COLUMNS, bits_allocated=16, bits_stored=12, high_bit=11
    ),
    "MONOCHROME1 16 bit": Description(
        "MONOCHROME1", ROWS, COLUMNS, bits_allocated=16, bits_stored=16, high_bit=15
    ),
    "MONOCHROME2 signed": Description(
        "MONOCHROME2", ROWS, COLUMNS, bits_allocated=16, bits_stored=16, high_bit=15, is_signed=True
    ),
    "MONOCHROME2 signed 12 bit": Description(
        "MONOCHROME2", ROWS, COLUMNS, bits_allocated=16, bits_stored=12, high_bit=11, is_signed=True
    ),
    "PALETTE COLOR": Description("PALETTE COLOR", ROWS, COLUMNS),
    "RGB": Description("RGB", ROWS, COLUMNS, samples=3),
    "RGB planar": Description("RGB", ROWS, COLUMNS, samples=3, is_planar=True),
    "YBR_FULL": Description("YBR_FULL", ROWS, COLUMNS, samples=3),
    "YBR_FULL_422": Description("YBR_FULL_422", ROWS, COLUMNS, samples=3),
}


def frame(image: Description, text: np.ndarray | None) -> np.ndarray:
    """Return a frame of stored values, with white text where there is ink."""
    shown = anatomy()
    if text is not None:
        shown = np.where(text, 1.0, shown)
    if image.photometric == "MONOCHROME1":
        shown = 1 - shown
    low, high = image.limits
    values = np.round(low + shown * (high - low)).astype(np.int64)
    if image.photometric == "PALETTE COLOR":
        values = 255 - values  # its palette is reversed: index 255 is black
    kind = f"{'i' if image.is_signed else 'u'}{image.bits_allocated // 8}"
    grey = values.astype(kind)
    if image.samples == 1:
        return grey
    if image.photometric == "RGB":
        return np.stack([grey, grey, grey // 2 + grey // 4], axis=2)
    middle = np.full_like(grey, image.middle)
    return np.stack([grey, middle, middle], axis=2)


def dataset(image: Description, frames, syntax="1.2.840.10008.1.2.1", **values):
    """Return a header, and the pixel elements that hold frames of stored values in a syntax."""
    written = pixeldata.recoded(iter(frames), syntax, image)
    assert written.transfer_syntax == syntax, "no encoder"
    result = factories.Study("pixels", modality="SC").instance(
        Rows=image.rows,
        Columns=image.columns,
        SamplesPerPixel=image.samples,
        PhotometricInterpretation=written.image.photometric,
        PlanarConfiguration=int(written.image.is_planar) if image.samples == 3 else None,
        BitsAllocated=image.bits_allocated,
        BitsStored=image.bits_stored,
        HighBit=image.high_bit,
        PixelRepresentation=int(image.is_signed),
        NumberOfFrames=len(frames) if len(frames) > 1 else None,
    )
    if image.photometric == "PALETTE COLOR":
        for colour in ("Red", "Green", "Blue"):
            setattr(result, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
            table = (np.arange(255, -1, -1) * 257).astype("<u2").tobytes()
            setattr(result, f"{colour}PaletteColorLookupTableData", table)
    for tag, value in values.pop("elements", {}).items():
        result.add_new(tag, "US", value)
    for keyword, value in values.items():
        setattr(result, keyword, value)
    del result.PixelData
    result.file_meta.TransferSyntaxUID = syntax
    return result, written.pixels


def file_of(image: Description, frames, syntax="1.2.840.10008.1.2.1", **values) -> bytes:
    """Return the bytes of a file that holds frames of stored values in a transfer syntax."""
    header, pixels = dataset(image, frames, syntax, **values)
    _, body = encode(header, pixels, syntax)
    return file_head(header.SOPClassUID, header.SOPInstanceUID, syntax) + body


def instance(image: Description, frames, syntax="1.2.840.10008.1.2.1", **values) -> Instance:
    """Return an instance that holds frames of stored values in a transfer syntax."""
    return take_apart(file_of(image, frames, syntax, **values))


def frames_of(file: bytes) -> list[np.ndarray]:
    """Given a file's bytes, return its frames of stored values."""
    one = take_apart(file)
    _, frames = pixeldata.opened(one.pixels, one.transfer_syntax, describe(one.header))
    return list(frames)


def read_back(file: bytes) -> Dataset:
    """Given a file's bytes, return it as pydicom reads it."""
    return dcmread(BytesIO(file))


def box_of(box: Box):
    """Return where a box lies in an array."""
    return slice(box.top, box.bottom), slice(box.left, box.right)


def assert_gone(before: np.ndarray, after: np.ndarray) -> None:
    """The name's place is one colour, and what is not near to it is as it was."""
    same = before == after
    rows, columns = np.nonzero(~(same.all(axis=2) if same.ndim == 3 else same))
    assert rows.size
    assert rows.min() > PLACE.top - 10
    assert rows.max() < PLACE.bottom + 10
    assert columns.max() < PLACE.right + 10
    box = after[box_of(PLACE)]
    assert (box == box[0, 0]).all()


def words_at_the_name(view: View) -> list[Word]:
    """Read a view as one who knows where the name stands, and sees it where it has contrast."""
    small = view.image[:: view.scale, :: view.scale].astype(int)
    rows, columns = small.shape
    box = Box(view.left, view.top, view.left + columns, view.top + rows)
    if common(box, PLACE) != PLACE:
        return []
    shown = np.zeros((ROWS, COLUMNS))
    shown[box_of(box)] = small
    strip = shown[PLACE.top : PLACE.bottom, PLACE.left : PLACE.right]
    is_ink = ink()[box_of(PLACE)]
    left, top, right, bottom = PLACE
    moved = (left - view.left, top - view.top, right - view.left, bottom - view.top)
    place = Box(*(view.scale * edge for edge in moved))
    seen = abs(strip[is_ink].mean() - strip[~is_ink].mean())
    return [Word(NAME, place, 0.9)] if seen > 60 else []


@pytest.fixture
def a_reader(monkeypatch):
    """A reader that knows where the made-up name stands: the views that it was given."""
    seen: list[View] = []
    looked_at = pixels.views

    def noted(*arguments):
        for view in looked_at(*arguments):
            seen.append(view)
            yield view

    def read(_):
        return words_at_the_name(seen[-1])

    monkeypatch.setattr(pixels, "views", noted)
    use_reader(monkeypatch, read)
    return seen


def use_reader(monkeypatch, read) -> None:
    """Let pixels be cleaned by another reader."""
    monkeypatch.setattr(pixels, "clean_pixels", partial(pixels.clean_pixels, read=read))
