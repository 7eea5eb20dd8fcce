"""STOW-RS into the quarantine: Orthanc and requests as clients, with tokens and certificates."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

import factories
import pytest
import requests
from gateways import needs
from headgate.demo.archives import Orthanc
from headgate.demo.processes import Running, free_port, script
from headgate.stores.dicomfiles import read_header
from headgate.stores.dicomweb.stow import HEAD, TAIL, TYPE, session
from headgate.stores.layout import Layout
from headgate.stores.quarantine.archive import Archive
from pydicom import dcmread

STUDY = factories.Study("stow")
TOKEN = "a-token-of-the-test"
DICOM_WEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
FAILED, REFERENCED, REASON = "00081198", "00081199", "00081197"


@dataclass
class Served:
    """A receiver with a port for STOW-RS."""

    folder: Path
    port: int
    running: Running

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def archive(self) -> Archive:
        return Archive(Layout(self.folder / "data"))

    def post(self, *files: bytes, token=TOKEN, path="/studies"):
        return session(token).post(self.url + path, data=body(*files), timeout=30)


def body(*files: bytes) -> bytes:
    """The files as one body of a request."""
    return b"\r\n".join(HEAD + file for file in files) + TAIL


def file_of(dataset) -> bytes:
    head, encoded = factories.encoded(dataset)
    return head + encoded


def start(folder: Path, settings: str = "") -> Served:
    token = folder / "token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    port, config = free_port(), folder / "headgate.toml"
    config.write_text(
        f'log_directory = ""\n[receiver]\nport = {free_port()}\nweb_port = {port}\n'
        f'web_token_file = "{token}"\nprocesses = 1\n{settings}\n'
    )
    words = [*script("storescpd"), "--datadir", str(folder / "data"), "-c", str(config)]
    running = Running(words, folder / "storescpd.out")
    running.wait_until(lambda: "for STOW-RS" in running.said(), "storescpd")
    return Served(folder, port, running)


@pytest.fixture
def served(tmp_path):
    found = start(tmp_path)
    yield found
    found.running.stop()


def test_instances_are_kept_as_they_came_and_announced(served):
    datasets = list(STUDY.instances(3))
    answer = served.post(*map(file_of, datasets))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom+json"
    told = [one["00081155"]["Value"][0] for one in answer.json()[REFERENCED]["Value"]]
    assert told == [one.SOPInstanceUID for one in datasets]
    paths = {path.name: path for path in served.archive.files_of(STUDY.uid)}
    for one in datasets:
        path = paths[str(one.SOPInstanceUID)]
        assert path.read_bytes().endswith(factories.encoded(one)[1])
        meta = read_header(path).file_meta
        assert meta.SourceApplicationEntityTitle == "STOW-RS"
        assert meta.SendingPresentationAddress == "dicom://127.0.0.1"
    assert len(list(Layout(served.folder / "data").arrived.iterdir())) == 3
    assert served.post(*map(file_of, datasets)).status_code == 200
    assert len(served.archive.files_of(STUDY.uid)) == 3


@pytest.mark.parametrize("token", ["", "another"])
def test_who_has_no_token_leaves_nothing(served, token):
    assert served.post(file_of(STUDY.instance()), token=token).status_code == 401
    assert served.archive.studies() == []


def test_who_is_not_in_the_networks_leaves_nothing(tmp_path):
    served = start(tmp_path, 'networks = ["10.0.0.0/8"]')
    assert served.post(file_of(STUDY.instance())).status_code == 403
    assert served.archive.studies() == []
    served.running.stop()


def test_what_is_no_instance_is_told_and_the_others_are_kept(served):
    good = file_of(STUDY.instance(2))
    answer = served.post(b"a letter" * 100, good, good[:200])
    assert answer.status_code == 202
    assert len(answer.json()[REFERENCED]["Value"]) == 1
    reasons = [one[REASON]["Value"][0] for one in answer.json()[FAILED]["Value"]]
    assert reasons == [0xC122, 0xC122]
    assert len(served.archive.files_of(STUDY.uid)) == 1
    assert served.post(b"a letter").status_code == 409


def test_an_instance_of_another_study_than_the_address_names_is_refused(served):
    other = factories.Study("other")
    path = f"/studies/{STUDY.uid}"
    answer = served.post(file_of(STUDY.instance()), file_of(other.instance()), path=path)
    assert answer.status_code == 202
    assert answer.json()[FAILED]["Value"][0][REASON]["Value"] == [0xA900]
    assert served.archive.studies() == [STUDY.uid]
    assert served.post(file_of(STUDY.instance()), path="/studies/not-a-uid").status_code == 400


def test_other_types_of_content_are_refused(served):
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    answer = requests.post(f"{served.url}/studies", data=b"{}", headers=headers, timeout=30)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": f"bearer {TOKEN}"}, 200),
        ({"Content-Type": 'Multipart/Related; type="application/DICOM"; boundary=XX'}, 200),
        ({"X-Forwarded-For": "192.0.2.1"}, 200),
        ({"X-Forwarded-For": "a place"}, 403),
        ({"Content-Type": f"multipart/related; boundary={'X' * 257}"}, 415),
        ({"Content-Type": "multipart/related"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Encoding": "identity"}, 200),
    ],
)
def test_odd_requests_are_taken_or_refused_and_counted(served, headers, status):
    body = b"--XX\r\n\r\n" + file_of(STUDY.instance()) + b"\r\n--XX--\r\n"
    usual = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "multipart/related; boundary=XX"}
    answer = requests.post(f"{served.url}/studies", body, headers=usual | headers, timeout=30)
    assert answer.status_code == status, answer.text
    if status != 200:
        told = "refused a STOW-RS request from"
        served.running.wait_until(lambda: told in served.running.said(), "the refusal")
        assert "Traceback" not in served.running.said()
        served.running.wait_until(lambda: "1 refused" in served.running.said(), "the count")


@pytest.mark.parametrize(
    ("change", "status", "count"),
    [
        (lambda whole: b"To whom it may concern\r\n" + whole, 200, 2),
        (lambda whole: whole + b"\r\nafterwards", 200, 2),
        (lambda whole: whole.removesuffix(TAIL) + TAIL[:-4], 202, 1),
        (lambda whole: whole[:-1000], 202, 1),
        (lambda whole: whole.replace(b"\r\n--", b"\n--"), 400, 0),
        (lambda _whole: b"what is no multipart", 400, 0),
        (lambda _whole: bytes(100_000), 400, 0),
    ],
)
def test_what_does_not_end_as_it_should_is_no_success(served, change, status, count):
    whole = body(file_of(STUDY.instance(1)), file_of(STUDY.instance(2)))
    answer = session(TOKEN).post(f"{served.url}/studies", data=change(whole), timeout=30)
    assert answer.status_code == status, answer.text
    assert len(served.archive.files_of(STUDY.uid)) == count
    if status != 200:
        served.running.wait_until(lambda: "broke off" in served.running.said(), "what is told")


def test_connections_without_a_whole_request_are_ended_and_counted(tmp_path):
    served = start(tmp_path, "idle_seconds = 0.5")
    whole = body(file_of(STUDY.instance()))
    head = f"POST /studies HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
    with socket.create_connection(("127.0.0.1", served.port), 20) as slow:
        slow.sendall(head.encode())
        assert slow.recv(1) == b""
    served.running.wait_until(lambda: "1 refused" in served.running.said(), "the count")
    assert session(TOKEN).post(f"{served.url}/studies", data=whole, timeout=30).status_code == 200
    served.running.stop()


def test_connections_have_a_limit(tmp_path):
    served = start(tmp_path, "maximum_associations = 1")
    held = [socket.create_connection(("127.0.0.1", served.port), 20) for _ in range(4)]
    with socket.create_connection(("127.0.0.1", served.port), 20) as beyond:
        assert beyond.recv(1) == b""
    for one in held:
        one.close()
    served.running.wait_until(lambda: "1 refused" in served.running.said(), "the count")
    assert served.post(file_of(STUDY.instance())).status_code == 200
    served.running.stop()


def test_a_full_disk_is_told_as_for_now(tmp_path):
    served = start(tmp_path, "free_floor_megabytes = 1000000000")
    answer = served.post(file_of(STUDY.instance()))
    assert answer.status_code == 503
    assert answer.json()[FAILED]["Value"][0][REASON]["Value"] == [0xA700]
    assert served.archive.studies() == []
    served.running.stop()


def test_an_object_beyond_the_limit_is_refused(tmp_path):
    served = start(tmp_path, "maximum_object_megabytes = 1")
    large = STUDY.instance()
    large.PixelData = bytes(2 << 20)
    answer = served.post(file_of(large), file_of(STUDY.instance(2)))
    assert answer.status_code == 202
    assert len(served.archive.files_of(STUDY.uid)) == 1
    served.running.stop()


def test_what_is_cut_off_leaves_nothing_half_written(served):
    whole = body(file_of(STUDY.instance()))
    head = (
        f"POST /studies HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n"
        f"Content-Type: {TYPE}\r\nContent-Length: {len(whole)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(head.encode() + whole[:-5000])
    assert served.post(file_of(STUDY.instance(2))).status_code == 200
    names = [path.name for path in served.archive.files_of(STUDY.uid)]
    assert names == [str(STUDY.instance(2).SOPInstanceUID)]
    served.running.stop()
    assert not list(Layout(served.folder / "data").temp.iterdir())


def test_orthanc_sends_a_study(served, tmp_path):
    needs("Orthanc", "orthanc")
    server = {"Url": served.url, "HttpHeaders": {"Authorization": f"Bearer {TOKEN}"}}
    more = {"Plugins": [str(DICOM_WEB)], "DicomWeb": {"Servers": {"headgate": server}}}
    orthanc = Orthanc(tmp_path / "orthanc", more)
    datasets = list(STUDY.instances(4))
    names = [
        requests.post(f"{orthanc.where}instances", data=file_of(one), timeout=30).json()["ID"]
        for one in datasets
    ]
    done = requests.post(
        f"{orthanc.where}dicom-web/servers/headgate/stow", json={"Resources": names}, timeout=60
    )
    assert done.ok, done.text
    kept = {path.name: dcmread(path) for path in served.archive.files_of(STUDY.uid)}
    assert {name: one.PixelData for name, one in kept.items()} == {
        str(one.SOPInstanceUID): one.PixelData for one in datasets
    }
    orthanc.stop()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ("web_port = 1\n", "set receiver.web_token_file"),
        ('networks = ["10.0.0.0/99"]\n', "receiver.networks"),
        ('commitment_peers = { SCANNER = "here" }\n', "receiver.commitment_peers"),
    ],
)
def test_a_receiver_whose_settings_cannot_be_used_says_so_and_ends(tmp_path, settings, told):
    config = tmp_path / "headgate.toml"
    config.write_text(f'log_directory = ""\n[receiver]\nport = {free_port()}\n{settings}')
    words = [*script("storescpd"), "--datadir", str(tmp_path / "data"), "-c", str(config)]
    running = Running(words, tmp_path / "storescpd.out")
    assert running.process.wait(30) == 78
    assert told in running.said()
