"""clear-old-files deletes what is proven or forgotten, oldest first, and nothing else."""

from __future__ import annotations

import os
import time

import factories
import pytest
from headgate.core.states import State

DAY = 86400


@pytest.fixture
def a_full_gateway(a_gateway):
    """A gateway that always wants more room."""
    text = a_gateway.site.config.read_text()
    a_gateway.site.config.write_text(
        text + "[retention]\nfree_percent = 100.0\nunassigned_days = 7\n"
    )
    return a_gateway


def list_study(gateway, study, count=2):
    gateway.receive(*study.instances(count))
    assert gateway.site.run("process").code == 0
    gateway.settle()
    assert gateway.site.run("populate-incoming").code == 0


def deliver(gateway, study):
    gateway.project()
    gateway.couple(study)
    list_study(gateway, study)
    assert gateway.site.run("create-transfer-requests").code == 0
    assert gateway.site.run("anonymize-and-send").code == 0


def grow_old(gateway, study, days):
    then = time.time() - days * DAY
    os.utime(gateway.layout.study_archive(study.uid), (then, then))


def deleted(result):
    return [line["item"] for line in result.lines if line["status"] == "ok"]


def is_there(gateway, study):
    return bool(gateway.context().archive.files_of(study.uid))


def test_a_delivered_study_goes_with_its_links_and_json(a_full_gateway):
    study = factories.Study("delivered", accession="CL1")
    deliver(a_full_gateway, study)
    result = a_full_gateway.site.run("clear-old-files")
    assert deleted(result) == [study.uid]
    layout = a_full_gateway.layout
    assert not is_there(a_full_gateway, study)
    assert not layout.study_raw(study.uid).exists()
    assert not list(layout.participants.iterdir())
    assert a_full_gateway.context().ledger.of_study(study.uid)


@pytest.mark.parametrize("days", [6, 8])
def test_O09_what_nobody_assigned_goes_after_seven_days_and_not_before(a_full_gateway, days):
    study = factories.Study("forgotten", accession="")
    list_study(a_full_gateway, study)
    grow_old(a_full_gateway, study, days)
    a_full_gateway.site.run("clear-old-files")
    assert is_there(a_full_gateway, study) == (days < 7)


def test_a_clock_that_leapt_makes_nothing_old_before_a_person_is_told(a_full_gateway):
    study = factories.Study("leap", accession="CL9")
    list_study(a_full_gateway, study)
    assert deleted(a_full_gateway.site.run("clear-old-files")) == []
    last = a_full_gateway.layout.metrics / "clear-old-files.prom"
    before = str(int(time.time()) - 30 * DAY)
    last.write_text(f'headgate_last_run_timestamp_seconds{{step="clear-old-files"}} {before}\n')
    grow_old(a_full_gateway, study, 30)
    result = a_full_gateway.site.run("clear-old-files")
    assert result.code == 1
    assert result.lines[0]["item"] == "clock"
    assert "30 days since the last run" in result.lines[0]["text"]
    assert is_there(a_full_gateway, study)
    assert deleted(a_full_gateway.site.run("clear-old-files")) == [study.uid]


def test_O09_what_is_wanted_and_not_sent_never_goes(a_full_gateway):
    queued = factories.Study("queued", accession="CL2")
    wanted = factories.Study("wanted", accession="CL3")
    a_full_gateway.project()
    for study in (queued, wanted):
        a_full_gateway.couple(study)
        list_study(a_full_gateway, study)
        if study is queued:
            assert a_full_gateway.site.run("create-transfer-requests").code == 0
        grow_old(a_full_gateway, study, 1000)
    assert a_full_gateway.context().queues.ids(State.QUEUED)
    result = a_full_gateway.site.run("clear-old-files")
    assert deleted(result) == []
    assert is_there(a_full_gateway, queued)
    assert is_there(a_full_gateway, wanted)
    assert "nothing more may be deleted" in result.lines[-1]["text"]
    assert result.code == 1


def test_a_late_instance_keeps_a_delivered_study(a_full_gateway):
    study = factories.Study("late", accession="CL4")
    deliver(a_full_gateway, study)
    a_full_gateway.receive(study.instance(99))
    a_full_gateway.site.run("process")
    assert deleted(a_full_gateway.site.run("clear-old-files")) == []
    assert is_there(a_full_gateway, study)


def test_a_conflict_keeps_a_delivered_study(a_full_gateway):
    study = factories.Study("conflict", accession="CL5")
    deliver(a_full_gateway, study)
    a_full_gateway.receive(study.instance(1, StudyDescription="other bytes"))
    a_full_gateway.site.run("process")
    a_full_gateway.settle()
    a_full_gateway.site.run("populate-incoming")
    assert deleted(a_full_gateway.site.run("clear-old-files")) == []


