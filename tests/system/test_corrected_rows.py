"""What people correct in REDCap while a transfer waits, after it failed, and after it was sent."""

from __future__ import annotations

import re

import factories
import pytest
import requests
from headgate.core import fields
from headgate.core.model import Assignment, Request
from headgate.core.states import State
from liars import a_lying_pacs

STUDY = factories.Study("corrected", accession="COR1")
ROW = {
    fields.INCOMING_RECORD: STUDY.uid,
    fields.REPEAT_FORM: fields.TRANSFERS_FORM,
    fields.REPEAT_INSTANCE: 1,
}


def correct(gateway, **values):
    gateway.context().tables.incoming.write([ROW | values], overwrite=True)


def create(gateway, *words):
    result = gateway.site.run("create-transfer-requests", *words)
    assert result.code == 0
    return [line["text"] for line in result.lines]


def waiting(gateway, state=State.QUEUED):
    return list(gateway.context().queues.each(state))


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
    (first,) = waiting(a_gateway)
    if state is State.HELD:
        assert a_gateway.site.run("hold", first.id).code == 0
    correct(a_gateway, **values)
    told = create(a_gateway)
    assert any(f"request {first.id} that was {state} was corrected" in text for text in told)
    (now,) = waiting(a_gateway)
    assert now.assignment == Assignment(
        values.get(fields.TRANSFER_PROJECT, "P"),
        values.get(fields.TRANSFER_NAME, "P-001"),
        values.get(fields.TRANSFER_EVENT, "E1"),
    )
    assert not waiting(a_gateway, State.HELD)
    assert not create(a_gateway)


@pytest.mark.parametrize("name", [fields.TRANSFER_PROJECT, fields.TRANSFER_NAME])
def test_what_nobody_wants_any_more_does_not_go(a_gateway, name):
    a_gateway.to_queue(STUDY)
    (first,) = waiting(a_gateway)
    correct(a_gateway, **{name: ""})
    assert a_gateway.site.run("create-transfer-requests", "--dry-run").code == 0
    assert waiting(a_gateway) == [first]
    create(a_gateway)
    assert not waiting(a_gateway)
    correct(a_gateway, **{name: getattr(first, "project" if "project" in name else "participant")})
    create(a_gateway)
    assert [one.id for one in waiting(a_gateway)] == [first.id]


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
    correct(a_gateway, **{fields.TRANSFER_PROJECT: project})
    listed_anew(a_gateway)
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert row[fields.TRANSFER_PROJECT] == project
    create(a_gateway)
    assert [one.project for one in waiting(a_gateway)] == ([project] if project else [])


def test_what_was_corrected_stays_so_when_it_is_lost_what_of_the_coupling_list_was_read(a_gateway):
    a_gateway.to_queue(STUDY)
    a_gateway.project("Q")
    correct(a_gateway, **{fields.TRANSFER_PROJECT: "Q"})
    for path in a_gateway.layout.watermarks.iterdir():
        path.unlink()
    assert a_gateway.site.run("populate-incoming").code == 0
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert row[fields.TRANSFER_PROJECT] == "Q"


def test_a_new_row_of_the_coupling_list_adds_a_project_to_what_was_corrected(a_gateway):
    a_gateway.to_queue(STUDY)
    a_gateway.project("Q")
    correct(a_gateway, **{fields.TRANSFER_PROJECT: ""})
    a_gateway.receive(STUDY.instance(4))
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    a_gateway.couple(STUDY, "Q-001", "Q")
    assert a_gateway.site.run("populate-incoming").code == 0
    projects = [row[fields.TRANSFER_PROJECT] for row in a_gateway.rows(STUDY, "transfers")]
    assert projects == ["", "Q"]


def test_what_was_deleted_in_redcap_does_not_go(a_gateway, tracker):
    a_gateway.to_queue(STUDY)
    (first,) = waiting(a_gateway)
    asked = {
        "token": tracker.tokens["Incoming"], "content": "record", "action": "delete",
        "records[0]": STUDY.uid, "instrument": fields.TRANSFERS_FORM, "repeat_instance": "1",
    }  # fmt: skip
    requests.post(tracker.url, data=asked, timeout=30).raise_for_status()
    (told,) = create(a_gateway)
    assert f"request {first.id} that was queued was deleted" in told
    assert not waiting(a_gateway)


