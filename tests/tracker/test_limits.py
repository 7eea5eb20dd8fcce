"""Fact 1.0: who asks too often is banned until an administrator lifts the ban."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
import requests
from headgate.tracker.limits import Limit, banned, pardon
from headgate.tracker.server import start
from headgate.tracker.storage.database import connect, prepare

TRACKER = Path(__file__).resolve().parents[2] / "bin" / "tracker"


@pytest.fixture
def database(tmp_path):
    prepare(tmp_path / "tracker.sqlite")
    return tmp_path / "tracker.sqlite"


def test_1_0_one_request_too_many_bans_the_address(database):
    running = start(database, each_minute=3)
    try:
        body = {"token": running.tokens["super"], "content": "version", "format": "json"}
        answers = [requests.post(running.url, data=body, timeout=30) for _ in range(5)]
    finally:
        running.stop()
    text = "Your IP address (127.0.0.1) has been banned due to suspected abuse."
    assert [answer.ok for answer in answers] == [True] * 3 + [False] * 2
    assert {answer.text for answer in answers[3:]} == {text}
    assert answers[3].headers["Content-Type"].startswith("text/html")


def test_a_ban_outlives_the_server_until_it_is_lifted(database):
    limit = Limit(database, 1)
    assert not limit.refuses("192.0.2.1")
    assert limit.refuses("192.0.2.1")
    again = Limit(database, 1)
    assert again.refuses("192.0.2.1")
    assert not again.refuses("192.0.2.2")
    with closing(connect(database)) as connection:
        assert list(banned(connection)) == ["192.0.2.1"]
        assert pardon(connection, "192.0.2.1")
        assert not pardon(connection, "192.0.2.1")
    assert not Limit(database, 1).refuses("192.0.2.1")


def test_the_command_line_sets_the_limit_lists_bans_and_lifts_them(database):
    def tracker(*words):
        command = [sys.executable, str(TRACKER), *words, "--db", str(database)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    words = [sys.executable, str(TRACKER), "--port", "0", "--limit", "1", "--db", str(database)]
    serving = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
    try:
        url = serving.stderr.readline().rsplit(" ", 1)[-1].strip()
        answers = [requests.post(url, data={"format": "json"}, timeout=30).text for _ in range(2)]
        assert "banned" not in answers[0]
        assert "banned" in answers[1]
        assert tracker("ban", "list").stdout.startswith("127.0.0.1\t20")
        assert tracker("ban", "lift", "127.0.0.1").returncode == 0
        again = tracker("ban", "lift", "127.0.0.1")
        assert (again.returncode, again.stderr) == (1, "tracker: 127.0.0.1 is not banned.\n")
    finally:
        serving.terminate()
        serving.wait(30)
        serving.stderr.close()


def test_requests_spread_over_time_are_answered(database):
    moments = iter(range(0, 6000, 31))
    limit = Limit(database, 2, clock=lambda: float(next(moments)))
    assert not any(limit.refuses("192.0.2.1") for _ in range(100))


def test_without_a_limit_nobody_is_counted(database):
    limit = Limit(database)
    assert not any(limit.refuses("192.0.2.1") for _ in range(2000))
