"""Programs started on free loopback ports, and ended with what started them."""

import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from headgate.core.errors import Unavailable
from headgate.environment import CHECKOUT

START_SECONDS = 30
PAUSE_SECONDS = 0.05


# Below the ports that systems give to outgoing connections (Linux: from 32768), any of which
# could take a port between its being found free and its being listened on.
PORTS = range(12_000, 30_000)
_given: set[int] = set()


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody holds now, and not twice the same."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in _given:
            _given.add(port)
            return port


def program(name: str) -> str | None:
    """Given a program's name, return its path, also from the folders of administrators."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def script(name: str) -> list[str]:
    """Given one of our scripts, return the words that start it."""
    return [sys.executable, str(CHECKOUT / "bin" / name)]


class Running:
    """A program at work; its output lies in a file."""

    def __init__(self, words: Sequence[str], output: Path, **arguments: Any) -> None:
        self.output = output
        with output.open("ab") as file:
            self.process = subprocess.Popen(words, stdout=file, stderr=file, **arguments)

    def wait_until(self, is_ready: Callable[[], bool], what: str) -> None:
        """Given what tells that it is ready, wait. Raise Unavailable when it ends first."""
        deadline = time.monotonic() + START_SECONDS
        while not is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                tail = self.output.read_text(errors="replace")[-500:]
                raise Unavailable(f"{what} did not start; it said: {tail}")
            time.sleep(PAUSE_SECONDS)

    def said(self) -> str:
        """Return what it printed so far."""
        return self.output.read_text(errors="replace")

    def stop(self) -> int:
        """Ask it to end, and wait; return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


def is_listening(port: int) -> bool:
    """Given a loopback port, return whether somebody answers there."""
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0