def test_what_failed_and_was_corrected_waits_for_nobody(a_gateway):
    a_gateway.to_queue(STUDY)
    (first,) = waiting(a_gateway)
    correct(a_gateway, **{fields.TRANSFER_PROJECT: "NONE"})
    create(a_gateway)
    assert a_gateway.site.run("anonymize-and-send").code == 1
    (failed,) = waiting(a_gateway, State.FAILED)
    assert failed.id != first.id
    correct(a_gateway, **{fields.TRANSFER_PROJECT: "P"})
    create(a_gateway)
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert not waiting(a_gateway, State.FAILED)
    assert a_gateway.site.run("requeue", failed.id).code == 1
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert row[fields.TRANSFER_DATE]


def test_what_another_row_or_a_workstation_wants_stays(a_gateway):
    a_gateway.to_queue(STUDY)
    (first,) = waiting(a_gateway)
    queues = a_gateway.context().queues
    other = Request.wanted(STUDY.uid, 2, Assignment("Q", "Q-001", "E1"), "v")
    made = Request.wanted(STUDY.uid, 1, Assignment("Q", "Q-002", "E1"), "v")
    second = {
        fields.REPEAT_INSTANCE: 2,
        fields.TRANSFER_PROJECT: "Q",
        fields.TRANSFER_NAME: "Q-001",
    }
    correct(a_gateway, **second, **{fields.TRANSFER_EVENT: "E1"})
    queues.add(other)
    queues.add(made.with_values(made_from="1.2.3"))
    correct(a_gateway, **{fields.TRANSFER_DATE: ""})
    create(a_gateway, "--all")
    assert {one.id for one in waiting(a_gateway)} == {first.id, other.id, made.id}


def test_what_went_to_the_wrong_one_and_was_removed_there_does_not_come_back(a_gateway):
    with a_lying_pacs() as pacs:
        a_gateway.to_queue(STUDY)
        head, _, tail = a_gateway.site.config.read_text().partition("[pacs.research]")
        tail = re.sub(r"port = \d+", f"port = {pacs.port}", tail, count=1)
        a_gateway.site.config.write_text(f"{head}[pacs.research]{tail}")
        a_gateway.project("Q")
        assert a_gateway.site.run("anonymize-and-send").code == 0
        wrong = set(pacs.held)
        correct(a_gateway, **{fields.TRANSFER_PROJECT: "Q"})
        create(a_gateway)
        assert a_gateway.site.run("anonymize-and-send").code == 0
        for uid in wrong:
            del pacs.held[uid]
        result = a_gateway.site.run("reconcile")
        assert result.code == 0
        assert any("was corrected since" in line["text"] for line in result.lines)
        assert not waiting(a_gateway)
        pacs.held.clear()  # of the right one, everything comes back
        a_gateway.site.run("reconcile")
        assert [one.project for one in waiting(a_gateway)] == ["Q"]


def test_what_is_corrected_when_it_is_no_longer_here_has_to_come_again(a_gateway):
    a_gateway.to_queue(STUDY)
    assert a_gateway.site.run("anonymize-and-send").code == 0
    context = a_gateway.context()
    context.trees.forget(STUDY.uid)
    context.archive.discard(STUDY.uid)
    assert not create(a_gateway, "--all")
    correct(a_gateway, **{fields.TRANSFER_NAME: "P-002"})
    create(a_gateway)
    assert a_gateway.site.run("anonymize-and-send").code == 1
    (row,) = a_gateway.rows(STUDY, "transfers")
    assert "have it sent again" in row[fields.TRANSFER_MESSAGE]
    assert not row[fields.TRANSFER_DATE]
    a_gateway.receive(*STUDY.instances(3))
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    assert a_gateway.site.run("populate-incoming").code == 0
    assert any("gives way to" in text for text in create(a_gateway))
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert not waiting(a_gateway, State.FAILED)
    assert a_gateway.rows(STUDY, "transfers")[0][fields.TRANSFER_DATE]
