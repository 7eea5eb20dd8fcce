"""run-one-job: programs that a workflow names, walled off and bounded, and what they made."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import factories
import pytest
from headgate.core.jobs import CALLING_TITLE, JobState
from headgate.core.model import Assignment, Request
from headgate.demo.processes import script

STUDY = factories.Study("worked", accession="RJ1")
OTHER = factories.Study("another", accession="RJ2")
# gives every instance of the first series back under new UIDs
MAKER = """
import os, pathlib, pydicom
for path in sorted(pathlib.Path(os.environ["HEADGATE_INPUT"]).glob("*/*")):
    made = pydicom.dcmread(path)
    made.SOPInstanceUID += ".9"
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.SeriesInstanceUID += ".9"
    CHANGE
    made.save_as(pathlib.Path(os.environ["HEADGATE_OUTPUT"], path.name))
"""


def workflow(gateway, name="w", **settings):
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    with gateway.site.config.open("a") as file:
        file.write("\n".join([f"[workflows.{name}]", *lines, ""]))


def maker(change="pass"):
    return [sys.executable, "-c", MAKER.replace("CHANGE", change)]


def shell(text):
    return ["sh", "-c", text]


def arrive(gateway, *datasets):
    gateway.receive(*(datasets or STUDY.instances(2)))
    settle(gateway)


def settle(gateway):
    assert gateway.site.run("process").code == 0
    gateway.settle()
    assert gateway.site.run("detect-study-arrival").code == 0


def run(gateway, *words, code=0):
    result = gateway.site.run("run-one-job", *words)
    assert result.code == code, result
    return result


def jobs(gateway, state):
    store = gateway.context().jobs
    return [store.read(state, one) for one in store.entered(state)]


def states(gateway):
    entered = gateway.context().jobs.entered
    return {str(state): len(entered(state)) for state in JobState if entered(state)}


def failed(gateway):
    (job,) = jobs(gateway, JobState.FAILED)
    return job.reason


def running(word):
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (place / "cmdline").read_bytes().split(b"\0")
            if word.encode() in words:
                found.append(int(place.name))
    return found


def until(happens, seconds=20.0):
    end = time.monotonic() + seconds
    while not (found := happens()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def a_number():
    """Seconds that no other test sleeps, by which its processes are found."""
    return f"600.{time.time_ns()}"


@pytest.fixture
def unwalled(tmp_path, monkeypatch):
    """A machine whose kernel permits no name spaces."""
    program(tmp_path, "unshare", "exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}/programs:{os.environ['PATH']}")


def program(folder, name, text):
    path = folder / "programs" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_what_a_program_makes_comes_through_the_receiver_and_is_worked_on_no_more(a_tree):
    workflow(a_tree, command=maker())
    arrive(a_tree)
    a_tree.site.start_receiver()
    (line,) = run(a_tree).lines
    assert "2 instances sent" in line["text"]
    assert states(a_tree) == {"done": 1}
    assert not a_tree.context().workplaces.left()
    settle(a_tree)
    series = STUDY.series_uid() + ".9"
    told = a_tree.context().trees.read_series(STUDY.uid, series)
    assert told["IncomingConnection"]["AETitleCaller"] == CALLING_TITLE
    assert told["NumFiles"] == 2
    assert states(a_tree) == {"done": 1}
    assert run(a_tree).lines == []


def test_a_program_sees_its_folders_and_nothing_of_ours(a_tree, tmp_path):
    seen = tmp_path / "seen"
    workflow(a_tree, command=shell(f"env > {seen}; ls -R $HEADGATE_INPUT >> {seen}; pwd >> {seen}"))
    arrive(a_tree)
    run(a_tree)
    text = seen.read_text()
    names = {line.split("=")[0] for line in text.splitlines() if "=" in line}
    ours = {"HEADGATE_INPUT", "HEADGATE_OUTPUT", "HEADGATE_STUDY", "HEADGATE_SERIES", "TMPDIR"}
    assert names - {"PWD", "OLDPWD", "SHLVL", "_"} == {"PATH", "HOME", *ours}
    assert f"HEADGATE_STUDY={STUDY.uid}" in text
    assert all(one.SOPInstanceUID in text for one in STUDY.instances(2))
    assert text.splitlines()[-1].endswith("/output")


def test_a_program_has_no_network_and_sees_no_other_process(a_tree, tmp_path):
    seen = tmp_path / "seen"
    workflow(a_tree, command=shell(f"cat /proc/net/dev > {seen}; echo; ls /proc >> {seen}"))
    arrive(a_tree)
    run(a_tree)
    lines = seen.read_text().split()
    assert [word for word in lines if word.endswith(":")] == ["lo:"]
    assert str(os.getpid()) not in lines


@pytest.mark.parametrize("harm", ["echo x > $file", "rm -f $file", "touch $HEADGATE_INPUT/new"])
def test_a_program_cannot_write_into_its_input(a_tree, harm):
    workflow(a_tree, command=shell(f"for file in $HEADGATE_INPUT/*/*; do {harm}; done; true"))
    arrive(a_tree)
    before = {path: path.read_bytes() for path in a_tree.context().archive.instances()}
    run(a_tree)
    assert {path: path.read_bytes() for path in a_tree.context().archive.instances()} == before
    assert states(a_tree) == {"done": 1}


def test_without_walls_a_program_is_refused_unless_it_may_use_the_network(a_tree, unwalled):
    workflow(a_tree, command=["true"])
    arrive(a_tree)
    run(a_tree, code=1)
    assert "cannot be kept from the network" in failed(a_tree)
    assert run(a_tree).lines == []  # it is said once


def test_without_walls_a_program_gets_copies(a_tree, unwalled):
    workflow(
        a_tree, network=True,
        command=shell("chmod u+w $HEADGATE_INPUT/*/*; for f in $HEADGATE_INPUT/*/*; do : > $f; done"),
    )  # fmt: skip
    arrive(a_tree)
    before = {path: path.read_bytes() for path in a_tree.context().archive.instances()}
    run(a_tree)
    assert {path: path.read_bytes() for path in a_tree.context().archive.instances()} == before


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"command": shell("exit 3")}, "exit code 3"),
        ({"command": ["no-such-program"]}, "not there"),
        ({"command": shell("sh -c 'kill -9 $$'; exit $?")}, "was killed (exit code 137"),
        ({"command": shell("sleep 600"), "timeout_seconds": 0.5}, "within 0.5 seconds"),
        (
            {"command": [sys.executable, "-c", "x = bytes(1 << 30)"], "memory_megabytes": 500},
            "out of memory",
        ),
        ({}, "neither container nor command"),
        ({"command": ["true"], "select": "SELECT x"}, "line 1, column 8"),
        ({"command": shell("echo x > notes.txt")}, "made no DICOM"),
        ({"command": maker("made.StudyInstanceUID += '.1'")}, "another study"),
        ({"command": maker("made.SeriesInstanceUID = made.SeriesInstanceUID[:-2]")}, "new ones"),
    ],
)
def test_a_job_that_fails_says_why(a_tree, settings, reason):
    workflow(a_tree, **settings)
    arrive(a_tree)
    run(a_tree, code=1)
    assert reason in failed(a_tree)
    assert not a_tree.context().workplaces.left()


@pytest.mark.parametrize("network", [True, False])
def test_O08_all_that_a_program_started_ends_with_its_time(a_tree, network):
    number = a_number()
    command = shell(f"sleep {number} & sleep {number}")
    workflow(a_tree, timeout_seconds=1.0, network=network, command=command)
    arrive(a_tree)
    run(a_tree, code=1)
    assert not running(number)


def test_what_a_program_says_is_kept_beside_its_job_and_in_no_log(a_tree):
    text = "".join(f"line {number}\n" for number in range(100)) + factories.PATIENT_NAME
    workflow(a_tree, command=[sys.executable, "-c", f"import sys; sys.exit({text!r})"])
    arrive(a_tree)
    said = run(a_tree, "-vv", code=1)
    (job,) = jobs(a_tree, JobState.FAILED)
    path = a_tree.context().jobs.complaints(job.id)
    kept = path.read_text()
    assert kept.strip().endswith(factories.PATIENT_NAME)
    assert "line 99" in kept
    assert "line 1\n" not in kept
    logs = "".join(one.read_text() for one in a_tree.site.logs.iterdir())
    for word in factories.PLANTED:
        assert word not in logs + str(said) + job.reason
    assert a_tree.site.run("requeue", job.id).code == 0
    assert not path.exists()


@pytest.mark.parametrize("network", [False, True])
def test_when_the_run_is_killed_its_program_goes_too_and_the_next_run_does_it(
    a_tree, tmp_path, network, request
):
    if network:
        request.getfixturevalue("unwalled")
    mark, number = tmp_path / "mark", a_number()
    command = shell(f"test -e {mark} || {{ touch {mark}; sleep {number} & sleep {number}; }}")
    workflow(a_tree, command=command, network=network)
    arrive(a_tree)
    words = [*script("run-one-job"), "-c", str(a_tree.site.config)]
    process = subprocess.Popen(words)
    until(lambda: len(running(number)) == 2)
    assert states(a_tree) == {"active": 1}
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not running(number))
    run(a_tree)
    assert states(a_tree) == {"done": 1}
    assert not a_tree.context().workplaces.left()


def test_what_was_made_waits_for_the_receiver_and_is_not_made_twice(a_tree, tmp_path):
    runs = tmp_path / "runs"
    once = f"open({str(runs)!r}, 'a').write('x')"
    workflow(a_tree, command=maker(once))
    arrive(a_tree)
    run(a_tree, code=69)
    assert states(a_tree) == {"queued": 1}
    assert "does not answer" in jobs(a_tree, JobState.QUEUED)[0].reason
    a_tree.site.start_receiver()
    (job,) = jobs(a_tree, JobState.QUEUED)
    assert a_tree.site.run("hold", job.id).code == 0
    run(a_tree)
    assert a_tree.site.run("requeue", job.id).code == 0
    until(lambda: run(a_tree).lines and states(a_tree) == {"done": 1})
    assert runs.read_text() == "xx"  # one for each instance
    assert len(a_tree.context().archive.files_of(STUDY.uid)) == 4


def test_one_job_a_run_and_what_is_not_selected_takes_none(a_tree, tmp_path):
    ran = tmp_path / "ran"
    select = 'SELECT series FROM study WHERE series named "a" has SeriesDescription = "Serie 2"'
    workflow(a_tree, "a", select="SELECT study WHERE Modality = MR", command=["true"])
    workflow(a_tree, "b", select=select, command=shell(f"ls $HEADGATE_INPUT >> {ran}"))
    workflow(
        a_tree, "c", select=select, level="series", command=shell(f"ls $HEADGATE_INPUT >> {ran}")
    )
    arrive(a_tree, *STUDY.instances(1), *STUDY.instances(1, series=2))
    before = 0
    for _ in range(4):
        run(a_tree)
        lines = ran.read_text().splitlines()
        assert len(lines) <= before + 1
        before = len(lines)
    assert lines == [STUDY.series_uid(2)] * 2
    assert states(a_tree) == {"done": 4}
    reasons = sorted(job.reason for job in jobs(a_tree, JobState.DONE))
    assert reasons.count("the workflow does not select it") == 2


def test_what_has_changed_since_is_done_once_by_its_newer_job(a_tree, tmp_path):
    ran = tmp_path / "ran"
    workflow(a_tree, command=shell(f"ls $HEADGATE_INPUT/* | wc -l >> {ran}"))
    arrive(a_tree, STUDY.instance(1))
    arrive(a_tree, STUDY.instance(2))
    run(a_tree)
    run(a_tree)
    assert ran.read_text().split() == ["2"]
    assert states(a_tree) == {"done": 2}


def test_a_job_waits_while_more_of_its_study_comes(a_tree, tmp_path):
    workflow(a_tree, command=["touch", str(tmp_path / "ran")])
    arrive(a_tree, STUDY.instance(1))
    a_tree.receive(STUDY.instance(2))
    assert a_tree.site.run("process").code == 0
    run(a_tree)
    assert states(a_tree) == {"queued": 1}
    assert not (tmp_path / "ran").exists()


def test_with_projects_a_job_waits_for_a_request_of_one_of_them(a_tree, tmp_path):
    ran = tmp_path / "ran"
    workflow(a_tree, projects=["P", "R"], command=["touch", str(ran)])
    arrive(a_tree)
    add(a_tree, "Q")
    run(a_tree)
    assert not ran.exists()
    assert "nobody has requested" in jobs(a_tree, JobState.QUEUED)[0].reason
    add(a_tree, "P")
    until(lambda: run(a_tree) and ran.exists())
    assert states(a_tree) == {"done": 1}


def add(gateway, project):
    assignment = Assignment(project, "P-001", "E1")
    gateway.context().queues.add(Request.wanted(STUDY.uid, 1, assignment, "v"))


def test_what_nobody_requests_is_given_up(a_tree):
    workflow(a_tree, projects=["P"], command=["true"])
    arrive(a_tree)
    store = a_tree.context().jobs
    (job,) = jobs(a_tree, JobState.QUEUED)
    store.put_off(job.with_values(created="2001-01-01T00:00:00+00:00"))
    run(a_tree, code=1)
    assert "given up after 7 days" in failed(a_tree)
    assert a_tree.site.run("requeue", job.id).code == 0
    run(a_tree)
    assert states(a_tree) == {"queued": 1}


def test_a_container_is_run_by_podman_with_its_walls(a_tree, tmp_path, monkeypatch):
    words, names = tmp_path / "words", tmp_path / "names"
    program(tmp_path, "podman", f'printf "%s\\n" "$@" >> {words}; env > {names}')
    monkeypatch.setenv("PATH", f"{tmp_path}/programs:{os.environ['PATH']}")
    workflow(a_tree, container="example/segment:1", command=["measure", "{input}"])
    arrive(a_tree)
    (job,) = jobs(a_tree, JobState.QUEUED)
    run(a_tree)
    said = words.read_text().splitlines()
    place = a_tree.layout.job_work / job.id
    assert said[:4] == ["run", "--rm", "--name", f"headgate-{job.id}"]
    for option, value in [
        ("--network", "none"), ("--memory", str(4096 << 20)), ("--pull", "never"),
        ("--cap-drop", "ALL"), ("--security-opt", "no-new-privileges"),
        ("--mount", f"type=bind,src={place}/input,dst=/data/input,ro"),
    ]:  # fmt: skip
        assert said[said.index(option) + 1] == value
    assert f"type=bind,src={place}/output,dst=/data/output" in said
    assert said[-3:] == ["example/segment:1", "measure", "/data/input"]
    for word in (*factories.PLANTED, "RJ1", STUDY.uid):
        assert word not in words.read_text()
    passed = {said[at + 1] for at, word in enumerate(said) if word == "--env"}
    assert passed == {f"HEADGATE_{one}" for one in ("INPUT", "OUTPUT", "STUDY", "SERIES")}
    assert f"HEADGATE_STUDY={STUDY.uid}" in names.read_text()
    assert "HEADGATE_INPUT=/data/input" in names.read_text()


def test_a_container_that_takes_too_long_is_removed_by_name(a_tree, tmp_path, monkeypatch):
    words, number = tmp_path / "words", a_number()
    program(tmp_path, "podman", f'echo "$*" >> {words}; test "$1" = rm || sleep {number}')
    monkeypatch.setenv("PATH", f"{tmp_path}/programs:{os.environ['PATH']}")
    workflow(a_tree, container="example/segment:1", timeout_seconds=1.0)
    arrive(a_tree)
    (job,) = jobs(a_tree, JobState.QUEUED)
    run(a_tree, code=1)
    assert words.read_text().splitlines()[-1] == f"rm --force headgate-{job.id}"
    assert not running(number)


def test_a_container_whose_run_was_killed_is_removed_at_once(a_tree, tmp_path, monkeypatch):
    words, number = tmp_path / "words", a_number()
    program(tmp_path, "podman", f'echo "$*" >> {words}; test "$1" = rm || sleep {number}')
    monkeypatch.setenv("PATH", f"{tmp_path}/programs:{os.environ['PATH']}")
    workflow(a_tree, container="example/segment:1")
    arrive(a_tree)
    process = subprocess.Popen([*script("run-one-job"), "-c", str(a_tree.site.config)])
    until(lambda: running(number))
    process.kill()
    process.wait()
    until(lambda: not running(number))
    assert "rm --force headgate-" in words.read_text()


def test_O07_what_a_program_prints_or_names_is_no_command(a_tree, tmp_path):
    trap = tmp_path / "trap"
    text = f"touch {trap}"
    words = f"echo '{text}'; echo '{text}' >&2; cd $HEADGATE_OUTPUT; : > '$(touch trap)'; exit 1"
    workflow(a_tree, command=shell(words))
    arrive(a_tree)
    run(a_tree, code=1)
    assert not list(tmp_path.rglob("trap"))


def test_O07_no_container_but_its_own_is_touched(a_tree, tmp_path, monkeypatch):
    words = tmp_path / "words"
    program(tmp_path, "podman", f'echo "$1 $*" >> {words}; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path}/programs:{os.environ['PATH']}")
    workflow(a_tree, container="example/segment:1")
    arrive(a_tree)
    (job,) = jobs(a_tree, JobState.QUEUED)
    run(a_tree, code=1)
    lines = words.read_text().splitlines()
    assert all(f"headgate-{job.id}" in line for line in lines)
    assert {line.split()[0] for line in lines} <= {"run", "rm"}


def test_a_container_without_an_engine_fails_and_is_not_run_bare(a_tree, tmp_path, monkeypatch):
    folder = tmp_path / "few"
    folder.mkdir()
    for name in ("sh", "true", "env"):
        (folder / name).symlink_to(Path("/bin", name).resolve())
    monkeypatch.setenv("PATH", str(folder))
    workflow(a_tree, container="example/segment:1", command=["true"])
    arrive(a_tree)
    run(a_tree, code=1)
    assert "neither podman nor docker" in failed(a_tree)


def test_an_instance_that_is_gone_from_the_archive_is_told(a_tree):
    workflow(a_tree, command=["true"])
    arrive(a_tree)
    a_tree.context().archive.files_of(STUDY.uid)[0].unlink()
    run(a_tree, code=1)
    assert "not in the archive" in failed(a_tree)


def test_a_request_that_cannot_be_read_stops_no_job(a_tree):
    workflow(a_tree, projects=["P"], command=["true"])
    arrive(a_tree)
    add(a_tree, "P")
    (a_tree.layout.requests / "queued" / "half.json").write_text("{")
    run(a_tree)
    assert states(a_tree) == {"done": 1}


def test_no_list_of_processes_tells_of_a_study_or_a_patient(a_tree, tmp_path):
    seen = tmp_path / "seen"
    listing = "for one in /proc/[0-9]*; do cat $one/cmdline; done"
    workflow(a_tree, command=shell(f"{{ {listing}; }} > {seen}"), network=True)
    arrive(a_tree)
    run(a_tree)
    text = seen.read_text().replace("\0", " ")
    for word in (*factories.PLANTED, STUDY.uid, STUDY.series_uid()):
        assert word not in text


def test_operators_see_hold_and_requeue_jobs(a_tree):
    workflow(a_tree, command=shell("exit 4"))
    arrive(a_tree)
    (job,) = jobs(a_tree, JobState.QUEUED)
    assert a_tree.site.run("hold", job.id).code == 0
    assert run(a_tree).lines == []
    assert states(a_tree) == {"held": 1}
    assert a_tree.site.run("requeue", job.id).code == 0
    run(a_tree, code=1)
    told = {line["item"]: line["text"] for line in a_tree.site.run("status").lines}
    assert "0 queued, 0 active, 0 done, 1 failed" in told["jobs"]
    assert f"{job.id} w {STUDY.uid} the program ended with exit code 4" in told["jobs"]
    life = {
        line["item"]: line["text"] for line in a_tree.site.run("status", "--study", STUDY.uid).lines
    }
    assert life["workflows"] == f"w failed ({job.id})"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"select": "SELECT study WHERE Modality = = x", "command": ["true"]}, "column 31"),
        ({}, "neither container nor command"),
        ({"command": ["true"], "output": "values"}, "names no fields"),
    ],
)
def test_check_config_tells_what_is_wrong_with_a_workflow(a_tree, settings, words):
    workflow(a_tree, **settings)
    result = a_tree.site.run("check-config", "--only", "workflows")
    assert result.code == 78
    assert words in result.lines[-1]["text"]


def test_a_file_that_is_no_job_is_put_aside_and_stops_none(a_tree, tmp_path):
    workflow(a_tree, command=["touch", str(tmp_path / "ran")])
    arrive(a_tree)
    (a_tree.layout.jobs / "queued" / "0.json").write_text("{")
    os.utime(a_tree.layout.jobs / "queued" / "0.json", (1, 1))
    run(a_tree, code=1)
    assert (tmp_path / "ran").exists()
    assert states(a_tree) == {"done": 1, "failed": 1}
    assert run(a_tree).lines == []
    assert a_tree.site.run("status").code == 0


def test_the_dry_run_changes_nothing(a_tree, tmp_path):
    workflow(a_tree, command=["touch", str(tmp_path / "ran")])
    arrive(a_tree)
    (line,) = run(a_tree, "--dry-run").lines
    assert line["status"] == "planned"
    assert states(a_tree) == {"queued": 1}
    assert not (tmp_path / "ran").exists()


def test_killed_at_any_step_what_is_made_comes_once(a_tree, zygote):
    workflow(a_tree, command=maker())
    a_tree.site.start_receiver()
    at, code = 0, -9
    while code == -9:
        at += 3
        study = factories.Study(f"shot-{at}")
        arrive(a_tree, study.instance(1))
        code = zygote.run(a_tree, "run-one-job", at=at).code
        until(lambda: zygote.run(a_tree, "run-one-job").code == 0 and not busy(a_tree))
        assert len(a_tree.context().archive.files_of(study.uid)) == 2
        assert not a_tree.context().workplaces.left()
    assert code == 0
    assert at > 12


def busy(gateway):
    return set(states(gateway)) - {"done"} or gateway.context().workplaces.left()
