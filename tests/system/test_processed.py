"""What a workstation makes of a research copy goes where its study went, and is changed once."""

from __future__ import annotations

import json

import factories
import pytest
import workstation
from headgate.core.deid.uids import replace_uid
from headgate.core.model import Assignment, Fate
from headgate.core.states import State
from headgate.demo import scanner
from headgate.stores.dicomnet.pacs import Peer
from killing import KILLED
from pydicom import Dataset, dcmread

STUDY = factories.Study("processed", accession="W1")
FOR_PROCESSED = "create-transfer-requests-for-processed"


def deliver(gateway):
    result = gateway.site.run("anonymize-and-send")
    assert result.code == 0, result
    return result


def delivered(gateway, study=STUDY):
    """Bring a study to the PACS; return its mapped UID."""
    gateway.to_queue(study)
    deliver(gateway)
    (request,) = gateway.context().queues.of_study(study.uid, lambda one: one is State.DONE)
    return request.mapped_study


def index(gateway):
    """What cron does each minute."""
    for script in ("process", None, "populate-incoming"):
        if script is None:
            gateway.settle()
        else:
            assert gateway.site.run(script).code == 0


def come_back(gateway, *made):
    gateway.receive(*made)
    index(gateway)


def sent_of(pacs, gateway, study, name):
    """What the PACS has of what the workstation made."""
    ledger = gateway.context().ledger.of_study(study)
    ((delivery,),) = [several for one, several in ledger.items() if one == name]
    (found,) = [one for one in pacs.instances() if one.SOPInstanceUID == delivery.output_uid]
    return found


def uids_in(dataset):
    return {str(one.value) for one in dataset.iterall() if one.VR == "UI"}


def test_what_a_workstation_made_joins_the_copy_that_it_was_made_of(a_receiver, orthanc, tmp_path):
    gateway = a_receiver
    mapped = delivered(gateway)
    source = workstation.copy_of(orthanc, mapped)
    made = [workstation.segmentation(source), workstation.picture(source)]
    paths = factories.save(made, tmp_path / "made")
    peer = Peer("127.0.0.1", gateway.site.port, "HEADGATE", "WORKSTATION", 30)
    statuses = scanner.send(peer, [scanner.load(path) for path in paths])
    assert set(statuses.values()) == {0}
    index(gateway)
    assert not gateway.context().tables.incoming.export(records=[mapped])
    result = gateway.site.run(FOR_PROCESSED)
    assert result.code == 0
    assert f"it goes where study {STUDY.uid} went" in result.lines[0]["text"]
    deliver(gateway)
    for one in map(dcmread, paths):
        there = sent_of(orthanc, gateway, mapped, str(one.SOPInstanceUID))
        plain = gateway.context().recipe(Assignment("P", "P-001", "E1"))
        assert there.StudyInstanceUID == mapped
        assert there.SOPInstanceUID == replace_uid(one.SOPInstanceUID, plain)
        assert there.SeriesInstanceUID == replace_uid(one.SeriesInstanceUID, plain)
        assert (there.PatientID, str(there.PatientName)) == ("P-001", "P-001")
        assert there.InstitutionName == "P"
        assert there.StudyDate == one.StudyDate == source[0].StudyDate != "20240312"
        assert there.ContentDate == one.ContentDate
        assert there.get("FrameOfReferenceUID") == one.get("FrameOfReferenceUID")
    segmentation = sent_of(orthanc, gateway, mapped, str(made[0].SOPInstanceUID))
    assert segmentation.FrameOfReferenceUID == source[0].FrameOfReferenceUID
    known = {str(one.SOPInstanceUID): str(one.SeriesInstanceUID) for one in source}
    (series,) = segmentation.ReferencedSeriesSequence
    named = {str(one.ReferencedSOPInstanceUID) for one in series.ReferencedInstanceSequence}
    assert named == set(known)
    assert series.SeriesInstanceUID in known.values()
    capture = sent_of(orthanc, gateway, mapped, str(made[1].SOPInstanceUID))
    assert capture.SourceImageSequence[0].ReferencedSOPInstanceUID in known
    for one in (segmentation, capture):
        assert not uids_in(one) & {str(made[0].SeriesInstanceUID), str(made[1].SeriesInstanceUID)}
    (row,) = gateway.rows(STUDY, "transfers")
    assert row["transfer_date"]
    assert json.loads(row["transfer_error_message"])["stored"] == 3  # as its study was delivered


