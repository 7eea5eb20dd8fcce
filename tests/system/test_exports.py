"""create-zip-files: what the research PACS holds of a project, whole, laid out, and nothing else."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import factories
import pytest
import pyzipper
from headgate.core.deid.dates import offset_days
from headgate.core.model import Assignment
from headgate.stores.dicomfiles import read_instance
from pydicom import dcmread
from pydicom.fileset import FileSet
from researchpacs import fill, pull_from, research
from sshserver import Cutting

NAME = "create-zip-files"


def run(gateway, *words, code=0):
    result = gateway.site.run(NAME, *words)
    assert result.code == code, result
    return result


def lay_out(gateway, name, text, top=""):
    with gateway.site.config.open("a") as file:
        file.write(f'\n[exports]\n{top}\n[exports.layouts."{name}"]\n{text}\n')


def place(gateway, name, project="P"):
    return gateway.layout.exports / project / f"{name}.zip"


def opened(gateway, name):
    return zipfile.ZipFile(place(gateway, name))


def instances(archive):
    for name in archive.namelist():
        if name.endswith(".dcm") or "/IM" in name:
            yield name, dcmread(io.BytesIO(archive.read(name)))


def uids(archive):
    return sorted(one.SOPInstanceUID for _, one in instances(archive))


def names(archive):
    return [name for name in archive.namelist() if name.endswith(".dcm")]


WAYS = {
    "c-get": {},
    "wado-rs": {"qido_url": "{web}dicom-web", "kind": "dicom"},
    "c-move": {"move_port": "{move}"},
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_brings_every_instance_as_it_is_stored(a_tree, pacs, tmp_path, way):
    one = research("one", "P-001", count=3)
    jpeg = research("two", "P-002", count=1)
    jpeg[0].compress("1.2.840.10008.1.2.5", generate_instance_uid=False)
    report = research("three", "P-002", count=1, modality="SC")
    fill(pacs, tmp_path / "in", *one, *jpeg, *report)
    fill(pacs, tmp_path / "other", *research("other", "X-001", project="Q"))
    where = {"web": pacs.where, "move": pacs.move_port}
    more = {name: text.format(**where) for name, text in WAYS[way].items()}
    more = {name: int(one) if one.isdecimal() else one for name, one in more.items()}
    pull_from(a_tree, pacs, pull=way, **more)
    run(a_tree, "--project", "P", "--layout", "plain")
    archive = opened(a_tree, "all-plain")
    sent = {str(one.SOPInstanceUID): one for one in (*one, *jpeg, *report)}
    assert uids(archive) == sorted(sent)
    for _, got in instances(archive):
        want = sent[got.SOPInstanceUID]
        assert got.file_meta.TransferSyntaxUID == want.file_meta.TransferSyntaxUID
        assert got.PixelData == want.PixelData
        assert got.PatientID == want.PatientID


def test_a_pure_layout_is_sorted_by_series_and_tells_pseudonyms_alone(an_exporter, pacs, tmp_path):
    first = research("one", "P-001", count=3)
    second = research(
        "one",
        "P-001",
        count=2,
        SeriesNumber=2,
        SeriesInstanceUID=factories.uid("b"),
        SeriesDescription="T2 / øye",
    )
    for number, one in enumerate(second):
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = factories.uid("b", number)
    fill(pacs, tmp_path / "in", *reversed(first), *second)
    run(an_exporter, "--project", "P", "--participant", "P-001")
    archive = opened(an_exporter, "P-001-pure")
    assert names(archive) == [
        *(f"P-001/E1/20240312-1/1-t1_mprage_sag/0000{n}.dcm" for n in (1, 2, 3)),
        *(f"P-001/E1/20240312-1/2-T2_ye/0000{n}.dcm" for n in (1, 2)),
    ]
    numbers = [one.InstanceNumber for _, one in instances(archive)]
    assert numbers == [1, 2, 3, 1, 2]
    told = json.loads((an_exporter.layout.exports / "P/P-001-pure.zip.json").read_text())
    assert told["instances"] == 5
    assert set(told["seconds"]) == {"pulling", "arranging", "packing"}
    timings = (an_exporter.layout.exports / "P/timings.jsonl").read_text().splitlines()
    assert json.loads(timings[0])["project"] == "P"
    everything = b"".join(archive.read(name) for name in archive.namelist())
    assert not [word for word in factories.PLANTED if word.encode() in everything]


def test_the_manifest_tells_the_sum_of_each_file(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one"))
    run(an_exporter, "--project", "P")
    archive = opened(an_exporter, "all-pure")
    lines = dict(
        reversed(line.split("  ", 1))
        for line in archive.read("MANIFEST.sha256").decode().splitlines()
    )
    assert set(lines) == set(archive.namelist()) - {"MANIFEST.sha256"}
    for name, told in lines.items():
        assert hashlib.sha256(archive.read(name)).hexdigest() == told
    told = json.loads((an_exporter.layout.exports / "P/all-pure.zip.json").read_text())
    assert told["sha256"] == hashlib.sha256(place(an_exporter, "all-pure").read_bytes()).hexdigest()


def test_the_page_shows_each_series_and_needs_nothing_from_elsewhere(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one", SeriesDescription="<b>&t1"))
    run(an_exporter, "--project", "P")
    archive = opened(an_exporter, "all-pure")
    page = archive.read("index.html").decode()
    assert "http" not in page
    assert "&lt;b&gt;&amp;t1" in page
    (picture,) = re.findall(r'src="([^"]+)"', page)
    assert archive.read(picture).startswith(b"\x89PNG")


def test_a_dicomdir_finds_every_instance(an_exporter, pacs, tmp_path):
    lay_out(an_exporter, "disc", 'kind = "pure"\ndicomdir = true')
    sent = [*research("one"), *research("two", "P-002", "E2")]
    fill(pacs, tmp_path / "in", *sent)
    run(an_exporter, "--project", "P", "--layout", "disc")
    opened(an_exporter, "all-disc").extractall(tmp_path / "out")
    found = FileSet(tmp_path / "out" / "DICOMDIR")
    assert sorted(one.load().SOPInstanceUID for one in found) == sorted(
        one.SOPInstanceUID for one in sent
    )
    assert all(
        re.fullmatch(r"[A-Z0-9_/]+", Path(one.path).relative_to(tmp_path / "out").as_posix())
        for one in found
    )
    readable = (tmp_path / "out" / "NAMES.TSV").read_text()
    assert "P-002/E2/20240312-1/1-t1_mprage_sag/00001.dcm" in readable


def test_R06_a_dicomdir_is_made_in_the_data_tree_alone(a_layout, monkeypatch):
    from headgate.stores import dicomdirs

    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    tree = a_layout.partial_exports / "one" / "tree"
    tree.mkdir(parents=True)
    headers = [(Path(one.SOPInstanceUID), one) for one in research("one")]
    assert len(dicomdirs.write(tree, headers)) == 3
    assert [path.name for path in tree.parent.rglob("*")] == ["tree", "DICOMDIR"]


def test_values_are_rewritten_and_descriptions_cleaned(an_exporter, pacs, tmp_path):
    lay_out(
        an_exporter,
        "mine",
        'folder = "$project/$participant"\nclean_descriptions = true\n'
        'rewrites = {StudyID = "$participant-$event", ReferringPhysicianName = ""}',
    )
    sent = research("one", SeriesDescription="t1 (sag) / øye")
    fill(pacs, tmp_path / "in", *sent)
    run(an_exporter, "--project", "P", "--layout", "mine")
    archive = opened(an_exporter, "all-mine")
    for number, (name, one) in enumerate(instances(archive), 1):
        assert name == f"P/P-001/0000{number}.dcm"
        assert (one.StudyID, one.ReferringPhysicianName) == ("P-001-E1", "")
        assert one.SeriesDescription == "t1_sag_ye"
        assert one.PixelData == sent[number - 1].PixelData


def test_dates_come_back_where_the_project_may_and_nowhere_else(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one", AcquisitionDateTime="20240312101010.5"))
    lay_out(an_exporter, "dated", "undo_date_shift = true", 'may_undo_date_shift = ["R"]')
    assert (
        "may not have dates back"
        in run(an_exporter, "--project", "P", "--layout", "dated", code=78).lines[0]["text"]
    )
    assert not place(an_exporter, "all-dated").exists()
    text = an_exporter.site.config.read_text()
    an_exporter.site.config.write_text(text.replace('shift = ["R"]', 'shift = ["P"]'))
    run(an_exporter)
    days = -offset_days(an_exporter.context().recipe(Assignment("P", "P-001", "E1")))
    assert days > 0
    from datetime import date, timedelta

    wanted = f"{date(2024, 3, 12) + timedelta(days):%Y%m%d}"
    for _, one in instances(opened(an_exporter, "all-dated")):
        assert one.StudyDate == wanted
        assert one.AcquisitionDateTime == f"{wanted}101010.5"
        assert one.LongitudinalTemporalInformationModified == "UNMODIFIED"


def test_the_birth_date_comes_from_what_was_received(an_exporter, pacs, tmp_path):
    from headgate.stores.mapped import Origin

    lay_out(an_exporter, "born", 'birth_date = "year"', 'may_undo_date_shift = ["P"]')
    sent = research("one")
    fill(pacs, tmp_path / "in", *sent)
    study = factories.Study("clinical")
    an_exporter.receive(study.instance())
    an_exporter.context().mapped.note(
        sent[0].StudyInstanceUID, Origin(study.uid, 1, "P", "P-001", "E1")
    )
    run(an_exporter, "--project", "P", "--layout", "born")
    births = {one.PatientBirthDate for _, one in instances(opened(an_exporter, "all-born"))}
    assert births == {f"{factories.BIRTH_DATE[:4]}0101"}


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"PatientIdentityRemoved": "NO"}, "does not say that it is de-identified"),
        ({"PatientIdentityRemoved": None}, "does not say that it is de-identified"),
        ({"PatientID": "P-009"}, "is not of the participant"),
        ({"InstitutionName": "Q"}, "is not of project P"),
    ],
)
def test_what_is_not_the_projects_keeps_the_export_back(an_exporter, pacs, tmp_path, values, why):
    sent = research("one")
    for keyword, value in values.items():
        setattr(sent[1], keyword, value) if value else delattr(sent[1], keyword)
    fill(pacs, tmp_path / "in", *sent)
    an_exporter.context().prepare()
    result = run(an_exporter, "--project", "P", "--participant", "P-001", code=1)
    assert why in result.lines[0]["text"]
    assert not place(an_exporter, "P-001-pure").exists()
    assert len(an_exporter.context().export_requests.names("failed")) == 1
    assert not list((an_exporter.layout.exports / ".partial").iterdir())


def test_an_encrypted_zip_opens_with_its_password_alone(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one"))
    secret = tmp_path / "password"
    secret.write_text("correct horse battery\n")
    secret.chmod(0o600)
    run(an_exporter, "--project", "P", "--password-file", str(secret))
    archive = pyzipper.AESZipFile(place(an_exporter, "all-pure"))
    with pytest.raises(RuntimeError):
        archive.read(archive.namelist()[0])
    archive.setpassword(b"correct horse battery")
    assert archive.testzip() is None
    assert len(uids(archive)) == 3
    secret.chmod(0o644)
    assert (
        "open to others"
        in run(an_exporter, "--project", "P", "--password-file", str(secret), code=78).lines[0][
            "text"
        ]
    )


def test_a_queued_request_is_done_once(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one"))
    an_exporter.context().prepare()
    queue = an_exporter.layout.export_requests / "queued"
    (queue / "mine.json").write_text('{"project": "P", "participant": "", "layout": "plain"}')
    assert [line["status"] for line in run(an_exporter).lines] == ["ok"]
    first = place(an_exporter, "all-plain").stat()
    assert run(an_exporter).lines == []
    assert place(an_exporter, "all-plain").stat() == first
    assert not list(queue.iterdir())
    assert not list((an_exporter.layout.exports / ".partial").iterdir())


def test_requests_that_are_none_are_told_of_and_stop_no_other(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one"))
    an_exporter.context().prepare()
    queue = an_exporter.layout.export_requests / "queued"
    (queue / "a.json").write_text("no")
    (queue / "b.json").write_text('{"project": "../x", "participant": "", "layout": "plain"}')
    (queue / "c.json").write_text('{"project": "P", "participant": "", "layout": "plain"}')
    result = run(an_exporter, code=1)
    assert sorted(line["status"] for line in result.lines) == ["error", "error", "ok"]


@pytest.mark.parametrize(
    "words",
    [
        ["--participant", "P-*"],
        ["--participant", "../x"],
        ["--layout", "unknown"],
        ["--participant", "P-777"],
    ],
)
def test_what_cannot_be_exported_is_told(an_exporter, pacs, tmp_path, words):
    fill(pacs, tmp_path / "in", *research("one"))
    result = run(an_exporter, "--project", "P", *words, code=1)
    assert result.lines[0]["status"] == "error"
    assert not list(an_exporter.layout.exports.rglob("*.zip"))


def test_without_the_pacs_it_waits_and_goes_on_later(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one"))
    text = an_exporter.site.config.read_text()
    an_exporter.site.config.write_text(text.replace(f"port = {pacs.port}", "port = 9"))
    assert run(an_exporter, "--project", "P", code=69).lines[0]["status"] == "deferred"
    an_exporter.site.config.write_text(text)
    (request,) = an_exporter.context().export_requests.each()
    assert request.attempts == 1
    folder = an_exporter.layout.exports / ".partial" / request.id
    os.utime(folder, (1, 1))
    assert "tried again" in request.reason
    an_exporter.context().export_requests.later(request.with_values(not_before=0.0))
    an_exporter.site.config.write_text(text.replace(f"port = {pacs.port}", "port = 9"))
    run(an_exporter, code=69)
    assert an_exporter.context().exports.last_written(request.id) > 1000
    an_exporter.site.config.write_text(text)
    an_exporter.context().export_requests.later(request.with_values(not_before=0.0))
    run(an_exporter)
    assert len(uids(opened(an_exporter, "all-pure"))) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('folder = "$nobody"', "nobody"),
        ('rewrites = {StudyInstanceUID = "1"}', "StudyInstanceUID"),
        ('rewrites = {NoKeyword = "1"}', "NoKeyword"),
        ('kind = "bids"\ndicomdir = true', "no DICOMDIR"),
        ('images = ["t1"]', "is a rule"),
    ],
)
def test_check_config_tells_of_a_layout_that_cannot_be_used(a_tree, text, why):
    lay_out(a_tree, "mine", text)
    told = {line["item"]: line["text"] for line in a_tree.site.run("check-config").lines}
    assert why in told["exports"]


def test_what_was_pulled_is_not_pulled_again(an_exporter, pacs, tmp_path):
    from headgate.exporting import pulling

    sent = research("one", count=4)
    fill(pacs, tmp_path / "in", *sent)
    context = an_exporter.context()
    context.prepare()
    series = pulling.Series(
        sent[0].StudyInstanceUID, sent[0].SeriesInstanceUID,
        {str(one.SOPInstanceUID): str(one.SOPClassUID) for one in sent},
    )  # fmt: skip
    assert pulling.pull(context, series, tmp_path / "out") == 4
    (tmp_path / "out" / f"{sent[2].SOPInstanceUID}.dcm").unlink()
    before = {path: path.stat().st_ino for path in (tmp_path / "out").iterdir()}
    assert pulling.pull(context, series, tmp_path / "out") == 1
    assert {path: path.stat().st_ino for path in before} == before
    assert pulling.pull(context, series, tmp_path / "out") == 0
    assert read_instance(tmp_path / "out" / f"{sent[2].SOPInstanceUID}.dcm").dataset


def test_a_connection_that_is_cut_loses_nothing_of_what_came(an_exporter, pacs, tmp_path):
    from headgate.core.errors import Unavailable
    from headgate.exporting import pulling

    sent = research("one", count=6)
    fill(pacs, tmp_path / "in", *sent)
    way = Cutting(pacs.port, theirs=9000)
    text = an_exporter.site.config.read_text()
    an_exporter.site.config.write_text(text.replace(f"port = {pacs.port}", f"port = {way.port}"))
    series = pulling.Series(
        sent[0].StudyInstanceUID, sent[0].SeriesInstanceUID,
        {str(one.SOPInstanceUID): str(one.SOPClassUID) for one in sent},
    )  # fmt: skip
    with pytest.raises(Unavailable):
        pulling.pull(an_exporter.context(), series, tmp_path / "out")
    came = [path.name for path in (tmp_path / "out").glob("*.dcm")]
    assert 0 < len(came) < 6
    assert not list((tmp_path / "out").glob(".*"))
    an_exporter.site.config.write_text(text)
    assert pulling.pull(an_exporter.context(), series, tmp_path / "out") == 6 - len(came)
    digests = {read_instance(path).digest for path in (tmp_path / "out").iterdir()}
    assert digests == {read_instance(path).digest for path in (tmp_path / "in").iterdir()}


@pytest.mark.parametrize("told", [factories.MR, ""])
def test_a_pacs_that_keeps_to_the_roles_is_pulled_from(tmp_path, told):
    """PS3.7 D.3.3.4: who asks by C-GET has to offer that it stores."""
    from headgate.demo.processes import free_port
    from headgate.stores.dicomnet import getting, pacs
    from headgate.stores.pulled import Shelf
    from pynetdicom import AE, evt

    sent = research("strict", count=3)

    def answer(event):
        asked = event.identifier
        chosen = asked.get("SOPInstanceUID") or [one.SOPInstanceUID for one in sent]
        chosen = [chosen] if isinstance(chosen, str) else chosen
        yield len(chosen)
        for one in sent:
            if one.SOPInstanceUID in chosen:
                yield 0xFF00, one

    entity = AE("STRICT")
    entity.add_supported_context(getting.STUDY_ROOT_GET)
    entity.add_supported_context(factories.MR, scu_role=True, scp_role=True)
    server = entity.start_server(
        ("127.0.0.1", port := free_port()), block=False, evt_handlers=[(evt.EVT_C_GET, answer)]
    )
    try:
        peer = pacs.Peer("127.0.0.1", port, "STRICT", "HEADGATE", 10.0)
        lacking = {str(one.SOPInstanceUID): told for one in sent}
        words = str(sent[0].StudyInstanceUID), str(sent[0].SeriesInstanceUID)
        getting.get(peer, Shelf(tmp_path / "all"), *words, lacking, True)
        some = dict(list(lacking.items())[:2])
        getting.get(peer, Shelf(tmp_path / "some"), *words, some, False)
    finally:
        server.shutdown()
    assert Shelf(tmp_path / "all").names() == set(lacking)
    assert Shelf(tmp_path / "some").names() == set(some)
    for path in (tmp_path / "all").iterdir():
        assert dcmread(path).PixelData in [one.PixelData for one in sent]


@pytest.mark.parametrize("way", ["c-get", "wado-rs"])
def test_what_the_pacs_does_not_send_is_waited_for(a_tree, pacs, tmp_path, way):
    from headgate.core.errors import Unavailable
    from headgate.exporting import pulling

    sent = research("one", count=2)
    fill(pacs, tmp_path / "in", *sent)
    pull_from(a_tree, pacs, pull=way, qido_url=f"{pacs.where}dicom-web")
    wanted = {str(one.SOPInstanceUID): str(one.SOPClassUID) for one in sent} | {
        "1.2.3": factories.MR
    }
    series = pulling.Series(sent[0].StudyInstanceUID, sent[0].SeriesInstanceUID, wanted)
    with pytest.raises(Unavailable):
        pulling.pull(a_tree.context(), series, tmp_path / "out")
    assert len(list((tmp_path / "out").glob("*.dcm"))) == 2


def test_a_class_that_the_pacs_does_not_tell_of_is_pulled_too(an_exporter, pacs, tmp_path):
    from headgate.exporting import pulling

    sent = research("one", count=2)
    fill(pacs, tmp_path / "in", *sent)
    uid = sent[0].SeriesInstanceUID
    series = pulling.Series(
        sent[0].StudyInstanceUID, uid, {str(one.SOPInstanceUID): "" for one in sent}
    )
    assert pulling.pull(an_exporter.context(), series, tmp_path / "out") == 2


def test_the_dry_run_changes_nothing(an_exporter, pacs, tmp_path):
    fill(pacs, tmp_path / "in", *research("one"))
    result = run(an_exporter, "--project", "P", "--dry-run")
    assert result.lines[0]["status"] == "planned"
    assert not an_exporter.context().export_requests.names()
    queue = an_exporter.layout.export_requests / "queued"
    (queue / "mine.json").write_text('{"project": "P", "participant": "", "layout": "pure"}')
    assert run(an_exporter, "--dry-run").lines == [{"item": "mine", "status": "planned"}]
    assert [path.name for path in queue.iterdir()] == ["mine.json"]
    assert not list(an_exporter.layout.exports.rglob("*.zip"))


def test_bids_passes_the_validator(an_exporter, pacs, tmp_path):
    moving = research(
        "two", "P-002", "E1", count=12, SeriesDescription="task-nback bold", PatientSex="M",
        ScanningSequence="EP",
    )  # fmt: skip
    for number, one in enumerate(moving):
        one.ImagePositionPatient = [0, 0, number % 6]
        one.AcquisitionNumber = one.TemporalPositionIdentifier = 1 + number // 6
        one.NumberOfTemporalPositions = 2
    single = research("four", "P-002", "E2", count=6, SeriesDescription="rest bold ref")
    undirected = research(
        "five", "P-002", "E3", count=12, SeriesDescription="dwi", ScanningSequence="EP"
    )
    for number, one in enumerate(undirected):
        one.ImagePositionPatient = [0, 0, number % 6]
        one.AcquisitionNumber = 1 + number // 6
    sent = [
        *research("one", "P-001", "Baseline 1", count=12),
        *moving,
        *single,
        *undirected,
        *research("three", "P-002", "E1", count=1, modality="SC", SeriesDescription="report"),
    ]
    fill(pacs, tmp_path / "in", *sent)
    run(an_exporter, "--project", "P", "--layout", "bids")
    opened(an_exporter, "all-bids").extractall(tmp_path / "out")
    found = {
        path.relative_to(tmp_path / "out").as_posix()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    anat = "sub-P001/ses-Baseline1/anat/sub-P001_ses-Baseline1_run-01_T1w"
    func = "sub-P002/ses-E1/func/sub-P002_ses-E1_task-nback_run-01_bold"
    assert {f"{anat}.nii.gz", f"{anat}.json", f"{func}.nii.gz", f"{func}.json"} <= found
    assert "sub-P002/ses-E2/func/sub-P002_ses-E2_task-rest_run-01_sbref.nii.gz" in found
    assert not [one for one in found if "/dwi/" in one]
    assert len([one for one in found if one.startswith("sourcedata/sub-P002/ses-E3/")]) == 12
    rows = (tmp_path / "out" / "participants.tsv").read_text().splitlines()
    assert rows == ["participant_id\tsex\tage", "sub-P001\tF\t65", "sub-P002\tM\t65"]
    validator = Path(sys.executable).with_name("bids-validator-deno")
    done = subprocess.run([validator, tmp_path / "out", "--json"], capture_output=True, text=True)
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert not [one for one in issues if one["severity"] == "error"], issues
    assert not [
        word
        for word in ("P-001", *factories.PLANTED)
        if word in (tmp_path / "out" / f"{anat}.json").read_text()
    ]


def test_killed_at_any_step_the_next_run_ends_it(an_exporter, pacs, tmp_path, zygote):
    fill(pacs, tmp_path / "in", *research("one", count=2))
    an_exporter.context().prepare()
    whole = b""
    at, code, seen = 0, -9, 0
    while code == -9:
        at += 1 if at < 20 else 3
        request = an_exporter.layout.export_requests / "queued" / "mine.json"
        request.write_text(
            json.dumps({"project": "P", "participant": "", "layout": "pure", "asked": str(at)})
        )
        code = zygote.run(an_exporter, NAME, at=at).code
        seen += code == -9
        ending = zygote.run(an_exporter, NAME)
        assert ending.code == 0, ending
        made = place(an_exporter, "all-pure").read_bytes()
        whole = whole or made
        assert made == whole
        assert not an_exporter.context().export_requests.names()
        assert not list((an_exporter.layout.exports / ".partial").iterdir())
    assert code == 0
    assert seen > 15
