"""bin/anonymize: files and folders without the pipeline."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading

import factories
import pytest
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.uids import replace_uid
from headgate.demo.processes import script
from killing import WITHOUT_RIGHTS
from pydicom import Dataset, dcmread

STUDY = factories.Study("anonymize")
COLOR_PALETTE = "1.2.840.10008.5.1.4.39.1"  # Color Palette Storage is of no patient and no study
WHO = ["--project", "P", "--participant", "P-001", "--event", "E1"]

# prints the most memory, in kilobytes, that the command it is given ever had
MEASURED = (
    "import resource, subprocess, sys; "
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL); "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)


def anonymize(*words, code=0):
    done = subprocess.run(
        [*script("anonymize"), *map(str, words)], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done
    return done


def answers(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def files(tmp_path):
    datasets = [*STUDY.instances(3), *STUDY.instances(2, series=2)]
    factories.save(datasets, tmp_path / "in" / "some" / "folder")
    return tmp_path / "in"


def test_a_folder_is_de_identified_below_folders_of_study_and_series(files, tmp_path):
    done = anonymize(files, tmp_path / "out", *WHO, "--json")
    *lines, totals = answers(done)
    assert {name: totals[name] for name in ("inputs", "outputs", "rejected", "excluded")} == {
        "inputs": 5, "outputs": 5, "rejected": 0, "excluded": 0,
    }  # fmt: skip
    assert totals["seconds"] > 0
    assert len(lines) == 5
    outputs = list((tmp_path / "out").rglob("*.dcm"))
    assert len(outputs) == 5
    for path in outputs:
        dataset = dcmread(path)
        assert path.stem == dataset.SOPInstanceUID
        assert path.parent.name == dataset.SeriesInstanceUID
        assert path.parent.parent.name == dataset.StudyInstanceUID
        assert dataset.PatientID == dataset.PatientName == "P-001"
        assert dataset.InstitutionName == "P"
        assert dataset.PixelData


WHAT_IS_LOADED = (
    "import runpy, sys, atexit; sys.argv = sys.argv[1:]; "
    "atexit.register(lambda: sys.stdout.write(' '.join(sys.modules))); "
    "runpy.run_path(sys.argv[0], run_name='__main__')"
)


def test_an_ordinary_file_needs_no_imaging_library_which_would_take_longer_to_load_than_it_takes(
    files, tmp_path
):
    words = [*script("anonymize"), str(files), str(tmp_path / "out"), *WHO, "--json"]
    done = subprocess.run(
        [words[0], "-c", WHAT_IS_LOADED, *words[1:]], capture_output=True, text=True, check=True
    )
    *told, loaded = done.stdout.splitlines()
    assert json.loads(told[-1])["outputs"] > 0
    assert "headgate.deidentifying.cleaning" in loaded.split()
    assert not {"pydicom", "numpy"} & set(loaded.split())


def test_quiet_tells_of_trouble_alone(files, tmp_path):
    done = anonymize(files, tmp_path / "out", *WHO, "-q")
    assert len(list((tmp_path / "out").rglob("*.dcm"))) == 5
    assert "INFO" not in done.stderr


def test_nothing_of_the_patient_is_in_the_output_its_paths_or_what_is_printed(files, tmp_path):
    done = anonymize(files, tmp_path / "out", *WHO, "--json", "-v")
    for path in (tmp_path / "out").rglob("*"):
        whole = path.read_bytes() if path.is_file() else b""
        for word in factories.PLANTED:
            assert word not in str(path.relative_to(tmp_path))
            assert word.encode() not in whole
    for word in factories.PLANTED:
        assert word not in done.stdout + done.stderr


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_one_instance_tells_of_the_patient_leaves_with_none_of_its_study(tmp_path, jobs):
    """The name in a description is told by a report of the same study alone, which comes last."""
    text = "Thorax Xanthippe Q7781234"
    images = [STUDY.instance(number, SeriesDescription=text) for number in (1, 2)]
    report = STUDY.instance(
        1, series=2, OtherPatientNames="Xanthippe^A", OtherPatientIDs="Q7781234"
    )
    another = factories.Study("another", patient_id="Q9911822", patient_name="Vestby^Olav")
    other = another.instance(SeriesDescription="Thorax Xanthippe")
    for name, datasets in (("a", images), ("b", [other]), ("c", [report])):
        factories.save(datasets, tmp_path / "in" / name)
    anonymize(tmp_path / "in", tmp_path / "out", *WHO, "--jobs", jobs)
    found = [dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    texts = sorted(str(one.get("SeriesDescription")) for one in found)
    assert texts == ["Serie 2", "Thorax", "Thorax", "Thorax Xanthippe"]


def test_what_is_of_no_study_stays_within_the_output(tmp_path):
    palette = STUDY.instance(StudyInstanceUID=None, SeriesInstanceUID=None)
    palette.SOPClassUID = palette.file_meta.MediaStorageSOPClassUID = COLOR_PALETTE
    factories.save([palette, STUDY.instance(2, SeriesInstanceUID="")], tmp_path / "in")
    *_, totals = answers(anonymize(tmp_path / "in", tmp_path / "out", *WHO, "--json"))
    assert totals["outputs"] == 2
    folders = [path.parent.relative_to(tmp_path / "out").parts for path in outputs(tmp_path)]
    assert {series for _, series in folders} == {"without_series"}
    assert "without_study" in {study for study, _ in folders}


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"])
@pytest.mark.parametrize("text", ["../../../evil", "/evil", ".."])
def test_no_kept_uid_leads_out_of_the_output(tmp_path, keyword, text):
    profile = tmp_path / "keeping.toml"
    profile.write_text("[retain]\nuids = true\n")
    factories.save([STUDY.instance(**{keyword: text})], tmp_path / "in")
    words = [tmp_path / "in", tmp_path / "out", *WHO, "--profile", profile, "--json"]
    done = subprocess.run(
        [*script("anonymize"), *map(str, words)], capture_output=True, text=True, check=False
    )
    totals = answers(done)[-1]
    assert totals["outputs"] + totals["rejected"] == 1
    assert len(outputs(tmp_path)) == totals["outputs"]
    assert {path.name for path in tmp_path.iterdir()} <= {"in", "out", "out.key", "keeping.toml"}
    assert not any("evil" in str(path) for path in outputs(tmp_path))


def outputs(folder):
    return list((folder / "out").rglob("*.dcm"))


def test_without_a_key_one_is_made_beside_the_output_for_its_owner_alone(files, tmp_path):
    done = anonymize(files, tmp_path / "out", *WHO)
    key = tmp_path / "out.key"
    assert str(key) in done.stderr
    assert key.stat().st_mode & 0o077 == 0
    recipe = Recipe("P", "P-001", "E1", project_key(bytes.fromhex(key.read_text().strip()), "P"))
    assert (tmp_path / "out" / replace_uid(STUDY.uid, recipe)).is_dir()


def test_the_same_key_gives_the_same_bytes_again(files, tmp_path):
    anonymize(files, tmp_path / "one", *WHO)
    anonymize(files, tmp_path / "two", *WHO, "--key-file", tmp_path / "one.key", "--jobs", "2")
    one, two = (
        {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.dcm")}
        for folder in (tmp_path / "one", tmp_path / "two")
    )
    assert one == two
    assert len(one) == 5


def test_a_key_that_others_may_read_is_not_used(files, tmp_path):
    key = tmp_path / "key"
    key.write_text("ab" * 32)
    key.chmod(0o644)
    done = anonymize(files, tmp_path / "out", *WHO, "--key-file", key, code=78)
    assert "chmod 600" in done.stderr


def test_what_stops_all_files_is_told_once_and_not_with_all_their_names(files, tmp_path):
    (tmp_path / "key").write_text("no key")
    (tmp_path / "key").chmod(0o600)
    done = anonymize(files, tmp_path / "out", *WHO, "--key-file", tmp_path / "key", code=78)
    assert done.stderr.count("holds no key") == 2  # in the log, and to whoever runs it
    assert str(files) not in done.stderr


def test_D02_a_file_that_cannot_be_read_is_rejected_with_its_reason_and_the_run_ends_red(
    files, tmp_path
):
    (files / "notes.txt").write_text("no dicom")
    cut = files / "cut.dcm"
    cut.write_bytes(next((files / "some" / "folder").iterdir()).read_bytes()[:-50])
    done = anonymize(files, tmp_path / "out", *WHO, "--json", code=1)
    *lines, totals = answers(done)
    assert (totals["inputs"], totals["outputs"], totals["rejected"]) == (7, 5, 2)
    rejected = {line["item"]: line["text"] for line in lines if line["status"] == "error"}
    assert set(rejected) == {"notes.txt", "cut.dcm"}
    assert all("not a readable DICOM file" in text for text in rejected.values())


def test_a_coupling_list_tells_each_patient_and_who_is_not_on_it_is_rejected(tmp_path):
    known = factories.Study("known", accession="A1", patient_id="PAT1")
    other = factories.Study("other", accession="A2", patient_id="PAT2")
    stranger = factories.Study("stranger", accession="A3", patient_id="PAT3")
    datasets = [study.instance() for study in (known, other, stranger)]
    factories.save(datasets, tmp_path / "in")
    (tmp_path / "list.csv").write_text(
        "patient_id,accession_number,participant,event\nPAT1,,P-001,E1\n,A2,P-002,E2\n"
    )
    words = [tmp_path / "in", tmp_path / "out", "--project", "P", "--json"]
    done = anonymize(*words, "--coupling-list", tmp_path / "list.csv", code=1)
    totals = answers(done)[-1]
    assert (totals["outputs"], totals["rejected"]) == (2, 1)
    events = {
        str(dataset.PatientID): str(dataset.ReferringPhysicianName)
        for dataset in map(dcmread, (tmp_path / "out").rglob("*.dcm"))
    }
    assert events == {"P-001": "E1", "P-002": "E2"}


def test_the_number_of_another_study_of_the_patient_leaves_with_none(tmp_path):
    earlier = factories.Study("earlier", accession="RX-2023-551")
    later = factories.Study("later", accession="RX-2024-118")
    compared = later.instance(SeriesDescription="T1 as RX-2023-551")
    factories.save([earlier.instance(), compared], tmp_path / "in")
    anonymize(tmp_path / "in", tmp_path / "out", *WHO)
    texts = {dcmread(path).SeriesDescription for path in (tmp_path / "out").rglob("*.dcm")}
    assert "T1 as" in texts
    assert not [text for text in texts if "551" in text]


def test_the_diff_lists_every_change_and_only_its_owner_may_read_it(files, tmp_path):
    anonymize(files, tmp_path / "out", *WHO, "--diff", tmp_path / "diff.csv")
    assert (tmp_path / "diff.csv").stat().st_mode & 0o077 == 0
    with (tmp_path / "diff.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"file", "element", "rule", "before", "after"}
    changed = {row["element"]: row for row in rows if row["file"].endswith("IM00000")}
    assert changed["PatientID"]["before"] == factories.PATIENT_ID
    assert changed["PatientID"]["after"] == "P-001"


def test_a_dicomdir_is_excluded_as_it_names_patients(files, tmp_path):
    dataset = STUDY.instance(9)
    dataset.SOPClassUID = "1.2.840.10008.1.3.10"
    factories.save([factories.with_meta(dataset)], files / "index")
    totals = answers(anonymize(files, tmp_path / "out", *WHO, "--json"))[-1]
    assert (totals["inputs"], totals["outputs"], totals["excluded"]) == (6, 5, 1)


def test_two_inputs_with_one_uid_and_other_content_do_not_hide_each_other(files, tmp_path):
    factories.save([STUDY.instance(1, StudyDescription="other")], files / "twin")
    done = anonymize(files, tmp_path / "out", *WHO, "--json", code=1)
    assert answers(done)[-1]["rejected"] == 1
    assert "same SOP Instance UID" in done.stdout


def test_the_outputs_are_as_many_as_are_counted_though_an_input_came_twice(files, tmp_path):
    folder = files / "some" / "folder"
    (files / "again").write_bytes(next(folder.iterdir()).read_bytes())
    for _ in range(2):  # what an earlier run wrote is an output of this one, too
        totals = answers(anonymize(files, tmp_path / "out", *WHO, "--json"))[-1]
        assert (totals["inputs"], totals["outputs"], totals["excluded"]) == (6, 5, 1)
        assert len([path for path in (tmp_path / "out").rglob("*") if path.is_file()]) == 5


def test_a_dry_run_writes_nothing(files, tmp_path):
    anonymize(files, tmp_path / "out", *WHO, "--dry-run")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_a_dry_run_shows_every_element_before_and_after_and_the_rule(files, tmp_path):
    words = [files, tmp_path / "out", *WHO, "--dry-run", "--diff", tmp_path / "diff.csv", "--json"]
    done = anonymize(*words)
    assert answers(done)[-1]["outputs"] == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["diff.csv", "in"]
    with (tmp_path / "diff.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"].endswith("IM00000")]
    told = {(row["element"], row["rule"]): (row["before"], row["after"]) for row in rows}
    assert told["PatientID", "written"] == (factories.PATIENT_ID, "P-001")
    before, after = told["StudyInstanceUID", "U"]
    assert before == STUDY.uid
    assert after.startswith("2.25.")


def test_the_profile_is_chosen_by_name_or_file(files, tmp_path):
    (tmp_path / "full.toml").write_text('name = "full"\n[retain]\ndates = "full"\n')
    anonymize(files, tmp_path / "out", *WHO, "--profile", tmp_path / "full.toml")
    for path in (tmp_path / "out").rglob("*.dcm"):
        dataset = dcmread(path)
        assert dataset.LongitudinalTemporalInformationModified == "UNMODIFIED"
        assert dataset.DeidentificationMethod[1].startswith("full 1 ")
    told = anonymize(files, tmp_path / "out", *WHO, "--profile", "absent", code=78)
    assert "absent.toml" in told.stderr


def test_without_participant_it_is_a_matter_of_usage(files, tmp_path):
    assert "--participant" in anonymize(files, tmp_path / "out", "--project", "P", code=2).stderr


@pytest.mark.parametrize("words", [["taken/out"], ["out", "--diff", "nowhere/diff.csv"]])
def test_where_nothing_can_be_written_it_is_said_once_before_anything_is_done(
    files, tmp_path, words
):
    (tmp_path / "taken").touch()
    place, *more = [str(tmp_path / one) if "/" in one or one == "out" else one for one in words]
    done = anonymize(files, place, *WHO, *more, code=2)
    assert "IM0000" not in done.stdout + done.stderr
    assert not list(tmp_path.rglob("*.dcm"))


def test_a_coupling_list_that_is_no_utf_8_is_told_what_to_save_it_as(files, tmp_path):
    listed = tmp_path / "list.csv"
    listed.write_bytes("patient_id,participant,event\n1,Åse,E1\n".encode("latin-1"))
    words = "--project", "P", "--coupling-list", listed
    done = anonymize(files, tmp_path / "out", *words, code=2)
    assert "in UTF-8" in done.stderr
    assert "bug" not in done.stderr


def test_a_pipe_among_the_files_is_not_waited_for(files, tmp_path):
    os.mkfifo(files / "a pipe")
    assert answers(anonymize(files, tmp_path / "out", *WHO, "--json"))[-1]["outputs"] == 5


def test_a_large_object_goes_through_in_little_memory(tmp_path):
    """Sparse, so that making it costs nothing; read and written whole all the same."""
    (dataset,) = STUDY.instances(1)
    del dataset.PixelData
    dataset.NumberOfFrames = 8
    factories.save([dataset], tmp_path / "in")
    (path,) = (tmp_path / "in").iterdir()
    pixels, size = b"\xe0\x7f\x10\x00OW\0\0", 160 << 20
    with path.open("ab") as file:
        file.write(pixels + size.to_bytes(4, "little"))
        file.truncate(file.tell() + size)
    words = [*script("anonymize"), str(tmp_path / "in"), str(tmp_path / "out"), *WHO]
    measured = subprocess.run(
        [sys.executable, "-c", MEASURED, *words], capture_output=True, text=True, check=True
    )
    (output,) = (tmp_path / "out").rglob("*.dcm")
    assert output.stat().st_size > size
    assert int(measured.stdout) < 120_000  # kilobytes: less than the object alone


def test_what_an_output_refers_to_and_is_not_there_is_listed(tmp_path):
    datasets = list(STUDY.instances(3))
    there, missing = datasets[1].SOPInstanceUID, "1.2.3.4711"
    for uid in (there, missing):
        item = Dataset()
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = datasets[1].SOPClassUID, uid
        datasets[0].ReferencedImageSequence = [
            *datasets[0].get("ReferencedImageSequence", []), item,
        ]  # fmt: skip
    factories.save(datasets, tmp_path / "in")
    done = anonymize(tmp_path / "in", tmp_path / "out", *WHO, "--json")
    totals = answers(done)[-1]
    key = project_key(bytes.fromhex((tmp_path / "out.key").read_text().strip()), "P")
    recipe = Recipe("P", "P-001", "E1", key)
    series = replace_uid(datasets[0].SeriesInstanceUID, recipe)
    assert totals["unresolved_references"] == {series: [replace_uid(missing, recipe)]}
    assert totals["unresolved"] == 1


def test_D10_any_folder_name_will_do_and_nothing_is_written_elsewhere(tmp_path, monkeypatch):
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setenv("TMPDIR", str(elsewhere))
    folder = tmp_path / "in $(x)" / "-a * b"
    factories.save(STUDY.instances(2), folder)
    done = anonymize(folder, tmp_path / "out; $y", *WHO, "--json")
    assert answers(done)[-1]["outputs"] == 2
    assert not list(elsewhere.iterdir())
    assert {path.name for path in tmp_path.iterdir()} == {
        "tmp", "in $(x)", "out; $y", "out; $y.key",
    }  # fmt: skip


@pytest.mark.parametrize("jobs", [1, 2])
def test_what_is_closed_to_us_is_counted_and_told_and_the_others_are_done(files, tmp_path, jobs):
    locked, listed = files / "locked", files / "listed"
    for folder in (locked, listed):
        factories.save(STUDY.instances(2, series=3), folder)
    (unreadable,) = factories.save(STUDY.instances(1, series=4), files / "one")
    (files / "nowhere").symlink_to("nothing")
    unreadable.chmod(0)
    locked.chmod(0)
    listed.chmod(0o444)
    command = [*WITHOUT_RIGHTS, *script("anonymize"), str(files), str(tmp_path / "out"), *WHO]
    done = subprocess.run(
        [*command, "--json", "--jobs", str(jobs)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done
    *lines, totals = answers(done)
    counts = [totals[name] for name in ("inputs", "outputs", "rejected", "excluded")]
    assert counts == [9, 5, 4, 0]
    told = {line["item"]: line["text"] for line in lines if line["status"] == "error"}
    assert set(told) == {"locked", "listed", "one/IM00000", "nowhere"}
    assert "chmod u+rx" in told["locked"]
    assert "chmod u+rx" in told["listed"]
    assert "chmod u+r," in told["one/IM00000"]
    assert "leads nowhere" in told["nowhere"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_who_interrupts_it_finds_whole_outputs_and_runs_it_again(files, tmp_path, jobs):
    factories.save([STUDY.instance(number, series=5) for number in range(600)], files / "many")
    words = [str(files), str(tmp_path / "out"), *WHO, "--json", "--jobs", str(jobs)]
    process = subprocess.Popen(
        [*script("anonymize"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    first = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert json.loads((first + rest).splitlines()[-1])["text"].startswith("interrupted")
    assert "Traceback" not in said
    assert not list((tmp_path / "out").rglob(".*"))
    assert answers(anonymize(*words))[-1]["outputs"] == 605


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_its_processes_end_with_it(files, tmp_path, number):
    factories.save([STUDY.instance(number, series=5) for number in range(600)], files / "many")
    words = [str(files), str(tmp_path / "out"), *WHO, "--json", "--jobs", "2"]
    process = subprocess.Popen([*script("anonymize"), *words], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    process.send_signal(number)
    assert process.wait(30) == -number
    # they hold its standard output too: it ends when the last of them does
    reading = threading.Thread(target=process.stdout.read, daemon=True)
    reading.start()
    reading.join(30)
    assert not reading.is_alive()
