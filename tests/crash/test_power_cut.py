"""Power cuts: what was acknowledged is on a disk that forgets all that it was not told to keep."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import factories
import pytest
from gateways import needs
from headgate.core.errors import Unavailable
from headgate.demo.processes import Running, free_port, is_listening, script
from headgate.stores.dicomnet import pacs
from headgate.stores.layout import Layout
from headgate.stores.quarantine.archive import Archive

FORGETFUL = Path(__file__).with_name("forgetful.py")
EXPLICIT = "1.2.840.10008.1.2.1"
SUCCESS = 0
WITH_JOURNAL, WITHOUT_JOURNAL = "has_journal", "^has_journal"
CORRECTED = 3  # e2fsck(8): errors were corrected, and it may ask for a restart
MEGABYTES, SENDERS = 64, 3
# without a journal, names are lost when a folder is split amid a cut: so few that it has one block
BLOCK, CUTS = 4096, {WITH_JOURNAL: 25, WITHOUT_JOURNAL: 3}
EACH = 4  # acknowledged between one cut and the next, and as many on their way then


def command(*words):
    subprocess.run(list(map(str, words)), check=True, capture_output=True)


@pytest.fixture(params=[WITH_JOURNAL, WITHOUT_JOURNAL])
def a_forgetful_disk(tmp_path, request):
    """The folder where it is mounted, the one with `survivor`, and a feature of its ext4."""
    if os.geteuid():
        pytest.fail("only root can mount a disk that forgets: run the tests as root")
    needs("fusermount3", "fuse3")
    device, mounted = tmp_path / "device", tmp_path / "mounted"
    device.mkdir()
    mounted.mkdir()
    seed = 7
    words = [sys.executable, str(FORGETFUL), str(device), str(MEGABYTES), str(seed)]
    running = Running(words, tmp_path / "forgetful.out")
    running.wait_until((device / "disk").exists, "the disk")
    try:
        command("mkfs.ext4", "-q", "-F", "-b", BLOCK, "-O", request.param, device / "disk")
        command("mount", "-o", "loop", device / "disk", mounted)
        yield mounted, device, request.param
    finally:
        subprocess.run(["umount", str(mounted)], check=False)
        subprocess.run(["fusermount3", "-u", str(device)], check=False)
        running.stop()


@pytest.fixture
def receiving(a_forgetful_disk, tmp_path):
    """The port of a receiver that has its data on the disk."""
    port, config = free_port(), tmp_path / "headgate.toml"
    config.write_text('log_directory = ""\n[receiver]\nfree_floor_megabytes = 1\n')
    where = a_forgetful_disk[0] / "data"
    words = [*script("storescpd"), "--datadir", str(where), "--port", str(port), "-c", str(config)]
    running = Running(words, tmp_path / "storescpd.out")
    running.wait_until(lambda: is_listening(port), "storescpd")
    yield port
    running.stop()


class Sender(threading.Thread):
    """Sends small instances one after the other, and notes which were acknowledged."""

    def __init__(self, port, number, acknowledged, permits):
        super().__init__(daemon=True)
        self.port, self.acknowledged, self.permits = port, acknowledged, permits
        self.study, self.over = factories.Study(f"power {number}"), threading.Event()
        self.sent = {}

    def run(self):
        peer, count = pacs.Peer("127.0.0.1", self.port, "HEADGATE", "SCANNER", 30), 0
        try:
            with pacs.associated(peer, [(factories.CT, EXPLICIT)]) as association:
                while self.permits.acquire() and not self.over.is_set():
                    count += 1
                    one = self.study.instance(count, ImageComments="x" * (count * 997 % 20_000))
                    name, body = str(one.SOPInstanceUID), factories.encoded(one)[1]
                    self.sent[name] = body
                    status = association.store(factories.CT, name, EXPLICIT, body)
                    if status == SUCCESS:
                        self.acknowledged.add(self.study.uid, name)
        except Unavailable:
            self.over.set()


class Acknowledged:
    """What senders were told is safe."""

    def __init__(self):
        self._names, self._came = set(), threading.Condition()

    def add(self, study, name):
        with self._came:
            self._names.add((study, name))
            self._came.notify_all()

    def wait_for_more(self, count):
        """Wait for some more; return all that were acknowledged by then."""
        with self._came:
            aim = len(self._names) + count
            assert self._came.wait_for(lambda: len(self._names) >= aim, timeout=60)
            return set(self._names)


@contextmanager
def after_a_cut(device, feature, folder):
    """Mount what a power cut in this moment leaves: ext4 replays its journal, or is mended."""
    folder.mkdir()
    image, mounted = folder / "image", folder / "mounted"
    mounted.mkdir()
    shutil.copyfile(device / "survivor", image)
    if feature == WITHOUT_JOURNAL:
        mended = subprocess.run(["e2fsck", "-fy", str(image)], check=False, capture_output=True)
        assert mended.returncode & ~CORRECTED == 0, mended.stdout
    command("mount", "-o", "loop", image, mounted)
    try:
        yield Layout(mounted / "data")
    finally:
        command("umount", mounted)
        image.unlink()


def test_what_was_acknowledged_is_whole_and_announced_after_a_power_cut(
    a_forgetful_disk, receiving, tmp_path
):
    _, device, feature = a_forgetful_disk
    acknowledged = Acknowledged()
    permits = threading.Semaphore(0)
    senders = [Sender(receiving, number, acknowledged, permits) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    for cut in range(CUTS[feature]):
        permits.release(2 * EACH)
        safe = acknowledged.wait_for_more(EACH)
        with after_a_cut(device, feature, tmp_path / f"cut-{cut}") as layout:
            check(layout, safe, {name: body for one in senders for name, body in one.sent.items()})
    for sender in senders:
        sender.over.set()
    permits.release(SENDERS)
    for sender in senders:
        sender.join(30)


def check(layout, safe, sent):
    archive = Archive(layout)
    announced = {archive.announced(link) for link in layout.arrived.iterdir()}
    for study, name in safe:
        path = layout.study_archive(study) / name
        assert path.read_bytes().endswith(sent[name]), f"{name} is lost"
        assert path in announced, f"{name} is not announced"
    for path in archive.instances():
        assert path.read_bytes().endswith(sent[path.name]), f"{path.name} is half written"
