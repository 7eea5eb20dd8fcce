"""Processes that share the receiver's ports; one that dies is replaced and takes no other along."""

import logging
import os
import signal
import sys
import time
from collections.abc import Callable

log = logging.getLogger("headgate.receiver")

MOST_ABORTED = 100  # of a process's exit code, which has room for 255
BROKEN = 101
LOOK_SECONDS = 0.25
STOP_SECONDS = 0.02


class Workers:
    """Processes forked from this one. `work(number, wait)` runs in each: when `wait()` returns it
    has to end, at once where that is False, and returns how many associations it had to abort.
    """

    def __init__(self, count: int, work: Callable[[int, Callable[[], bool]], int]) -> None:
        self._work = work
        self._alive: dict[int, int] = {}
        for number in range(count):
            self._fork(number)

    def replace_dead(self, forget: Callable[[int], None]) -> int:
        """Start a process for each that died, of which `forget` is told; return how many."""
        dead = self._reaped()
        for process, number, _ in dead:
            log.error("receiver process %d died and is replaced", process)
            forget(number)
            self._fork(number)
        return len(dead)

    def stop(self, meanwhile: Callable[[], object]) -> int:
        """Have every process end, and do something again and again meanwhile; return how many
        associations were aborted in all.
        """
        for process in self._alive:
            os.kill(process, signal.SIGTERM)
        codes: list[int] = []
        while self._alive:
            codes += [code for _, _, code in self._reaped()]
            meanwhile()
            time.sleep(STOP_SECONDS)
        return sum(code for code in codes if 0 < code <= MOST_ABORTED)

    def _fork(self, number: int) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        # before there is a process that could be told to end and not yet wait for it
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        parent, process = os.getpid(), os.fork()
        if process:
            self._alive[process] = number
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return
        code = BROKEN
        try:
            for one in (signal.SIGINT, signal.SIGHUP):  # the parent is told, and tells
                signal.signal(one, signal.SIG_IGN)
            code = min(self._work(number, lambda: _wait(parent)), MOST_ABORTED)
        finally:
            os._exit(code)

    def _reaped(self) -> list[tuple[int, int, int]]:
        found = []
        for process in list(self._alive):
            done, status = os.waitpid(process, os.WNOHANG)
            if done:
                number = self._alive.pop(process)
                found.append((process, number, os.waitstatus_to_exitcode(status)))
        return found


def _wait(parent: int) -> bool:
    """Wait until this process is told to end, or its parent is no more: then the next one waits
    for the lock and the ports, and nobody tells of this one. Return whether it was told.
    """
    while os.getppid() == parent:
        if signal.sigtimedwait({signal.SIGTERM}, LOOK_SECONDS):
            return True
    return False
