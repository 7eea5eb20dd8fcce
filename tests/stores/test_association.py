"""An association whose peer sends what it likes: nothing breaks, nothing is left half-written."""

import errno
import logging
import os
import random
import socket
import struct
import threading

import pytest
from headgate.core.dicom.beginning import study_instance_uid
from headgate.core.upperlayer import commands, pdus
from headgate.stores import files
from headgate.stores.dicomnet import storing
from headgate.stores.dicomnet.receiver import Admission, Limits, Receiver
from headgate.stores.dicomnet.tally import Board, Tally
from headgate.stores.layout import Layout
from headgate.stores.quarantine import drafts
from headgate.stores.quarantine.archive import Archive

CT, EXPLICIT = b"1.2.840.10008.5.1.4.1.1.2", b"1.2.840.10008.1.2.1"
SEEDS, EACH = 20, 60
BODY = b"\x08\0\x18\0UI\x06\x001.2.3\0\x20\0\x0d\0UI\x06\x001.2.4\0\x10\0\x10\0PN\x04\0X^Y "


def item(kind, value):
    return struct.pack(">BxH", kind, len(value)) + value


def pdu(kind, body):
    return struct.pack(">BxL", kind, len(body)) + body


def request(called=b"HEADGATE", calling=b"SCANNER"):
    context = item(0x20, b"\1\0\0\0" + item(0x30, CT) + item(0x40, EXPLICIT))
    user = item(0x50, item(0x51, struct.pack(">L", 16384)) + item(0x52, b"1.2.3"))
    names = called.ljust(16) + calling.ljust(16) + bytes(32)
    application = item(0x10, b"1.2.840.10008.3.1.1.1")
    return pdu(1, struct.pack(">HH", 1, 0) + names + application + context + user)


def value(control, data, number=1):
    return struct.pack(">LBB", len(data) + 2, number, control) + data


def store(instance=b"1.2.3\0", body=BODY, size=40):
    values = {
        commands.AFFECTED_CLASS: CT + b"\0", commands.FIELD: b"\1\0", commands.MESSAGE_ID: b"\1\0",
        commands.DATA_SET_TYPE: b"\1\0", commands.AFFECTED_INSTANCE: instance, 0x0700: b"\0\0",
    }  # fmt: skip
    parts = [pdu(4, value(3, commands.written(values)))]
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    controls = [0] * (len(pieces) - 1) + [2]
    parts += [pdu(4, value(*both)) for both in zip(controls, pieces, strict=True)]
    return b"".join(parts)


RELEASE = pdu(5, bytes(4))


class Peer:
    """A receiver in this process, and what it answers."""

    def __init__(self, folder, **limits):
        self.layout = Layout(folder)
        for place in self.layout.folders():
            place.mkdir(parents=True, exist_ok=True)
        self.board = Board(1)
        self.receiver = Receiver(
            Archive(self.layout), Tally(self.board, 0), Admission(),
            Limits(**{"idle_seconds": 5, **limits}),
        )  # fmt: skip

    def answers(self, data):
        """Send bytes and no more; return all that comes back, when the association has ended."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname())
            theirs, _ = listener.accept()
        thread = threading.Thread(target=self.receiver.take, args=(theirs, "127.0.0.1"))
        thread.start()
        ours.settimeout(20)
        found = b""
        try:
            ours.sendall(data)
            ours.shutdown(socket.SHUT_WR)
            while piece := ours.recv(65536):
                found += piece
        except (BrokenPipeError, ConnectionResetError):
            found += b""
        ours.close()
        thread.join(20)
        assert not thread.is_alive()
        return found

    def tells_nobody(self, opening, message):
        """Open an association, then send a message whose answer cannot be sent any more."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname())
            theirs, _ = listener.accept()
        thread = threading.Thread(target=self.receiver.take, args=(theirs, "127.0.0.1"))
        thread.start()
        ours.sendall(opening)
        ours.recv(65536)
        theirs.shutdown(socket.SHUT_WR)
        ours.sendall(message)
        thread.join(20)
        ours.close()

    def kinds(self, data):
        found, answer = [], self.answers(data)
        while answer:
            kind, length = pdus.read_head(answer)
            found.append(kind)
            answer = answer[6 + length :]
        return found

    def files(self):
        return [path for path in self.layout.archive.rglob("*") if path.is_file()]


@pytest.fixture
def a_peer(tmp_path):
    return Peer(tmp_path / "data")


