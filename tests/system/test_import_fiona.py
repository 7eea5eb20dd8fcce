"""import-fiona: a FIONA data tree and its REDCap, taken over in place."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
from pathlib import Path

import factories
import pytest
from headgate.core.deid.uids import replace_study_uid
from headgate.core.model import Assignment
from headgate.core.states import State

ONE = factories.Study("fiona-one", accession="FI1")
TWO = factories.Study("fiona-two", accession="FI2")
DAY = 86400
FIONA = '[projects."P"]\nuid_scheme = "fiona"\n'


def fiona_made(gateway, study, count=2, root="/data"):
    """What FIONA makes of a study: DCMTK's file names, absolute links, numbers as texts."""
    site = gateway.site.datadir / "site"
    archive, raw = site / "archive" / f"scp_{study.uid}", site / "raw" / study.uid
    participant = site / "participants" / study.patient_id
    for folder in (archive, raw / study.series_uid(), participant):
        folder.mkdir(parents=True, exist_ok=True)
    for dataset in study.instances(count):
        name = dataset.SOPInstanceUID
        dataset.save_as(archive / f"CT.{name}", enforce_file_format=True)
        target = f"{root}/site/archive/{archive.name}/CT.{name}"
        (raw / study.series_uid() / name).symlink_to(target)
    told = {
        "StudyInstanceUID": study.uid, "SeriesInstanceUID": study.series_uid(),
        "PatientID": study.patient_id, "NumFiles": str(count),
        "IncomingConnection": {"AETitleCaller": "MODALITY", "AETitleCalled": "FIONA"},
    }  # fmt: skip
    (raw / f"{study.series_uid()}.json").write_text(json.dumps(told))
    (participant / f"20240312_10101{study.name[-1]}").symlink_to(f"{root}/site/raw/{study.uid}")
    return archive, raw


def delivered(gateway, study, mapped=None, date="2024-04-01 10:05"):
    context = gateway.context()
    recipe = context.recipe(Assignment("P", "P-001", "E1"))
    recipe = dataclasses.replace(recipe, uid_scheme="fiona")
    context.tables.incoming.write([
        {"study_instance_uid": study.uid, "study_arrival_date": "2024-04-01 09:00"},
        {"study_instance_uid": study.uid, "redcap_repeat_instrument": "transfers",
         "redcap_repeat_instance": 1, "transfer_requested_date": "2024-04-01 10:00",
         "transfer_project_name": "P", "transfer_name": "P-001", "transfer_event_name": "E1",
         "transfer_date": date,
         "transfer_mapped_uid": mapped or (date and replace_study_uid(study.uid, recipe))},
    ])  # fmt: skip


def run(gateway, *words, code=0):
    result = gateway.site.run("import-fiona", str(gateway.site.datadir), *words)
    assert result.code == code, result
    return result.lines


def of_item(lines, item):
    line = next(line for line in lines if line.get("item") == item)
    return {**line, **line["details"]}


def tree(gateway):
    """Every file and link below site/, with what it holds."""
    found = {}
    for place, _, names in os.walk(gateway.site.datadir / "site"):
        for name in names:
            path = os.path.join(place, name)
            is_link = os.path.islink(path)
            found[path] = os.readlink(path) if is_link else Path(path).read_bytes()
    return found


def archived(gateway):
    return {path: data for path, data in tree(gateway).items() if "/archive/scp_" in path}


@pytest.fixture
def a_fiona(a_gateway):
    """A gateway set up beside a FIONA that delivered one study and filed another."""
    fiona_made(a_gateway, ONE)
    fiona_made(a_gateway, TWO)
    with a_gateway.site.config.open("a") as file:
        file.write(FIONA)
    a_gateway.project()
    delivered(a_gateway, ONE)
    return a_gateway


