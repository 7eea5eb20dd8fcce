"""What cron mails: trouble that lasts once in a while, new trouble at once, all of it in the log."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
from headgate.core.errors import Unavailable
from headgate.core.step import deferred, error, ok
from headgate.demo.processes import script
from headgate.shell import reminders


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 1_800_000_000.0

        def time(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(reminders, "time", clock)
    monkeypatch.setenv("HEADGATE_REPEAT_MINUTES", "60")
    return clock


def away(_context, item):
    yield ok(item, "listed")
    if item == "two":
        raise Unavailable(f"REDCap does not answer: again in {next(SECONDS)} s")


SECONDS = iter(range(1, 1000))


def test_what_lasts_is_told_again_after_a_while_alone(run, clock):
    assert "two  REDCap does not answer" in run(away).stderr
    for minutes in (1, 30, 59):
        clock.now = 1_800_000_000.0 + minutes * 60
        result = run(away)
        assert (result.exit_code, result.stderr) == (69, "")
    clock.now += 60
    assert "REDCap does not answer" in run(away).stderr
    assert run(away).stderr == ""
    log = (run.folder / "logs" / "made-up.log").read_text()
    assert log.count("REDCap does not answer") == 6


def test_what_is_new_is_told_at_once(run, clock):
    run(away)
    assert "three" in run(lambda _, item: [deferred(item, "away")], items=["three"]).stderr
    assert "four" in run(lambda _, item: [deferred(item, "away")], items=["four"]).stderr
    assert "worse" in run(lambda _, item: [error(item, "worse")], items=["four"]).stderr
    assert run(away).stderr == ""


def test_a_clock_that_was_ahead_keeps_nothing_untold(run, clock):
    clock.now += 1e9
    run(away)
    clock.now -= 1e9
    assert "REDCap does not answer" in run(away).stderr


@pytest.mark.parametrize("minutes", ["0", None])
def test_unasked_it_tells_each_time(run, clock, monkeypatch, minutes):
    if minutes is None:
        monkeypatch.delenv("HEADGATE_REPEAT_MINUTES")
    else:
        monkeypatch.setenv("HEADGATE_REPEAT_MINUTES", minutes)
    for _ in range(2):
        assert "REDCap does not answer" in run(away).stderr


def test_programs_and_who_asks_are_told_each_time(run, clock):
    for _ in range(2):
        lines = run(away, "--json").stdout.splitlines()
        assert [json.loads(line)["status"] for line in lines] == ["ok", "ok", "deferred"]
    assert "REDCap does not answer" in run(away).stderr


def test_what_is_for_people_tells_them_each_time(run, clock):
    for _ in range(2):
        assert "REDCap does not answer" in run(away, by_hand=True).stderr
    assert not list((run.folder / "data" / "state" / "reminders").iterdir())


def test_on_a_terminal_all_is_told(tmp_path):
    text = f'datadir = "{tmp_path}/data"\nlog_directory = "{tmp_path}"\n'
    (tmp_path / "headgate.toml").write_text(text)
    junk = tmp_path / "data" / "site" / "inbox" / "junk"
    junk.parent.mkdir(parents=True)
    junk.write_text("no DICOM")
    os.utime(junk, (1, 1))
    words = [*script("import-inbox"), "-c", str(tmp_path / "headgate.toml")]
    environment = os.environ | {"HEADGATE_REPEAT_MINUTES": "60"}

    def told(stderr):
        done = subprocess.run(words, env=environment, stderr=stderr, check=False)
        assert done.returncode == 1
        return done.stderr

    assert b"stays in inbox/" in told(subprocess.PIPE)
    assert told(subprocess.PIPE) == b""
    terminal, other_end = os.openpty()
    told(other_end)
    assert b"stays in inbox/" in os.read(terminal, 4096)
    os.close(terminal)
    os.close(other_end)


def test_a_rehearsal_tells_all_and_takes_nothing_for_told(run, clock):
    for _ in range(2):
        assert "REDCap does not answer" in run(away, "--dry-run", rehearses=True).stderr
    assert "REDCap does not answer" in run(away).stderr


def test_no_item_is_named_in_what_is_noted(run, clock):
    run(lambda _, item: [error(item, "not DICOM")], items=["Nordmann.dcm"])
    (note,) = (run.folder / "data" / "state" / "reminders").iterdir()
    assert "Nordmann" not in note.read_text()
    assert len(json.loads(note.read_text())) == 1


def test_a_note_that_cannot_be_written_or_read_costs_a_mail_and_no_run(run, clock):
    run(away)
    folder = run.folder / "data" / "state" / "reminders"
    (folder / "made-up.json").write_text("{")
    assert "REDCap does not answer" in run(away).stderr
    (folder / "made-up.json").unlink()
    (folder / "made-up.json").mkdir()
    for _ in range(2):
        result = run(away)
        assert result.exit_code == 69
        assert "REDCap does not answer" in result.stderr


@pytest.mark.parametrize("text", ["an hour", "-1", "1.5", "nan", ""])
def test_what_is_no_number_of_minutes_is_told(run, monkeypatch, text):
    monkeypatch.setenv("HEADGATE_REPEAT_MINUTES", text)
    result = run(away)
    assert result.exit_code == 78
    assert "HEADGATE_REPEAT_MINUTES" in result.stderr