def test_an_instance_is_stored_and_the_association_released(a_peer):
    assert a_peer.kinds(request() + store() + RELEASE) == [2, 4, 6]
    (path,) = a_peer.files()
    assert path.name == "1.2.3"
    assert path.parent.name == "scp_1.2.4"
    assert path.read_bytes().endswith(BODY)
    assert a_peer.board.counts() == {"new": 1}
    assert a_peer.board.open_in_all() == 0


@pytest.mark.parametrize("size", [1, 7, 40, 4096])
def test_however_it_is_parted_it_is_the_same(a_peer, size):
    body = BODY + bytes(100_000 if size > 40 else 500)
    assert a_peer.kinds(request() + store(body=body, size=size) + RELEASE) == [2, 4, 6]
    (path,) = a_peer.files()
    assert path.read_bytes().endswith(body)


@pytest.mark.parametrize(
    "data",
    [
        RELEASE,
        pdu(1, b"short"),
        request() + pdu(4, b"\0\0\0"),
        request() + pdu(4, value(2, BODY)),
        request() + pdu(4, value(3, b"\0\0\0\0\xff\xff\xff\xff")),
        request() + store().replace(b"\0\0\0\x2a\1\2", b"\0\0\1\x2a\1\2"),
        request() + pdu(9, b""),
        request() + request(),
        request() + pdu(4, value(3, commands.written({commands.FIELD: b"\1\0"}))),
        struct.pack(">BxL", 1, 1 << 30),
    ],
)
def test_who_breaks_the_protocol_is_aborted(a_peer, data):
    assert a_peer.kinds(data)[-1] == pdus.ABORT
    assert not a_peer.files()
    assert not list(a_peer.layout.temp.iterdir())


def test_who_breaks_off_amid_an_instance_leaves_nothing(a_peer):
    whole = request() + store(body=BODY + bytes(5000), size=1000)
    for end in range(len(request()), len(whole) - 1, 997):
        a_peer.answers(whole[:end])
    assert not a_peer.files()
    assert not list(a_peer.layout.temp.iterdir())


def without_data_set(instance=b"1.2.5\0"):
    values = {
        commands.AFFECTED_CLASS: CT, commands.FIELD: b"\1\0", commands.MESSAGE_ID: b"\1\0",
        commands.DATA_SET_TYPE: b"\1\1", commands.AFFECTED_INSTANCE: instance,
    }  # fmt: skip
    return pdu(4, value(3, commands.written(values)))


def test_who_hears_no_answer_leaves_nothing_be_there_a_data_set_or_none(a_peer):
    for message in (store(), without_data_set()):
        before = set(os.listdir("/proc/self/fd"))
        a_peer.tells_nobody(request(), message)
        assert not list(a_peer.layout.temp.iterdir())
        assert set(os.listdir("/proc/self/fd")) == before
    assert {path.name for path in a_peer.files()} == {"1.2.3"}


@pytest.mark.parametrize("message", [without_data_set(), store(b"1.2.5\0", b" ").replace(
    pdu(4, value(2, b" ")), pdu(4, value(2, b"")))])  # fmt: skip
def test_an_instance_without_data_set_is_refused_and_the_next_one_taken(
    a_peer, message, caplog, monkeypatch
):
    # scripts that ran in this process before have it log elsewhere
    monkeypatch.setattr(logging.getLogger("headgate"), "propagate", True)
    answer = a_peer.answers(request() + message + store() + RELEASE)
    assert answer.count(b"\0\0\0\x09\2\0\0\0\0\xc0") == 1
    assert [path.name for path in a_peer.files()] == ["1.2.3"]
    assert not list(a_peer.layout.temp.iterdir())
    assert a_peer.board.counts() == {"new": 1, "no_data_set": 1}
    assert "1.2.5: refused with 0xC000: no data set came" in caplog.text


def test_what_is_too_large_is_refused_and_the_next_one_taken(tmp_path):
    a_peer = Peer(tmp_path / "data", object_bytes=2000)
    large = store(b"1.2.9\0", BODY + bytes(5000), 500)
    answer = a_peer.answers(request() + large + store() + RELEASE)
    assert answer.count(b"\0\0\0\x09\2\0\0\0\0\xa7") == 1
    assert [path.name for path in a_peer.files()] == ["1.2.3"]
    assert a_peer.board.counts() == {"new": 1, "too_large": 1}


