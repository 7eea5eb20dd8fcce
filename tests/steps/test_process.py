"""process: what arrived is indexed, each file once, and what cannot be is set aside with a reason."""

from __future__ import annotations

import json
import os
import shutil

import factories
import pytest
from headgate.stores.dicomfiles import read_instance
from headgate.stores.dicomnet import pacs
from killing import KILLED

STUDY = factories.Study("process")


@pytest.fixture
def process(a_tree):
    def run(*datasets, code=0):
        a_tree.receive(*datasets)
        result = a_tree.site.run("process")
        assert result.code == code, result
        return result

    return run


def series_json(gateway, series=1, study=STUDY):
    path = gateway.layout.study_raw(study.uid) / f"{study.series_uid(series)}.json"
    return json.loads(path.read_text())


def reasons(gateway):
    return [reason for _, reason, _ in gateway.context().trees.unknown()]


def test_every_instance_gets_its_link_and_the_series_its_json(a_tree, process):
    process(*STUDY.instances(3), *STUDY.instances(2, series=2))
    trees = a_tree.context().trees
    found = trees.instances(STUDY.uid)
    assert len(found) == 5
    for name, link in found.items():
        assert link.resolve() == a_tree.layout.study_archive(STUDY.uid) / name
    told = series_json(a_tree)
    assert told["NumFiles"] == 3
    assert told["Modality"] == "CT"
    assert told["SeriesDescription"] == "Serie 1"
    assert {"CT", "SIEMENS"} <= set(told["ClassifyType"])
    assert not trees.arrivals()
    assert set(a_tree.context().spool.changed()) == {STUDY.uid}


def test_the_connection_is_told(a_tree, request):
    a_tree.site.start_receiver()
    request.addfinalizer(a_tree.site.stop_receiver)
    one = STUDY.instance()
    port = a_tree.site.port
    peer = pacs.Peer("127.0.0.1", port, "HEADGATE", "CT,1", 10)
    with pacs.associated(peer, [(factories.CT, "1.2.840.10008.1.2.1")]) as association:
        body = factories.encoded(one)[1]
        association.store(factories.CT, one.SOPInstanceUID, "1.2.840.10008.1.2.1", body)
    assert a_tree.site.run("process").code == 0
    told = series_json(a_tree)["IncomingConnection"]
    assert told == {"AETitleCaller": "CT,1", "AETitleCalled": "HEADGATE", "CallerIP": "127.0.0.1"}


@pytest.mark.parametrize(
    "keyword",
    ["StudyDescription", "StudyDate", "StudyTime", "PatientID", "PatientName", "SeriesDescription"],
)
def test_R02_R03_a_missing_optional_tag_is_absent_and_stops_nothing(a_tree, process, keyword):
    process(STUDY.instance(1, **{keyword: None}), STUDY.instance(2, series=2))
    assert keyword not in series_json(a_tree)
    assert keyword in series_json(a_tree, 2)
    assert len(a_tree.context().trees.instances(STUDY.uid)) == 2


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "SOPClassUID"])
def test_R03_a_missing_needed_tag_sets_the_file_aside_and_the_others_go_on(
    a_tree, process, keyword
):
    broken = STUDY.instance(1)
    delattr(broken, keyword)
    process(broken, STUDY.instance(2), code=1)
    assert reasons(a_tree) == [f"{keyword} is missing, or is no UID"]
    assert len(a_tree.context().trees.instances(STUDY.uid)) == 1
    assert not a_tree.context().trees.arrivals()


@pytest.mark.parametrize(
    "patient_id", ["../../../evil", "/etc/passwd", "..", ".", "a/b\\c", "Ola Å", "x" * 300]
)
def test_R09_no_patient_id_leads_out_of_the_tree(a_tree, process, patient_id):
    process(STUDY.instance(PatientID=patient_id))
    (folder,) = a_tree.layout.participants.iterdir()
    (link,) = folder.iterdir()
    assert link.resolve() == a_tree.layout.study_raw(STUDY.uid)
    assert {path.name for path in a_tree.layout.datadir.iterdir()} == {"site", "state"}


@pytest.mark.parametrize("series", ["../../../evil", "1/2", "x"])
def test_R09_no_series_uid_leads_out_of_the_tree(a_tree, process, series):
    process(STUDY.instance(SeriesInstanceUID=series), code=1)
    assert reasons(a_tree) == ["SeriesInstanceUID is missing, or is no UID"]
    assert not list(a_tree.layout.raw.iterdir())


def test_R10_what_is_made_is_closed_to_others(a_tree, process):
    before = os.umask(0)
    try:
        process(STUDY.instance())
    finally:
        os.umask(before)
    for path in a_tree.layout.raw.rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o007 == 0, path


def test_R12_the_same_instance_three_times_counts_once(a_tree, process):
    for _ in range(3):
        process(*STUDY.instances(2))
    assert series_json(a_tree)["NumFiles"] == 2


