"""What is here, or in a folder, comes again by the receiver: filed anew, and nothing twice."""

from __future__ import annotations

import json
import subprocess

import factories
import pytest
from headgate.demo.processes import script
from killing import KILLED, WITHOUT_RIGHTS

STUDY = factories.Study("sent to me")
OTHER = factories.Study("of another", patient_id="0987654321", patient_name="Berg^Liv")


def files_of(gateway):
    return {path.name: path.read_bytes() for path in gateway.context().archive.instances()}


def filed(gateway, *studies):
    for study in studies:
        gateway.receive(*study.instances(2))
    assert gateway.site.run("process").code == 0


def arrived(gateway):
    return {path.name.split("_")[0] for path in gateway.context().trees.arrivals()}


def test_the_studies_of_the_last_days_are_filed_anew_and_not_doubled(a_receiver):
    filed(a_receiver, STUDY, OTHER)
    before = files_of(a_receiver)
    trees = a_receiver.context().trees
    told = trees.read_series(STUDY.uid, STUDY.series_uid())
    trees.write_series(STUDY.uid, STUDY.series_uid(), told | {"ClassifyType": ["old"]})
    result = a_receiver.site.run("send-to-me", "--days", "2")
    assert result.code == 0
    assert [line["text"] for line in result.lines] == ["2 instances sent"] * 2
    assert arrived(a_receiver) == {STUDY.uid, OTHER.uid}
    assert files_of(a_receiver) == before
    assert a_receiver.site.run("process").code == 0
    assert trees.read_series(STUDY.uid, STUDY.series_uid()) == told
    assert a_receiver.context().spool.changed()


def test_one_study_is_sent_where_it_is_asked_for(a_receiver):
    filed(a_receiver, STUDY, OTHER)
    result = a_receiver.site.run("send-to-me", "--days", "0", "--only", OTHER.uid)
    assert result.code == 0
    assert arrived(a_receiver) == {OTHER.uid}


def test_the_studies_of_patients_are_sent_and_no_one_sees_who_they_are(a_receiver):
    filed(a_receiver, STUDY, OTHER)
    words = [*script("send-to-me"), "-c", str(a_receiver.site.config), "--json", "--patients", "-"]
    listed = f"{STUDY.patient_id}\n\n4711\n../../archive\n"
    done = subprocess.run(words, input=listed, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert arrived(a_receiver) == {STUDY.uid}
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["item"] for line in lines} == {STUDY.uid, "line 3", "line 4"}
    said = done.stdout + done.stderr + (a_receiver.site.logs / "send-to-me.log").read_text()
    assert STUDY.patient_id not in said
    assert "4711" not in said


def test_a_folder_is_sent_and_what_is_no_dicom_is_counted(a_receiver, tmp_path):
    factories.save(STUDY.instances(3), tmp_path / "folder" / "deep")
    (tmp_path / "folder" / "Nordmann.txt").write_text("a letter")
    result = a_receiver.site.run("send-to-me", str(tmp_path / "folder"))
    assert result.code == 1
    assert "Nordmann" not in json.dumps(result.lines)
    assert [line["status"] for line in result.lines] == ["error", "ok"]
    assert "1 files not sent" in result.lines[0]["text"]
    assert a_receiver.site.run("process").code == 0
    series = a_receiver.context().trees.read_series(STUDY.uid, STUDY.series_uid())
    assert series["NumFiles"] == 3
    assert series["IncomingConnection"]["AETitleCaller"] == "SENDTOME"
    before = files_of(a_receiver)
    assert a_receiver.site.run("send-to-me", str(tmp_path / "folder")).code == 1
    assert files_of(a_receiver) == before


def test_a_dry_run_sends_nothing(a_receiver):
    filed(a_receiver, STUDY)
    result = a_receiver.site.run("send-to-me", "--days", "1", "--dry-run")
    assert STUDY.uid in json.dumps(result.lines)
    assert arrived(a_receiver) == set()


def test_a_receiver_that_is_down_is_told_of(a_gateway):
    filed(a_gateway, STUDY)
    assert a_gateway.site.run("send-to-me", "--days", "1").code == 69


@pytest.mark.parametrize("words", [[], ["--days", "1", "--patients", "-"], ["--calling", "\\"]])
def test_what_is_to_be_sent_has_to_be_said(a_tree, words):
    assert a_tree.site.run("send-to-me", *words).code == 2


def test_killed_at_any_step_the_next_run_comes_to_the_same_end(a_receiver, zygote):
    filed(a_receiver, STUDY)
    before = files_of(a_receiver)
    words = ["-c", str(a_receiver.site.config), "--days", "0"]
    at, code = 0, KILLED
    while code == KILLED:
        at += 1
        zygote.begin("send-to-me", words, at=at)
        code = zygote.end().code
        assert files_of(a_receiver) == before
    assert (code, at > 2) == (0, True)
    assert a_receiver.site.run("process").code == 0
    assert a_receiver.context().trees.count(STUDY.uid, STUDY.series_uid()) == 2


def test_a_folder_that_may_not_be_entered_is_told_without_its_name(a_receiver, tmp_path):
    factories.save(STUDY.instances(2), tmp_path / "files")
    closed = tmp_path / "files" / factories.PATIENT_NAME
    closed.mkdir(mode=0)
    (tmp_path / "files" / "unreadable").touch(mode=0)
    (tmp_path / "files" / "link").symlink_to("nowhere")
    words = [str(tmp_path / "files"), "-c", str(a_receiver.site.config), "--json"]
    command = [*WITHOUT_RIGHTS, *script("send-to-me"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert sorted(line["status"] for line in lines) == ["error", "error", "ok"]
    assert "2 files not sent: the user who runs this may not read them" in done.stdout
    assert f"-inum {closed.stat().st_ino}" in done.stdout
    assert "Nordmann" not in done.stdout + done.stderr
