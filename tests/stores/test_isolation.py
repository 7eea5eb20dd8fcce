"""Work in a process of its own: what it makes comes back, and its death takes nobody along."""

import os
import signal
import time
from itertools import count

import numpy as np
import pytest
from headgate.stores.isolation import Crashed, isolated


def test_what_is_made_comes_back_in_order():
    def work():
        for number in range(3):
            yield np.full((2, 2), number), os.getpid()

    made = list(isolated(work, (), 30))
    assert [int(array[0, 0]) for array, _ in made] == [0, 1, 2]
    assert os.getpid() not in {process for _, process in made}


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (lambda: os.kill(os.getpid(), signal.SIGKILL), "-9"),
        (lambda: "".index("a name"), "ValueError"),
        (lambda: {}["a name"], "ended with 1"),
        (lambda: time.sleep(60), "longer than 1 s"),
    ],
)
def test_its_end_is_told_without_any_value(end, told, capfd):
    def work():
        yield 1
        end()
        yield 2

    made = isolated(work, (ValueError,), 1)
    assert next(made) == 1
    with pytest.raises(Crashed, match=told) as reason:
        next(made)
    assert "a name" not in str(reason.value) + capfd.readouterr().err


def test_what_nobody_waits_for_any_more_is_ended():
    processes = []

    def work():
        for number in count():
            yield number, os.getpid()

    made = isolated(work, (), 30)
    processes.append(next(made)[1])
    made.close()
    with pytest.raises(ProcessLookupError):
        os.kill(processes[0], 0)
