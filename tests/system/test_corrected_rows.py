"""What people correct in REDCap while a transfer waits, after it failed, and after it was sent."""

from __future__ import annotations

import factories
import pytest
import requests
from headgate.core import fields
from headgate.core.model import Assignment, Request
from headgate.core.states import State
from liars import a_lying_pacs

STUDY = factories.Study("corrected", accession="COR1")


@pytest.mark.parametrize(
    "values",
    [
        {fields.TRANSFER_NAME: "P-002"},
        {fields.TRANSFER_PROJECT: "Q"},
        {fields.TRANSFER_EVENT: "E2"},
    ],
)
@pytest.mark.parametrize("state", [State.QUEUED, State.HELD])
def test_who_was_corrected_before_it_went_gets_it_and_the_other_never(a_gateway, state, values):
    a_gateway.to_queue(STUDY)
    (first,) = a_gateway.requests_in(State.QUEUED)
    if state is State.HELD:
        assert a_gateway.site.run("hold", first.id).code == 0
    a_gateway.correct(STUDY, **values)
    told = a_gateway.create_requests()
    assert any(f"request {first.id} that was {state} was corrected" in text for text in told)
    (now,) = a_gateway.requests_in(State.QUEUED)
    assert now.assignment == Assignment(
        values.get(fields.TRANSFER_PROJECT, "P"),
        values.get(fields.TRANSFER_NAME, "P-001"),
        values.get(fields.TRANSFER_EVENT, "E1"),
    )
    assert not a_gateway.requests_in(State.HELD)
    assert not a_gateway.create_requests()


@pytest.mark.parametrize("name", [fields.TRANSFER_PROJECT, fields.TRANSFER_NAME])
def test_what_nobody_wants_any_more_does_not_go(a_gateway, name):
    a_gateway.to_queue(STUDY)
    (first,) = a_gateway.requests_in(State.QUEUED)
    a_gateway.correct(STUDY, **{name: ""})
    assert a_gateway.site.run("create-transfer-requests", "--dry-run").code == 0
    assert a_gateway.requests_in(State.QUEUED) == [first]
    a_gateway.create_requests()
    assert not a_gateway.requests_in(State.QUEUED)
    a_gateway.correct(
        STUDY, **{name: getattr(first, "project" if "project" in name else "participant")}
    )
    a_gateway.create_requests()
    assert [one.id for one in a_gateway.requests_in(State.QUEUED)] == [first.id]


def delete_row(tracker):
    asked = {
        "token": tracker.tokens["Incoming"], "content": "record", "action": "delete",
        "records[0]": STUDY.uid, "instrument": fields.TRANSFERS_FORM, "repeat_instance": "1",
    }  # fmt: skip
    requests.post(tracker.url, data=asked, timeout=30).raise_for_status()


def listed_anew(gateway):
    """A late instance has the study listed again, which the coupling list still knows."""
    gateway.receive(STUDY.instance(4))
    assert gateway.site.run("process").code == 0
    gateway.settle()
    assert gateway.site.run("populate-incoming").code == 0


@pytest.mark.parametrize("project", ["Q", ""])
def test_what_was_corrected_stays_so_when_the_study_is_listed_anew(a_gateway, project):
    a_gateway.to_queue(STUDY)
    a_gateway.project("Q")
    a_gateway.correct(STUDY, **{fields.TRANSFER_PROJECT: project})
    listed_anew(a_gateway)
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert row[fields.TRANSFER_PROJECT] == project
    a_gateway.create_requests()
    assert [one.project for one in a_gateway.requests_in(State.QUEUED)] == (
        [project] if project else []
    )


def test_what_was_corrected_stays_so_when_it_is_lost_what_of_the_coupling_list_was_read(a_gateway):
    a_gateway.to_queue(STUDY)
    a_gateway.project("Q")
    a_gateway.correct(STUDY, **{fields.TRANSFER_PROJECT: "Q"})
    for path in a_gateway.layout.watermarks.iterdir():
        path.unlink()
    assert a_gateway.site.run("populate-incoming").code == 0
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert row[fields.TRANSFER_PROJECT] == "Q"


def test_a_new_row_of_the_coupling_list_adds_a_project_to_what_was_corrected(a_gateway):
    a_gateway.to_queue(STUDY)
    a_gateway.project("Q")
    a_gateway.correct(STUDY, **{fields.TRANSFER_PROJECT: ""})
    a_gateway.receive(STUDY.instance(4))
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    a_gateway.couple(STUDY, "Q-001", "Q")
    assert a_gateway.site.run("populate-incoming").code == 0
    projects = [row[fields.TRANSFER_PROJECT] for row in a_gateway.rows(STUDY, "transfers")]
    assert projects == ["", "Q"]


