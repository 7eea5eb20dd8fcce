"""The pipeline as processes: what goes in comes out clean, once, under the right name."""

from __future__ import annotations

from io import BytesIO

import factories
import imaging
from headgate.core.states import State
from PIL import Image
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

SCRIPTS = ("process", "populate-incoming", "create-transfer-requests", "anonymize-and-send")


def run_all(gateway):
    for script in SCRIPTS:
        gateway.settle()
        result = gateway.site.run(script, "-v")
        assert result.code == 0, (script, result)


def held(gateway, orthanc, study):
    (request,) = gateway.context().queues.of_study(study.uid, lambda state: state is State.DONE)
    return [one for one in orthanc.instances() if str(one.StudyInstanceUID) == request.mapped_study]


def test_O13_what_arrives_is_counted_and_is_who_it_should_be(a_gateway, orthanc):
    study = factories.Study("whole", accession="W1")
    a_gateway.receive(*study.instances(3), *study.instances(2, series=2))
    a_gateway.project()
    a_gateway.couple(study)
    run_all(a_gateway)
    found = held(a_gateway, orthanc, study)
    assert len(found) == 5
    for one in found:
        assert (str(one.PatientID), str(one.PatientName)) == ("P-001", "P-001")
        assert (one.InstitutionName, str(one.ReferringPhysicianName)) == ("P", "E1")
        assert one.PatientIdentityRemoved == "YES"
        assert one.PixelData
        text = one.to_json(bulk_data_threshold=10**9)
        for word in factories.PLANTED:
            assert word not in text
    assert len({str(one.SeriesInstanceUID) for one in found}) == 2
    assert len({str(one.FrameOfReferenceUID) for one in found}) == 1
    (transfer,) = a_gateway.rows(study, "transfers")
    assert transfer["transfer_mapped_uid"] == str(found[0].StudyInstanceUID)
    assert '"stored": 5' in transfer["transfer_error_message"]


def test_a_late_series_is_sent_alone_and_joins_the_study(a_gateway, orthanc):
    study = factories.Study("late", accession="W2")
    a_gateway.receive(*study.instances(2))
    a_gateway.project()
    a_gateway.couple(study)
    run_all(a_gateway)
    first = a_gateway.context().ledger.of_study(study.uid)
    a_gateway.receive(*study.instances(3, series=2))
    run_all(a_gateway)
    context = a_gateway.context()
    assert len(context.queues.ids(State.DONE)) == 2
    ledger = context.ledger.of_study(study.uid)
    assert len(ledger) == 5
    assert all(ledger[name] == first[name] for name in first)
    requests = list(context.queues.of_study(study.uid, bool))
    assert len({request.mapped_study for request in requests}) == 1
    mapped = requests[0].mapped_study
    assert len([one for one in orthanc.instances() if str(one.StudyInstanceUID) == mapped]) == 5


def test_a_second_wish_for_what_is_delivered_is_recorded_and_not_sent_again(a_gateway):
    study = factories.Study("second wish", accession="W7")
    a_gateway.receive(*study.instances(2))
    a_gateway.project()
    a_gateway.couple(study)
    run_all(a_gateway)
    (first,) = a_gateway.rows(study, "transfers")
    names = ("transfer_requested_date", "transfer_project_name", "transfer_name")
    again = {name: first[name] for name in (*names, "transfer_event_name")}
    again |= {"study_instance_uid": study.uid, "redcap_repeat_instrument": "transfers"}
    a_gateway.context().tables.incoming.write([again | {"redcap_repeat_instance": 2}])
    ledger = a_gateway.context().ledger.of_study(study.uid)
    run_all(a_gateway)
    assert all(row["transfer_date"] for row in a_gateway.rows(study, "transfers"))
    assert a_gateway.context().ledger.of_study(study.uid) == ledger


def test_the_same_study_in_two_projects_shares_no_identifier(a_gateway, orthanc):
    study = factories.Study("two projects", accession="W3")
    a_gateway.receive(*study.instances(2))
    for project in ("P", "Q"):
        a_gateway.project(project)
        a_gateway.couple(study, f"{project}-001", project)
    run_all(a_gateway)
    requests = list(a_gateway.context().queues.of_study(study.uid, bool))
    mapped = {request.project: request.mapped_study for request in requests}
    assert set(mapped) == {"P", "Q"}
    found = {
        project: {
            str(one.SOPInstanceUID)
            for one in orthanc.instances()
            if str(one.StudyInstanceUID) == uid
        }
        for project, uid in mapped.items()
    }
    assert [len(names) for names in found.values()] == [2, 2]
    assert not found["P"] & found["Q"]


