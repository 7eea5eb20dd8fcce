"""The receiver's processes: one that is told to end does so, however young it is."""

import signal

import pytest
from headgate.stores.dicomnet.workers import Workers

TIMES = 100
HANGS_AFTER_SECONDS = 60


@pytest.fixture
def ends():
    """Like the receiver, this process has a handler of its own, which its children inherit."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    alarm = signal.signal(signal.SIGALRM, lambda *_: pytest.fail("a process does not end"))
    signal.alarm(HANGS_AFTER_SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, alarm)
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("ends")
def test_processes_that_have_just_begun_end_when_they_are_told():
    def work(_number, wait):
        return 1 if wait() else 2

    assert [Workers(2, work).stop(list) for _ in range(TIMES)] == [2] * TIMES