def test_run_again_nothing_changes_and_a_late_series_goes_alone(a_gateway, orthanc):
    mapped = delivered(a_gateway)
    source = workstation.copy_of(orthanc, mapped)
    first = workstation.segmentation(source)
    come_back(a_gateway, first)
    assert a_gateway.site.run(FOR_PROCESSED).code == 0
    deliver(a_gateway)
    before = orthanc.count()
    assert a_gateway.site.run(FOR_PROCESSED).lines == []
    assert a_gateway.site.run("create-transfer-requests", "--all").code == 0
    assert deliver(a_gateway).lines == []
    come_back(a_gateway, first)
    assert a_gateway.site.run(FOR_PROCESSED).lines == []
    # a report on the segmentation, as the PACS has it, refers to what we hashed before
    there = sent_of(orthanc, a_gateway, mapped, str(first.SOPInstanceUID))
    come_back(a_gateway, late := workstation.picture([there]))
    assert a_gateway.site.run(FOR_PROCESSED).code == 0
    deliver(a_gateway)
    assert orthanc.count() == before + 1
    capture = sent_of(orthanc, a_gateway, mapped, str(late.SOPInstanceUID))
    assert capture.SourceImageSequence[0].ReferencedSOPInstanceUID == there.SOPInstanceUID
    result = a_gateway.site.run("reconcile")
    assert result.code == 0
    assert not a_gateway.context().queues.ids(State.QUEUED)


def test_the_copy_itself_is_not_sent_again(a_gateway, orthanc):
    mapped = delivered(a_gateway)
    source = workstation.copy_of(orthanc, mapped)
    before = orthanc.count()
    come_back(a_gateway, workstation.segmentation(source), *source)
    assert a_gateway.site.run(FOR_PROCESSED).code == 0
    deliver(a_gateway)
    assert orthanc.count() == before + 1
    fates = [one.fate for (one,) in a_gateway.context().ledger.of_study(mapped).values()]
    assert sorted(fates) == [Fate.EXCLUDED] * 3 + [Fate.STORED]


def test_D05_a_clinical_study_is_never_taken_for_a_copy(a_gateway):
    delivered(a_gateway)
    other = factories.Study("another", accession="W2")
    looks_alike = "2.25.329800735698586629295641978511506172918"  # as ours do
    made = [other.instance(StudyInstanceUID=looks_alike), other.instance(2)]
    come_back(a_gateway, *made)
    listed = a_gateway.context().tables.incoming.export(records=[looks_alike, other.uid])
    assert {row["study_instance_uid"] for row in listed} == {looks_alike, other.uid}
    assert a_gateway.site.run(FOR_PROCESSED).lines == []


def test_what_is_of_another_patient_is_held(a_gateway, orthanc):
    mapped = delivered(a_gateway)
    source = workstation.copy_of(orthanc, mapped)
    before = orthanc.count()
    come_back(a_gateway, workstation.picture(source, PatientID="01020312345"))
    result = a_gateway.site.run(FOR_PROCESSED)
    assert result.code == 1
    assert "another PatientID" in result.lines[0]["text"]
    assert "01020312345" not in json.dumps(result.lines)
    assert a_gateway.site.run(FOR_PROCESSED).code == 1  # until somebody mends it
    assert orthanc.count() == before
    assert not a_gateway.context().queues.ids(State.QUEUED)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"PatientName": "Nordmann^Kjersti"}, "PatientName"),
        ({"StationName": "", "SegmentsOverlap": "", "SeriesDescription": "Nordmann"}, ""),
    ],
)
def test_the_patient_behind_the_copy_does_not_leave(a_gateway, orthanc, values, why):
    mapped = delivered(a_gateway)
    source = workstation.copy_of(orthanc, mapped)
    made = workstation.picture(source, **values)
    come_back(a_gateway, made)
    a_gateway.site.run(FOR_PROCESSED)
    result = a_gateway.site.run("anonymize-and-send")
    if why:
        assert result.code == 1
        assert why in json.dumps(result.lines)
        (row,) = a_gateway.rows(STUDY, "transfers")
        assert row["transfer_error___1"] == "1"
        assert row["transfer_date"]  # the study itself has got there
    for one in orthanc.instances():
        assert "Nordmann" not in str(one)


def test_a_failure_that_was_told_is_taken_back(a_gateway, orthanc):
    mapped = delivered(a_gateway)
    source = workstation.copy_of(orthanc, mapped)
    ledger = a_gateway.layout.ledger / STUDY.uid / "P.jsonl"
    lines = ledger.read_text()
    ledger.unlink()
    come_back(a_gateway, workstation.segmentation(source))
    a_gateway.site.run(FOR_PROCESSED)
    result = a_gateway.site.run("anonymize-and-send")
    assert result.code == 1
    assert "cannot be told" in json.dumps(result.lines)
    assert a_gateway.rows(STUDY, "transfers")[0]["transfer_error___1"] == "1"
    ledger.write_text(lines)
    (failed,) = a_gateway.context().queues.ids(State.FAILED)
    assert a_gateway.site.run("requeue", failed).code == 0
    deliver(a_gateway)
    assert a_gateway.rows(STUDY, "transfers")[0]["transfer_error___1"] == "0"