def test_a_tree_is_taken_over_in_place_and_once(a_fiona):
    before = archived(a_fiona)
    lines = run(a_fiona)
    assert of_item(lines, ONE.uid)["filed"] == of_item(lines, ONE.uid)["mended"] == 2
    assert of_item(lines, TWO.uid)["announced"] == 1  # its JSON counts in texts
    assert lines[-1]["studies"] == 2
    assert archived(a_fiona) == before
    context = a_fiona.context()
    for study in (ONE, TWO):
        for link in context.trees.instances(study.uid).values():
            assert not link.readlink().is_absolute()
            assert link.is_file()
    (link,) = [
        path for path in context.layout.participant(ONE.patient_id).iterdir()
        if path.resolve().name == ONE.uid
    ]  # fmt: skip
    assert not link.readlink().is_absolute()
    after = tree(a_fiona)
    again = run(a_fiona)
    assert tree(a_fiona) == after
    assert {line.get("status") for line in again[:-1]} == {"notneeded"}


def test_what_it_makes_is_what_rebuild_makes(a_fiona):
    run(a_fiona)
    assert a_fiona.site.run("process").code == 0
    context = a_fiona.context()
    mine = {one: context.trees.all_series(one) for one in (ONE.uid, TWO.uid)}
    links = {path: link for path, link in tree(a_fiona).items() if isinstance(link, str)}
    assert a_fiona.site.run("rebuild").code == 0
    assert a_fiona.site.run("process").code == 0
    assert {one: context.trees.all_series(one) for one in mine} == mine
    rebuilt = {path: link for path, link in tree(a_fiona).items() if isinstance(link, str)}
    assert set(rebuilt.values()) == set(links.values())
    assert not list(context.trees.unknown())
    (told,) = mine[ONE.uid]
    assert told["NumFiles"] == 2


def test_what_fiona_delivered_is_not_sent_again_and_not_deleted(a_fiona):
    with a_fiona.site.config.open("a") as file:
        file.write("[retention]\nfree_percent = 100.0\nunassigned_days = 7\n")
    run(a_fiona)
    for script in ("process", "create-transfer-requests"):
        assert a_fiona.site.run(script).code == 0
    assert a_fiona.site.run("create-transfer-requests", "--all").code == 0
    context = a_fiona.context()
    (request,) = context.queues.each(State.DONE)
    assert (request.study, request.uid_scheme) == (ONE.uid, "fiona")
    assert not context.queues.ids(State.QUEUED)
    assert not context.ledger.of_study(ONE.uid)
    a_fiona.settle()
    a_fiona.site.run("populate-incoming")
    assert not context.spool.is_changing(ONE.uid)
    assert a_fiona.site.run("reconcile", "--days", "0").code == 0
    assert not context.queues.ids(State.QUEUED)
    then = time.time() - 100 * DAY
    os.utime(context.layout.study_archive(ONE.uid), (then, then))
    a_fiona.site.run("clear-old-files")
    assert len(context.archive.files_of(ONE.uid)) == 2
    # sent once more it is proven, and goes
    for words in (["resend-project", "--import-all", "P"], ["anonymize-and-send"]):
        assert a_fiona.site.run(*words).code == 0
    a_fiona.site.run("clear-old-files")
    assert not context.archive.files_of(ONE.uid)


def test_what_comes_late_joins_the_study_and_the_whole_can_then_be_cleared(a_fiona):
    run(a_fiona)
    a_fiona.receive(ONE.instance(3))
    assert a_fiona.site.run("process").code == 0
    a_fiona.settle()
    for script in ("populate-incoming", "create-transfer-requests", "anonymize-and-send"):
        assert a_fiona.site.run(script).code == 0
    ledger = a_fiona.context().ledger.of_study(ONE.uid)
    assert len(ledger) == 3
    row = next(row for row in a_fiona.rows(ONE, "transfers"))
    assert row["transfer_mapped_uid"].startswith("1.3.6.1.4.1.45037.")
    with a_fiona.site.config.open("a") as file:
        file.write("[retention]\nfree_percent = 100.0\n")
    a_fiona.site.run("clear-old-files")
    assert not a_fiona.context().archive.files_of(ONE.uid)


