"""The journey of the demonstration: what cron does, in its order, until all is settled."""

import csv
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from headgate.core.states import State
from headgate.demo import scanner
from headgate.demo.site import Result, Site
from headgate.stores.dicomnet.pacs import Peer
from headgate.stores.layout import Layout
from headgate.stores.queues import Queues
from headgate.stores.spool import Spool
from headgate.stores.tables import Tables
from headgate.stores.trees import Trees

PROJECT, EVENT = "DEMO", "Baseline"
LONGEST_SECONDS = 300
PAUSE_SECONDS = 0.1
OPEN = (State.QUEUED, State.ACTIVE, State.SENT)
Say = Callable[[str], None]


@dataclass
class Sent:
    """What the scanner sent: the shots, their statuses, and files that no C-STORE can carry."""

    shots: list[scanner.Shot] = field(default_factory=list)
    statuses: dict[Path, int] = field(default_factory=dict)
    unsendable: dict[Path, str] = field(default_factory=dict)


def send(site: Site, paths: Iterable[Path]) -> Sent:
    """Given files, send what can be sent to the site's receiver."""
    sent = Sent()
    for path in paths:
        try:
            sent.shots.append(scanner.load(path))
        except scanner.Rejected as reason:
            sent.unsendable[path] = str(reason)
    peer = Peer("127.0.0.1", site.port, "HEADGATE", "SCANNER", 60)
    sent.statuses = scanner.send(peer, sent.shots)
    return sent


def carry(site: Site, tables: Tables, say: Say) -> None:
    """Given what arrived, run the scripts in cron's order until nothing is left to do."""
    say("indexing what arrived")
    _run(site, "process")
    say("listing the studies in REDCap")
    _until(lambda: _run(site, "populate-incoming"), lambda: not _is_listing(site))
    say("assigning by coupling list")
    tables.projects.write([_project()])
    coupling_list = _write_coupling_list(site)
    _run(site, "assign", "--coupling-list", str(coupling_list), "--project", PROJECT)
    _run(site, "populate-incoming")
    say("requesting the transfers")
    _run(site, "create-transfer-requests")
    say("de-identifying and sending")
    _until(lambda: _run(site, "anonymize-and-send"), lambda: not _is_open(site))


def participant_of(number: int) -> str:
    """Given a study's number, return the participant that it is of."""
    return f"{PROJECT}-{number:03d}"


def _project() -> dict[str, Any]:
    return {
        "record_id": "1",
        "project_name": PROJECT,
        "project_patient_naming": rf"{PROJECT}-[0-9]{{3}}",
        "project_active": "1",
    }


def _write_coupling_list(site: Site) -> Path:
    path = site.folder / "coupling-list.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["study_instance_uid", "participant", "event"])
        for number, study in enumerate(Trees(Layout(site.datadir)).studies(), 1):
            writer.writerow([study, participant_of(number), EVENT])
    return path


def _run(site: Site, *words: str) -> Result:
    return site.run(*words)


def _until(work: Callable[[], Result], is_done: Callable[[], bool]) -> None:
    """Run again and again, as cron does, until done or until it takes too long."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        work()
        if is_done() or time.monotonic() > deadline:
            return
        time.sleep(PAUSE_SECONDS)


def _is_listing(site: Site) -> bool:
    spool = Spool(Layout(site.datadir))
    return bool(spool.changed() or spool.settled())


def _is_open(site: Site) -> bool:
    queues = Queues(Layout(site.datadir))
    return any(queues.ids(state) for state in OPEN)
