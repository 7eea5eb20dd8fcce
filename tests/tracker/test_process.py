"""The process: what it acknowledged it keeps, its tokens stay its own, and it ends when told."""

import json
import os
import signal
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from redcap import Project

CHECKOUT = Path(__file__).resolve().parents[2]
READY = "tracker: listening on "


@pytest.fixture
def launch(tmp_path):
    """Starts bin/tracker on the test's database; returns the process, its address and tokens."""
    started = []

    def run(*extra):
        command = [
            *(sys.executable, str(CHECKOUT / "bin" / "tracker"), "--port", "0"),
            *("--db", str(tmp_path / "tracker.sqlite"), "--tokens", str(tmp_path / "tokens.json")),
            *("--load", str(CHECKOUT / "config" / "redcap"), *extra),
        ]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started.append(process)
        line = process.stderr.readline()
        assert line.startswith(READY)
        tokens = json.loads((tmp_path / "tokens.json").read_text())
        return process, line.removeprefix(READY).strip(), tokens

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stderr.close()


def test_an_acknowledged_import_survives_kill_9(launch):
    process, url, tokens = launch()
    project = Project(url, tokens["Incoming"], timeout=30)
    for number in range(20):
        project.import_records([{"study_instance_uid": f"1.2.{number}", "study_date": "d"}])
    process.kill()
    process.wait()
    _, url, again = launch()
    assert again == tokens
    rows = Project(url, again["Incoming"], timeout=30).export_records()
    assert len(rows) == 20


def test_a_kill_in_the_middle_leaves_whole_batches(launch):
    process, url, tokens = launch()
    size = 200

    def batch(number):
        rows = [
            {"study_instance_uid": f"{number}.{part}", "study_description": "x" * 200}
            for part in range(size)
        ]
        body = {"token": tokens["Incoming"], "content": "record", "format": "json"}
        try:
            answer = requests.post(url, data={**body, "data": json.dumps(rows)}, timeout=30)
        except requests.RequestException:
            return None
        if number == 5:
            process.kill()
        return number if answer.status_code == 200 else None

    with ThreadPoolExecutor(4) as pool:
        acknowledged = {number for number in pool.map(batch, range(40)) if number is not None}
    process.wait()
    _, url, tokens = launch()
    rows = Project(url, tokens["Incoming"], timeout=30).export_records(
        fields=["study_instance_uid"]
    )
    counts = {}
    for row in rows:
        number = int(row["study_instance_uid"].split(".")[0])
        counts[number] = counts.get(number, 0) + 1
    assert set(counts.values()) == {size}
    assert acknowledged <= set(counts)


def test_it_ends_on_sigterm_with_0_and_says_nothing_more(launch):
    process, url, _ = launch()
    assert requests.get(url, timeout=30).status_code == 501
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    assert process.stderr.read() == ""


def test_the_tokens_are_the_owners_alone(launch, tmp_path):
    _, _, tokens = launch()
    for name in ("tokens.json", "tracker.sqlite"):
        assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600
    assert len(tokens.pop("super")) == 64
    assert {len(token) for token in tokens.values()} == {32}
    projects = {"Incoming", "DataTransferProjects", "Routing", "CouplingList", "AutoID"}
    assert set(tokens) == {*projects, "WhatIsInIDS7"}


@pytest.mark.parametrize(
    ("option", "value"),
    [("--db", "{}/text"), ("--db", "{}/text/inside"), ("--host", "192.0.2.1"), ("--load", "{}")],
)
def test_what_cannot_be_used_is_told_in_one_line(tmp_path, option, value):
    (tmp_path / "text").write_text("This is no database, however much one would like it to be.")
    command = [sys.executable, str(CHECKOUT / "bin" / "tracker"), "--port", "0"]
    if option != "--db":
        command += ["--db", str(tmp_path / "tracker.sqlite")]
    result = subprocess.run(
        [*command, option, value.format(tmp_path)], capture_output=True, text=True, timeout=30
    )
    assert result.returncode == 78
    assert result.stderr.startswith("tracker: ")
    assert result.stderr.count("\n") == 1
