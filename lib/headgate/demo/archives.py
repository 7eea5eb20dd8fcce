"""A research PACS for the demonstration and the tests: Orthanc, or pynetdicom's own qrscp."""

import json
import sys
from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import requests
from pydicom.dataset import Dataset
from pydicom.filereader import dcmread

from headgate.demo.processes import Running, free_port, is_listening, program

AE_TITLE = "RESEARCH"


class Orthanc:
    """An Orthanc of its own, with its storage under a folder; `more` are settings of it."""

    def __init__(self, folder: Path, more: Mapping[str, Any] = MappingProxyType({})) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self.http_port = free_port(), free_port()
        settings = {
            "Name": AE_TITLE,
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "DicomAet": AE_TITLE,
            "DicomPort": self.port,
            "DicomCheckCalledAet": False,
            "DicomAlwaysAllowStore": True,
            "DicomAlwaysAllowFind": True,
            "UnknownSopClassAccepted": True,
            "HttpPort": self.http_port,
            "HttpServerEnabled": True,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "OverwriteInstances": True,
            "Plugins": [],
            **more,
        }
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self._folder = folder
        self.start()

    def start(self) -> None:
        """Start it, also again after it was stopped."""
        words = [str(program("Orthanc")), str(self._folder / "orthanc.json")]
        self._running = Running(words, self._folder / "orthanc.log")
        self._running.wait_until(self._answers, "Orthanc")

    @property
    def where(self) -> str:
        """Return where a person looks."""
        return f"http://127.0.0.1:{self.http_port}/"

    def instances(self) -> Iterator[Dataset]:
        """Yield every stored instance as it is stored."""
        for name in requests.get(f"{self.where}instances", timeout=30).json():
            answer = requests.get(f"{self.where}instances/{name}/file", timeout=30)
            yield dcmread(BytesIO(answer.content), force=True)

    def count(self) -> int:
        """Return how many instances are stored."""
        answer = requests.get(f"{self.where}statistics", timeout=30)
        return int(answer.json()["CountInstances"])

    def stop(self) -> None:
        """End it."""
        self._running.stop()

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.where}system", timeout=5).ok and is_listening(self.port)
        except requests.RequestException:
            return False


class Qrscp:
    """pynetdicom's qrscp application, where Orthanc is not installed."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._storage = folder / "instances"
        self._storage.mkdir(exist_ok=True)
        words = [
            sys.executable, "-m", "pynetdicom", "qrscp",
            "--port", str(self.port), "--ae-title", AE_TITLE,
            "--bind-address", "127.0.0.1",
            "--database-location", str(folder / "instances.sqlite"),
            "--instance-location", str(self._storage),
        ]  # fmt: skip
        self._running = Running(words, folder / "qrscp.log")
        self._running.wait_until(lambda: is_listening(self.port), "qrscp")

    @property
    def where(self) -> str:
        """Return where a person looks."""
        return str(self._storage)

    def instances(self) -> Iterator[Dataset]:
        """Yield every stored instance as it is stored."""
        for path in sorted(self._storage.iterdir()):
            yield dcmread(path, force=True)

    def count(self) -> int:
        """Return how many instances are stored."""
        return len(list(self._storage.iterdir()))

    def stop(self) -> None:
        """End it."""
        self._running.stop()


Pacs = Orthanc | Qrscp


def start(folder: Path) -> Pacs:
    """Given a folder, start a research PACS that keeps its data there."""
    return Orthanc(folder) if program("Orthanc") else Qrscp(folder)
