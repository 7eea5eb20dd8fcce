"""kill -9 between every two steps of the receiver: what it acknowledged is there, whole and once."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import factories
from headgate.core.errors import Unavailable
from headgate.demo.processes import free_port, is_listening
from headgate.stores.dicomnet import pacs
from headgate.stores.layout import Layout
from headgate.stores.quarantine.archive import Archive
from killing import KILLED

EXPLICIT = "1.2.840.10008.1.2.1"
SUCCESS = 0
LONGEST = 200


def is_alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def send(port, datasets):
    """Send over one association; return the UIDs that were acknowledged."""
    taken = []
    peer = pacs.Peer("127.0.0.1", port, "HEADGATE", "SCANNER", 5)
    try:
        with pacs.associated(peer, [(factories.CT, EXPLICIT)]) as association:
            for one in datasets:
                body = factories.encoded(one)[1]
                if association.store(factories.CT, one.SOPInstanceUID, EXPLICIT, body) == SUCCESS:
                    taken.append(str(one.SOPInstanceUID))
    except Unavailable:
        pass
    return taken


def receive(zygote, datadir, datasets, at):
    """Run a receiver that dies before step `at`; return what it acknowledged, and its ending."""
    port = free_port()
    process = zygote.begin("storescpd", ["--datadir", str(datadir), "--port", str(port)], at=at)
    while is_alive(process) and not is_listening(port):
        continue
    taken = send(port, datasets) if is_alive(process) else []
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    return taken, zygote.end()


def test_a_receiver_killed_at_any_step_keeps_what_it_acknowledged(zygote, tmp_path):
    study = factories.Study("killed")
    datasets = list(study.instances(2))
    bodies = {str(one.SOPInstanceUID): factories.encoded(one)[1] for one in datasets}
    at, code, acknowledged = 0, KILLED, 0
    while code == KILLED:
        at += 1
        layout = Layout(tmp_path / f"data-{at}")
        taken, ending = receive(zygote, layout.datadir, datasets, at)
        code = ending.code
        acknowledged += len(taken)
        archive = Archive(layout)
        filed = {path.name: path for path in archive.files_of(study.uid)}
        links = {archive.announced(link) for link in layout.arrived.glob("*")}
        for name in taken:
            assert filed[name].read_bytes().endswith(bodies[name]), f"lost at step {at}"
            assert filed[name] in links, f"not announced at step {at}"
        for name, path in filed.items():
            assert path.read_bytes().endswith(bodies[name]), f"half written at step {at}"
        if code == KILLED:
            taken, ending = receive(zygote, layout.datadir, datasets, 0)
            assert ending.code == 0, ending
            assert taken == list(bodies)
        assert {path.name for path in archive.files_of(study.uid)} == set(bodies)
        assert len(list(layout.arrived.iterdir())) == 2
        assert not list(layout.temp.iterdir())
    assert code == 0
    assert acknowledged > 2
    assert 20 < at < LONGEST
