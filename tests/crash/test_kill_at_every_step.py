"""kill -9 between every two steps of every script: run again, the same end, nothing lost or doubled."""

from __future__ import annotations

import factories
import pytest
from headgate.core.model import Fate, Proof
from headgate.core.states import State
from headgate.stores.dicomnet import pacs
from killing import KILLED

CHAIN = ("process", "populate-incoming", "create-transfer-requests", "anonymize-and-send")
INSTANCES = 2
LONGEST = 400

LATER, TRIES = 69, 5


def run_to_the_end(gateway, zygote):
    """What cron does after a crash: every script, in its order, until nothing is open."""
    for script in (*CHAIN, *CHAIN[1:]):
        for _ in range(TRIES):
            gateway.settle()
            ending = zygote.run(gateway, script)
            if ending.code != LATER:  # a PACS that is slow gets it with the next run
                break
        assert ending.code == 0, (script, ending)


def prepare(gateway, zygote, study, script):
    """Bring a study to just before the script."""
    gateway.receive(*study.instances(INSTANCES))
    gateway.couple(study)
    for before in CHAIN[: CHAIN.index(script)]:
        gateway.settle()
        assert zygote.run(gateway, before).code == 0
    gateway.settle()


def assert_whole(gateway, study):
    """Every instance filed once, listed once, delivered once under one identity, proven, recorded."""
    context = gateway.context()
    names = {str(one.SOPInstanceUID) for one in study.instances(INSTANCES)}
    assert {path.name for path in context.archive.files_of(study.uid)} == names
    assert set(context.trees.instances(study.uid)) == names
    assert context.trees.read_series(study.uid, study.series_uid())["NumFiles"] == INSTANCES
    assert not context.trees.arrivals()
    assert not context.spool.is_changing(study.uid)
    assert not list(context.trees.unknown())
    requests = list(context.queues.of_study(study.uid, bool))
    assert [context.queues.state_of(one.id) for one in requests] == [State.DONE]
    ledger = context.ledger.read(study.uid, requests[0].assignment)
    assert set(ledger) == names
    assert all(one.fate is Fate.STORED and one.proof is Proof.C_FIND for one in ledger.values())
    assert len(gateway.rows(study, "")) == 1
    assert len(gateway.rows(study, "series")) == 1
    (transfer,) = gateway.rows(study, "transfers")
    assert transfer["transfer_date"]
    assert transfer["transfer_mapped_uid"] == requests[0].mapped_study
    assert transfer["transfer_name"] == "P-001"
    series = {one.output_series for one in ledger.values()}
    held = pacs.stored_instances(gateway.peer(), requests[0].mapped_study, series)
    assert held == {one.output_uid for one in ledger.values()}


@pytest.mark.parametrize("script", CHAIN)
def test_a_script_killed_at_any_step_loses_and_doubles_nothing(a_gateway, zygote, script):
    a_gateway.project()
    at, ending = 0, None
    while ending is None or ending.code == KILLED:
        at += 1
        study = factories.Study(f"{script}-{at}", accession=f"{script}-{at}")
        prepare(a_gateway, zygote, study, script)
        ending = zygote.run(a_gateway, script, at=at)
        run_to_the_end(a_gateway, zygote)
        assert_whole(a_gateway, study)
    assert ending.code == 0
    assert 5 < at < LONGEST


def test_clear_old_files_killed_at_any_step_deletes_only_what_is_proven(a_gateway, zygote):
    a_gateway.project()
    text = a_gateway.site.config.read_text()
    a_gateway.site.config.write_text(text + "[retention]\nfree_percent = 100.0\n")
    kept = factories.Study("kept", accession="kept")
    a_gateway.receive(*kept.instances(1))
    at, ending = 0, None
    while ending is None or ending.code == KILLED:
        at += 1
        study = factories.Study(f"clear-{at}", accession=f"clear-{at}")
        prepare(a_gateway, zygote, study, "anonymize-and-send")
        run_to_the_end(a_gateway, zygote)
        ending = zygote.run(a_gateway, "clear-old-files", at=at)
        zygote.run(a_gateway, "clear-old-files")
        context = a_gateway.context()
        assert not context.archive.files_of(study.uid)
        assert not context.trees.instances(study.uid)
        assert len(context.archive.files_of(kept.uid)) == 1
        assert len(context.trees.instances(kept.uid)) == 1
        assert not a_gateway.layout.study_archive(study.uid).exists()
        assert not list(a_gateway.layout.temp.iterdir())
    assert 5 < at < LONGEST


@pytest.mark.parametrize("script", CHAIN)
def test_O06_a_disk_that_is_full_at_any_step_loses_nothing_and_is_no_bug(a_gateway, zygote, script):
    a_gateway.project()
    at, steps = 0, 1
    while at < steps:
        at += 1
        study = factories.Study(f"full-{script}-{at}", accession=f"full-{script}-{at}")
        prepare(a_gateway, zygote, study, script)
        ending = zygote.run(a_gateway, script, fault="ENOSPC", at=at)
        steps = max(steps, ending.steps)
        assert ending.code in (0, 1, 69), (at, ending)
        run_to_the_end(a_gateway, zygote)
        assert_whole(a_gateway, study)
    assert 5 < at < LONGEST
