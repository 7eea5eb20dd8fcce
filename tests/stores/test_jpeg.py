"""JPEG as others write it: pydicom's packaged files, held against DCMTK's decoder."""

import subprocess
from pathlib import Path

import numpy as np
import pydicom.data
import pytest
from gateways import needs
from headgate.core.errors import Rejected
from headgate.core.pixels.description import describe
from headgate.stores import pixeldata
from headgate.stores.dicomfiles import read_instance

FOLDER = Path(pydicom.data.__file__).parent / "test_files"
# 8, 12 and 16 bits, grey and colour, lossy and lossless, with the words of DCMTK's tools
FILES = {
    "JPGExtended.dcm": ("dcmdjpeg", "+cn"),
    "JPEG-lossy.dcm": ("dcmdjpeg", "+cn"),
    "SC_rgb_jpeg_gdcm.dcm": ("dcmdjpeg", "+cn"),
    "SC_rgb_dcmtk_+eb+cr.dcm": ("dcmdjpeg", "+cn"),
    "JPEGLSNearLossless_08.dcm": ("dcmdjpls",),
    "JPEGLSNearLossless_16.dcm": ("dcmdjpls",),
    "MR_small_jpeg_ls_lossless.dcm": ("dcmdjpls",),
    "SC_rgb_jls_lossy_line.dcm": ("dcmdjpls", "+px"),
    "SC_rgb_jls_lossy_sample.dcm": ("dcmdjpls", "+px"),
}


def frames_of(path):
    one = read_instance(path)
    _, frames = pixeldata.opened(one.pixels, one.transfer_syntax, describe(one.header))
    return list(frames)


@pytest.mark.debian
@pytest.mark.parametrize(("name", "words"), FILES.items(), ids=FILES)
def test_jpeg_is_decoded_as_by_dcmtk(tmp_path, name, words):
    program, plain = needs(words[0], "dcmtk"), tmp_path / "plain.dcm"
    subprocess.run([program, *words[1:], FOLDER / name, plain], check=True)
    (ours,), (theirs,) = frames_of(FOLDER / name), frames_of(plain)
    is_exact = "gdcm" in name or words[0] == "dcmdjpls"
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= (0 if is_exact else 1)


def test_a_frame_of_another_size_than_the_header_says_is_held():
    one = read_instance(FOLDER / "JPGExtended.dcm")
    header = one.header
    header.Rows = 512
    with pytest.raises(Rejected, match="frame 1 cannot be decoded"):
        pixeldata.opened(one.pixels, one.transfer_syntax, describe(header))