def test_what_comes_again_is_the_same_under_fionas_name_and_ours(a_fiona):
    run(a_fiona)
    assert a_fiona.site.run("process").code == 0
    a_fiona.receive(ONE.instance(1))
    assert a_fiona.site.run("process").code == 0
    context = a_fiona.context()
    assert not list(context.trees.unknown())
    assert len(context.trees.instances(ONE.uid)) == 2
    a_fiona.settle()
    a_fiona.site.run("populate-incoming")
    after = tree(a_fiona)
    assert a_fiona.site.run("reconcile", "--days", "0").code == 0
    run(a_fiona)
    assert tree(a_fiona) == after
    a_fiona.receive(ONE.instance(2, StudyDescription="another"))
    assert a_fiona.site.run("process").code == 1
    assert len(list(context.trees.unknown())) == 1


def test_a_study_that_redcap_does_not_have_is_listed(a_fiona):
    run(a_fiona)
    assert a_fiona.site.run("process").code == 0
    a_fiona.settle()
    assert a_fiona.site.run("populate-incoming").code == 0
    assert a_fiona.rows(TWO, "series")


def test_what_does_not_fit_is_told_and_mended_or_left(a_fiona):
    archive, raw = fiona_made(a_fiona, odd := factories.Study("fiona-odd"), 4)
    names = sorted(path.name for path in archive.iterdir())
    series = raw / odd.series_uid()
    (archive / names[0]).unlink()  # FIONA deleted it, and left the link
    whole = (archive / names[1]).read_bytes()
    (archive / names[1]).write_bytes(whole[:-20])  # half-written
    (series / names[2].removeprefix("CT.")).unlink()  # never filed
    (series / "elsewhere").symlink_to("/mnt/elsewhere/file")
    (series / "notes.txt").write_text("by hand")
    (archive / "CT.1.2.3").write_bytes(b"")
    (a_fiona.site.datadir / ".pids").mkdir()
    (a_fiona.site.datadir / "logs").mkdir()
    (a_fiona.site.datadir / "site" / ".arrived").mkdir()
    lines = run(a_fiona, code=1)
    told = of_item(lines, odd.uid)
    assert (told["archived"], told["filed"], told["dangling"], told["kept"]) == (4, 2, 1, 2)
    assert told["set_aside"] == 2
    assert told["announced"] >= 1
    left = of_item(lines, "leftovers")
    assert left["left"] == [".pids", "logs", "site/.arrived"]
    assert (series / "notes.txt").read_text() == "by hand"
    assert (series / "elsewhere").is_symlink()
    assert a_fiona.site.run("process").code == 0
    context = a_fiona.context()
    assert names[2].removeprefix("CT.") in context.trees.instances(odd.uid)
    reasons = [reason for _, reason, _ in context.trees.unknown()]
    assert len(reasons) == 2
    assert all("not whole" in one for one in reasons)
    after = tree(a_fiona)
    run(a_fiona)
    assert tree(a_fiona) == after
    assert (archive / names[1]).read_bytes() == whole[:-20]


def test_one_study_alone_is_taken_over_as_with_all(a_fiona):
    run(a_fiona)
    after = tree(a_fiona)
    (line, _) = run(a_fiona, "--only", ONE.uid)
    assert line["status"] == "notneeded"
    assert tree(a_fiona) == after


def test_half_a_json_is_told_anew(a_fiona):
    path = a_fiona.layout.study_raw(ONE.uid) / f"{ONE.series_uid()}.json"
    path.write_text('{"NumFil')
    run(a_fiona)
    assert a_fiona.site.run("process").code == 0
    told = a_fiona.context().trees.read_series(ONE.uid, ONE.series_uid())
    assert told["NumFiles"] == 2
    assert told["Modality"] == "CT"