def test_what_was_deleted_in_redcap_does_not_go(a_gateway, tracker):
    a_gateway.to_queue(STUDY)
    (first,) = a_gateway.requests_in(State.QUEUED)
    delete_row(tracker)
    (told,) = a_gateway.create_requests()
    assert f"request {first.id} that was queued was deleted" in told
    assert not a_gateway.requests_in(State.QUEUED)
    a_gateway.context().queues.add(first)  # as reconcile might, or a backup
    sent = a_gateway.site.run("anonymize-and-send")
    assert any("was deleted in REDCap since" in line["text"] for line in sent.lines)
    assert not a_gateway.requests_in(State.DONE)


def test_what_failed_and_was_corrected_waits_for_nobody(a_gateway):
    a_gateway.to_queue(STUDY)
    (first,) = a_gateway.requests_in(State.QUEUED)
    a_gateway.correct(STUDY, **{fields.TRANSFER_PROJECT: "NONE"})
    a_gateway.create_requests()
    assert a_gateway.site.run("anonymize-and-send").code == 1
    (failed,) = a_gateway.requests_in(State.FAILED)
    assert failed.id != first.id
    a_gateway.correct(STUDY, **{fields.TRANSFER_PROJECT: "P"})
    a_gateway.create_requests()
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert not a_gateway.requests_in(State.FAILED)
    assert a_gateway.site.run("requeue", failed.id).code == 1
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert row[fields.TRANSFER_DATE]


def test_what_another_row_or_a_workstation_wants_stays(a_gateway):
    a_gateway.to_queue(STUDY)
    (first,) = a_gateway.requests_in(State.QUEUED)
    queues = a_gateway.context().queues
    other = Request.wanted(STUDY.uid, 2, Assignment("Q", "Q-001", "E1"), "v")
    made = Request.wanted(STUDY.uid, 1, Assignment("Q", "Q-002", "E1"), "v")
    second = {
        fields.REPEAT_INSTANCE: 2,
        fields.TRANSFER_PROJECT: "Q",
        fields.TRANSFER_NAME: "Q-001",
    }
    a_gateway.correct(STUDY, **second, **{fields.TRANSFER_EVENT: "E1"})
    queues.add(other)
    queues.add(made.with_values(made_from="1.2.3"))
    a_gateway.correct(STUDY, **{fields.TRANSFER_DATE: ""})
    a_gateway.create_requests("--all")
    assert {one.id for one in a_gateway.requests_in(State.QUEUED)} == {first.id, other.id, made.id}


def test_what_went_to_the_wrong_one_and_was_removed_there_does_not_come_back(a_gateway):
    with a_lying_pacs() as pacs:
        a_gateway.to_queue(STUDY)
        a_gateway.point_at(pacs.port)
        a_gateway.project("Q")
        assert a_gateway.site.run("anonymize-and-send").code == 0
        wrong = set(pacs.held)
        a_gateway.correct(STUDY, **{fields.TRANSFER_PROJECT: "Q"})
        a_gateway.create_requests()
        assert a_gateway.site.run("anonymize-and-send").code == 0
        for uid in wrong:
            del pacs.held[uid]
        result = a_gateway.site.run("reconcile")
        assert result.code == 0
        assert any("was corrected in REDCap since" in line["text"] for line in result.lines)
        assert not a_gateway.requests_in(State.QUEUED)
        pacs.held.clear()  # of the right one, everything comes back
        a_gateway.site.run("reconcile")
        assert [one.project for one in a_gateway.requests_in(State.QUEUED)] == ["Q"]


def test_what_was_deleted_and_removed_from_the_pacs_does_not_come_back(a_gateway, tracker):
    with a_lying_pacs() as pacs:
        a_gateway.to_queue(STUDY)
        a_gateway.point_at(pacs.port)
        assert a_gateway.site.run("anonymize-and-send").code == 0
        delete_row(tracker)
        pacs.held.clear()
        result = a_gateway.site.run("reconcile")
        assert any("was deleted in REDCap since" in line["text"] for line in result.lines)
        assert not a_gateway.requests_in(State.QUEUED)


def test_what_is_corrected_when_it_is_no_longer_here_has_to_come_again(a_gateway):
    a_gateway.to_queue(STUDY)
    assert a_gateway.site.run("anonymize-and-send").code == 0
    context = a_gateway.context()
    context.trees.forget(STUDY.uid)
    context.archive.discard(STUDY.uid)
    assert not a_gateway.create_requests("--all")
    a_gateway.correct(STUDY, **{fields.TRANSFER_NAME: "P-002"})
    a_gateway.create_requests()
    assert a_gateway.site.run("anonymize-and-send").code == 1
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert "have it sent again" in row[fields.TRANSFER_MESSAGE]
    assert not row[fields.TRANSFER_DATE]
    a_gateway.receive(*STUDY.instances(3))
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    assert a_gateway.site.run("populate-incoming").code == 0
    assert any("gives way to" in text for text in a_gateway.create_requests())
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert not a_gateway.requests_in(State.FAILED)
    assert a_gateway.rows(STUDY, "transfers")[0][fields.TRANSFER_DATE]