def test_the_oldest_go_first_and_no_more_than_needed(a_gateway, monkeypatch):
    from headgate.steps import clear_old_files
    from headgate.stores import disks

    studies = [factories.Study(f"age-{days}", accession=f"AGE{days}") for days in (1, 9, 5)]
    for study, days in zip(studies, (1, 9, 5), strict=True):
        deliver(a_gateway, study)
        grow_old(a_gateway, study, days)
    free = iter([10.0, 10.0, 10.0, 20.0])
    monkeypatch.setattr(disks, "free_percent", lambda _path: next(free))
    found = [str(item) for item in clear_old_files.STEP.plan(a_gateway.context())]
    assert found == [studies[1].uid, studies[2].uid]


def test_with_room_enough_nothing_is_even_looked_at(a_gateway):
    study = factories.Study("room", accession="CL6")
    deliver(a_gateway, study)
    text = a_gateway.site.config.read_text()
    a_gateway.site.config.write_text(text + "[retention]\nfree_percent = 0.0\n")
    assert a_gateway.site.run("clear-old-files").lines == []
    assert is_there(a_gateway, study)


def test_without_redcap_nothing_is_deleted(a_full_gateway):
    study = factories.Study("no redcap", accession="CL7")
    deliver(a_full_gateway, study)
    text = a_full_gateway.site.config.read_text()
    lines = [
        'url = "http://127.0.0.1:9/api/"' if line.startswith("url = ") else line
        for line in text.splitlines()
    ]
    a_full_gateway.site.config.write_text("\n".join(lines))
    assert a_full_gateway.site.run("clear-old-files").code == 69
    assert is_there(a_full_gateway, study)


def test_R18_a_correction_after_delivery_and_deletion_is_never_taken_for_delivered(a_full_gateway):
    """The same UID with other bytes, when the archive no longer has the first ones to compare."""
    study = factories.Study("corrected", accession="CL8")
    deliver(a_full_gateway, study)
    a_full_gateway.site.run("clear-old-files")
    assert not is_there(a_full_gateway, study)
    a_full_gateway.receive(study.instance(1, StudyDescription="corrected"), study.instance(2))
    result = a_full_gateway.site.run("process")
    assert result.code == 1
    assert "were delivered before" in result.lines[0]["text"]
    assert len(a_full_gateway.context().trees.instances(study.uid)) == 1
    a_full_gateway.settle()
    a_full_gateway.site.run("populate-incoming")
    assert deleted(a_full_gateway.site.run("clear-old-files")) == []
    assert len(a_full_gateway.context().archive.files_of(study.uid)) == 2


def test_what_names_no_study_goes_once_a_person_settled_it_and_what_can_be_filed_is_filed(
    a_full_gateway,
):
    context = a_full_gateway.context()
    context.prepare()
    study = factories.Study("nameless", accession="CL9")
    names = {}
    for number, changes in ((1, {"StudyInstanceUID": None}), (2, {})):
        dataset = study.instance(number, **changes)
        head, body = factories.encoded(dataset)
        names[number] = str(dataset.SOPInstanceUID)
        context.archive.keep(None, names[number], head, memoryview(body))
    (context.layout.arrived / f"without_study_{names[2]}").unlink()
    a_full_gateway.site.run("process")
    for path in context.archive.without_study():
        os.utime(path, (1, 1))
    unknown = list(a_full_gateway.layout.unknown.iterdir())
    kept = {path.name for path in context.archive.without_study()} - {names[2]}
    a_full_gateway.site.run("clear-old-files")
    assert {path.name for path in context.archive.without_study()} >= kept
    for path in unknown:
        path.unlink()
    a_full_gateway.site.run("clear-old-files")
    a_full_gateway.site.run("process")
    assert not context.archive.without_study()
    assert [path.name for path in context.archive.files_of(study.uid)] == [names[2]]


def test_while_a_request_cannot_be_read_nothing_is_deleted_and_that_is_told(a_full_gateway):
    study = factories.Study("damaged")
    deliver(a_full_gateway, study)
    damaged = a_full_gateway.layout.requests / "queued" / "damaged.json"
    damaged.write_text("{")
    result = a_full_gateway.site.run("clear-old-files")
    assert result.code == 1
    assert "damaged in requests/queued cannot be read" in result.lines[-1]["text"]
    assert "until then nothing is deleted" in result.lines[-1]["text"]
    assert is_there(a_full_gateway, study)
    damaged.unlink()
    a_full_gateway.site.run("clear-old-files")
    assert not is_there(a_full_gateway, study)
