"""All of crontab.example, minute after minute, while studies arrive and REDCap and the PACS go away."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path

import factories
import pytest
from filelock import FileLock
from gateways import DICTIONARIES, Gateway, needs
from headgate.core.model import Fate
from headgate.core.states import State
from headgate.demo.archives import Orthanc
from headgate.demo.site import Site
from headgate.stores.dicomnet import pacs
from headgate.tracker import server

CHECKOUT = Path(__file__).resolve().parents[2]
LINE = re.compile(r"(\S+)\s+\S+\s+\S+\s+\S+\s+\S+\s+(\$HEADGATE/\S.*)")
SECONDS_A_MINUTE, MINUTES, MOST_MINUTES = 6.0, 10, 25
REDCAP_AWAY, PACS_AWAY = range(3, 5), range(5, 7)
STUDIES, INSTANCES = 8, 3
EXPLICIT = "1.2.840.10008.1.2.1"
# done, some failed, what is asked is away, another run is at work
UNREACHABLE = 69
EXPECTED_CODES = {0, 1, UNREACHABLE, 75}


def crontab() -> tuple[list[str], list[str]]:
    """Return the commands of each minute, and those that come more seldom."""
    lines = [LINE.match(line) for line in (CHECKOUT / "crontab.example").read_text().splitlines()]
    found = [match.groups() for match in lines if match]
    each = [command for when, command in found if when == "*/1"]
    return each, [command for when, command in found if when != "*/1"]


def variables() -> dict[str, str]:
    """Return what crontab.example sets for every command."""
    text = (CHECKOUT / "crontab.example").read_text()
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


class Cron:
    """Starts commands as cron does: by sh, beside each other, whether the last have ended or not."""

    def __init__(self, config: Path, mails: Path) -> None:
        self.environment = variables() | {
            "PATH": os.environ["PATH"], "HEADGATE": str(CHECKOUT), "HEADGATE_CONFIG": str(config),
        }  # fmt: skip
        self.mails, self.running, self.codes = mails, [], Counter()
        mails.mkdir()

    def start(self, commands: list[str]) -> None:
        for command in commands:
            words, script = ["/bin/sh", "-c", command], command.rpartition("/")[2]
            with (self.mails / script.split()[0]).open("ab") as mail:
                process = subprocess.Popen(words, env=self.environment, stdout=mail, stderr=mail)
            self.running.append((script, process))

    def wait(self) -> None:
        for command, process in self.running:
            self.codes[command, process.wait(120)] += 1
        self.running.clear()


@pytest.fixture
def an_orthanc(tmp_path):
    needs("Orthanc", "orthanc")
    running = Orthanc(tmp_path / "orthanc")
    yield running
    running.stop()


@pytest.fixture
def gateway(tmp_path, tracker, an_orthanc):
    site = Site(tmp_path / "site", tracker.url, tracker.tokens, an_orthanc.port)
    site.start_receiver()
    yield Gateway(site)
    site.stop_receiver()


class Stream(threading.Thread):
    """Sends a study now and then; a sender that is not answered tries again."""

    def __init__(self, gateway, studies, seconds):
        super().__init__(daemon=True)
        self.gateway, self.studies, self.seconds = gateway, studies, seconds
        self.over = threading.Event()

    def run(self):
        for study in self.studies:
            self.send(study)
            if self.over.wait(self.seconds):
                return

    def send(self, study):
        peer = pacs.Peer("127.0.0.1", self.gateway.site.port, "HEADGATE", "SCANNER", 30)
        with pacs.associated(peer, [(factories.CT, EXPLICIT)]) as association:
            for one in study.instances(INSTANCES):
                body = factories.encoded(one)[1]
                assert association.store(factories.CT, one.SOPInstanceUID, EXPLICIT, body) == 0


def made(gateway, own_redcap):
    """The studies, coupled, and the project's own REDCap."""
    own = own_redcap("E1")
    gateway.project(project_token=own.token)
    studies = [factories.Study(f"cron {n}", accession=f"CRON{n}") for n in range(STUDIES)]
    for number, study in enumerate(studies):
        gateway.couple(study, participant=f"P-{number:03d}")
    return own, studies