def test_one_instance_that_must_not_leave_stays_and_the_others_go(a_gateway, orthanc):
    study = factories.Study("rejected", accession="W4")
    cannot_be_cleaned = study.instance(
        2, BurnedInAnnotation="YES", PhotometricInterpretation="CMYK"
    )
    a_gateway.receive(study.instance(1), cannot_be_cleaned)
    a_gateway.project()
    a_gateway.couple(study)
    for script in SCRIPTS[:3]:
        a_gateway.settle()
        assert a_gateway.site.run(script).code == 0
    result = a_gateway.site.run("anonymize-and-send")
    assert result.code == 1
    assert "photometric interpretation" in result.lines[-1]["text"]
    (transfer,) = a_gateway.rows(study, "transfers")
    assert transfer["transfer_error___1"] == "1"
    assert "photometric interpretation" in transfer["transfer_error_message"]
    fates = sorted(
        str(one.fate) for (one,) in a_gateway.context().ledger.of_study(study.uid).values()
    )
    assert fates == ["rejected", "stored"]


def test_a_leak_that_the_rules_miss_is_stopped_at_the_gate(a_gateway):
    """Somebody has called the participant by the patient's own number."""
    study = factories.Study("leak", accession="W5", patient_id="SCANNER77X")
    a_gateway.receive(study.instance(1), study.instance(2, PatientID="OTHER9911"))
    a_gateway.project()
    a_gateway.couple(study, "SCANNER77X")
    for script in SCRIPTS[:3]:
        a_gateway.settle()
        assert a_gateway.site.run(script).code == 0
    result = a_gateway.site.run("anonymize-and-send")
    assert result.code == 1
    ledger = a_gateway.context().ledger.of_study(study.uid)
    fates = {str(one.fate): one.reason for (one,) in ledger.values()}
    # the second instance tells of another number, and must not hold the first one's either
    assert set(fates) == {"rejected"}
    assert "PatientID" in fates["rejected"]
    assert "SCANNER77X" not in fates["rejected"] + str(result)


def test_a_project_may_leave_out_secondary_capture(a_gateway):
    study = factories.Study("drop", modality="SC", accession="W6")
    a_gateway.receive(*study.instances(2))
    a_gateway.project(project_features___2="1")
    a_gateway.couple(study)
    run_all(a_gateway)
    fates = {str(one.fate) for (one,) in a_gateway.context().ledger.of_study(study.uid).values()}
    assert fates == {"excluded"}


def test_no_identifier_is_in_any_log_metric_or_name_outside_the_data_tree(a_gateway):
    study = factories.Study("names", accession=factories.ACCESSION)
    a_gateway.site.start_receiver()
    broken = study.instance(9)
    del broken.SeriesInstanceUID
    a_gateway.receive(*study.instances(2), study.instance(1, StudyDescription="x"), broken)
    a_gateway.project()
    a_gateway.couple(study)
    said = ""
    for script in (*SCRIPTS, "status", "clear-old-files", "heartbeat", "rebuild", "process"):
        a_gateway.settle()
        result = a_gateway.site.run(script, "-v")
        said += str(result)
    outside = [
        path
        for path in a_gateway.site.folder.rglob("*")
        if a_gateway.layout.site not in path.parents and path.suffix != ".sqlite"
    ]
    assert len(outside) > 15
    for word in factories.PLANTED:
        assert word not in said
        for path in outside:
            assert word not in str(path.relative_to(a_gateway.site.folder))
            if path.is_file():
                assert word.encode() not in path.read_bytes(), path


def test_a_lossy_screenshot_leaves_without_the_name_burned_into_it(a_gateway, orthanc):
    study = factories.Study("screenshot", accession="W5", modality="SC")
    stream = BytesIO()
    grey = imaging.KINDS["MONOCHROME2 8 bit"]
    Image.fromarray(imaging.frame(grey, imaging.ink())).save(stream, "JPEG", quality=95)
    shot = study.instance(
        Rows=grey.rows, Columns=grey.columns, BitsAllocated=8, BitsStored=8, HighBit=7,
        PixelData=encapsulate([stream.getvalue()], has_bot=False), BurnedInAnnotation="YES",
    )  # fmt: skip
    shot["PixelData"].VR, shot["PixelData"].is_undefined_length = "OB", True
    shot.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    profile = a_gateway.site.folder / "pixels.toml"
    profile.write_text("[pixels]\nclean = true\n")
    with a_gateway.site.config.open("a") as config:
        config.write(f'[projects."P"]\nprofile = "{profile}"\n')
    a_gateway.receive(shot)
    a_gateway.project()
    a_gateway.couple(study)
    run_all(a_gateway)
    (sent,) = held(a_gateway, orthanc, study)
    assert sent.BurnedInAnnotation == "NO"
    assert not sent.pixel_array[imaging.box_of(imaging.PLACE)].any()
