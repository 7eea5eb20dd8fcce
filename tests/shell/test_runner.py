"""What every script has from the shell: exit codes, locks, halts, dry runs, logs that tell no value."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess

import click
import pytest
from click.testing import CliRunner
from headgate import config
from headgate.core.errors import Misconfigured, Rejected, Unavailable
from headgate.core.step import Step, deferred, error, not_needed, ok
from headgate.demo.processes import script
from headgate.shell import exits
from headgate.shell.runner import command


def raising(trouble):
    def apply(_context, item):
        if item == "one":
            raise trouble
        yield ok(item, "done")

    return apply


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (Rejected("no"), 1),
        (Unavailable("away"), 69),
        (Misconfigured("wrong"), 78),
        (ZeroDivisionError("Nordmann"), 70),
    ],
)
def test_one_bad_item_stops_no_other_and_the_run_ends_red(run, trouble, code):
    result = run(raising(trouble), "--json")
    assert result.exit_code == code
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["item"] for line in lines] == ["one", "two"]
    assert lines[1]["status"] == "ok"
    assert "Nordmann" not in result.output + (run.folder / "logs" / "made-up.log").read_text()


def test_what_the_user_may_not_write_is_told_with_what_to_do_and_without_the_path(run):
    path = run.folder / "data" / "site" / "participants" / "Nordmann"
    result = run(raising(PermissionError(13, "Permission denied", str(path))))
    assert result.exit_code == exits.CONFIGURATION
    assert f"{path.parent} may not be read or written" in result.output
    assert "chown -R" in result.output
    assert "Nordmann" not in result.output


@pytest.mark.parametrize(("make", "code"), [(ok, 0), (not_needed, 0), (error, 1), (deferred, 69)])
def test_the_worst_outcome_decides_the_exit_code(run, make, code):
    def apply(_context, item):
        yield ok(item, "fine")
        yield make(item, "that")

    assert run(apply).exit_code == code


def test_the_order_of_what_is_worst():
    codes = [exits.DONE, exits.UNREACHABLE, exits.SOME_FAILED, exits.BUG]
    assert [exits.worst(codes[: count + 1]) for count in range(4)] == codes


def test_a_dry_run_tells_and_does_nothing(run):
    def apply(_context, _item):
        raise AssertionError

    result = run(apply, "--dry-run", "--json")
    assert result.exit_code == 0
    planned = [json.loads(line) for line in result.stdout.splitlines()]
    assert planned == [{"item": name, "status": "planned"} for name in ("one", "two")]


def do(_context, item):
    yield ok(item, "done")


@pytest.mark.parametrize(
    ("words", "items"),
    [(["--only", "two"], ["two"]), (["--limit", "1"], ["one"]), ([], ["one", "two"])],
)
def test_only_and_limit_choose(run, words, items):
    result = run(do, "--json", *words)
    assert [json.loads(line)["item"] for line in result.stdout.splitlines()] == items


def test_an_id_that_is_not_there_is_told(run):
    told = run(do, "--only", "two", "--only", "tow").stderr
    assert told == "made-up: there is nothing to do for tow\n"
    assert run(do, "--only", "tow", "--json").stdout == ""
    assert run(do, "--only", "tow", "-q").stderr == ""
    assert run(do).stderr == ""


def test_what_comes_after_comes_only_after_a_whole_pass_that_went_well(run):
    calls = []
    after = calls.append
    run(do, after=after)
    assert len(calls) == 1
    for words in (["--only", "one"], ["--limit", "1"], ["--limit", "0"], ["--dry-run"]):
        run(do, *words, after=after)
    run(raising(Unavailable("away")), after=after)
    assert len(calls) == 1


def test_O08_a_lock_that_is_held_ends_it_silently_with_75(run):
    run(do, locks=("made-up",))
    with (run.folder / "data/state/locks/made-up.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        result = run(do, locks=("made-up",))
        assert result.exit_code == 75
        assert result.output == ""
    assert run(do, locks=("made-up",)).exit_code == 0


@pytest.mark.parametrize("name", ["halt", "halt.made-up"])
def test_a_halt_file_stops_it_with_0(run, name):
    run(do)
    (run.folder / "data" / "state" / name).touch()
    result = run(do, "--json")
    assert result.exit_code == 0
    assert result.stdout == ""
    assert "halted by" in (run.folder / "logs" / "made-up.log").read_text()


def test_under_cron_it_is_silent_when_all_is_well_and_tells_trouble(run):
    assert run(do).output == ""
    assert "no" in run(raising(Rejected("no"))).stderr


def test_a_log_line_names_time_level_step_run_and_item(run):
    run(do, items=("1.2.3",))
    (line,) = (run.folder / "logs" / "made-up.log").read_text().splitlines()
    time, level, step, run_id, item, *text = line.split()
    assert (level, step, item, text) == ("INFO", "made-up", "1.2.3", ["ok", "done"])
    assert time[:2] == "20"
    assert len(run_id) == 8


def test_the_metrics_keep_the_last_success(run):
    path = run.folder / "data/state/metrics/made-up.prom"

    def success():
        (line,) = [one for one in path.read_text().splitlines() if "last_success" in one]
        return line

    run(do)
    before = success()
    run(raising(Rejected("no")))
    assert success() == before
    assert 'headgate_exit_code{step="made-up"} 1' in path.read_text()
    assert 'headgate_queue_depth{step="made-up",status="queued"} 0' in path.read_text()
    assert 'headgate_disk_free_percent{step="made-up"}' in path.read_text()
    assert 'headgate_items{step="made-up",status="error"} 1' in path.read_text()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[receiver]\nprot = 1\n", ("receiver.prot", "nearest known key is receiver.port")),
        ("datadir = 5\n", ("datadir", "str")),
        ("[recive\n", ("cannot be read",)),
        ("[receiver]\nport = 99999\n", ("receiver.port", "at most 65535")),
        ("[receiver]\nprocesses = 0\n", ("receiver.processes", "at least 1")),
        ("[receiver]\nidle_seconds = 0\n", ("receiver.idle_seconds", "more than 0")),
        ("[pacs.x]\nport = 0\n", ("pacs.x.port", "at least 1")),
        ("[redcap]\ntimeout_seconds = -1\n", ("redcap.timeout_seconds", "more than 0")),
        ("[retention]\nfree_percent = 300.0\n", ("retention.free_percent", "at most 100")),
        ("[retention]\nunassigned_days = -3\n", ("retention.unassigned_days", "at least 0")),
        ('[redcap]\nurl = "example.org/api/"\n', ("redcap.url", "https://")),
        ('datadir = "/dev/null/data"\n', ("datadir", "cannot be made")),
        ('datadir = ""\n', ("datadir", "whole path")),
        ('datadir = "data"\n', ("datadir", "whole path")),
        ('[pacs.x]\nfolder = "out"\n', ("pacs.x.folder", "whole path")),
        ('[receiver]\nae_title = "ABCDEFGHIJKLMNOPQ"\n', ("receiver.ae_title", "1 to 16")),
        ('[pacs.x]\nae_title = "ÅSE"\n', ("pacs.x.ae_title", "ASCII")),
        ('[receiver]\ncalling_ae_titles = ["CT1 "]\n', ("calling_ae_titles", "no spaces")),
        ('[receiver]\nnetworks = ["10.1"]\n', ("receiver.networks", "10.1")),
        ('[receiver]\ncommitment_peers = {A = "x"}\n', ("commitment_peers", "host:port")),
        ("[receiver]\nidle_seconds = inf\n", ("receiver.idle_seconds", "at most")),
        ("[receiver]\nmaximum_pdu = 99999999999\n", ("receiver.maximum_pdu", "at most")),
        (f"[incoming]\nquiet_seconds = 1{'0' * 400}\n", ("quiet_seconds", "at most")),
        (f"[incoming]\nquiet_seconds = 1{'0' * 5000}\n", ("cannot be read",)),
        ('[pacs.x]\nproof = "trust me"\n', ("pacs.x.proof", "c-find, qido-rs, c-store")),
    ],
)
def test_a_configuration_that_is_wrong_ends_with_78_and_names_the_key(tmp_path, text, words):
    config = tmp_path / "headgate.toml"
    config.write_text(text)
    step = Step("made-up", "", lambda _context: iter("a"), do)
    result = CliRunner().invoke(command(step), ["-c", str(config)])
    assert result.exit_code == 78
    for word in words:
        assert word in result.output


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_configuration_may_come_from_an_editor_of_windows(tmp_path, mark, ends):
    config = tmp_path / "headgate.toml"
    text = f'datadir = "{tmp_path}/data"\nlog_directory = ""\n[receiver]\nae_title = "my gate"\n'
    config.write_bytes(mark + text.replace("\n", ends).encode())
    step = Step("made-up", "", lambda _context: iter("a"), do)
    assert CliRunner().invoke(command(step), ["-c", str(config)]).exit_code == 0


def test_a_folder_on_the_command_line_is_below_the_one_that_it_is_given_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert config.read(None, {"datadir": "data"}).datadir == str(tmp_path / "data")


def test_without_a_configuration_it_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADGATE_CONFIG", str(tmp_path / "none.toml"))
    step = Step("made-up", "", lambda _context: iter("a"), do)
    result = CliRunner().invoke(command(step), [])
    assert result.exit_code == 78
    assert "none.toml" in result.output


def test_who_interrupts_it_is_told_and_the_lock_is_free(run):
    result = run(raising(KeyboardInterrupt()), "--json", locks=("made-up",), items=("two", "one"))
    assert result.exit_code == 130
    first, last = map(json.loads, result.stdout.splitlines())
    assert (first["item"], first["status"]) == ("two", "ok")
    assert (last["item"], last["status"]) == ("made-up", "deferred")
    assert "interrupted" in last["text"]
    assert "interrupted" in (run.folder / "logs" / "made-up.log").read_text()
    metrics = (run.folder / "data/state/metrics/made-up.prom").read_text()
    assert 'headgate_exit_code{step="made-up"} 130' in metrics
    assert run(do, locks=("made-up",)).exit_code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -15)])
def test_a_script_that_is_told_to_end_does(tmp_path, number, code):
    """It reads a pipe into which nothing is written: whoever opens it knows that it is there."""
    config, pipe = tmp_path / "headgate.toml", tmp_path / "pipe"
    config.write_text(f'datadir = "{tmp_path}/data"\nlog_directory = ""\n')
    os.mkfifo(pipe)
    words = ["-c", str(config), "--from-fiona", str(pipe)]
    process = subprocess.Popen(
        [*script("check-config"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with pipe.open("w"):
        process.send_signal(number)
        said = "".join(process.communicate(timeout=30))
    assert process.returncode == code
    assert "Traceback" not in said
    assert ("interrupted" in said) == (code == 130)


def a_config(folder, datadir):
    config = folder / "headgate.toml"
    config.write_text(f'datadir = "{datadir}"\nlog_directory = ""\n')
    return ["-c", str(config)]


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_who_reads_no_further_does_not_end_a_run(tmp_path, words):
    command = [*script("status"), *a_config(tmp_path, tmp_path / "data"), *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 0, said
    assert "bug" not in said
    assert "BrokenPipe" not in said


@pytest.mark.parametrize("words", [[], ["--json"]])
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_does_its_work_though_a_stream_is_closed(tmp_path, words, closed):
    command = [*script("rebuild"), *a_config(tmp_path, tmp_path / "data"), *words]
    shell = ["sh", "-c", f'exec "$@" {closed}', "sh", *command]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "data" / "state" / "metrics" / "rebuild.prom").exists()


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_run_does_its_work_though_nobody_can_keep_what_it_tells(tmp_path, words):
    command = [*script("rebuild"), *a_config(tmp_path, tmp_path / "data"), *words]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "bug" not in done.stderr
    assert "cannot be written (No space left on device)" in done.stderr


@pytest.mark.parametrize("name", ["process", "heartbeat"])
def test_a_disk_that_is_read_only_is_told_and_no_bug(tmp_path, a_small_disk, name):
    command = [*script(name), *a_config(tmp_path, a_small_disk / "data")]
    subprocess.run(command, capture_output=True, check=False)
    subprocess.run(["mount", "-o", "remount,ro", str(a_small_disk)], check=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 69, done.stderr
    assert "Read-only file system" in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.skipif(os.geteuid(), reason="only root may give files away")
@pytest.mark.parametrize("owner", [65534, 4_000_000_000])
@pytest.mark.parametrize("name", ["status", "process"])
def test_root_leaves_nothing_in_the_tree_of_another_user(tmp_path, owner, name):
    data, logs = tmp_path / "data", tmp_path / "logs"
    for folder in (data, logs):
        folder.mkdir()
        os.chown(folder, owner, owner)
    path = tmp_path / "headgate.toml"
    path.write_text(f'datadir = "{data}"\nlog_directory = "{logs}"\n')
    command = [*script(name), "-c", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 78
    assert f"bin/{name} ...'" in done.stderr
    assert not [*data.iterdir(), *logs.iterdir()]


def test_a_matter_of_usage_ends_with_2(run):
    def plan(_context):
        raise click.UsageError("say what")
        yield

    step = Step("made-up", "", plan, do, is_alone=True)
    result = CliRunner().invoke(command(step), [])
    assert result.exit_code == 2
    assert "say what" in result.output