def test_the_dry_run_tells_and_changes_nothing(a_fiona):
    before = tree(a_fiona)
    lines = run(a_fiona, "--dry-run")
    assert of_item(lines, ONE.uid)["mended"] == 2
    assert of_item(lines, "transfers")["transfers"] == 1
    assert tree(a_fiona) == before
    wet = run(a_fiona)
    assert wet[-1] == lines[-1]


def test_it_says_what_is_to_be_set(a_gateway):
    fiona_made(a_gateway, ONE)
    a_gateway.project()
    delivered(a_gateway, ONE)
    line = of_item(run(a_gateway, code=1), "P")
    assert '[projects."P"] uid_scheme = "fiona"' in line["text"]
    with a_gateway.site.config.open("a") as file:
        file.write(FIONA)
    run(a_gateway)


def test_a_mapped_uid_of_another_scheme_is_told(a_gateway):
    fiona_made(a_gateway, ONE)
    delivered(a_gateway, ONE, mapped="1.2.3.4")
    assert "not FIONA's present one" in of_item(run(a_gateway, code=1), "P")["text"]


def test_what_was_not_delivered_stays_wanted(a_gateway):
    fiona_made(a_gateway, ONE)
    a_gateway.project()
    delivered(a_gateway, ONE, date="")
    run(a_gateway)
    assert a_gateway.site.run("process").code == 0
    assert a_gateway.site.run("create-transfer-requests").code == 0
    assert len(a_gateway.context().queues.ids(State.QUEUED)) == 1


def test_request_files_are_held_against_redcap(a_fiona, tmp_path):
    folder = tmp_path / "transfer_requests"
    folder.mkdir()
    known = {"study_instance_uid": ONE.uid, "redcap_repeat_instance": 1}
    for number, values in enumerate([known, {**known, "study_instance_uid": "1.2"}]):
        (folder / f"{number}.json").write_text(json.dumps(values))
    (folder / "half.json").write_text('{"study_')
    lines = [
        line for line in run(a_fiona, "--requests", str(folder), code=1)
        if line.get("item") == "requests"
    ]  # fmt: skip
    assert [(line["status"], line["details"].get("requests_lost")) for line in lines] == [
        ("notneeded", None), ("error", 2),
    ]  # fmt: skip
    assert len(list(folder.iterdir())) == 3


def test_a_folder_without_an_archive_is_refused(a_fiona, tmp_path):
    shutil.rmtree(a_fiona.layout.archive)
    before = tree(a_fiona)
    assert "is its disk mounted" in run(a_fiona, code=78)[-1]["text"]
    assert tree(a_fiona) == before


def test_without_redcap_nothing_is_begun(a_tree):
    fiona_made(a_tree, ONE)
    before = tree(a_tree)
    run(a_tree, code=69)
    assert tree(a_tree) == before


def test_nothing_it_says_names_a_patient(a_fiona):
    said = str(run(a_fiona, "-vv")) + "".join(
        path.read_text() for path in a_fiona.site.logs.iterdir()
    )
    for word in (*factories.PLANTED, "FI1", "P-001"):
        assert word not in said


def test_killed_at_any_step_and_run_again_the_end_is_the_same(a_fiona, zygote):
    at, code, ends = 0, -9, set()
    pristine = a_fiona.site.folder / "pristine"
    shutil.copytree(a_fiona.site.datadir, pristine, symlinks=True)
    while code == -9:
        at += 4
        shutil.rmtree(a_fiona.site.datadir)
        shutil.copytree(pristine, a_fiona.site.datadir, symlinks=True)
        words = ["-c", str(a_fiona.site.config), str(a_fiona.site.datadir)]
        zygote.begin("import-fiona", words, at=at)
        code = zygote.end().code
        zygote.begin("import-fiona", words)
        assert zygote.end().code == 0
        found = tree(a_fiona)
        ends.add(
            json.dumps(
                sorted(
                    (one, str(what))
                    for one, what in found.items()
                    if "/." not in one.removeprefix(str(a_fiona.site.folder))
                )
            )
        )
    assert code == 0
    assert at > 20
    assert len(ends) == 1