def test_R12_an_unreadable_json_is_written_anew_with_the_right_count(a_tree, process):
    process(STUDY.instance(1))
    path = a_tree.layout.study_raw(STUDY.uid) / f"{STUDY.series_uid()}.json"
    path.write_text('{"NumFi')
    process(STUDY.instance(2))
    assert series_json(a_tree)["NumFiles"] == 2


def test_R13_every_series_of_a_run_is_counted_right(a_tree, process):
    process(*STUDY.instances(2), *STUDY.instances(3, series=2), *STUDY.instances(1, series=3))
    assert [series_json(a_tree, number)["NumFiles"] for number in (1, 2, 3)] == [2, 3, 1]


def test_R17_the_pixels_are_not_read_for_the_header(a_tree):
    from headgate.stores.dicomfiles import read_header

    a_tree.receive(STUDY.instance())
    (path,) = a_tree.context().archive.files_of(STUDY.uid)
    header = read_header(path)
    assert "PixelData" not in header
    assert header.PatientID


def test_R18_other_bytes_under_one_uid_are_set_aside_and_the_first_count(a_tree, process):
    process(STUDY.instance())
    process(STUDY.instance(StudyDescription="other"), code=1)
    assert "other bytes" in reasons(a_tree)[0]
    assert series_json(a_tree)["StudyDescription"] == "Thorax"
    assert series_json(a_tree)["NumFiles"] == 1
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 2


def test_R18_two_studies_of_one_patient_and_second_have_two_links(a_tree, process):
    other = factories.Study("process-other")
    process(STUDY.instance(), other.instance())
    (folder,) = a_tree.layout.participants.iterdir()
    targets = {link.resolve().name for link in folder.iterdir()}
    assert targets == {STUDY.uid, other.uid}


def test_what_is_no_dicom_is_set_aside_with_the_reason(a_tree, process):
    a_tree.receive(STUDY.instance(1))
    (path,) = a_tree.context().archive.files_of(STUDY.uid)
    path.write_bytes(b"not a dicom file at all" * 20)
    process(STUDY.instance(2), code=1)
    assert "not a readable DICOM file" in reasons(a_tree)[0]


def test_R05_arrivals_wait_for_the_next_run_whatever_happened_to_this_one(a_tree, process):
    a_tree.receive(STUDY.instance(1))
    (a_tree.layout.state / "halt.process").touch()
    process(STUDY.instance(2))
    assert len(a_tree.context().trees.arrivals()) == 2
    (a_tree.layout.state / "halt.process").unlink()
    process()
    assert len(a_tree.context().trees.instances(STUDY.uid)) == 2


def test_a_file_that_the_archive_lost_before_it_was_filed_is_put_back(a_tree, process):
    a_tree.receive(STUDY.instance())
    (path,) = a_tree.context().archive.files_of(STUDY.uid)
    before = path.read_bytes()
    shutil.rmtree(path.parent)
    process()
    assert path.read_bytes() == before
    assert len(a_tree.context().trees.instances(STUDY.uid)) == 1
    assert not a_tree.context().trees.arrivals()


def test_an_announcement_of_a_file_that_is_gone_is_forgotten(a_tree, process):
    a_tree.receive(STUDY.instance())
    (link,) = a_tree.context().trees.arrivals()
    shutil.rmtree(a_tree.layout.study_archive(STUDY.uid))
    link.unlink()
    link.symlink_to("nowhere")
    process()
    assert not a_tree.context().trees.arrivals()


def test_headers_that_are_long_or_odd_are_filed_like_the_others(a_tree, process):
    long = STUDY.instance(1, ImageComments="x" * 60_000)
    odd = STUDY.instance(2, ImageOrientationPatient=None, PatientID=None)
    short = STUDY.instance(3)
    process(long, odd, short)
    assert len(a_tree.context().trees.instances(STUDY.uid)) == 3
    assert series_json(a_tree)["Planes"]
    folders = {path.name for path in a_tree.layout.participants.iterdir()}
    assert folders == {"without_patient_id", str(short.PatientID)}


def test_a_rebuild_raises_the_same_indexes_again(a_tree, process):
    process(*STUDY.instances(3), *STUDY.instances(2, series=2))
    before = snapshot(a_tree.layout)
    shutil.rmtree(a_tree.layout.raw)
    shutil.rmtree(a_tree.layout.participants)
    a_tree.context().prepare()
    assert a_tree.site.run("rebuild").code == 0
    process()
    assert snapshot(a_tree.layout) == before


def test_a_rebuild_drops_links_to_what_the_archive_lost(a_tree, process):
    process(STUDY.instance(1), STUDY.instance(2))
    next(iter(a_tree.context().archive.files_of(STUDY.uid))).unlink()
    a_tree.site.run("rebuild")
    process()
    assert series_json(a_tree)["NumFiles"] == 1


def test_a_dry_run_changes_nothing_and_tells(a_tree):
    a_tree.receive(STUDY.instance())
    before = snapshot(a_tree.layout)
    result = a_tree.site.run("process", "--dry-run")
    assert result.lines == [{"item": STUDY.uid, "status": "planned"}]
    assert snapshot(a_tree.layout) == before


