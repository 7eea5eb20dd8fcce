"""Work shared among processes: what happened there is told by the parent, or by nobody."""

from __future__ import annotations

import signal
import subprocess
import sys
from itertools import chain

import pytest
from headgate.core.errors import Unavailable
from headgate.parallel import spread


def doubled(share):
    for one in share:
        if one == 0:
            raise BrokenPipeError("the work's own")
        if one < 0:
            raise Unavailable("away")
        yield 2 * one


def test_what_comes_of_each_share_is_yielded():
    assert sorted(chain.from_iterable(spread(doubled, [[1, 2], [3]]))) == [2, 4, 6]


@pytest.mark.parametrize(
    ("share", "trouble"), [([1, 0, 2], BrokenPipeError), ([1, -1], Unavailable)]
)
def test_trouble_of_the_work_comes_after_what_was_done(share, trouble):
    parts = spread(doubled, [share])
    assert next(parts) == [2]
    with pytest.raises(trouble):
        next(parts)


ORPHAN = """
import os, signal
from headgate.core.errors import Unavailable
from headgate.parallel import TOLD_TOGETHER, spread

parents_end, writer = os.pipe()
is_waiting, waits = os.pipe()

def work(trouble):
    os.close(writer)
    yield from range(TOLD_TOGETHER)
    os.write(waits, b"1")
    os.read(parents_end, 1)
    raise trouble("Nordmann")

for _ in spread(work, [{trouble}]):
    os.read(is_waiting, 1)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("trouble", ["Unavailable", "ValueError"])
def test_a_process_whose_parent_was_killed_quotes_nobody(trouble):
    words = [sys.executable, "-c", ORPHAN.format(trouble=trouble)]
    done = subprocess.run(words, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    assert "Nordmann" not in done.stderr
    assert "Traceback" not in done.stderr
