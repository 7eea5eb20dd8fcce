"""storescpd as a process, and real senders: DCMTK's tools and pynetdicom."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

import factories
import pytest
from gateways import needs
from headgate.demo.processes import Running, free_port, is_listening, script
from headgate.stores.dicomfiles import read_header
from headgate.stores.dicomnet import pacs
from headgate.stores.layout import Layout
from pynetdicom import AE
from pynetdicom.presentation import build_context
from pynetdicom.sop_class import _STORAGE_CLASSES

SUCCESS, PROCESSING_FAILURE, OUT_OF_RESOURCES = 0x0000, 0x0110, 0xA700
EXPLICIT = "1.2.840.10008.1.2.1"
STUDY = factories.Study()


class Receiver:
    """A storescpd of its own, as `--datadir` and `--port` start it, or with a configuration."""

    def __init__(self, folder: Path, datadir: Path | None = None, settings: str = "") -> None:
        self.port = free_port()
        self.layout = Layout(datadir or folder / "data")
        config = folder / "headgate.toml"
        config.write_text(f'log_directory = ""\n[receiver]\nport = {self.port}\n{settings}')
        words = [*script("storescpd"), "--datadir", str(self.layout.datadir), "-c", str(config)]
        self.running = Running(words, folder / f"storescpd-{self.port}.out")
        self.running.wait_until(lambda: "listening" in self.running.said(), "storescpd")

    def peer(self, calling="SCANNER", called="HEADGATE"):
        return pacs.Peer("127.0.0.1", self.port, called, calling, 20)

    def store(self, *datasets, calling="SCANNER"):
        """Send data sets over one association; return their statuses."""
        statuses = []
        with pacs.associated(
            self.peer(calling), {(str(one.SOPClassUID), EXPLICIT) for one in datasets}
        ) as association:
            for one in datasets:
                body = factories.encoded(one)[1]
                statuses.append(
                    association.store(one.SOPClassUID, one.SOPInstanceUID, EXPLICIT, body)
                )
        return statuses

    def files(self):
        return sorted(path for path in self.layout.archive.rglob("*") if path.is_file())

    def links(self):
        return sorted(self.layout.arrived.iterdir())


@pytest.fixture
def a_storescpd(tmp_path):
    started = []

    def start(**arguments):
        started.append(Receiver(tmp_path, **arguments))
        return started[-1]

    yield start
    for one in started:
        one.running.stop()


@pytest.mark.parametrize("tool", ["dcmsend", "storescu"])
def test_dcmtk_sends_and_what_is_filed_is_what_was_sent(a_storescpd, tmp_path, tool):
    program = needs(tool, "dcmtk")
    receiver = a_storescpd()
    sent = factories.save(STUDY.instances(3), tmp_path / "files")
    command = [program, "-aet", "CT1", "-aec", "HEADGATE", "127.0.0.1", str(receiver.port)]
    subprocess.run([*command, *map(str, sent)], check=True, capture_output=True)
    assert len(receiver.files()) == len(receiver.links()) == 3
    bodies = {path.read_bytes()[-400:] for path in sent}
    for path in receiver.files():
        assert path.read_bytes()[-400:] in bodies
        meta = read_header(path).file_meta
        assert meta.SourceApplicationEntityTitle == "CT1"
        assert meta.ReceivingApplicationEntityTitle == "HEADGATE"
        assert meta.SendingPresentationAddress == "dicom://127.0.0.1"


def test_echoscu_is_answered(a_storescpd):
    receiver = a_storescpd()
    program = needs("echoscu", "dcmtk")
    assert subprocess.run([program, "127.0.0.1", str(receiver.port)], check=False).returncode == 0


def test_the_data_set_is_written_byte_for_byte_even_where_it_makes_no_sense(a_storescpd):
    receiver = a_storescpd()
    body = factories.encoded(STUDY.instance())[1] + b"\x99\x99\x99\x99garbage"
    instance = factories.uid("strange")
    with pacs.associated(receiver.peer(), [(factories.CT, EXPLICIT)]) as association:
        assert association.store(factories.CT, instance, EXPLICIT, body) == SUCCESS
    (path,) = receiver.files()
    assert path.read_bytes().endswith(body)


def test_every_storage_class_known_unknown_and_private_is_taken(a_storescpd):
    receiver = a_storescpd()
    classes = [
        *_STORAGE_CLASSES.values(),
        "1.2.840.10008.5.1.4.1.1.999.1",
        "1.3.12.2.1107.5.9.1",
    ]
    syntaxes = [EXPLICIT, "1.2.840.10008.1.2.4.201", "1.2.840.113619.5.2"]
    kinds = [(str(one), syntaxes[number % 3]) for number, one in enumerate(classes)]
    # a hanging protocol and a palette have no patient
    kinds += [("1.2.840.10008.5.1.4.38.1", EXPLICIT), ("1.2.840.10008.5.1.4.39.1", EXPLICIT)]
    body = factories.encoded(STUDY.instance())[1]
    for start in range(0, len(kinds), 100):
        some = kinds[start : start + 100]
        with pacs.associated(receiver.peer(), some) as association:
            for number, (sop_class, syntax) in enumerate(some, start):
                status = association.store(sop_class, f"1.2.3.{number}", syntax, body)
                assert status == SUCCESS, (sop_class, syntax)
    assert len(receiver.files()) == len(kinds)


def test_the_same_again_is_accepted_and_other_bytes_are_kept_with_a_warning(a_storescpd):
    receiver = a_storescpd()
    one, other = STUDY.instance(), STUDY.instance(StudyDescription="other")
    assert receiver.store(one, one, other) == [SUCCESS] * 3
    assert len(receiver.files()) == 2
    assert f"{one.SOPInstanceUID}: came again with other bytes" in receiver.running.said()


@pytest.mark.parametrize("title", ["A,B", "A/B C", "../../etc", "a'; rm -rf"])
def test_R08_R23_an_ae_title_is_a_value_and_never_a_path(a_storescpd, title):
    receiver = a_storescpd()
    assert receiver.store(STUDY.instance(), calling=title) == [SUCCESS]
    (path,) = receiver.files()
    assert read_header(path).file_meta.SourceApplicationEntityTitle == title


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SOPInstanceUID"])
def test_R09_no_uid_leads_out_of_the_tree(a_storescpd, keyword):
    receiver = a_storescpd()
    dataset = STUDY.instance()
    body = factories.encoded(STUDY.instance(**{keyword: "../../../../evil"}))[1]
    name = "../../evil" if keyword == "SOPInstanceUID" else dataset.SOPInstanceUID
    with pacs.associated(receiver.peer(), [(factories.CT, EXPLICIT)]) as association:
        association.store(factories.CT, name, EXPLICIT, body)
    for path in receiver.layout.datadir.parent.rglob("*evil*"):
        raise AssertionError(path)
    assert len(receiver.files()) == 1


def test_a_disk_nearly_full_is_told_before_anything_is_written(a_storescpd):
    receiver = a_storescpd(settings="free_floor_megabytes = 1000000000\n")
    with pytest.raises(pacs.Unavailable, match="0xA700"):
        receiver.store(STUDY.instance())
    assert receiver.files() == receiver.links() == list(receiver.layout.temp.iterdir()) == []


def test_a_full_disk_leaves_nothing_half_written_and_intake_resumes(a_storescpd, a_small_disk):
    receiver = a_storescpd(datadir=a_small_disk, settings="free_floor_megabytes = 0\n")
    large = STUDY.instance(2, PixelData=bytes(3_000_000))
    with pytest.raises(pacs.Unavailable, match="0xA700"):
        receiver.store(STUDY.instance(1), large)
    assert len(receiver.files()) == 1
    assert list(receiver.layout.temp.iterdir()) == []
    assert receiver.store(STUDY.instance(3)) == [SUCCESS]


def mount(*words):
    if os.geteuid() or subprocess.run(["mount", *words], capture_output=True).returncode:
        pytest.skip("only root may mount a disk")


def test_a_disk_that_is_unmounted_under_it_hides_nothing(a_storescpd, tmp_path):
    disk, place = tmp_path / "disk", tmp_path / "data"
    disk.mkdir()
    place.mkdir()
    mount("--bind", str(disk), str(place))
    try:
        receiver = a_storescpd(datadir=place)
        assert receiver.store(STUDY.instance(1)) == [SUCCESS]
        subprocess.run(["umount", "-l", str(place)], check=True)
        assert receiver.store(STUDY.instance(2)) == [PROCESSING_FAILURE]
        for folder in receiver.layout.folders():  # as any script makes them
            folder.mkdir(parents=True, exist_ok=True)
        assert receiver.store(STUDY.instance(3)) == [PROCESSING_FAILURE]
        assert receiver.files() == []
        assert "another one than when the receiver started" in receiver.running.said()
        mount("--bind", str(disk), str(place))
        assert receiver.store(STUDY.instance(4)) == [SUCCESS]
        assert len(receiver.files()) == 2
    finally:
        subprocess.run(["umount", "-l", str(place)], capture_output=True, check=False)


def test_nothing_is_written_where_a_disk_should_be_mounted(a_tree):
    text = a_tree.site.config.read_text()
    a_tree.site.config.write_text(f'mount_point = "{a_tree.site.datadir.parent}"\n{text}')
    before = set(a_tree.site.datadir.rglob("*"))
    result = a_tree.site.run("process")
    assert result.code == 69
    assert "nothing is mounted at mount_point" in result.lines[-1]["text"]
    assert set(a_tree.site.datadir.rglob("*")) == before


@pytest.mark.parametrize(
    ("settings", "is_let_in"),
    [
        ('calling_ae_titles = ["SCANNER"]\n', True),
        ('calling_ae_titles = ["OTHER"]\n', False),
        ('called_ae_titles = ["HEADGATE", "X"]\n', True),
        ('called_ae_titles = ["X"]\n', False),
        ('networks = ["127.0.0.0/8"]\n', True),
        ('networks = ["10.0.0.0/8"]\n', False),
    ],
)
def test_R19_who_is_not_on_the_lists_is_refused(a_storescpd, settings, is_let_in):
    receiver = a_storescpd(settings=settings)
    if is_let_in:
        assert receiver.store(STUDY.instance()) == [SUCCESS]
    else:
        with pytest.raises(pacs.Refused):
            receiver.store(STUDY.instance())
        assert "refused an association" in receiver.running.said()


def test_R19_associations_have_a_limit(a_storescpd):
    receiver = a_storescpd(settings="maximum_associations = 1\n")
    with (
        pacs.associated(receiver.peer(), [(factories.CT, EXPLICIT)]),
        pytest.raises(pacs.Refused),
    ):
        receiver.store(STUDY.instance())


def test_connections_that_ask_for_nothing_take_no_place_of_an_association(a_storescpd):
    receiver = a_storescpd(settings="maximum_associations = 1\n")
    silent = [socket.create_connection(("127.0.0.1", receiver.port)) for _ in range(3)]
    assert receiver.store(STUDY.instance()) == [SUCCESS]
    for one in silent:
        one.close()


def test_connections_have_a_limit_too_and_those_beyond_are_told_of(a_storescpd):
    receiver = a_storescpd(settings="maximum_associations = 1\nprocesses = 1\n")
    silent = [socket.create_connection(("127.0.0.1", receiver.port)) for _ in range(5)]
    silent[4].settimeout(20)
    assert silent[4].recv(1) == b""
    receiver.running.wait_until(
        lambda: "too many connections are open" in receiver.running.said(), "the refusal"
    )
    for one in silent:
        one.close()


def test_networks_hold_for_a_socket_of_both_families(a_storescpd):
    receiver = a_storescpd(settings='address = "::"\nnetworks = ["127.0.0.0/8"]\n')
    assert receiver.store(STUDY.instance()) == [SUCCESS]


def test_R22_the_control_file_stops_the_receiver_and_starts_it_again(a_storescpd):
    receiver = a_storescpd()
    receiver.layout.enabled.write_text("0")
    receiver.running.wait_until(lambda: not is_listening(receiver.port), "the stop")
    receiver.layout.enabled.write_text("1")
    receiver.running.wait_until(lambda: is_listening(receiver.port), "the start")
    assert receiver.store(STUDY.instance()) == [SUCCESS]


def test_sigterm_finishes_what_is_open(a_storescpd):
    receiver = a_storescpd()
    with pacs.associated(receiver.peer(), [(factories.CT, EXPLICIT)]) as association:
        receiver.running.process.send_signal(signal.SIGTERM)
        receiver.running.wait_until(lambda: not is_listening(receiver.port), "the stop")
        one = STUDY.instance()
        body = factories.encoded(one)[1]
        assert association.store(factories.CT, one.SOPInstanceUID, EXPLICIT, body) == SUCCESS
    assert receiver.running.process.wait(20) == 0
    assert len(receiver.files()) == len(receiver.links()) == 1


@pytest.mark.parametrize("whole", [False, True])
def test_a_terminal_that_goes_takes_nothing_along(a_storescpd, whole):
    """SIGHUP goes to every process of the terminal."""
    receiver = a_storescpd()
    association = pacs.associate(receiver.peer(), {(STUDY.instance().SOPClassUID, EXPLICIT)})
    for process in (receiver.running.process.pid, *(children(receiver) if whole else ())):
        os.kill(process, signal.SIGHUP)
    receiver.running.wait_until(lambda: "no new associations" in receiver.running.said(), "it")
    one = STUDY.instance()
    body = factories.encoded(one)[1]
    assert association.store(one.SOPClassUID, one.SOPInstanceUID, EXPLICIT, body) == SUCCESS
    association.release()
    assert receiver.running.process.wait(30) == 0
    assert len(receiver.files()) == 1


def children(receiver):
    """The processes that share the port."""
    parent = receiver.running.process.pid
    return map(int, Path(f"/proc/{parent}/task/{parent}/children").read_text().split())


def test_systemd_hears_of_it_while_open_associations_finish(a_storescpd, tmp_path, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        receiver = a_storescpd()
        association = pacs.associate(receiver.peer(), {(STUDY.instance().SOPClassUID, EXPLICIT)})
        receiver.layout.enabled.write_text("0")
        receiver.running.wait_until(lambda: "1 are open" in receiver.running.said(), "the end")
        systemd.setblocking(False)
        with suppress(BlockingIOError):
            while systemd.recv(1000):
                pass
        systemd.settimeout(30)
        assert b"WATCHDOG=1" in systemd.recv(1000)
        association.release()


def test_R04_a_killed_receiver_starts_again_at_once(a_storescpd):
    receiver = a_storescpd()
    receiver.store(STUDY.instance(1))
    receiver.running.process.kill()
    receiver.running.process.wait()
    again = a_storescpd()
    assert again.store(STUDY.instance(2)) == [SUCCESS]
    assert len(again.files()) == 2


def test_R05_R07_nobody_needs_to_read_for_the_receiver_to_take(a_storescpd):
    receiver = a_storescpd()
    assert receiver.store(*STUDY.instances(50)) == [SUCCESS] * 50
    assert len(receiver.links()) == 50


def test_a_peer_that_breaks_off_half_way_leaves_nothing_and_stops_nobody(a_storescpd):
    receiver = a_storescpd()
    entity = AE(ae_title="BROKEN")
    association = entity.associate(
        "127.0.0.1", receiver.port, contexts=[build_context(factories.CT, EXPLICIT)]
    )
    # a P-DATA-TF PDU that announces more than it brings, then silence: PS3.8 9.3.5
    association.dul.socket.socket.sendall(b"\x04\x00\x00\x01\x00\x00" + bytes(20))
    association.abort()
    assert receiver.store(STUDY.instance()) == [SUCCESS]
    assert len(receiver.files()) == 1


def test_nothing_of_the_patient_is_in_the_log_or_the_process_list(a_storescpd):
    receiver = a_storescpd()
    receiver.store(STUDY.instance(), STUDY.instance(StudyDescription="other"))
    command = Path(f"/proc/{receiver.running.process.pid}/cmdline").read_text()
    for word in factories.PLANTED:
        assert word not in receiver.running.said() + command


def test_O03_a_port_that_is_taken_is_told_and_ends_with_69(a_storescpd, tmp_path):
    receiver = a_storescpd()
    other = tmp_path / "other"
    done = subprocess.run(
        [*script("storescpd"), "--port", str(receiver.port), "--datadir", str(other)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 69
    assert "cannot listen" in done.stderr


def test_two_receivers_of_one_data_tree_are_one_too_many(a_storescpd):
    receiver = a_storescpd()
    words = [*script("storescpd"), "--port", "0", "--datadir", str(receiver.layout.datadir)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 75
    assert "another run of storescpd is at work" in done.stderr


def test_a_private_file_mode_whatever_the_umask(a_storescpd):
    before = os.umask(0)
    try:
        receiver = a_storescpd()
        receiver.store(STUDY.instance())
    finally:
        os.umask(before)
    assert receiver.files()[0].stat().st_mode & 0o007 == 0
