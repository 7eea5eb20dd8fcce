"""Cleaned frames as files: lossy ones, what a validator says of them, and the reader itself."""

import subprocess
import sys
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import imaging
import numpy as np
import pydicom.data
import pytest
from gateways import needs
from headgate.config import Settings
from headgate.context import Context
from headgate.core.deid.identity import Recipe
from headgate.core.errors import Misconfigured, Rejected
from headgate.deidentifying.cleaning import clean
from headgate.steps import check_config
from headgate.stores import ocr
from headgate.stores.dicomfiles import read_instance, take_apart
from PIL import Image
from pydicom.encaps import encapsulate

EXPLICIT, RLE, LS, J2K = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
)
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", b"k" * 32)
GREY = imaging.KINDS["MONOCHROME2 8 bit"]


@pytest.mark.parametrize("shape", [(300, 400), (40, 2500)])
def test_the_reader_finds_a_name_wherever_it_stands(shape):
    image = np.zeros(shape, np.uint8)
    ink = imaging.ink()[imaging.box_of(imaging.PLACE)]
    top, left = (shape[0] - ink.shape[0]) // 2, shape[1] - ink.shape[1] - 30
    image[top : top + ink.shape[0], left : left + ink.shape[1]][ink] = 255
    words = ocr.words(image)
    assert any("NORDMANN" in word.text for word in words)
    assert all(word.box.left >= left - 10 for word in words)


@pytest.fixture(params=["onnxruntime", "rapidocr"])
def no_reader(request, monkeypatch):
    ocr._reader.cache_clear()
    monkeypatch.setitem(sys.modules, request.param, None)
    yield
    ocr._reader.cache_clear()


@pytest.mark.usefixtures("no_reader")
def test_without_the_reader_what_needs_it_is_held_and_the_rest_leaves():
    screenshot = imaging.instance(GREY, [imaging.frame(GREY, imaging.ink())])
    with pytest.raises(Rejected, match="pip install 'rapidocr"):
        clean(screenshot, RECIPE)
    values = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "Modality": "CT"}
    scan = imaging.instance(GREY, [imaging.frame(GREY, None)], **values)
    assert b"".join(clean(scan, RECIPE).pixels) == b"".join(scan.pixels)


@pytest.mark.usefixtures("no_reader")
def test_check_config_says_that_the_reader_is_missing():
    context = Context(Settings())
    with pytest.raises(Misconfigured, match="pip install 'rapidocr"):
        list(check_config.apply(context, "pixels"))


def test_check_config_finds_the_reader():
    (outcome,) = check_config.apply(Context(Settings()), "pixels")
    assert "is there" in outcome.text


def made_by_a_lossy_coder():
    """A JPEG frame, which pydicom has no encoder for: Pillow has."""
    stream = BytesIO()
    Image.fromarray(imaging.frame(GREY, imaging.ink())).save(stream, "JPEG", quality=95)
    one = imaging.instance(GREY, [imaging.frame(GREY, None)], RLE)
    value = encapsulate([stream.getvalue()], has_bot=False)
    head = bytes(one.pixels[0][:12])
    pixels = head + value + b"\xfe\xff\xdd\xe0\0\0\0\0"
    dataset = memoryview(bytes(one.head) + pixels)
    return replace(one, dataset=dataset, transfer_syntax="1.2.840.10008.1.2.4.50")


def test_a_lossy_image_comes_out_uncompressed_and_still_says_that_it_was_lossy(a_reader):
    output = clean(made_by_a_lossy_coder(), RECIPE)
    assert output.transfer_syntax == EXPLICIT
    dataset = imaging.read_back(b"".join(output.file))
    assert dataset.LossyImageCompression == "01"
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT
    assert not dataset.pixel_array[imaging.box_of(imaging.PLACE)].any()


def complaints(file, folder, name):
    path = folder / name
    path.write_bytes(file)
    program = needs("dciodvfy", "dicom3tools")
    done = subprocess.run([program, path], capture_output=True, text=True)
    return {line for line in done.stderr.splitlines() if line.startswith("Error")}


@pytest.mark.debian
@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, LS, J2K])
@pytest.mark.parametrize("kind", ["MONOCHROME2 8 bit", "RGB", "YBR_FULL"])
def test_the_output_is_no_worse_by_dciodvfy_than_the_input(a_reader, tmp_path, kind, syntax):
    image = imaging.KINDS[kind]
    file = imaging.file_of(image, [imaging.frame(image, imaging.ink())], syntax)
    before = complaints(file, tmp_path, "before")
    after = complaints(b"".join(clean(take_apart(file), RECIPE).file), tmp_path, "after")
    assert after <= before


@pytest.mark.debian
def test_an_ultrasound_loop_in_lossy_jpeg_comes_out_in_colours_that_ultrasound_may_have(
    monkeypatch, tmp_path
):
    imaging.use_reader(monkeypatch, lambda _: [])
    path = Path(pydicom.data.__file__).parent / "test_files" / "examples_ybr_color.dcm"
    output = clean(read_instance(path), RECIPE)
    dataset = imaging.read_back(b"".join(output.file))
    assert dataset.PhotometricInterpretation == "RGB"
    before = complaints(path.read_bytes(), tmp_path, "before")
    after = complaints(b"".join(output.file), tmp_path, "after")
    assert after <= before


@pytest.mark.parametrize("planar", [0, 1])
def test_rle_tells_of_its_planes_as_it_did(a_reader, planar):
    image = imaging.KINDS["YBR_FULL"]
    frames = [imaging.frame(image, imaging.ink())]
    one = imaging.instance(image, frames, RLE, PlanarConfiguration=planar)
    output = clean(one, RECIPE)
    assert output.transfer_syntax == RLE
    dataset = imaging.read_back(b"".join(output.file))
    assert dataset.PlanarConfiguration == planar
    assert dataset.pixel_array.shape == (image.rows, image.columns, 3)
