"""Fact 1.0: who asks too often is banned until an administrator lifts the ban."""

from contextlib import closing

import pytest
import requests
from headgate.tracker.limits import Limit, banned, pardon
from headgate.tracker.server import start
from headgate.tracker.storage.database import connect, prepare


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


def test_requests_spread_over_time_are_answered(database):
    moments = iter(range(0, 6000, 31))
    limit = Limit(database, 2, clock=lambda: float(next(moments)))
    assert not any(limit.refuses("192.0.2.1") for _ in range(100))


def test_without_a_limit_nobody_is_counted(database):
    limit = Limit(database)
    assert not any(limit.refuses("192.0.2.1") for _ in range(2000))
