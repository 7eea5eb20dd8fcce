"""A PACS that refuses a transfer syntax gets the same pixels uncompressed, and nothing else does."""

from __future__ import annotations

import subprocess
from functools import partial
from pathlib import Path

import factories
import numpy as np
import pytest
from gateways import needs
from headgate.core.deid.identity import Recipe
from headgate.core.model import Assignment, Fate, Request
from headgate.core.pixels import stored
from headgate.deidentifying.cleaning import clean
from headgate.delivering.study import Delivering
from headgate.delivering.transcoding import transcoded
from headgate.demo.processes import Running, free_port, is_listening
from headgate.stores.dicomfiles import take_apart
from imaging import KINDS, file_of, frame, frames_of, read_back

EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
SYNTAXES = (
    IMPLICIT,
    EXPLICIT,
    "1.2.840.10008.1.2.1.99",
    BIG,
    stored.RLE,
    stored.JPEG_LOSSLESS,
    stored.JPEG_LS,
    stored.J2K,
)
RECIPE = Recipe("P", "P-001", "E1", b"k" * 32)
PICTURE = KINDS["MONOCHROME2 12 bit"]


@pytest.mark.parametrize("target", stored.UNCOMPRESSED)
@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("kind", ["MONOCHROME2 12 bit", "RGB", "MONOCHROME2 8 bit"])
def test_pixels_and_values_are_the_same(kind, syntax, target):
    frames = [frame(KINDS[kind], None), frame(KINDS[kind], None) // 2]
    output = clean(take_apart(file_of(KINDS[kind], frames, syntax)), RECIPE)
    other = transcoded(output, target)
    before, after = (read_back(b"".join(one.file)) for one in (output, other))
    assert after.file_meta.TransferSyntaxUID == target
    for one, again in zip(frames, frames_of(b"".join(other.file)), strict=True):
        assert np.array_equal(one, again)
    changed = {"PixelData", "PhotometricInterpretation", "PlanarConfiguration"}
    for element in before:
        if element.keyword not in changed:
            assert after[element.tag].value == element.value, element.keyword
    assert {one.tag for one in before} == {one.tag for one in after}


@pytest.fixture
def a_plain_storescp(tmp_path):
    """DCMTK's receiver, which takes Implicit VR Little Endian and nothing else."""
    where, port = tmp_path / "storescp", free_port()
    where.mkdir()
    # pynetdicom has a storescp too
    program = Path(needs("dcmsend", "dcmtk")).with_name("storescp")
    words = [str(program), "--implicit", "--bit-preserving", "-od", str(where), str(port)]
    running = Running(words, tmp_path / "storescp.out")
    running.wait_until(partial(is_listening, port), "storescp")
    yield where, port
    running.stop()


def test_what_storescp_refuses_goes_uncompressed(a_tree, a_plain_storescp, tmp_path):
    where, port = a_plain_storescp
    text = a_tree.site.config.read_text().replace("port = 9\n", f"port = {port}\n")
    a_tree.site.config.write_text(text.replace('"c-find"', '"c-store"'))
    context = a_tree.context()
    context.prepare()
    frames = [frame(PICTURE, None)]
    folder = context.layout.study_raw("1.2.3") / "1.2.3.1"
    folder.mkdir(parents=True)
    for number, syntax in enumerate((EXPLICIT, stored.J2K), 1):
        name = factories.uid("instance", number)
        path = folder / name
        path.write_bytes(file_of(PICTURE, frames, syntax, SOPInstanceUID=name))
    request = Request.wanted("1.2.3", 1, Assignment("P", "P-001", "E1"), "1")
    delivered = Delivering(context, request, {}, "research").run()
    assert [one.fate for one in delivered] == [Fate.STORED] * 2
    arrived = sorted(where.iterdir())
    assert len(arrived) == 2
    for path in arrived:
        assert np.array_equal(frames_of(path.read_bytes())[0], frames[0])
        checked = subprocess.run([needs("dcmdump", "dcmtk"), str(path)], capture_output=True)
        assert b"LittleEndianImplicit" in checked.stdout
