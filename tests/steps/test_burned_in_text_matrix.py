"""Text in the frames of real files is gone from what leaves, whatever they are stored as."""

from pathlib import Path

import imaging
import numpy as np
import pydicom.data
import pytest
from headgate.core.deid.identity import Recipe
from headgate.core.errors import HeadgateError
from headgate.core.pixels import policy, stored
from headgate.core.pixels.blanking import without_unused_bits
from headgate.core.pixels.boxes import Box, Word, common
from headgate.core.pixels.description import describe
from headgate.deidentifying import cleaning, pixels
from headgate.deidentifying.cleaning import clean
from headgate.stores import pixeldata
from headgate.stores.dicomfiles import read_instance, take_apart, understanding
from PIL import Image

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS = [Path(pydicom.data.__file__).parent / "test_files", SHARED]
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", b"k" * 32)
LEAST, MOST_FRAMES, MOST_BYTES = 40, 8, 4 << 20
PLACE = Box(8, 10, 28, 16)
AROUND = 6  # what a box is grown by at most


def kinds():
    """The real files, one for each way in which frames are stored and meant."""
    found = {}
    for path in sorted(path for folder in FOLDERS for path in folder.rglob("*")):
        try:
            one = read_instance(path)
            with understanding():
                image = describe(one.header)
            has_study = one.header.get("StudyInstanceUID")
            if not has_study or not stored.has_frames(one.pixels, one.transfer_syntax):
                continue
            now, _ = pixeldata.opened(one.pixels, one.transfer_syntax, image)
        except (HeadgateError, OSError):
            continue
        size = image.rows * image.columns * image.frames
        if min(image.rows, image.columns) < LEAST or image.frames > MOST_FRAMES:
            continue
        if size > MOST_BYTES or image.bits_allocated == 1:
            continue
        kind = (
            *(one.transfer_syntax, image.photometric, now.photometric, image.bits_allocated),
            *(image.bits_stored, image.is_signed, image.is_planar, image.frames > 1),
        )
        found.setdefault(kind, path)
    return [
        pytest.param(path, id=f"{kind[0]} {kind[1]} {path.stem}") for kind, path in found.items()
    ]


def written_on(frame, palette):
    """A frame with strokes of its darkest and brightest samples, even where two share a colour."""
    dark, bright = frame.min(), frame.max()
    if palette is not None:
        shown = palette.astype(int).sum(axis=1)
        dark, bright = shown.argmin(), shown.argmax()
    elif dark == bright:
        bright = dark ^ 1
    result = frame.copy()
    result[PLACE.top : PLACE.bottom, PLACE.left : PLACE.right] = dark
    result[PLACE.top : PLACE.bottom : 2, PLACE.left : PLACE.right] = bright
    return result


@pytest.fixture
def a_strict_reader(monkeypatch):
    """A reader that finds text wherever a view is not even at its place."""
    shown = []
    looked_at = pixels.views

    def noted(*arguments):
        for view in looked_at(*arguments):
            shown.append(view)
            yield view

    def read(_):
        view = shown[-1]
        rows, columns = (size // view.scale for size in view.image.shape)
        inside = common(Box(view.left, view.top, view.left + columns, view.top + rows), PLACE)
        if inside is None:
            return []
        left, top, right, bottom = (
            view.scale * (edge - start)
            for edge, start in zip(inside, (view.left, view.top) * 2, strict=True)
        )
        edge = view.scale // 2  # where enlarging mixes in what is beside
        shown_there = view.image[top + edge : bottom - edge, left + edge : right - edge]
        is_even = np.ptp(shown_there) < 8
        return [] if is_even else [Word("NORDMANN", Box(left, top, right, bottom), 0.9)]

    monkeypatch.setattr(pixels, "views", noted)
    imaging.use_reader(monkeypatch, read)


@pytest.fixture
def written_frames(monkeypatch):
    """The frames that are cleaned, with text written on them once they are decoded."""
    given, palettes = [], []
    real, coloured = pixeldata.opened, pixeldata.palette_of

    def palette_of(*arguments):
        palettes.append(coloured(*arguments))
        return palettes[-1]

    def opened(*arguments):
        image, frames = real(*arguments)
        given.extend(written_on(frame, palettes[-1]) for frame in frames)
        return image, iter(given)

    monkeypatch.setattr(pixels.pixeldata, "opened", opened)
    monkeypatch.setattr(pixels.pixeldata, "palette_of", palette_of)
    return given


def converted(frame, one):
    """A frame of what was decoded as RGB, by Pillow's own conversion, which may be one off."""
    decoded, _ = pixeldata.opened(one.pixels, one.transfer_syntax, describe(one.header))
    if decoded.photometric == "RGB":
        return frame
    return np.asarray(Image.fromarray(frame, "YCbCr").convert("RGB"))


@pytest.mark.parametrize("path", kinds())
def test_text_is_gone_from_every_frame_and_the_rest_is_as_it_was(
    a_strict_reader, written_frames, monkeypatch, path
):
    one = read_instance(path)
    # what is blanked unread is another test's
    monkeypatch.setattr(pixels, "kept_regions", lambda _: None)
    monkeypatch.setattr(pixels, "template_boxes", lambda *_: [])
    monkeypatch.setattr(cleaning.policy, "decide", lambda *_: policy.Decision(True, "a test"))
    file = b"".join(clean(one, RECIPE).file)
    monkeypatch.undo()
    again = take_apart(file)
    assert again.transfer_syntax in stored.written_syntaxes(one.transfer_syntax)
    after = imaging.frames_of(file)
    assert len(after) == len(written_frames)
    meant = str(again.header.PhotometricInterpretation)
    for frame, now in zip(written_frames, after, strict=True):
        sample = without_unused_bits(frame, describe(one.header))
        was_lossy = one.transfer_syntax in stored.LOSSY
        before = converted(sample, one) if was_lossy and meant == "RGB" else sample
        box = now[imaging.box_of(PLACE)]
        assert (box == box[0, 0]).all()
        around = np.ones(before.shape[:2], bool)
        wide = slice(PLACE.top - AROUND, PLACE.bottom + AROUND)
        around[wide, PLACE.left - AROUND : PLACE.right + AROUND] = False
        off = np.abs(now[around].astype(int) - before[around].astype(int)).max()
        assert off <= (1 if was_lossy and meant == "RGB" else 0)
