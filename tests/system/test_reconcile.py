"""What is lost anywhere between the scanner and the research PACS is found, and goes again."""

from __future__ import annotations

import factories
from headgate.core.model import Assignment, Fate, Request
from headgate.core.states import State
from liars import a_lying_pacs

STUDY = factories.Study("reconciled", accession="R1")


def deliver(gateway):
    return gateway.site.run("anonymize-and-send")


def delivered(gateway, pacs):
    gateway.to_queue(STUDY)
    gateway.point_at(pacs.port)
    assert deliver(gateway).code == 0


def texts(result):
    return " ".join(line["text"] for line in result.lines)


def test_a_study_that_is_whole_everywhere_is_left_alone(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        result = a_gateway.site.run("reconcile")
        assert result.code == 0
        assert "3 instances filed, 3 sent; the PACS holds them" in texts(result)
        ((counts),) = result.lines[0]["details"]["series"].values()
        assert counts == {"sent": 3, "held": 3}
    assert not a_gateway.context().queues.ids(State.QUEUED)


def test_what_the_pacs_lost_is_sent_again_and_nothing_else(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        lost = sorted(pacs.held)[1]
        where = pacs.held.pop(lost)
        assert "1 of 3 instances lack" in texts(a_gateway.site.run("reconcile"))
        ledger = a_gateway.context().ledger.of_study(STUDY.uid)
        fates = sorted(one.fate for several in ledger.values() for one in several)
        assert fates == [Fate.MISSING, Fate.STORED, Fate.STORED]
        assert "queued again" not in texts(a_gateway.site.run("reconcile"))  # it is at work
        assert deliver(a_gateway).code == 0
        assert pacs.held[lost] == where
        assert sum(pacs.stored.values()) == 4
        assert "the PACS holds them" in texts(a_gateway.site.run("reconcile"))
    assert not a_gateway.context().queues.ids(State.QUEUED)


def test_what_the_ledger_does_not_know_is_sent(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        (path,) = (a_gateway.layout.ledger / STUDY.uid).iterdir()
        lines = path.read_text().splitlines()
        gone = lines[0].split('"sop_instance": "')[1].split('"')[0]
        path.write_text("".join(f"{line}\n" for line in lines if gone not in line))
        assert "1 of 3 instances lack" in texts(a_gateway.site.run("reconcile"))
        assert deliver(a_gateway).code == 0
    assert gone in a_gateway.context().ledger.of_study(STUDY.uid)


def test_what_is_gone_there_and_here_is_an_error(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        pacs.held.clear()
        a_gateway.context().archive.discard(STUDY.uid)
        a_gateway.context().trees.forget(STUDY.uid)
        result = a_gateway.site.run("reconcile")
        assert result.code == 1
        assert "3 instances are gone from the PACS and no longer here" in texts(result)
    assert not a_gateway.context().queues.ids(State.QUEUED)


def test_what_was_received_and_not_filed_is_announced_again(a_gateway):
    a_gateway.receive(*STUDY.instances(3))
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    assert a_gateway.site.run("populate-incoming").code == 0
    trees = a_gateway.context().trees
    next(iter(trees.instances(STUDY.uid).values())).unlink()
    result = a_gateway.site.run("reconcile")
    assert "1 instances were not filed" in texts(result)
    assert a_gateway.site.run("process").code == 0
    assert len(trees.instances(STUDY.uid)) == 3


def test_a_pacs_that_is_away_changes_nothing(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
    assert a_gateway.site.run("reconcile").code == 69
    assert not a_gateway.context().queues.ids(State.QUEUED)


def test_a_sender_or_a_pacs_that_is_away_does_not_hold_up_the_others(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        lost = sorted(pacs.held)[1]
        pacs.held.pop(lost)
        trees = a_gateway.context().trees
        told = trees.read_series(STUDY.uid, STUDY.series_uid())
        told["IncomingConnection"] = {"AETitleCaller": "CT 1"}
        trees.write_series(STUDY.uid, STUDY.series_uid(), told)
        with a_gateway.site.config.open("a") as file:
            file.write('[sources."CT 1"]\nport = 9\n[pacs.away]\nport = 9\n')
        a_gateway.project(project_pacs_aetitle="away, research")
        result = a_gateway.site.run("reconcile")
        assert result.code == 69
        assert "1 of 3 instances lack" in texts(result)
    assert len(a_gateway.context().queues.ids(State.QUEUED)) == 1


def test_what_failed_for_one_project_does_not_hide_what_another_lost(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        pacs.held.pop(sorted(pacs.held)[1])
        other = Request.wanted(STUDY.uid, 2, Assignment("Q", "P-001", "E1"), "1")
        queues = a_gateway.context().queues
        queues.add(other)
        queues.move(other, queues.move(other, State.QUEUED, "claim"), "rejected")
        assert "1 of 3 instances lack" in texts(a_gateway.site.run("reconcile"))
    (queued,) = a_gateway.context().queues.each(State.QUEUED)
    assert queued.project == "P"


def test_what_waits_for_a_person_is_not_queued_again(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        pacs.held.clear()
        queues = a_gateway.context().queues
        (done,) = queues.each(State.DONE)
        late = Request.wanted(STUDY.uid, 1, done.assignment, "late")
        queues.add(late)
        queues.move(late, State.QUEUED, "hold")
        assert a_gateway.site.run("reconcile").code == 0
    assert not a_gateway.context().queues.ids(State.QUEUED)


def test_a_project_that_is_gone_from_redcap_is_asked_nothing(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        pacs.held.clear()
        a_gateway.context().tables.projects.delete(["P"])
        result = a_gateway.site.run("reconcile")
        assert result.code == 0
        assert "has project P no more" in texts(result)
    assert not a_gateway.context().queues.ids(State.QUEUED)


def test_what_was_set_aside_stays_where_the_data_directory_is_a_link(a_tree):
    broken = STUDY.instance()
    del broken.SeriesInstanceUID
    a_tree.receive(broken)
    place = a_tree.site.datadir.rename(a_tree.site.datadir.with_name("elsewhere"))
    a_tree.site.datadir.symlink_to(place)
    assert a_tree.site.run("process").code == 1
    assert not a_tree.site.run("reconcile").lines
    assert a_tree.site.run("process").code == 0


def test_what_a_modality_made_and_never_sent_is_told(a_gateway):
    a_gateway.receive(*STUDY.instances(2))
    a_gateway.site.run("process")
    a_gateway.settle()
    a_gateway.site.run("populate-incoming")
    steps = a_gateway.context().performed
    steps.keep(factories.uid("step"), (STUDY.uid,), "COMPLETED", {STUDY.series_uid(): 2})
    assert a_gateway.site.run("reconcile").code == 0
    steps.keep(factories.uid("step"), (STUDY.uid,), "COMPLETED", {STUDY.series_uid(2): 4})
    result = a_gateway.site.run("reconcile")
    assert result.code == 1
    assert "the modality made 4 more instances" in texts(result)


def test_a_sender_is_asked_for_what_never_arrived(a_gateway):
    a_gateway.receive(*STUDY.instances(2))
    a_gateway.site.run("process")
    a_gateway.settle()
    a_gateway.site.run("populate-incoming")
    with a_lying_pacs() as scanner:
        for one in STUDY.instances(3):
            scanner.held[one.SOPInstanceUID] = (STUDY.uid, STUDY.series_uid())
        trees = a_gateway.context().trees
        told = trees.read_series(STUDY.uid, STUDY.series_uid())
        told["IncomingConnection"] = {"AETitleCaller": "CT 1"}
        trees.write_series(STUDY.uid, STUDY.series_uid(), told)
        with a_gateway.site.config.open("a") as file:
            file.write(f'[sources."CT 1"]\nport = {scanner.port}\nae_title = "RESEARCH"\n')
        result = a_gateway.site.run("reconcile")
        assert result.code == 1
        assert "has 1 more instances of series" in texts(result)


def test_a_damaged_request_is_told_by_its_file_and_the_others_are_compared(a_gateway):
    with a_lying_pacs() as pacs:
        delivered(a_gateway, pacs)
        for state in ("done", "held"):
            (a_gateway.layout.requests / state / f"{state}1.json").write_text("{")
        result = a_gateway.site.run("reconcile")
    assert result.code == 1
    assert "the PACS holds them" in texts(result)
    for state in ("done", "held"):
        assert f"{state}1 in requests/{state} cannot be read" in texts(result)