def test_an_operation_that_is_not_offered_is_answered_so(a_peer):
    values = {
        commands.AFFECTED_CLASS: CT, commands.FIELD: b"\x20\0", commands.MESSAGE_ID: b"\1\0",
        commands.DATA_SET_TYPE: b"\1\0",
    }  # fmt: skip
    find = pdu(4, value(3, commands.written(values))) + pdu(4, value(2, b"what"))
    answer = a_peer.answers(request() + find + store() + RELEASE)
    assert b"\0\0\0\x09\2\0\0\0\x11\2" in answer
    assert len(a_peer.files()) == 1


def test_more_associations_than_are_allowed_are_refused(tmp_path):
    a_peer = Peer(tmp_path / "data", associations=0)
    assert a_peer.kinds(request() + store()) == [3]
    assert a_peer.board.counts() == {"refused": 1}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_comes_breaks_nothing(tmp_path, seed, caplog):
    a_peer, dice = Peer(tmp_path / "data"), random.Random(seed)
    before = set(tmp_path.rglob("*"))
    died = []
    threading.excepthook = lambda arguments: died.append(arguments.exc_value)
    try:
        for _ in range(EACH):
            data = bytearray(request() + store(dice.randbytes(12), size=30) + store() + RELEASE)
            for _ in range(dice.randint(1, 6)):
                at = dice.randrange(len(data))
                match dice.randrange(4):
                    case 0:
                        data[at] = dice.randrange(256)
                    case 1:
                        del data[at : at + dice.randint(1, 40)]
                    case 2:
                        data[at:at] = dice.randbytes(dice.randint(1, 40))
                    case _:
                        data[at : at + 4] = b"\xff\xff\xff\xff"
                if not data:
                    break
            a_peer.answers(bytes(data))
    finally:
        threading.excepthook = threading.__excepthook__
    assert died == []
    assert not list(a_peer.layout.temp.iterdir())
    new = set(tmp_path.rglob("*")) - before
    inside = (a_peer.layout.archive, a_peer.layout.arrived)
    assert all(any(path.is_relative_to(one) for one in inside) for path in new)
    assert a_peer.board.open_in_all() == 0


def test_who_sends_by_the_byte_has_the_study_looked_for_a_few_times(tmp_path, monkeypatch):
    looked = []

    def look(start, syntax):
        looked.append(len(start))
        return study_instance_uid(start, syntax)

    monkeypatch.setattr(storing, "study_instance_uid", look)
    a_peer = Peer(tmp_path / "data")
    before = b"\x09\0\x01\x10LO\x02\0ab" * 300
    assert a_peer.kinds(request() + store(body=before + BODY, size=1) + RELEASE) == [2, 4, 6]
    (path,) = a_peer.files()
    assert path.parent.name == "scp_1.2.4"
    assert len(looked) < 20


@pytest.mark.parametrize("does", ["settle", "discard"])
def test_a_disk_that_turns_read_only_costs_no_association_and_no_descriptor(
    a_peer, monkeypatch, does
):
    def read_only(*_arguments):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(drafts.Draft, "_named", read_only)
    if does == "discard":
        monkeypatch.setattr(files, "remove", read_only)
    before = len(os.listdir("/proc/self/fd"))
    answer = a_peer.answers(request() + store() + store(b"1.2.5\0") + RELEASE)
    assert answer.count(b"\0\0\0\x09\2\0\0\0\x10\1") == 2
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_system_without_a_thread_for_it_refuses_a_connection_and_takes_later_ones(
    a_peer, monkeypatch
):
    def none_left(_thread):
        raise RuntimeError("can't start new thread")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        a_peer.receiver.serve(listener)
        with monkeypatch.context() as system:
            system.setattr(threading.Thread, "start", none_left)
            with socket.create_connection(listener.getsockname()) as refused:
                assert refused.recv(1) == b""
        with socket.create_connection(listener.getsockname()) as taken:
            taken.sendall(request() + RELEASE)
            taken.settimeout(10)
            assert taken.recv(1) == b"\2"
        a_peer.receiver.stop(0)
    assert a_peer.board.counts() == {"refused": 1}


def test_a_listener_that_is_closed_at_the_end_is_no_trouble(a_peer, caplog):
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    thread = a_peer.receiver.serve(listener)
    listener.close()
    thread.join(10)
    assert not thread.is_alive()
    # what other tests began may end now, and be told
    assert not [one for one in caplog.records if one.thread == thread.ident]
