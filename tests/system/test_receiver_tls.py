"""DICOM TLS: DCMTK's tools as senders, with and without certificates of their own."""

import hashlib
import socket
import ssl
import subprocess
from pathlib import Path

import factories
import pytest
import requests
from gateways import needs
from headgate.demo.processes import Running, free_port, script
from headgate.stores.dicomweb.stow import HEAD, TAIL, TYPE
from headgate.stores.layout import Layout

STUDY = factories.Study("tls")
SENDERS = ("other", "scanner")


def fingerprint(certificates):
    der = ssl.PEM_cert_to_DER_cert((certificates / "scanner.pem").read_text())
    return hashlib.sha256(der).hexdigest().upper()


def openssl(*words, cwd):
    subprocess.run([needs("openssl", "openssl"), *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority, and a certificate that it signs for the gateway and for each of two senders."""
    folder = tmp_path_factory.mktemp("certificates")
    key = ("-newkey", "rsa:2048", "-nodes", "-days", "30")
    openssl(
        "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=CA", cwd=folder
    )
    for name in ("gateway", "scanner", "other"):
        words = (*key[:3], "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        openssl("req", *words, cwd=folder)
        signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30")
        openssl("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.pem", cwd=folder)
    return folder


class Gateway:
    """A storescpd with a plain port and one with TLS."""

    def __init__(self, folder: Path, certificates: Path, settings: str = ""):
        self.port, self.plain, self.certificates = free_port(), free_port(), certificates
        self.layout, self.folder = Layout(folder / "data"), folder
        config = folder / "headgate.toml"
        config.write_text(
            f'log_directory = ""\n[receiver]\nport = {self.plain}\ntls_port = {self.port}\n'
            f'tls_certificate = "{certificates}/gateway.pem"\ntls_key = "{certificates}/gateway.key"\n'
            f"{settings}\n"
        )
        words = [*script("storescpd"), "--datadir", str(self.layout.datadir), "-c", str(config)]
        self.running = Running(words, folder / "storescpd.out")
        self.running.wait_until(lambda: "with TLS" in self.running.said(), "storescpd")

    def send(self, *security, port=None):
        (path,) = factories.save(STUDY.instances(1), self.folder / "files")
        words = [needs("storescu", "dcmtk"), *security, "127.0.0.1", str(port or self.port), path]
        done = subprocess.run(list(map(str, words)), capture_output=True, check=False, timeout=60)
        self.said = done.stdout + done.stderr
        return done.returncode == 0

    def as_sender(self, name):
        where = self.certificates
        return ("+tls", where / f"{name}.key", where / f"{name}.pem", "+cf", where / "ca.pem")

    @property
    def anonymous(self):
        return ("+tla", "+cf", self.certificates / "ca.pem")

    def files(self):
        return [path for path in self.layout.archive.rglob("*") if path.is_file()]


@pytest.fixture
def a_gateway(tmp_path, certificates):
    started = []

    def start(settings=""):
        started.append(Gateway(tmp_path, certificates, settings))
        return started[-1]

    yield start
    for one in started:
        one.running.stop()


def test_who_needs_no_certificate_sends_and_the_plain_port_is_open_too(a_gateway):
    gateway = a_gateway()
    assert gateway.send(*gateway.anonymous), gateway.said
    assert gateway.send(port=gateway.plain)
    assert len(gateway.files()) == 1


def test_who_must_show_a_certificate_is_let_in_with_one_that_is_trusted(a_gateway, certificates):
    gateway = a_gateway(f'tls_trusted = "{certificates}/ca.pem"')
    assert not gateway.send(*gateway.anonymous)
    assert not gateway.files()
    assert gateway.send(*gateway.as_sender("scanner"))
    gateway.running.wait_until(lambda: "refused a connection" in gateway.running.said(), "refusal")


def test_of_those_trusted_only_the_listed_are_let_in(a_gateway, certificates):
    listed = f'tls_fingerprints = ["{fingerprint(certificates)}"]'
    gateway = a_gateway(f'tls_trusted = "{certificates}/ca.pem"\n{listed}')
    assert not gateway.send(*gateway.as_sender("other"))
    assert not gateway.files()
    assert gateway.send(*gateway.as_sender("scanner"))


def test_who_speaks_no_tls_is_refused_and_others_go_on(a_gateway):
    gateway = a_gateway()
    assert not gateway.send()
    assert gateway.send(*gateway.anonymous), gateway.said


def test_old_protocols_are_not_spoken(a_gateway, certificates):
    gateway = a_gateway()
    command = [needs("openssl", "openssl"), "s_client", "-connect", f"127.0.0.1:{gateway.port}"]
    for version, is_spoken in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
        done = subprocess.run(
            [*command, version, "-cipher", "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL,
            capture_output=True, check=False, timeout=30,
        )  # fmt: skip
        assert (done.returncode == 0) is is_spoken, version


def test_a_certificate_that_cannot_be_read_is_told_before_anything_is_opened(tmp_path):
    config = tmp_path / "headgate.toml"
    config.write_text(
        f'log_directory = ""\n[receiver]\nport = {free_port()}\ntls_port = {free_port()}\n'
    )
    words = [*script("storescpd"), "--datadir", str(tmp_path / "data"), "-c", str(config)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode not in (0, 70)
    assert "tls_certificate" in done.stderr


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_a_web_client_shows_who_it_is_by_its_certificate(tmp_path, certificates):
    port = free_port()
    trusted = f'web_port = {port}\ntls_trusted = "{certificates}/ca.pem"'
    gateway = Gateway(tmp_path, certificates, trusted)
    head, encoded = factories.encoded(STUDY.instance())
    body, url = HEAD + head + encoded + TAIL, f"https://localhost:{port}/studies"
    calls = {"data": body, "headers": {"Content-Type": TYPE}, "timeout": 30, "verify": False}
    with pytest.raises(requests.ConnectionError):
        requests.post(url, **calls)
    gateway.running.wait_until(lambda: "for STOW-RS: the hands" in gateway.running.said(), "it")
    gateway.running.wait_until(lambda: "1 refused" in gateway.running.said(), "the count")
    own = (f"{certificates}/scanner.pem", f"{certificates}/scanner.key")
    assert requests.post(url, cert=own, **calls).status_code == 200
    assert len(list((gateway.layout.archive / f"scp_{STUDY.uid}").iterdir())) == 1
    gateway.running.stop()


@pytest.mark.parametrize("begins", [False, True])
def test_a_web_client_that_hangs_up_amid_the_handshake_is_counted(tmp_path, certificates, begins):
    port = free_port()
    trusted = f'web_port = {port}\ntls_trusted = "{certificates}/ca.pem"'
    gateway = Gateway(tmp_path, certificates, trusted)
    with socket.create_connection(("127.0.0.1", port), 10) as peer:
        if begins:  # as a client does, and then goes
            hello = ssl.MemoryBIO()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            client = context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
            with pytest.raises(ssl.SSLWantReadError):
                client.do_handshake()
            peer.sendall(hello.read())
            assert peer.recv(1) == b"\x16"
    gateway.running.wait_until(lambda: "amid the handshake" in gateway.running.said(), "it")
    gateway.running.wait_until(lambda: "1 refused" in gateway.running.said(), "the count")
    gateway.running.stop()


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
def test_of_trusted_web_clients_only_the_listed_are_let_in(tmp_path, certificates):
    port = free_port()
    listed = (
        f'web_port = {port}\ntls_trusted = "{certificates}/ca.pem"\n'
        f'tls_fingerprints = ["{fingerprint(certificates)}"]'
    )
    gateway = Gateway(tmp_path, certificates, listed)
    head, encoded = factories.encoded(STUDY.instance())
    body, url = HEAD + head + encoded + TAIL, f"https://localhost:{port}/studies"
    calls = {"data": body, "headers": {"Content-Type": TYPE}, "timeout": 30, "verify": False}
    other, own = ((f"{certificates}/{one}.pem", f"{certificates}/{one}.key") for one in SENDERS)
    with pytest.raises(requests.ConnectionError):
        requests.post(url, cert=other, **calls)
    assert not gateway.files()
    gateway.running.wait_until(lambda: "tls_fingerprints" in gateway.running.said(), "refusal")
    assert requests.post(url, cert=own, **calls).status_code == 200
    gateway.running.stop()
