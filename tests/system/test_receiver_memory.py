"""An object far larger than the memory that the receiver may take for it."""

from __future__ import annotations

import os
from pathlib import Path

import factories
import pytest
from headgate.core.dicom.elements import head
from headgate.core.dicom.filemeta import EXPLICIT
from headgate.demo.processes import Running, free_port, is_listening, script
from headgate.stores.dicomnet import pacs
from headgate.stores.layout import Layout

STUDY = factories.Study("large")
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
MEGABYTE = 1 << 20
# as many as the object may be large: 4,000 were tried by hand, see tests/bench/RESULTS.md
OBJECT_MEGABYTES = int(os.environ.get("HEADGATE_OBJECT_MEGABYTES", "400"))
MEMORY_MEGABYTES = 300


@pytest.fixture
def receiving(tmp_path):
    port = free_port()
    words = ["--datadir", str(tmp_path / "data"), "--port", str(port)]
    running = Running([*script("storescpd"), *words], tmp_path / "storescpd.out")
    running.wait_until(lambda: is_listening(port), "storescpd")
    yield port, running
    running.stop()


def most_memory(process: int) -> int:
    """The megabytes that a process and its children had at most, all together."""
    tasks = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    total = 0
    for one in (str(process), *tasks):
        status = Path(f"/proc/{one}/status").read_text()
        total += int(status.partition("VmHWM:")[2].split()[0]) // 1024
    return total


def test_memory_does_not_grow_with_an_object(receiving, tmp_path):
    port, running = receiving
    one = STUDY.instance()
    del one.PixelData
    start = factories.encoded(one)[1]
    room = memoryview(bytes(8 * MEGABYTE))
    pixels = head(0x7FE00010, b"OW", OBJECT_MEGABYTES * MEGABYTE, EXPLICIT)
    parts = [start + pixels, *[room] * (OBJECT_MEGABYTES // 8)]
    peer = pacs.Peer("127.0.0.1", port, "HEADGATE", "SCANNER", 120)
    with pacs.associated(peer, [(factories.CT, EXPLICIT_LITTLE)]) as association:
        kind = factories.CT, str(one.SOPInstanceUID), EXPLICIT_LITTLE
        association.begin_store(*kind, parts)
        assert association.end_store() == 0
    (path,) = Layout(tmp_path / "data").study_archive(STUDY.uid).iterdir()
    assert path.stat().st_size > OBJECT_MEGABYTES * MEGABYTE
    assert most_memory(running.process.pid) < MEMORY_MEGABYTES
    path.unlink()