def test_each_project_gets_what_was_made_of_its_own_copy(a_gateway, orthanc):
    a_gateway.project("Q")
    a_gateway.couple(STUDY, "Q-9", "Q")
    a_gateway.receive(*STUDY.instances(3))
    a_gateway.project()
    a_gateway.couple(STUDY)
    index(a_gateway)
    assert a_gateway.site.run("create-transfer-requests").code == 0
    deliver(a_gateway)
    requests = {one.project: one for one in a_gateway.context().queues.each(State.DONE)}
    assert set(requests) == {"P", "Q"}
    copy = workstation.copy_of(orthanc, requests["Q"].mapped_study)
    come_back(a_gateway, made := workstation.segmentation(copy))
    a_gateway.site.run(FOR_PROCESSED)
    deliver(a_gateway)
    there = sent_of(orthanc, a_gateway, requests["Q"].mapped_study, str(made.SOPInstanceUID))
    assert (there.PatientID, there.InstitutionName) == ("Q-9", "Q")
    assert len(workstation.copy_of(orthanc, requests["P"].mapped_study)) == 3


def test_what_it_names_of_the_participants_other_studies_stays(a_gateway, orthanc):
    first = delivered(a_gateway)
    before = factories.Study("the year before", accession="W0")
    a_gateway.receive(*before.instances(1))
    a_gateway.couple(before)
    index(a_gateway)
    assert a_gateway.site.run("create-transfer-requests").code == 0
    deliver(a_gateway)
    (request,) = a_gateway.context().queues.of_study(before.uid, bool)
    (prior,) = workstation.copy_of(orthanc, request.mapped_study)
    made = workstation.picture(workstation.copy_of(orthanc, first))
    strange = factories.uid("of nobody here")
    for study, series, instance in (
        (prior.StudyInstanceUID, prior.SeriesInstanceUID, prior.SOPInstanceUID),
        (factories.uid("a clinical study"), factories.uid("series"), strange),
    ):
        of_series, of_study = Dataset(), Dataset()
        one = Dataset()
        one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID = factories.CT, instance
        of_series.SeriesInstanceUID, of_series.ReferencedInstanceSequence = series, [one]
        of_study.StudyInstanceUID, of_study.ReferencedSeriesSequence = study, [of_series]
        made.setdefault("StudiesContainingOtherReferencedInstancesSequence", [])
        made.StudiesContainingOtherReferencedInstancesSequence.append(of_study)
    come_back(a_gateway, made)
    assert a_gateway.site.run(FOR_PROCESSED).code == 0
    deliver(a_gateway)
    there = sent_of(orthanc, a_gateway, first, str(made.SOPInstanceUID))
    assert uids_in(there) >= {prior.StudyInstanceUID, prior.SeriesInstanceUID, prior.SOPInstanceUID}
    assert not uids_in(there) & {strange, factories.uid("a clinical study")}


@pytest.mark.parametrize("script", ["rebuild", FOR_PROCESSED])
def test_what_mapped_uids_stand_for_can_be_raised_again(a_gateway, orthanc, script):
    mapped = delivered(a_gateway)
    path = a_gateway.layout.mapped / f"{mapped}.json"
    before = path.read_text()
    path.unlink()
    words = () if script == "rebuild" else ("--all",)
    if words:  # as REDCap alone knows it where another gateway sent
        for one in (a_gateway.layout.requests / "done").iterdir():
            one.unlink()
    assert a_gateway.site.run(script, *words).code == 0
    assert path.read_text() == before
    assert a_gateway.site.run("process").code == 0


def test_a_dry_run_queues_nothing_and_a_pacs_that_is_away_loses_nothing(a_gateway, orthanc):
    mapped = delivered(a_gateway)
    come_back(a_gateway, workstation.segmentation(workstation.copy_of(orthanc, mapped)))
    assert a_gateway.site.run(FOR_PROCESSED, "--dry-run").code == 0
    told = json.dumps(a_gateway.site.run("status", "--study", mapped).lines)
    assert f"a workstation made it of study {STUDY.uid}" in told
    assert "requests that it goes where its study went" in told
    assert not a_gateway.context().queues.ids(State.QUEUED)
    assert a_gateway.site.run(FOR_PROCESSED).code == 0
    config = a_gateway.site.config.read_text()
    a_gateway.point_at(9)
    a_gateway.site.run("anonymize-and-send")
    a_gateway.site.config.write_text(config)
    (request,) = a_gateway.context().queues.each(State.QUEUED)
    assert request.made_from == STUDY.uid


def test_killed_at_any_step_the_next_run_comes_to_the_same_end(a_gateway, orthanc, zygote):
    mapped = delivered(a_gateway)
    source = workstation.copy_of(orthanc, mapped)
    at, code = 0, KILLED
    while code == KILLED:
        at += 1
        come_back(a_gateway, workstation.picture(source))
        code = zygote.run(a_gateway, FOR_PROCESSED, at=at).code
        assert zygote.run(a_gateway, FOR_PROCESSED).code == 0
        assert not a_gateway.context().spool.returned()
        (request,) = a_gateway.context().queues.ids(State.QUEUED)
        (a_gateway.layout.requests / "queued" / f"{request}.json").unlink()
    assert (code, at > 3) == (0, True)
