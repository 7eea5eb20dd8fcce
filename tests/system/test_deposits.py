"""Targets that are no DICOM peers: a folder, and a DICOMweb service that takes by STOW-RS."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import urlsplit

import factories
import pytest
from headgate.core.errors import Unavailable
from headgate.core.model import Assignment, Fate, Proof, Request
from headgate.delivering.study import Delivering
from headgate.stores.dicomnet.channel import Unanswered
from pydicom import dcmread

STUDY = factories.Study("deposited")
TO = Assignment("P", "P-001", "E1")
PAGE = 299  # HTTP 200, and nothing of DICOMweb in the answer


def configure(gateway, kind, **values):
    """Let the gateway send to such a target."""
    lines = "".join(f"{name} = {json.dumps(str(value))}\n" for name, value in values.items())
    text = gateway.site.config.read_text()
    text = text.replace("port = 9\n", f'port = 9\nkind = "{kind}"\n{lines}')
    gateway.site.config.write_text(text)
    gateway.receive(*STUDY.instances(3))
    gateway.site.run("process")


def run(gateway):
    return Delivering(
        gateway.context(), Request.wanted(STUDY.uid, 1, TO, "1"), {}, "research"
    ).run()


def told(gateway):
    ledger = gateway.context().ledger.read(STUDY.uid, TO, "research")
    return sorted((str(one.fate), str(one.proof)) for one in ledger.values())


def test_a_folder_gets_files_that_are_read_back(a_tree, tmp_path):
    folder = tmp_path / "share"
    folder.mkdir()
    configure(a_tree, "folder", folder=folder)
    found = run(a_tree)
    assert [one.proof for one in found] == [Proof.READ_BACK] * 3
    paths = list(folder.rglob("*.dcm"))
    assert {path.stem for path in paths} == {one.output_uid for one in found}
    for path in paths:
        dataset = dcmread(path)
        assert str(dataset.PatientID) == "P-001"
        assert path.parts[-3:-1] == (dataset.StudyInstanceUID, dataset.SeriesInstanceUID)
    assert run(a_tree) == found


def test_a_file_that_is_not_what_was_written_is_found_out(a_tree, tmp_path, monkeypatch):
    folder = tmp_path / "share"
    folder.mkdir()
    configure(a_tree, "folder", folder=folder)
    monkeypatch.setattr("headgate.delivering.depositing.files.write_once", lambda path, *_: True)
    with pytest.raises(Unavailable, match="does not hold"):
        run(a_tree)
    monkeypatch.undo()
    run(a_tree)
    assert told(a_tree) == [("stored", "read-back")] * 3


def test_a_folder_that_is_not_mounted_is_waited_for(a_tree, tmp_path):
    configure(a_tree, "folder", folder=tmp_path / "share")
    with pytest.raises(Unanswered, match="not there"):
        run(a_tree)
    assert not (tmp_path / "share").exists()


def part_of(body, content_type):
    boundary = content_type.partition("boundary=")[2].encode()
    head, _, file = body.partition(b"\r\n\r\n")
    assert head == b"--" + boundary + b"\r\nContent-Type: application/dicom"
    file, _, end = file.rpartition(b"\r\n--" + boundary)
    assert end == b"--\r\n"
    return dcmread(BytesIO(file))


@contextmanager
def a_dicomweb_service(answer=lambda _number: 200):
    """A service that keeps what it takes; `answer(number)` is its HTTP status, or a reason."""
    held, number = {}, iter(range(1, 1000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            dataset = part_of(body, self.headers["Content-Type"])
            said, told = answer(next(number)), {}
            uid = str(dataset.SOPInstanceUID)
            if isinstance(said, tuple):
                said, told, more = said
                self.respond(said, told(uid) if callable(told) else told, more)
                return
            if said == 200:
                held[uid] = str(dataset.SeriesInstanceUID)
                told = {"00081199": {"Value": [{"00081155": {"Value": [uid]}}]}}
            elif said == PAGE:
                said = 200
            elif said == 0x0110 or said > 1000:
                failed = {"00081155": {"Value": [uid]}, "00081197": {"Value": [said]}}
                said, told = 409, {"00081198": {"Value": [failed]}}
            self.respond(said, told)

        def do_GET(self):
            series = urlsplit(self.path).path.split("/")[-2]
            mine = [name for name, where in sorted(held.items()) if where == series]
            offset = int(self.path.rpartition("offset=")[2])
            rows = [{"00080018": {"vr": "UI", "Value": [name]}} for name in mine]
            self.respond(200, rows[offset:])

        def respond(self, status, values, headers=()):
            data = (values if isinstance(values, str) else json.dumps(values)).encode()
            self.send_response(status)
            for name in headers:
                self.send_header(name, headers[name])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments):
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web", held
    server.shutdown()
    server.server_close()


def test_a_dicomweb_service_gets_all_and_is_asked(a_tree):
    with a_dicomweb_service() as (url, held):
        configure(a_tree, "stow-rs", url=url)
        found = run(a_tree)
        assert [one.proof for one in found] == [Proof.QIDO_RS] * 3
        assert set(held) == {one.output_uid for one in found}
        held.popitem()
        a_tree.site.config.write_text(
            a_tree.site.config.read_text() + '\n[projects.P]\nproof = "c-find"\n'
        )
        with pytest.raises(Unavailable, match="demands proof by c-find"):
            run(a_tree)
        assert len(held) == 3  # what was gone went again


def test_what_the_service_refuses_is_told_with_its_reason(a_tree):
    with a_dicomweb_service(lambda number: 0xC000 if number == 2 else 200) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        found = run(a_tree)
        assert sorted(one.fate for one in found) == [Fate.REFUSED, Fate.STORED, Fate.STORED]
        assert "0xC000" in next(one.reason for one in found if one.fate is Fate.REFUSED)
        assert len(held) == 2


@pytest.mark.parametrize("reason", [0x0110, 0xA700])
def test_what_the_service_cannot_store_now_is_sent_again(a_tree, reason):
    with a_dicomweb_service(lambda number: reason if number == 2 else 200) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        with pytest.raises(Unavailable, match=f"0x{reason:04X}"):
            run(a_tree)
        assert len(held) == 2
        assert [one.fate for one in run(a_tree)] == [Fate.STORED] * 3
        assert len(held) == 3


def test_a_page_in_place_of_an_answer_is_no_success(a_tree):
    with a_dicomweb_service(lambda number: PAGE if number == 2 else 200) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        with pytest.raises(Unanswered, match="does not tell what it stored"):
            run(a_tree)
        assert len(held) == 1
        run(a_tree)
        assert len(held) == 3


@pytest.mark.parametrize("status", [401, 403, 404, 507])
def test_what_is_wrong_with_the_service_is_held_against_no_instance(a_tree, status):
    with a_dicomweb_service(lambda number: status if number == 2 else 200) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        with pytest.raises(Unanswered, match=str(status)):
            run(a_tree)
        run(a_tree)
        assert len(held) == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_service_that_points_elsewhere_sends_no_instance_and_no_token_there(a_tree, status):
    with a_dicomweb_service() as (elsewhere, held):

        def answer(_number):
            return status, {}, {"Location": f"{elsewhere}/studies"}

        with a_dicomweb_service(answer) as (url, _):
            configure(a_tree, "stow-rs", url=url)
            with pytest.raises(Unanswered, match="points elsewhere"):
                run(a_tree)
    assert held == {}


FAILED, KEPT, INSTANCE, REASON = "00081198", "00081199", "00081155", "00081197"


@pytest.mark.parametrize(
    "told",
    [
        lambda uid: {FAILED: {"Value": [{INSTANCE: {"Value": [uid]}}]}},
        lambda uid: {FAILED: {"Value": [{INSTANCE: {"Value": [uid]}, REASON: {"vr": "US"}}]}},
        lambda uid: {FAILED: {"Value": ["?", {INSTANCE: {"Value": [uid]}}]}},
        lambda uid: f"<Item><FailedSOP>{uid}</FailedSOP></Item>",
        lambda uid: {FAILED: f"{uid}"},
        lambda uid: {FAILED: {"Value": [{INSTANCE: {"Value": [uid]}, REASON: {"Value": ["?"]}}]}},
        lambda uid: in_xml(FAILED, uid).replace("<Native", "<!DOCTYPE x><Native", 1),
        lambda uid: in_xml(FAILED, uid),
        lambda _uid: "",
    ],
)
def test_a_failure_that_is_told_oddly_is_no_success(a_tree, told):
    def answer(number):
        return (202, told, {}) if number == 2 else 200

    with a_dicomweb_service(answer) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        with pytest.raises(Unavailable, match=r"fails to process|does not tell what it stored"):
            run(a_tree)
        run(a_tree)
        assert len(held) == 3


def in_xml(sequence, uid, reason=None):
    """PS3.19 A.1, Native DICOM Model."""
    values = {INSTANCE: uid} | ({REASON: reason} if reason else {})
    told = "".join(
        f'<DicomAttribute tag="{tag}"><Value number="1">{value}</Value></DicomAttribute>'
        for tag, value in values.items()
    )
    item = f'<DicomAttribute tag="{sequence}" vr="SQ"><Item number="1">{told}</Item>'
    space = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
    return f'<?xml version="1.0"?><NativeDicomModel xmlns="{space}">{item}</DicomAttribute></NativeDicomModel>'


@pytest.mark.parametrize("status", [200, 202, 409])
def test_a_service_that_tells_in_xml_is_understood(a_tree, status):
    def answer(number):
        if number != 2:
            return 200
        return status, lambda uid: in_xml(FAILED, uid, 0xA900), {}

    with a_dicomweb_service(answer) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        found = run(a_tree)
        assert sorted(one.fate for one in found) == [Fate.REFUSED, Fate.STORED, Fate.STORED]
        assert "0xA900" in next(one.reason for one in found if one.fate is Fate.REFUSED)
        assert len(held) == 2


def test_a_service_that_cannot_now_and_tells_in_xml_gets_it_later(a_tree):
    def answer(number):
        return (409, lambda uid: in_xml(FAILED, uid, 0xA700), {}) if number == 2 else 200

    with a_dicomweb_service(answer) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        with pytest.raises(Unavailable, match="0xA700"):
            run(a_tree)
        run(a_tree)
        assert len(held) == 3


def test_an_instance_that_is_kept_while_another_fails_is_stored(a_tree):
    def answer(_number):
        return 202, lambda uid: {KEPT: {"Value": [{INSTANCE: {"Value": [uid]}}]}}, {}

    with a_dicomweb_service(answer) as (url, _):
        configure(a_tree, "stow-rs", url=url)
        with pytest.raises(Unavailable, match="does not hold"):  # of QIDO-RS, not of STOW-RS
            run(a_tree)


def test_a_service_that_is_away_gets_the_rest_later(a_tree):
    with a_dicomweb_service(lambda number: 503 if number == 2 else 200) as (url, held):
        configure(a_tree, "stow-rs", url=url)
        with pytest.raises(Unanswered, match="503"):
            run(a_tree)
        run(a_tree)
        assert len(held) == 3
    assert told(a_tree) == [("stored", "qido-rs")] * 3
