"""Scripts that die at a chosen step, or run without the rights of root."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ZYGOTE = Path(__file__).parent / "crash" / "zygote.py"
KILLED = -9
# root may read and write all; a service's user may not
WITHOUT_RIGHTS = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
)


@dataclass
class Ending:
    """How a run ended: exit code, the steps that it took, what it said."""

    code: int
    steps: int
    said: str


class Zygote:
    """The process that forks a child for each run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, str(ZYGOTE)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, gateway: Any, script: str, fault: str = "kill", at: int = 0) -> Ending:
        """Given a gateway and a script, run it; let the fault strike before step `at`."""
        self.begin(script, ["-c", str(gateway.site.config)], fault, at)
        return self.end()

    def begin(self, script: str, words: list[str], fault: str = "kill", at: int = 0) -> int:
        """Begin to run a script; return its process id."""
        job = {
            "script": script,
            "words": words,
            "fault": fault,
            "at": at,
            "folder": str(self.folder),
        }
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return int(json.loads(self.process.stdout.readline())["pid"])

    def end(self) -> Ending:
        """Wait until the script has ended; return how."""
        return Ending(**json.loads(self.process.stdout.readline()))


@pytest.fixture(scope="session")
def zygote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    running = Zygote(tmp_path_factory.mktemp("zygote"))
    yield running
    running.process.stdin.close()
    running.process.wait(20)
