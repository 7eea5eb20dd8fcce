"""Real peers: the tracker, Orthanc, a gateway of its own for each test."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import factories
import pytest
import redcap
import requests
from headgate import config
from headgate.context import Context
from headgate.core import fields
from headgate.core.model import Request
from headgate.core.states import State
from headgate.demo import archives
from headgate.demo.processes import program
from headgate.demo.site import TITLES, Site
from headgate.stores.dicomnet import pacs
from headgate.stores.layout import Layout
from headgate.tracker.model.dictionary import COLUMNS

IMAGING = Path(__file__).resolve().parents[1] / "config" / "project" / "imaging.csv"
DICTIONARIES = Path(__file__).resolve().parents[1] / "config" / "redcap"


def needs(name: str, package: str) -> str:
    """Given a program, return its path; without it the test is skipped, and fails in CI."""
    path = program(name)
    if path is None:
        message = f"{name} is missing: apt install {package}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture
def tracker(tmp_path: Path) -> Iterator[Any]:
    """An embedded REDCap with the six projects, and nothing in them."""
    from headgate.tracker import server

    running = server.start(tmp_path / "tracker.sqlite", 0, DICTIONARIES)
    yield running
    running.stop()


@pytest.fixture
def own_redcap(tracker: Any) -> Any:
    """Makes a project's own REDCap: longitudinal, with the imaging instrument in each event."""

    def make(*events: str, title: str = "own") -> Any:
        data = json.dumps({"project_title": title, "purpose": 0, "is_longitudinal": 1})
        asked = {"token": tracker.tokens["super"], "content": "project", "format": "json"}
        token = requests.post(tracker.url, data={**asked, "data": data}, timeout=30).text
        project = redcap.Project(tracker.url, token)
        with IMAGING.open(newline="") as file:
            project.import_metadata([
                {name: row[header] for name, header in COLUMNS.items()}
                for row in csv.DictReader(file)
            ])  # fmt: skip
        project.import_events([{"event_name": one, "arm_num": 1} for one in events])
        names = [one["unique_event_name"] for one in project.export_events()]
        project.import_instrument_event_mappings([
            {"arm_num": 1, "unique_event_name": name, "form": form}
            for name in names for form in ("participant", "imaging")
        ])  # fmt: skip
        project.import_repeating_instruments_events([
            {"event_name": name, "form_name": "imaging", "custom_form_label": ""}
            for name in names
        ])  # fmt: skip
        return project

    return make


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[archives.Orthanc]:
    """A research PACS; every site has a key of its own, so its instances are its own."""
    needs("Orthanc", "orthanc")
    running = archives.Orthanc(tmp_path_factory.mktemp("orthanc"))
    yield running
    running.stop()


@dataclass(eq=False)
class Gateway:
    """A site, and what a test wants to see of it."""

    site: Site

    def context(self, **options: Any) -> Context:
        """Return a fresh context on the site's configuration, as a run of a script has it."""
        return Context(config.read(self.site.config), options)

    @property
    def layout(self) -> Layout:
        return Layout(self.site.datadir)

    def receive(self, *datasets: Any) -> None:
        """Put data sets into the archive, as the receiver does."""
        context = self.context()
        context.prepare()
        for dataset in datasets:
            head, body = factories.encoded(dataset)
            context.archive.keep(
                str(dataset.StudyInstanceUID), str(dataset.SOPInstanceUID), head, memoryview(body)
            )

    def settle(self) -> None:
        """Let the quiet time pass for every study that changed."""
        for study in self.context().spool.changed():
            os.utime(self.layout.changed / study, (1, 1))

    def project(self, name: str = "P", **values: Any) -> None:
        """Make a research project."""
        row = {"record_id": name, "project_name": name, "project_active": "1"}
        self.context().tables.projects.write([row | values])

    def couple(
        self, study: factories.Study, participant: str = "P-001", project: str = "P"
    ) -> None:
        """Add a row to the coupling list."""
        row = {
            "record_id": uuid.uuid4().hex,
            "cl_accessionnumber": study.accession,
            "cl_projectname": project,
            "cl_subjectid": participant,
            "cl_eventname": "E1",
        }
        self.context().tables.coupling_list.write([row])

    def rows(self, study: factories.Study, form: str | None = None) -> list[dict[str, Any]]:
        """Return the rows that REDCap has of a study, of one form alone if asked."""
        found = self.context().tables.incoming.export(records=[study.uid])
        return [row for row in found if form is None or row["redcap_repeat_instrument"] == form]

    def correct(self, study: factories.Study, **values: Any) -> None:
        """Write over what stands in the study's first transfer row, as a person does."""
        row = {
            fields.INCOMING_RECORD: study.uid,
            fields.REPEAT_FORM: fields.TRANSFERS_FORM,
            fields.REPEAT_INSTANCE: 1,
        }
        self.context().tables.incoming.write([row | values], overwrite=True)

    def create_requests(self, *words: str) -> list[str]:
        """Run create-transfer-requests; return what it told."""
        result = self.site.run("create-transfer-requests", *words)
        assert result.code == 0, result
        return [line["text"] for line in result.lines]

    def requests_in(self, state: State) -> list[Request]:
        return list(self.context().queues.each(state))

    def to_queue(self, study: factories.Study, count: int = 3) -> None:
        """Bring a study to where its request is queued."""
        self.receive(*study.instances(count))
        self.project()
        self.couple(study)
        for script in ("process", None, "populate-incoming", "create-transfer-requests"):
            if script is None:
                self.settle()
            else:
                result = self.site.run(script)
                assert result.code == 0, result
        assert len(self.context().queues.ids("queued")) == 1

    def point_at(self, port: int) -> None:
        """Have the research PACS at another port."""
        head, _, tail = self.site.config.read_text().partition("[pacs.research]")
        tail = re.sub(r"port = \d+", f"port = {port}", tail, count=1)
        self.site.config.write_text(f"{head}[pacs.research]{tail}")

    def peer(self) -> pacs.Peer:
        return self.context().peer("")


@pytest.fixture
def a_gateway(tmp_path: Path, tracker: Any, orthanc: archives.Orthanc) -> Iterator[Gateway]:
    """A gateway with an embedded REDCap and Orthanc; its receiver is not started."""
    site = Site(tmp_path / "site", tracker.url, tracker.tokens, orthanc.port)
    yield Gateway(site)
    site.stop_receiver()


@pytest.fixture
def a_receiver(a_gateway: Gateway) -> Gateway:
    """A gateway whose receiver listens."""
    a_gateway.site.start_receiver()
    return a_gateway


@pytest.fixture
def a_layout(tmp_path: Path) -> Layout:
    """An empty data tree."""
    layout = Layout(tmp_path / "data")
    for folder in layout.folders():
        folder.mkdir(parents=True, exist_ok=True)
    return layout


@pytest.fixture
def a_small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes; only root may mount one."""
    import subprocess

    place = tmp_path / "small"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def a_tree(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway whose REDCap and PACS are not there: for scripts that need neither."""
    tokens = dict.fromkeys(TITLES.values(), "0" * 32)
    site = Site(tmp_path / "site", "http://127.0.0.1:9/api/", tokens, 9)
    yield Gateway(site)
    site.stop_receiver()
