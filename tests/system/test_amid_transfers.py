"""What changes while transfers are on their way: settings, the clock, a second of the same."""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from datetime import datetime

import factories
import pytest
from gateways import needs
from headgate.core import fields
from headgate.core.errors import Unavailable
from headgate.core.model import Assignment, Proof
from headgate.core.states import State
from headgate.delivering import study, targets
from headgate.demo.processes import Running, free_port, script
from headgate.stores.dicomnet import pacs as calling
from liars import a_lying_pacs

SUCCESS = 0x0000
STUDY = factories.Study("amid", accession="AMID1")
PROJECTS = {"P": "P-001", "Q": "Q-007"}


def for_two_projects(gateway):
    """Queue the study for each of two projects."""
    gateway.to_queue(STUDY)
    gateway.project("Q")
    now = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    gateway.context().tables.incoming.write([
        {fields.INCOMING_RECORD: STUDY.uid, "redcap_repeat_instrument": "transfers",
         "redcap_repeat_instance": 2, fields.TRANSFER_PROJECT: "Q", fields.TRANSFER_NAME: "Q-007",
         fields.TRANSFER_EVENT: "E1", fields.TRANSFER_REQUESTED: now}
    ])  # fmt: skip
    assert gateway.site.run("create-transfer-requests").code == 0
    assert len(gateway.context().queues.ids(State.QUEUED)) == 2


def assert_each_has_its_own(gateway, pacs):
    context = gateway.context()
    requests = list(context.queues.each(State.DONE))
    assert {one.project for one in requests} == set(PROJECTS)
    outputs = []
    for one in requests:
        told = context.ledger.read(STUDY.uid, one.assignment).values()
        assert {line.participant for line in told} == {PROJECTS[one.project]}
        outputs.append({line.output_uid for line in told})
        assert {pacs.held[uid][0] for uid in outputs[-1]} == {one.mapped_study}
    assert [len(one) for one in outputs] == [3, 3]
    assert not outputs[0] & outputs[1]
    assert len(pacs.held) == 6
    assert set(pacs.stored.values()) == {1}
    rows = gateway.rows(STUDY, "transfers")
    assert all(row["transfer_date"] for row in rows)
    assert {row[fields.TRANSFER_MAPPED] for row in rows} == {one.mapped_study for one in requests}


def test_one_study_goes_to_two_projects_in_one_run(a_gateway):
    for_two_projects(a_gateway)
    with a_lying_pacs() as pacs:
        a_gateway.point_at(pacs.port)
        assert a_gateway.site.run("anonymize-and-send").code == 0
        assert_each_has_its_own(a_gateway, pacs)


def test_two_runs_at_once_send_nothing_twice(a_gateway):
    for_two_projects(a_gateway)
    is_asked, going_on = threading.Event(), threading.Event()

    def wait(_event, number):
        if number == 1:
            is_asked.set()
            going_on.wait(20)
        return SUCCESS

    with a_lying_pacs(status_of=wait) as pacs:
        a_gateway.point_at(pacs.port)
        words = [*script("anonymize-and-send"), "-c", str(a_gateway.site.config)]
        first = subprocess.Popen(words)
        assert is_asked.wait(30)
        assert a_gateway.site.run("anonymize-and-send").code == 75
        second = subprocess.Popen([*words, "--wait", "60"])
        going_on.set()
        assert (first.wait(60), second.wait(60)) == (0, 0)
        assert_each_has_its_own(a_gateway, pacs)


def test_a_target_that_is_taken_out_of_the_settings_amid_a_transfer_holds_up_nobody(a_gateway):
    other = factories.Study("amid other", accession="AMID2")
    a_gateway.to_queue(STUDY)
    with a_lying_pacs() as pacs:
        a_gateway.point_at(pacs.port)
        text = a_gateway.site.config.read_text()
        backup = f"\n[pacs.backup]\nport = {free_port()}\n"
        a_gateway.site.config.write_text(text + backup)
        a_gateway.project(project_pacs_aetitle="research, backup")
        assert a_gateway.site.run("anonymize-and-send").code == 69
        assert len(pacs.held) == 3
        (waiting,) = a_gateway.context().queues.each(State.QUEUED)
        path = a_gateway.layout.requests / "queued" / f"{waiting.id}.json"
        path.write_text(waiting.with_values(not_before=0.0).to_json())
        a_gateway.site.config.write_text(text)
        a_gateway.project("Q")
        a_gateway.receive(*other.instances(1))
        a_gateway.couple(other, "Q-001", "Q")
        a_gateway.site.run("process")
        a_gateway.settle()
        a_gateway.site.run("populate-incoming")
        a_gateway.site.run("create-transfer-requests")
        result = a_gateway.site.run("anonymize-and-send")
        assert [one.project for one in a_gateway.context().queues.each(State.DONE)] == ["Q"]
        assert a_gateway.context().queues.ids(State.QUEUED) == [waiting.id]
        assert result.code == 78
        assert "add [pacs.backup]" in str(result)
        a_gateway.project(project_pacs_aetitle="research")
        assert a_gateway.site.run("anonymize-and-send").code == 0
        assert len(a_gateway.context().queues.ids(State.DONE)) == 2
        assert len(pacs.held) == 4