def is_over(gateway, studies):
    queues = gateway.context().queues
    waits = any(queues.ids(state) for state in State if state is not State.DONE)
    done = {request.study for request in queues.each(State.DONE)}
    return not waits and done == {study.uid for study in studies}


def test_ten_minutes_of_cron_bring_everything_to_its_end_once(
    gateway, tracker, an_orthanc, own_redcap, tmp_path
):
    own, studies = made(gateway, own_redcap)
    each, seldom = crontab()
    cron = Cron(gateway.site.config, tmp_path / "mails")
    stream = Stream(gateway, studies, 0.7 * MINUTES * SECONDS_A_MINUTE / STUDIES)
    stream.start()
    running, port = tracker, int(re.search(r":(\d+)/", tracker.url)[1])
    for minute in range(MOST_MINUTES):
        began = time.monotonic()
        if minute == REDCAP_AWAY.start:
            running.stop()
        if minute == REDCAP_AWAY.stop:
            running = server.start(tmp_path / "tracker.sqlite", port, DICTIONARIES)
        if minute == PACS_AWAY.start:
            an_orthanc.stop()
        if minute == PACS_AWAY.stop:
            an_orthanc.start()
        cron.start(each + seldom[minute::MINUTES])
        if minute < MINUTES:
            time.sleep(max(0.0, began + SECONDS_A_MINUTE - time.monotonic()))
            continue
        cron.wait()
        if is_over(gateway, studies) and len(told(own)) == STUDIES:
            break
    stream.join(60)
    check_ends(gateway, studies, an_orthanc, own)
    check_traces(gateway, cron, tmp_path / "mails")
    running.stop()


def told(own):
    rows = own.export_records()
    return [row for row in rows if row["redcap_repeat_instrument"] == "imaging"]


def check_ends(gateway, studies, orthanc, own):
    """Everything is done, and nothing twice."""
    assert is_over(gateway, studies)
    context = gateway.context()
    assert Counter(request.study for request in context.queues.each(State.DONE)) == Counter(
        study.uid for study in studies
    )
    assert orthanc.count() == STUDIES * INSTANCES
    for study in studies:
        (transfer,) = gateway.rows(study, "transfers")
        assert transfer["transfer_date"]
        assert len(gateway.rows(study, "series")) == 1
        ledger = context.ledger.of_study(study.uid)
        assert [one.fate for several in ledger.values() for one in several] == (
            [Fate.STORED] * INSTANCES
        )
    assert len({row["img_study_instance_uid"] for row in told(own)}) == len(told(own)) == STUDIES
    assert not list(gateway.layout.temp.iterdir())


def check_traces(gateway, cron, mails):
    """No lock is left, nothing died of a bug, nobody is named in logs, mails, or metrics, and
    what lasted was mailed once.
    """
    codes = {code for _, code in cron.codes}
    assert codes <= EXPECTED_CODES, cron.codes
    assert UNREACHABLE in codes, "nobody noticed that REDCap and the PACS were away"
    for lock in gateway.layout.locks.iterdir():
        if lock.stem != "storescpd":
            with FileLock(lock, timeout=0):
                pass
    assert any(path.stat().st_size for path in mails.iterdir())
    for path in mails.iterdir():
        lines = Counter(re.sub(r"\b\d{1,3} (?=s\b|times)", "", path.read_text()).splitlines())
        assert set(lines.values()) <= {1}, (path.name, lines)
    written = [*gateway.site.logs.iterdir(), *gateway.layout.metrics.iterdir(), *mails.iterdir()]
    words = (*factories.PLANTED, "CRON")
    for path in written:
        text = path.read_text()
        assert not [word for word in words if word in text], path.name
