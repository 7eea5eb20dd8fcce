"""Work that may crash, like a native decoder on hostile bytes, in a process of its own."""

import gc
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, TypeVar

Made = TypeVar("Made")
OVER = None
SET_PARENT_DEATH_SIGNAL = 1  # prctl(2)


def ending_with_us() -> Callable[[], None]:
    """Return what a process that we fork calls first, so that it ends when we do."""
    import ctypes

    library, parent = ctypes.CDLL(None), os.getpid()

    def bind() -> None:
        library.prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return bind


class Crashed(Exception):
    """The process died, was silent for too long, or told of an error: the text says which."""


def isolated(
    work: Callable[[], Iterator[Made]], expected: tuple[type[Exception], ...], seconds: float
) -> Iterator[Made]:
    """Given what makes things one after the other and what it may raise, yield them as a process
    of their own makes them.

    Raise Crashed when it raises, when the process dies, or needs more than so many seconds for one.
    """
    reader, writer = Pipe(duplex=False)
    process = os.fork()
    if process == 0:
        _work(work, expected, writer)
    writer.close()
    try:
        while (made := _next(reader, seconds, process)) is not OVER:
            if isinstance(made, Crashed):
                raise made
            yield made[0]
    finally:
        reader.close()
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(process, 0)


def _next(reader: Connection, seconds: float, process: int) -> Any:
    if not reader.poll(seconds):
        raise Crashed(f"it took longer than {seconds:.0f} s")
    try:
        return reader.recv()
    except EOFError:
        _, status = os.waitpid(process, 0)
        raise Crashed(f"its process ended with {os.waitstatus_to_exitcode(status)}") from None


def _work(
    work: Callable[[], Iterator[Any]], expected: tuple[type[Exception], ...], writer: Connection
) -> None:
    """In the new process: make things and send each; a core dump would hold a patient's pixels."""
    code = 1
    try:
        gc.freeze()
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends this
        try:
            for made in work():
                writer.send((made,))
            writer.send(OVER)
        except expected as error:
            writer.send(Crashed(type(error).__name__))
        code = 0
    finally:
        os._exit(code)
