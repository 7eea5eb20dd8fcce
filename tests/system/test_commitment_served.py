"""Storage commitment of the receiver, asked by pynetdicom: what is told is what the disk holds."""

from __future__ import annotations

import os
import resource
import threading
import zlib
from pathlib import Path

import factories
import pytest
from headgate.core.dicom import elements
from headgate.core.dicom.elements import head
from headgate.core.dicom.filemeta import file_head
from headgate.demo.processes import Running, free_port, script
from headgate.stores.dicomnet import pacs
from headgate.stores.layout import Layout
from headgate.stores.quarantine import inspection
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE, build_role, evt
from pynetdicom.sop_class import StorageCommitmentPushModel, StorageCommitmentPushModelInstance

STUDY = factories.Study("commitment")
LARGE = 512 << 20
EXPLICIT = "1.2.840.10008.1.2.1"
NO_SUCH_INSTANCE, CLASS_CONFLICT, PROCESSING_FAILURE = 0x0112, 0x0119, 0x0110


class Asking:
    """A receiver, and a scanner that asks it for commitment and takes its reports."""

    def __init__(self, folder, settings=""):
        self.port, self.own_port = free_port(), free_port()
        self.layout = Layout(folder / "data")
        config = folder / "headgate.toml"
        config.write_text(
            f'log_directory = ""\n[receiver]\nport = {self.port}\n{settings}\n'
            f'commitment_peers = {{ SCANNER = "127.0.0.1:{self.own_port}" }}\n'
        )
        words = [*script("storescpd"), "--datadir", str(self.layout.datadir), "-c", str(config)]
        self.running = Running(words, folder / "storescpd.out")
        self.running.wait_until(lambda: "listening" in self.running.said(), "storescpd")
        self.reports, self.came = [], threading.Event()

    def store(self, *datasets):
        peer = pacs.Peer("127.0.0.1", self.port, "HEADGATE", "SCANNER", 20)
        with pacs.associated(peer, {(str(one.SOPClassUID), EXPLICIT) for one in datasets}) as to:
            for one in datasets:
                to.store(one.SOPClassUID, one.SOPInstanceUID, EXPLICIT, factories.encoded(one)[1])

    def ask(self, *references, stays=True):
        """Ask for commitment of (class, instance); return the report."""
        entity = AE("SCANNER")
        entity.add_requested_context(StorageCommitmentPushModel)
        entity.add_supported_context(StorageCommitmentPushModel, scu_role=False, scp_role=True)
        asked = Dataset()
        asked.TransactionUID = generate_uid()
        asked.ReferencedSOPSequence = []
        for sop_class, instance in references:
            one = Dataset()
            one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = sop_class, instance
            asked.ReferencedSOPSequence.append(one)
        handlers = [(evt.EVT_N_EVENT_REPORT, self.told)]
        listening = entity.start_server(
            ("127.0.0.1", self.own_port), block=False, evt_handlers=handlers
        )
        association = entity.associate(
            "127.0.0.1", self.port, ae_title="HEADGATE", evt_handlers=handlers,
            ext_neg=[build_role(StorageCommitmentPushModel, scu_role=True)],
        )  # fmt: skip
        status, _ = association.send_n_action(
            asked, 1, StorageCommitmentPushModel, StorageCommitmentPushModelInstance
        )
        if not stays:
            association.release()
        if status.Status == 0:
            assert self.came.wait(20)
        association.release()
        listening.shutdown()
        if status.Status:
            return status.Status
        (kind, report) = self.reports.pop()
        self.came.clear()
        assert report.TransactionUID == asked.TransactionUID
        failed = {
            str(one.ReferencedSOPInstanceUID): one.FailureReason
            for one in report.get("FailedSOPSequence", [])
        }
        kept = {
            str(one.ReferencedSOPInstanceUID) for one in report.get("ReferencedSOPSequence", [])
        }
        assert kind == (2 if failed else 1)
        return kept, failed

    def told(self, event):
        self.reports.append((event.event_type, event.event_information))
        self.came.set()
        return 0, None

    def file(self, dataset):
        return self.layout.study_archive(dataset.StudyInstanceUID) / dataset.SOPInstanceUID