def snapshot(layout):
    """Every path under raw/ and participants/ with its target or text."""
    found = {}
    for folder in (layout.raw, layout.participants):
        for path in sorted(folder.rglob("*")):
            name = str(path.relative_to(layout.site))
            if path.is_symlink():
                found[name] = os.readlink(path)
            elif path.is_file():
                found[name] = path.read_text()
    return found


def test_a_series_in_three_planes_is_a_localizer_whatever_comes_first(a_tree, process):
    axial, coronal, sagittal = [1, 0, 0, 0, 1, 0], [1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1]
    for number, plane in enumerate((coronal, sagittal, axial), 1):
        process(STUDY.instance(number, ImageOrientationPatient=plane))
    assert "localizer" in series_json(a_tree)["ClassifyType"]


@pytest.mark.parametrize("announced", ["1.2.34", "1.2.3.4", "1.2.35"])
def test_T01_a_uid_that_begins_alike_is_another_uid(a_tree, announced):
    """The C-STORE named another instance than the data set does: nobody can tell which is meant."""
    head, body = factories.encoded(STUDY.instance(SOPInstanceUID="1.2.3"))
    context = a_tree.context()
    context.prepare()
    context.archive.keep(STUDY.uid, announced, head, memoryview(body))
    assert a_tree.site.run("process").code == 1
    assert "another one than that of the C-STORE" in reasons(a_tree)[0]
    assert not a_tree.context().trees.studies()


def receive_without_study(gateway, dataset, body=None):
    """Put a data set into the archive as the receiver does that finds no study in it."""
    head, encoded = factories.encoded(dataset)
    context = gateway.context()
    context.prepare()
    instance = str(dataset.SOPInstanceUID)
    return context.archive.keep(None, instance, head, memoryview(body or encoded))


def with_study_first(dataset):
    """Return the encoded data set with its elements out of order."""
    uid = str(dataset.StudyInstanceUID).encode()
    uid += b"\0" * (len(uid) % 2)
    element = b"\x20\x00\x0d\x00UI" + len(uid).to_bytes(2, "little") + uid
    body = factories.encoded(dataset)[1]
    assert body.count(element) == 1
    return element + body.replace(element, b"")


def nameless(gateway):
    return [path.name for path in gateway.context().archive.without_study()]


def test_what_the_receiver_found_no_study_in_is_filed_like_the_others(a_tree, process):
    late = STUDY.instance(1)
    late.add_new(0x00090010, "LO", "VENDOR")
    late.add_new(0x00091001, "OB", bytes(5 << 20))
    odd = STUDY.instance(2)
    receive_without_study(a_tree, late)
    receive_without_study(a_tree, odd, with_study_first(odd))
    process(STUDY.instance(3))
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 3
    links = a_tree.context().trees.instances(STUDY.uid)
    assert {link.resolve().parent for link in links.values()} == {
        a_tree.layout.study_archive(STUDY.uid)
    }
    assert len(links) == series_json(a_tree)["NumFiles"] == 3
    assert set(a_tree.context().spool.changed()) == {STUDY.uid}
    assert not nameless(a_tree)
    assert not a_tree.context().trees.arrivals()


def test_what_came_without_its_study_counts_once_and_conflicts_like_the_others(a_tree, process):
    for _ in range(2):
        receive_without_study(a_tree, STUDY.instance())
        process(STUDY.instance())
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 1
    receive_without_study(a_tree, STUDY.instance(StudyDescription="other"))
    process(code=1)
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 2
    assert "other bytes" in reasons(a_tree)[0]
    assert not nameless(a_tree)


def test_what_names_no_study_at_all_is_set_aside_and_told_until_somebody_settles_it(
    a_tree, process
):
    none = STUDY.instance(StudyInstanceUID=None)
    receive_without_study(a_tree, none)
    result = process(code=1)
    (line,) = result.lines
    assert line["item"] == "without_study"
    assert f"without_study_{none.SOPInstanceUID}" in line["text"]
    assert reasons(a_tree) == ["StudyInstanceUID is missing, or is no UID"]
    assert nameless(a_tree) == [str(none.SOPInstanceUID)]
    (told,) = [one for one in a_tree.site.run("status").lines if one["item"] == "unknown"]
    assert "1 lie in" in told["text"]


def test_a_process_killed_while_it_moves_what_came_without_its_study_loses_nothing(a_tree, zygote):
    at, ending = 0, None
    while ending is None or ending.code == KILLED:
        at += 1
        study = factories.Study(f"moved-{at}")
        receive_without_study(a_tree, study.instance())
        ending = zygote.run(a_tree, "process", at=at)
        assert zygote.run(a_tree, "process").code == 0
        (path,) = a_tree.context().archive.files_of(study.uid)
        (link,) = a_tree.context().trees.instances(study.uid).values()
        assert link.resolve() == path
        assert read_instance(path).stored == factories.encoded(study.instance())[1]
        assert not a_tree.context().trees.arrivals()
        assert not nameless(a_tree)
    assert ending.code == 0
    assert at > 5
