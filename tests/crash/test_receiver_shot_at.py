"""kill -9 of any process of the receiver at any moment, while DCMTK's tools send and try again."""

from __future__ import annotations

import os
import random
import signal
import socket
import struct
import subprocess
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path

import factories
from gateways import needs
from headgate.core.upperlayer.pdus import AssociateRequest, Proposal
from headgate.core.upperlayer.requesting import associate_request
from headgate.demo.processes import Running, free_port, is_listening, script
from headgate.stores.dicomfiles import read_instance
from headgate.stores.layout import Layout
from headgate.stores.quarantine.archive import Archive

SHOTS, SENDERS, IDLE = 200, 4, 200
PARENT_ONE_IN = 10
RST = struct.pack("ii", 1, 0)


class Target:
    """A receiver that is started again when its parent process was shot."""

    def __init__(self, folder: Path) -> None:
        self.port, self.folder, self.layout = free_port(), folder, Layout(folder / "data")
        self.config = folder / "headgate.toml"
        self.config.write_text(
            f'datadir = "{folder}/data"\nlog_directory = ""\n'
            f"[receiver]\nport = {self.port}\nmaximum_associations = 1000\ngrace_seconds = 1.0\n"
        )
        self.idle: list[socket.socket] = []
        self.start()

    def start(self) -> None:
        """Start it, as a service manager does: again, until the port and the lock are free."""
        words = [*script("storescpd"), "-c", str(self.config)]
        for number in count():
            self.running = Running(words, self.folder / f"out-{number}")
            while self.running.process.poll() is None and not is_listening(self.port):
                pass
            if self.running.process.poll() is None and self.workers():
                return

    def workers(self) -> list[int]:
        """Wait for every worker; none where the parent has ended."""
        parent, found = self.running.process.pid, []
        while len(found) < 2 and self.running.process.poll() is None:
            with suppress(FileNotFoundError, ProcessLookupError):
                found = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
        return list(map(int, found))

    def shoot(self, dice: random.Random) -> None:
        """Kill one process at random."""
        if dice.randrange(PARENT_ONE_IN) == 0:
            self.running.process.kill()
            self.running.process.wait()
            self.start()
        elif workers := self.workers():
            with suppress(ProcessLookupError):
                os.kill(dice.choice(workers), signal.SIGKILL)

    def hold_open(self) -> None:
        """Have many associations open that say nothing."""
        for one in self.idle:
            one.close()
        self.idle = []
        proposal = Proposal(1, factories.CT, ("1.2.840.10008.1.2.1",))
        request = associate_request(AssociateRequest("HEADGATE", "IDLE", (proposal,)))
        for _ in range(IDLE):
            with suppress(OSError):
                one = socket.create_connection(("127.0.0.1", self.port), 5)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RST)
                one.sendall(request)
                self.idle.append(one)


class Sender(threading.Thread):
    """Sends one file after the other, each until the tool says that it was taken."""

    def __init__(self, tool: str, port: int, files: list[Path], progress: threading.Semaphore):
        super().__init__(daemon=True)
        self.command = [needs(tool, "dcmtk"), "-aec", "HEADGATE", "127.0.0.1", str(port)]
        self.files, self.progress, self.taken = iter(files), progress, []
        self.over = threading.Event()

    def run(self) -> None:
        for path in self.files:
            while not self.over.is_set():
                done = subprocess.run([*self.command, str(path)], capture_output=True, check=False)
                if done.returncode == 0:
                    self.taken.append(path)
                    self.progress.release()
                    break
            if self.over.is_set():
                return


def test_whatever_is_shot_what_was_acknowledged_is_there_once_and_whole(tmp_path):
    dice, progress = random.Random(1), threading.Semaphore(0)
    target = Target(tmp_path)
    senders = []
    for number in range(SENDERS):
        study = factories.Study(f"shot{number}")
        files = factories.save(study.instances(SHOTS * 3), tmp_path / f"in{number}")
        tool = ("dcmsend", "storescu")[number % 2]
        senders.append(Sender(tool, target.port, files, progress))
    for one in senders:
        one.start()
    target.hold_open()
    for shot in range(SHOTS):
        target.shoot(dice)
        if shot % 20 == 0:
            target.hold_open()
        assert progress.acquire(timeout=60), "nothing is received any more"
    for one in senders:
        one.over.set()
    for one in senders:
        one.join(60)
    target.running.stop()
    archive = Archive(target.layout)
    links = {archive.announced(link) for link in target.layout.arrived.iterdir()}
    taken = [path for one in senders for path in one.taken]
    assert len(taken) >= SHOTS
    for path in taken:
        sent = read_instance(path)
        study, name = str(sent.header.StudyInstanceUID), str(sent.header.SOPInstanceUID)
        filed = target.layout.study_archive(study) / name
        assert bytes(read_instance(filed).stored) == bytes(sent.stored)
        assert filed in links
    # nothing beside them: each is there once, for other bytes would have a name of their own
    sent_names = {str(read_instance(path).header.SOPInstanceUID) for path in tmp_path.glob("in*/*")}
    assert {one.name for one in archive.instances()} <= sent_names
    archive.clear_temporary()
    assert not list(target.layout.temp.iterdir())