@pytest.fixture
def asking(tmp_path):
    started = []

    def start(settings=""):
        started.append(Asking(tmp_path, settings))
        return started[-1]

    yield start
    for one in started:
        one.running.stop()


def reference(dataset):
    return str(dataset.SOPClassUID), str(dataset.SOPInstanceUID)


def test_what_is_on_the_disk_is_committed_to_and_what_is_not_fails_with_its_reason(asking):
    one = asking()
    datasets = list(STUDY.instances(4))
    one.store(*datasets)
    there, cut, other, never = datasets[0], datasets[1], datasets[2], STUDY.instance(9)
    path = one.file(cut)
    os.truncate(path, path.stat().st_size - 20)
    references = [reference(there), reference(cut), ("1.2.3", str(other.SOPInstanceUID))]
    kept, failed = one.ask(*references, reference(never))
    assert kept == {there.SOPInstanceUID}
    assert failed == {
        cut.SOPInstanceUID: PROCESSING_FAILURE,
        other.SOPInstanceUID: CLASS_CONFLICT,
        never.SOPInstanceUID: NO_SUCH_INSTANCE,
    }


def test_a_byte_that_changed_on_the_disk_is_found_where_digests_are_kept(asking):
    one = asking("digests = true")
    datasets = list(STUDY.instances(2))
    one.store(*datasets)
    path = one.file(datasets[1])
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    with path.open("r+b") as file:
        file.write(data)
    kept, failed = one.ask(*map(reference, datasets))
    assert kept == {datasets[0].SOPInstanceUID}
    assert failed == {datasets[1].SOPInstanceUID: PROCESSING_FAILURE}


def test_who_ended_the_association_is_called(asking):
    one = asking()
    (dataset,) = STUDY.instances(1)
    one.store(dataset)
    assert one.ask(reference(dataset), stays=False) == ({dataset.SOPInstanceUID}, {})


def test_a_request_for_nothing_is_refused(asking):
    assert asking().ask() == 0x0115


def test_many_that_nobody_knows_fail_and_the_one_that_is_here_does_not(asking):
    one = asking()
    (dataset,) = STUDY.instances(1)
    one.store(dataset)
    never = [(factories.CT, factories.uid("never", number)) for number in range(50)]
    kept, failed = one.ask(reference(dataset), *never)
    assert kept == {dataset.SOPInstanceUID}
    assert failed == dict.fromkeys((uid for _, uid in never), NO_SUCH_INSTANCE)


@pytest.mark.parametrize("is_deflated", [False, True])
def test_memory_does_not_grow_with_what_is_committed_to(a_layout, is_deflated):
    dataset = STUDY.instance()
    del dataset.PixelData
    syntax = "1.2.840.10008.1.2.1.99" if is_deflated else EXPLICIT
    start, pixels = factories.encoded(dataset)[1], head(0x7FE00010, b"OW", LARGE, elements.EXPLICIT)
    deflating = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    path = a_layout.study_archive(STUDY.uid) / dataset.SOPInstanceUID
    path.parent.mkdir()
    with path.open("wb") as file:
        file.write(file_head(dataset.SOPClassUID, dataset.SOPInstanceUID, syntax, b""))
        if is_deflated:
            for piece in (start, pixels, *[bytes(1 << 20)] * (LARGE >> 20)):
                file.write(deflating.compress(piece))
            file.write(deflating.flush())
        else:
            file.write(start + pixels)
            os.truncate(path, file.tell() + LARGE)
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): the peak is measured from here
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert inspection.failures(a_layout, [reference(dataset)]) == {}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < LARGE // 4096
    os.truncate(path, path.stat().st_size - 4)
    failed = {dataset.SOPInstanceUID: PROCESSING_FAILURE}
    assert inspection.failures(a_layout, [reference(dataset)]) == failed