def test_a_file_that_another_script_moves_amid_a_transfer_is_waited_for(a_gateway):
    a_gateway.to_queue(STUDY)
    link = next(iter(a_gateway.context().trees.instances(STUDY.uid).values()))
    whither = link.readlink()
    link.unlink()
    link.symlink_to("moved")
    result = a_gateway.site.run("anonymize-and-send")
    assert result.code == 69
    assert "no longer where it was" in str(result.lines)
    (request,) = a_gateway.context().queues.ids(State.QUEUED)
    link.unlink()
    link.symlink_to(whither)
    for what in ("hold", "requeue"):
        assert a_gateway.site.run(what, request).code == 0
    assert a_gateway.site.run("anonymize-and-send").code == 0


@pytest.mark.parametrize(("number", "is_waited_for"), [(errno.EIO, True), (errno.EMFILE, False)])
def test_a_disk_that_cannot_read_is_waited_for_and_a_bug_is_not(
    a_gateway, monkeypatch, number, is_waited_for
):
    a_gateway.to_queue(STUDY)
    (request,) = a_gateway.context().queues.each(State.QUEUED)

    def failing(_path):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(study, "read_syntax", failing)
    with pytest.raises(Unavailable if is_waited_for else OSError):
        targets.delivered(a_gateway.context(), request, {})


@pytest.mark.parametrize("shift", ["-1h", "+1h"])
def test_a_clock_that_is_set_between_sending_and_proof_loses_nothing(a_gateway, shift):
    faketime = needs("faketime", "faketime")
    a_gateway.to_queue(STUDY)
    with a_lying_pacs(commits="late") as pacs:
        a_gateway.point_at(pacs.port)
        text = a_gateway.site.config.read_text().replace(
            'proof = "c-find"', 'proof = "commitment"\ncommitment_seconds = 0.1'
        )
        a_gateway.site.config.write_text(f'{text}\n[projects.P]\nproof = "commitment"\n')
        assert a_gateway.site.run("anonymize-and-send").code == 69
        context = a_gateway.context()
        words = [
            faketime,
            "-f",
            shift,
            *script("anonymize-and-send"),
            "-c",
            str(a_gateway.site.config),
        ]
        told = pacs.report()
        kept = [str(one.ReferencedSOPInstanceUID) for one in told.ReferencedSOPSequence]
        context.commitments.keep(str(told.TransactionUID), frozenset(kept), {})
        now = context.now() + (3600 if shift == "+1h" else -3600)
        os.utime(a_gateway.layout.commitments / str(told.TransactionUID), (now, now))
        subprocess.run(words, check=False)
        assert a_gateway.context().queues.ids(State.DONE)
        ledger = a_gateway.context().ledger.read(STUDY.uid, Assignment("P", "P-001", "E1"))
        assert {one.proof for one in ledger.values()} == {Proof.COMMITMENT}
        assert sum(pacs.stored.values()) == 3


def test_of_two_receivers_on_one_data_tree_one_receives_and_the_other_ends(a_receiver):
    """What is half-written there, by a process that is alive, stays."""
    own = f"port = {a_receiver.site.port}\n"
    text = a_receiver.site.config.read_text().replace(own, f"port = {free_port()}\n")
    config = a_receiver.site.folder / "second.toml"
    config.write_text(text)
    instances = [STUDY.instance(number) for number in (1, 2)]
    (head, first), (_, second) = map(factories.encoded, instances)
    uids = [str(one.SOPInstanceUID) for one in instances]
    archive = a_receiver.context().archive
    draft = archive.draft(head)
    draft.write(memoryview(first)[:1000])
    other = Running([*script("storescpd"), "-c", str(config)], config.with_suffix(".out"))
    assert other.process.wait(30) == 75
    draft.write(memoryview(first)[1000:])
    assert draft.settle(STUDY.uid, uids[0]) == "new"
    draft.close()
    kind = (factories.CT, "1.2.840.10008.1.2.1")
    peer = calling.Peer("127.0.0.1", a_receiver.site.port, "HEADGATE", "SCANNER", 20)
    with calling.associated(peer, [kind]) as association:
        assert association.store(kind[0], uids[1], kind[1], second) == SUCCESS
    assert not list(a_receiver.layout.temp.iterdir())
    kept = {path.name: path.read_bytes() for path in archive.files_of(STUDY.uid)}
    assert sorted(kept) == sorted(uids)
    assert kept[uids[0]].endswith(first)
    assert kept[uids[1]].endswith(second)
