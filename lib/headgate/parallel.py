"""Work shared among processes of its own: one that dies there takes nobody along."""

import gc
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from headgate.core.bugs import described
from headgate.core.errors import HeadgateError, Unavailable

TOLD_TOGETHER, TOLD_AFTER_SECONDS = 64, 0.2
Given = TypeVar("Given")
Made = TypeVar("Made")

log = logging.getLogger("headgate.parallel")
_fork = multiprocessing.get_context("fork")


def spread(
    work: Callable[[Given], Iterable[Made]], shares: Iterable[Given]
) -> Iterator[list[Made]]:
    """Given shares of something to do, do each in a process of its own; yield what comes of them,
    some at a time, as it comes.

    When all have ended, raise the first trouble that one of them had, or Unavailable where one
    died: what was yielded is done, the rest is not.
    """
    running: dict[Connection, multiprocessing.process.BaseProcess] = {}
    troubles: list[BaseException] = []
    try:
        for share in shares:
            reader, process = _begun(work, share, list(running))
            running[reader] = process
        while running:
            for reader in [one for one in wait(list(running)) if isinstance(one, Connection)]:
                try:
                    told = reader.recv()
                except EOFError:
                    process = running.pop(reader)
                    process.join()
                    if process.exitcode:
                        troubles.append(Unavailable("a process died at its work: it is done again"))
                    continue
                if isinstance(told, list):
                    yield told
                else:
                    troubles.append(told)
    finally:
        for process in running.values():
            process.terminate()
            process.join()
    if troubles:
        raise troubles[0]


def _begun(
    work: Callable[[Given], Iterable[Made]], share: Given, others: list[Connection]
) -> tuple[Connection, multiprocessing.process.BaseProcess]:
    reader, writer = _fork.Pipe(duplex=False)

    def run() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends this
        gc.freeze()  # what was here before is no garbage, and its memory stays shared
        for one in (reader, *others):
            one.close()
        with _Telling(writer) as telling:
            for made in work(share):
                telling.tell(made)

    process = _fork.Process(target=run, daemon=True)
    process.start()
    writer.close()
    return reader, process


class _Orphaned(Exception):
    """The parent is no more: nobody listens."""


class _Telling:
    """What a process tells its parent: some results at a time, and its trouble."""

    def __init__(self, writer: Connection) -> None:
        self._writer = writer
        self._parent = os.getppid()
        self._untold: list[object] = []
        self._told = time.monotonic()

    def tell(self, made: object) -> None:
        self._untold.append(made)
        late = time.monotonic() - self._told > TOLD_AFTER_SECONDS
        if late or len(self._untold) >= TOLD_TOGETHER:
            self._flush()
        if os.getppid() != self._parent:
            raise _Orphaned

    def __enter__(self) -> "_Telling":
        return self

    def __exit__(self, _kind: object, trouble: BaseException | None, _trace: object) -> bool:
        """Nothing goes to standard error: the message of what was not foreseen may quote a patient,
        and so it is told where it happened.
        """
        if not isinstance(trouble, _Orphaned):
            with suppress(_Orphaned):
                self._flush()
                self._tell_of(trouble)
        return True

    def _tell_of(self, trouble: BaseException | None) -> None:
        if isinstance(trouble, HeadgateError | OSError):
            self._send(trouble)
        elif trouble is not None:
            log.error("%s", described(trouble))
            self._send(RuntimeError(described(trouble)))

    def _flush(self) -> None:
        if self._untold:
            self._send(self._untold)
        self._untold, self._told = [], time.monotonic()

    def _send(self, told: object) -> None:
        try:
            self._writer.send(told)
        except BrokenPipeError:
            raise _Orphaned from None
