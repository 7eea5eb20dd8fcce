"""A gateway of its own under one folder: configuration, secrets, tracker, receiver, PACS."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headgate.demo.processes import Running, free_port, is_listening, script
from headgate.environment import CHECKOUT
from headgate.settings.redcap import TokenFiles
from headgate.stores import secrets

TITLES = {  # token file: title of the REDCap project
    "incoming": "Incoming",
    "projects": "DataTransferProjects",
    "routing": "Routing",
    "coupling_list": "CouplingList",
    "auto_id": "AutoID",
    "what_is_in_pacs": "WhatIsInIDS7",
}
KEY_BYTES = 32


@dataclass(frozen=True)
class Result:
    """What a script ended with: its exit code, its JSON objects, its complaints."""

    code: int
    lines: list[dict[str, Any]]
    complaints: str


class Site:
    """Given a folder and where REDCap and the PACS are, a configured gateway."""

    def __init__(
        self, folder: Path, redcap: str, tokens: dict[str, str], pacs_port: int, **settings: Any
    ) -> None:
        self.folder = folder
        self.datadir = folder / "data"
        self.logs = folder / "logs"
        self.config = folder / "headgate.toml"
        self.port = free_port()
        for place in (self.datadir, self.logs, folder / "secrets"):
            place.mkdir(parents=True, exist_ok=True)
        if not (key := folder / "secrets" / "deid.key").exists():
            secrets.write_key(key, os.urandom(KEY_BYTES).hex())
        for name, title in TITLES.items():
            path = folder / "secrets" / name
            path.unlink(missing_ok=True)
            with secrets.new_file(path) as file:
                file.write(tokens[title])
        self.config.write_text(self._toml(redcap, pacs_port, settings))
        self._receiver: Running | None = None

    def start_receiver(self) -> None:
        """Start storescpd, and wait until it listens."""
        words = [*script("storescpd"), "-c", str(self.config)]
        self._receiver = Running(words, self.folder / "storescpd.out")
        self._receiver.wait_until(lambda: is_listening(self.port), "storescpd")

    def stop_receiver(self) -> int:
        """End storescpd; return its exit code."""
        return self._receiver.stop() if self._receiver else 0

    def run(self, name: str, *words: str) -> Result:
        """Given a script and its words, run it; return what it ended with."""
        command = [*script(name), "-c", str(self.config), "--json", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        return Result(done.returncode, lines, done.stderr)

    def _toml(self, redcap: str, pacs_port: int, settings: dict[str, Any]) -> str:
        quiet = settings.get("quiet_seconds", 1.0)
        tokens = "\n".join(
            f'{name} = "{self.folder}/secrets/{name}"' for name in TokenFiles.__annotations__
        )
        return f"""
datadir = "{self.datadir}"
log_directory = "{self.logs}"
[receiver]
port = {self.port}
address = "127.0.0.1"
free_floor_megabytes = {settings.get("free_floor_megabytes", 1)}
[incoming]
quiet_seconds = {quiet}
[redcap]
url = "{redcap}"
timeout_seconds = {settings.get("redcap_timeout", 10.0)}
[redcap.token_files]
{tokens}
[pacs.research]
host = "127.0.0.1"
port = {pacs_port}
timeout_seconds = {settings.get("pacs_timeout", 10.0)}
proof = "{settings.get("proof", "c-find")}"
[sending]
retry_first_seconds = {settings.get("retry_first", 0.2)}
retry_longest_seconds = {settings.get("retry_longest", 1.0)}
[deid]
key_file = "{self.folder}/secrets/deid.key"
[heartbeat]
restart_command = []
"""
