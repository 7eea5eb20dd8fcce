"""Faults of the FIONA in use today that concern the whole rather than one part."""

from __future__ import annotations

import http.server
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import factories
import pytest
from headgate.core.errors import Unavailable
from headgate.core.states import State
from headgate.demo.processes import script

CHECKOUT = Path(__file__).resolve().parents[1]
STUDY = factories.Study("faults", accession="FF1")
SCRIPTS = ("process", "populate-incoming", "create-transfer-requests", "anonymize-and-send")


def test_R01_every_module_can_be_compiled():
    paths = [*(CHECKOUT / "lib").rglob("*.py"), *(CHECKOUT / "bin").iterdir()]
    sources = [path for path in paths if path.is_file()]
    compiled = [compile(path.read_text(), str(path), "exec") for path in sources]
    assert len(compiled) == len(sources) > 100


def test_R06_R21_nothing_is_written_outside_the_data_tree_and_the_logs(
    a_gateway, tmp_path, monkeypatch
):
    """Hand-over is by links in the data tree: no pipe, nothing in a folder that others share."""
    (tmp_path / "tmp").mkdir()
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    a_gateway.to_queue(STUDY)
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert not list((tmp_path / "tmp").iterdir())
    assert not list((tmp_path / "home").iterdir())
    pipes = [path for path in a_gateway.site.folder.rglob("*") if path.is_fifo()]
    assert not pipes


def test_R16_names_are_text_from_end_to_end(a_gateway):
    study = factories.Study("letters", accession="FF2")
    a_gateway.receive(study.instance(StudyDescription="Hjerte Ærø"))
    a_gateway.project("PRØVE-Å")
    a_gateway.couple(study, "Æ-001", "PRØVE-Å")
    for name in SCRIPTS:
        a_gateway.settle()
        assert a_gateway.site.run(name).code == 0
    (transfer,) = a_gateway.rows(study, "transfers")
    assert transfer["transfer_project_name"] == "PRØVE-Å"
    assert transfer["transfer_date"]


def test_R20_no_program_is_bundled():
    names = subprocess.run(
        ["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout.split()
    assert names
    for name in names:
        assert not (CHECKOUT / name).read_bytes().startswith(b"\x7fELF"), name


def test_T04_sending_again_deletes_nothing(a_gateway):
    a_gateway.to_queue(STUDY)
    (request,) = a_gateway.context().queues.ids(State.QUEUED)
    before = sorted(map(str, a_gateway.layout.site.rglob("*")))
    a_gateway.site.run("hold", request)
    a_gateway.site.run("requeue", request)
    assert sorted(map(str, a_gateway.layout.site.rglob("*"))) == before


def test_D09_the_input_is_never_touched(tmp_path):
    paths = factories.save(STUDY.instances(2), tmp_path / "in")
    before = [path.read_bytes() for path in paths]
    words = ["--project", "P", "--participant", "P-1", "--event", "E"]
    command = [*script("anonymize"), str(tmp_path / "in"), str(tmp_path / "out"), *words]
    subprocess.run(command, check=True, capture_output=True)
    assert [path.read_bytes() for path in paths] == before


def test_W03_a_redcap_whose_certificate_nobody_signed_is_not_talked_to(a_tree, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://127.0.0.1:{server.server_address[1]}/api/"
    text = a_tree.site.config.read_text().replace("http://127.0.0.1:9/api/", url)
    a_tree.site.config.write_text(text)
    with pytest.raises(Unavailable, match="SSLError"):
        a_tree.context().tables.incoming.export()
    server.shutdown()


def test_scripts_find_their_environment_from_cron(a_tree):
    """cron knows no activation: PATH is short, and python3 is the machine's."""
    command = [str(CHECKOUT / "bin" / "status"), "-c", str(a_tree.site.config), "--json"]
    done = subprocess.run(
        command, env={"PATH": f"{Path(sys.base_prefix) / 'bin'}:/usr/bin:/bin"}, cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"disk"' in done.stdout


def test_the_receiver_tells_systemd_that_it_is_ready_and_alive(a_tree, tmp_path, monkeypatch):
    import socket

    place = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(place))
        manager.settimeout(20)
        monkeypatch.setenv("NOTIFY_SOCKET", str(place))
        a_tree.site.start_receiver()
        try:
            assert manager.recv(1000) == b"READY=1"
            assert manager.recv(1000).startswith(b"WATCHDOG=1")
        finally:
            a_tree.site.stop_receiver()
        told = manager.recv(1000)
        while told.startswith(b"WATCHDOG"):
            told = manager.recv(1000)
        assert told == b"STOPPING=1"


def test_the_unit_of_the_receiver_is_hardened():
    from gateways import needs

    program = needs("systemd-analyze", "systemd")
    unit = CHECKOUT / "systemd" / "headgate-storescpd.service"
    command = [program, "security", "--offline=true", "--threshold=30", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-500:]
    assert "Overall exposure level" in done.stdout


def test_qrscp_stands_in_where_orthanc_is_not_installed(tmp_path):
    from headgate.demo.archives import Qrscp
    from headgate.stores.dicomnet import pacs

    archive = Qrscp(tmp_path / "pacs")
    try:
        peer = pacs.Peer("127.0.0.1", archive.port, "RESEARCH", "HEADGATE", 20)
        one = STUDY.instance()
        with pacs.associated(peer, [(factories.CT, "1.2.840.10008.1.2.1")]) as association:
            body = factories.encoded(one)[1]
            association.store(factories.CT, one.SOPInstanceUID, "1.2.840.10008.1.2.1", body)
        held = pacs.stored_instances(peer, STUDY.uid, [STUDY.series_uid()])
        assert held == {str(one.SOPInstanceUID)}
        assert archive.count() == 1
    finally:
        archive.stop()
