"""What was lost and comes from a backup: the key, the queues, REDCap; who had what keeps it."""

from __future__ import annotations

import shutil

import factories
import pytest
import requests
from headgate.core import fields
from headgate.core.states import State

STUDY = factories.Study("disaster", accession="DIS1")
OTHER = factories.Study("another", accession="DIS2", patient_id="99020312345")


def deliver(gateway, study=STUDY):
    gateway.to_queue(study)
    assert gateway.site.run("anonymize-and-send").code == 0


def list_again(gateway):
    assert gateway.site.run("process").code == 0
    gateway.settle()
    assert gateway.site.run("populate-incoming").code == 0
    return gateway.create_requests()


def copies(gateway, orthanc):
    """By study as sent: how many instances of it the research PACS has."""
    found: dict[str, int] = {}
    for one in orthanc.instances():
        if one.InstitutionName == "P":
            found[one.StudyInstanceUID] = found.get(one.StudyInstanceUID, 0) + 1
    return found


@pytest.fixture
def another_key(a_gateway):
    """Puts another key in place of the site's."""
    path = a_gateway.site.folder / "secrets" / "deid.key"

    def put(key="ab" * 32):
        before = path.read_text().strip()
        path.write_text(key)
        return before

    return put


def test_nothing_goes_under_another_key_than_before(a_gateway, orthanc, another_key):
    deliver(a_gateway)
    before = copies(a_gateway, orthanc)
    a_gateway.receive(STUDY.instance(4))
    list_again(a_gateway)
    key = another_key()
    a_gateway.receive(OTHER.instance(1))
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    for script in ("check-config", "populate-incoming", "anonymize-and-send"):
        result = a_gateway.site.run(script)
        assert result.code == 78, (script, result)
        assert "deid.key holds another key than studies went under before" in str(result.lines)
    assert copies(a_gateway, orthanc) == before
    another_key(key)
    assert a_gateway.site.run("check-config").code == 0
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert [*copies(a_gateway, orthanc)] == [*before]


def test_who_lost_the_key_begins_anew_and_what_was_sent_stays(a_gateway, orthanc, another_key):
    deliver(a_gateway)
    before = copies(a_gateway, orthanc)
    another_key()
    (a_gateway.layout.ledger / "key.mark").unlink()
    result = a_gateway.site.run("reconcile")
    assert "the PACS holds them" in result.lines[-1]["text"]
    assert not a_gateway.requests_in(State.QUEUED)
    assert copies(a_gateway, orthanc) == before


@pytest.mark.parametrize("is_here", [True, False])
def test_a_redcap_from_a_backup_is_told_again_what_was_delivered(a_gateway, orthanc, is_here):
    deliver(a_gateway)
    before = copies(a_gateway, orthanc)
    (row,) = a_gateway.rows(STUDY, fields.TRANSFERS_FORM)
    told = (fields.TRANSFER_DATE, fields.TRANSFER_MAPPED)
    if not is_here:
        shutil.rmtree(a_gateway.layout.study_archive(STUDY.uid))
        assert a_gateway.site.run("rebuild").code == 0
    for _ in "twice":
        a_gateway.correct(STUDY, **dict.fromkeys(told, ""))
        assert len(a_gateway.create_requests("--all")) == 1
        assert not a_gateway.create_requests("--all")
        assert a_gateway.site.run("anonymize-and-send").code == 0
        (now,) = a_gateway.rows(STUDY, fields.TRANSFERS_FORM)
        assert now[fields.TRANSFER_MAPPED] == row[fields.TRANSFER_MAPPED]
        assert now[fields.TRANSFER_DATE]
        assert not a_gateway.create_requests("--all")
    assert copies(a_gateway, orthanc) == before


def test_what_is_gone_here_and_from_the_pacs_is_not_told_as_delivered(a_gateway, orthanc):
    deliver(a_gateway)
    shutil.rmtree(a_gateway.layout.study_archive(STUDY.uid))
    assert a_gateway.site.run("rebuild").code == 0
    mapped = a_gateway.rows(STUDY, fields.TRANSFERS_FORM)[0][fields.TRANSFER_MAPPED]
    where = orthanc.where
    (found,) = requests.post(f"{where}tools/lookup", data=mapped, timeout=30).json()
    requests.delete(f"{where}studies/{found['ID']}", timeout=30)
    a_gateway.correct(STUDY, **{fields.TRANSFER_DATE: ""})
    a_gateway.create_requests("--all")
    result = a_gateway.site.run("anonymize-and-send")
    assert result.code == 1
    assert "have it sent again" in result.lines[-1]["text"]
    assert not a_gateway.rows(STUDY, fields.TRANSFERS_FORM)[0][fields.TRANSFER_DATE]


def test_what_waits_in_a_queue_from_a_backup_goes_to_nobody_whom_the_row_names_no_more(
    a_gateway, orthanc
):
    a_gateway.to_queue(STUDY)
    (old,) = a_gateway.requests_in(State.QUEUED)
    a_gateway.correct(STUDY, **{fields.TRANSFER_NAME: "P-002"})
    result = a_gateway.site.run("anonymize-and-send")
    assert result.code == 0
    assert [(line["item"], "it is withdrawn" in line["text"]) for line in result.lines] == [
        (old.id, True)
    ]
    assert not any(a_gateway.requests_in(state) for state in State)
    assert not a_gateway.context().ledger.of_study(STUDY.uid)
    a_gateway.create_requests()
    assert a_gateway.site.run("anonymize-and-send").code == 0
    (now,) = a_gateway.requests_in(State.DONE)
    assert now.participant == "P-002"
