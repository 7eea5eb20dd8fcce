"""What a start and an end of the tracker must not lose: a signal, and the way into a project."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from headgate.tracker.server import start
from redcap import Project, RedcapError

CHECKOUT = Path(__file__).resolve().parents[2]
DICTIONARIES = CHECKOUT / "config" / "redcap"


def test_a_sigterm_right_after_the_announcement_is_not_lost(tmp_path):
    """Between the line and the server's own handlers there is a moment, and before the line too."""
    command = [sys.executable, str(CHECKOUT / "bin" / "tracker"), "--port", "0"]
    for _ in range(3):
        words = [*command, "--db", str(tmp_path / "tracker.sqlite")]
        with subprocess.Popen(words, stderr=subprocess.PIPE) as process:
            process.stderr.readline()
            process.terminate()
            try:
                assert process.wait(15) == 0
            finally:
                process.kill()


TIDYING = """
import os, signal, sys, weakref
from headgate.tracker import command

class Thing:
    pass

def tidied(*words):
    thing = Thing()
    watched = weakref.ref(thing, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    del thing
    return call(*words)

call = getattr(command, sys.argv[1])
setattr(command, sys.argv[1], tidied)
command.main(["--port", "0", "--db", sys.argv[2]])
"""


@pytest.mark.parametrize("during", ["ready", "server_for", "address"])
def test_a_sigterm_that_comes_while_python_tidies_up_is_not_lost(tmp_path, during):
    """What is raised then is told and forgotten."""
    words = [sys.executable, "-c", TIDYING, during, str(tmp_path / "tracker.sqlite")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Exception ignored" in done.stderr


def test_a_project_whose_users_were_all_removed_gets_a_new_token_at_the_next_start(tmp_path):
    database = tmp_path / "tracker.sqlite"
    running = start(database, load=DICTIONARIES)
    old = Project(running.url, running.tokens["Routing"], timeout=30)
    assert old.delete_users(["headgate"]) == 1
    running.stop()
    running = start(database, load=DICTIONARIES)
    new = Project(running.url, running.tokens["Routing"], timeout=30)
    assert new.token != old.token
    assert new.export_records() == []
    with pytest.raises(RedcapError):
        Project(running.url, old.token, timeout=30).export_records()
    running.stop()


def test_without_being_told_where_the_tokens_are_written_beside_the_database(tmp_path):
    command = [sys.executable, str(CHECKOUT / "bin" / "tracker"), "--port", "0", "--json"]
    words = [*command, "--db", str(tmp_path / "t.sqlite"), "--load", str(DICTIONARIES)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        told = json.loads(process.stdout.readline())
        try:
            tokens = Path(told["tokens"])
            assert tokens == tmp_path / "t.sqlite.tokens.json"
            assert tokens.stat().st_mode & 0o077 == 0
            token = json.loads(tokens.read_text())["Routing"]
            assert Project(told["url"], token, timeout=30).export_records() == []
        finally:
            process.terminate()
