"""MPPS: a modality tells how much it makes, and `status` whether all of it came."""

from __future__ import annotations

import json
import subprocess

import factories
import pytest
from headgate.demo.processes import Running, free_port, script
from headgate.stores.dicomnet import pacs
from headgate.stores.performed import PerformedSteps
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import ModalityPerformedProcedureStep

STUDY = factories.Study("performed")
EXPLICIT = "1.2.840.10008.1.2.1"
DUPLICATE, NO_SUCH_INSTANCE, INVALID_VALUE, NOT_ANY_MORE = 0x0111, 0x0112, 0x0106, 0x0110


class Modality:
    """A receiver, and a scanner that tells it of its steps."""

    def __init__(self, folder):
        self.port, self.config = free_port(), folder / "headgate.toml"
        self.config.write_text(
            f'datadir = "{folder}/data"\nlog_directory = ""\n[receiver]\nport = {self.port}\n'
        )
        words = [*script("storescpd"), "-c", str(self.config)]
        self.running = Running(words, folder / "storescpd.out")
        self.running.wait_until(lambda: "listening" in self.running.said(), "storescpd")
        entity = AE("SCANNER")
        entity.add_requested_context(ModalityPerformedProcedureStep)
        self.association = entity.associate("127.0.0.1", self.port)
        assert self.association.is_established
        self.step = generate_uid()

    def create(self, step=None, state="IN PROGRESS"):
        told = Dataset()
        scheduled = Dataset()
        scheduled.StudyInstanceUID = STUDY.uid
        told.ScheduledStepAttributesSequence = [scheduled]
        told.PerformedProcedureStepStatus, told.PatientName = state, factories.PATIENT_NAME
        kind = ModalityPerformedProcedureStep
        return self.association.send_n_create(told, kind, step or self.step)[0].Status

    def change(self, datasets, state="COMPLETED", step=None):
        told = Dataset()
        told.PerformedProcedureStepStatus = state
        told.PerformedSeriesSequence = []
        for uid in sorted({one.SeriesInstanceUID for one in datasets}):
            series = Dataset()
            series.SeriesInstanceUID, series.ReferencedImageSequence = uid, []
            for one in datasets:
                if one.SeriesInstanceUID == uid:
                    item = Dataset()
                    item.ReferencedSOPInstanceUID = one.SOPInstanceUID
                    series.ReferencedImageSequence.append(item)
            told.PerformedSeriesSequence.append(series)
        kind = ModalityPerformedProcedureStep
        return self.association.send_n_set(told, kind, step or self.step)[0].Status

    def store(self, datasets):
        peer = pacs.Peer("127.0.0.1", self.port, "HEADGATE", "SCANNER", 20)
        with pacs.associated(peer, {(str(one.SOPClassUID), EXPLICIT) for one in datasets}) as to:
            for one in datasets:
                to.store(one.SOPClassUID, one.SOPInstanceUID, EXPLICIT, factories.encoded(one)[1])
        subprocess.run([*script("process"), "-c", str(self.config)], check=True)

    def expected(self):
        words = [*script("status"), "-c", str(self.config), "--study", STUDY.uid, "--json"]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        lines = map(json.loads, done.stdout.splitlines())
        return next(one["text"] for one in lines if one["item"] == "expected")


@pytest.fixture
def modality(tmp_path):
    one = Modality(tmp_path)
    yield one
    one.association.release()
    one.running.stop()


def test_status_tells_whether_all_came_that_the_modality_made(modality, tmp_path):
    datasets = [*STUDY.instances(3), *STUDY.instances(2, series=2)]
    assert modality.expected() == "the modality told nothing of it (MPPS)"
    assert modality.create() == 0
    assert modality.change(datasets) == 0
    modality.store(datasets[:4])
    lacking = datasets[4].SeriesInstanceUID
    assert modality.expected() == f"1 of 5 instances have not come: 1 of series {lacking}"
    modality.store(datasets[4:])
    assert modality.expected() == "all 5 instances that the modality told of are here"
    kept = b"".join(one.read_bytes() for one in (tmp_path / "data").rglob("performed/*"))
    assert kept
    assert factories.PATIENT_NAME.split("^")[0].encode() not in kept


def test_a_step_is_begun_once_and_changed_until_it_has_ended(modality):
    datasets = list(STUDY.instances(2))
    assert modality.change(datasets) == NO_SUCH_INSTANCE
    assert modality.create(state="COMPLETED") == INVALID_VALUE
    assert modality.create() == 0
    assert modality.create() == DUPLICATE
    assert modality.change(datasets[:1], "IN PROGRESS") == 0
    assert modality.change(datasets, "PERHAPS") == INVALID_VALUE
    assert modality.change(datasets) == 0
    assert modality.change(datasets) == NOT_ANY_MORE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"studies": [], "state": 1, "instances": 2}'])
def test_a_damaged_file_of_a_step_hides_no_other(a_layout, text):
    steps = PerformedSteps(a_layout)
    steps.keep("1.2", ("1.5",), "COMPLETED", {"1.5.1": 3})
    (a_layout.performed / "1.3").write_text(text)
    assert steps.by_study() == {"1.5": {"1.5.1": 3}}
    assert steps.expected("1.5") == {"1.5.1": 3}
    assert steps.known("1.3") is None
