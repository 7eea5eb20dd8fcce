"""resend-project: what is asked for again goes again, all of it, once."""

from __future__ import annotations

import re

import factories
from headgate.core.model import Fate, Proof
from headgate.core.states import State
from headgate.demo.processes import free_port
from liars import a_lying_pacs

STUDY = factories.Study("resent", accession="RS1")
LATER = "2199-01-01 10:00"


def delivered(gateway):
    gateway.to_queue(STUDY)
    assert gateway.site.run("anonymize-and-send").code == 0


def ask_again(gateway, when=LATER):
    row = {"study_instance_uid": STUDY.uid, "redcap_repeat_instrument": "transfers",
           "redcap_repeat_instance": 1, "transfer_requested_date": when}  # fmt: skip
    gateway.context().tables.incoming.write([row])


def run(gateway, *words, code=0):
    result = gateway.site.run("resend-project", *words)
    assert result.code == code, result
    return result


def queued(gateway):
    return gateway.context().queues.ids(State.QUEUED)


def test_what_is_requested_later_goes_again_whole_and_once(a_gateway):
    with a_lying_pacs() as pacs:
        a_gateway.point_at(pacs.port)
        delivered(a_gateway)
        held = dict(pacs.held)
        assert run(a_gateway).lines == []
        ask_again(a_gateway)
        run(a_gateway)
        assert len(queued(a_gateway)) == 1
        assert a_gateway.site.run("anonymize-and-send").code == 0
        assert sum(pacs.stored.values()) == 6
        assert pacs.held == held
        assert not [line for line in run(a_gateway).lines if line["status"] == "ok"]
        assert not queued(a_gateway)
    ledger = a_gateway.context().ledger.of_study(STUDY.uid)
    last = [one for several in ledger.values() for one in several]
    assert all(one.fate is Fate.STORED and one.proof is not Proof.NONE for one in last)


def test_what_goes_again_is_not_deletable_meanwhile(a_gateway):
    delivered(a_gateway)
    ask_again(a_gateway)
    with a_gateway.site.config.open("a") as file:
        file.write("[retention]\nfree_percent = 100.0\n")
    run(a_gateway)
    (a_gateway.layout.requests / "queued").joinpath(f"{queued(a_gateway)[0]}.json").unlink()
    a_gateway.site.run("clear-old-files")
    assert len(a_gateway.context().archive.files_of(STUDY.uid)) == 3


def test_all_of_a_project_and_nothing_else_goes_again(a_gateway):
    with a_lying_pacs() as pacs:
        a_gateway.point_at(pacs.port)
        delivered(a_gateway)
        a_gateway.project("OTHER")
        assert run(a_gateway, "--import-all", "OTHER").lines == []
        run(a_gateway, "--import-all", "P")
        again = run(a_gateway, "--import-all", "P")
        assert [line["text"] for line in again.lines] == ["a request of it is queued"]
        assert a_gateway.site.run("anonymize-and-send").code == 0
        assert sum(pacs.stored.values()) == 6
    assert run(a_gateway, "--import-all", "UNKNOWN", code=2).lines == []


def test_what_is_no_longer_here_is_told(a_gateway):
    delivered(a_gateway)
    ask_again(a_gateway)
    a_gateway.context().trees.forget(STUDY.uid)
    result = run(a_gateway, code=1)
    assert "no longer here" in result.lines[0]["text"]
    assert not queued(a_gateway)


def test_a_request_that_is_held_is_left_to_people(a_gateway):
    delivered(a_gateway)
    ask_again(a_gateway)
    run(a_gateway)
    a_gateway.site.run("hold", queued(a_gateway)[0])
    ask_again(a_gateway, "2199-01-02 10:00")
    assert "bin/requeue" in run(a_gateway).lines[0]["text"]
    assert not queued(a_gateway)


def test_the_dry_run_changes_nothing(a_gateway):
    delivered(a_gateway)
    ask_again(a_gateway)
    before = a_gateway.context().ledger.of_study(STUDY.uid)
    assert run(a_gateway, "--dry-run").lines == [{"item": STUDY.uid, "status": "planned"}]
    assert not queued(a_gateway)
    assert a_gateway.context().ledger.of_study(STUDY.uid) == before


def test_a_redcap_that_is_away_loses_nothing(a_gateway):
    delivered(a_gateway)
    ask_again(a_gateway)
    text = a_gateway.site.config.read_text()
    gone = re.sub(r"http://127.0.0.1:\d+/api/", f"http://127.0.0.1:{free_port()}/api/", text)
    a_gateway.site.config.write_text(gone)
    run(a_gateway, code=69)
    a_gateway.site.config.write_text(text)
    run(a_gateway)
    assert len(queued(a_gateway)) == 1


def test_killed_at_any_step_it_goes_again_once(a_gateway, zygote):
    delivered(a_gateway)
    at, code = 0, -9
    while code == -9:
        at += 1
        ask_again(a_gateway, f"2199-01-01 10:{at:02}")
        code = zygote.run(a_gateway, "resend-project", at=at).code
        assert zygote.run(a_gateway, "resend-project").code == 0
        (one,) = queued(a_gateway)
        ledger = a_gateway.context().ledger.of_study(STUDY.uid)
        assert {line.fate for several in ledger.values() for line in several} == {Fate.AGAIN}
        (a_gateway.layout.requests / "queued" / f"{one}.json").unlink()
    assert code == 0
    assert at > 5
