"""What comes on a connection is read in order, wherever it is put and however it is cut."""

import fcntl
import random
import resource
import socket
import threading

import pytest
from headgate.stores.dicomnet.wire import AHEAD_BYTES, AT_ONCE_BYTES, Closed, Wire

SECONDS = 10


@pytest.fixture
def a_connection():
    """Our side and the peer's."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        ours, _ = listener.accept()
    with peer, ours:
        yield ours, peer


def sending(peer, data, pieces):
    """Send in pieces of these sizes, then end."""

    def send():
        start = 0
        for size in pieces:
            peer.sendall(data[start : start + size])
            start += size
        peer.sendall(data[start:])
        peer.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    return thread


@pytest.mark.parametrize("seed", range(8))
def test_heads_and_what_is_put_elsewhere_come_in_their_order(a_connection, seed):
    dice = random.Random(seed)
    ours, peer = a_connection
    bodies = [dice.randbytes(dice.choice((1, 7, 4096, AT_ONCE_BYTES, 300_000))) for _ in range(20)]
    head = bytes(range(AHEAD_BYTES))
    data = b"".join(head + body for body in bodies)
    thread = sending(peer, data, [dice.randrange(1, 90_000) for _ in range(200)])
    wire, room = Wire(ours, SECONDS), memoryview(bytearray(1 << 20))
    for body in bodies:
        wire.head()
        assert bytes(wire.take(AHEAD_BYTES - 6)) == head[6:]
        put = 0
        while put < len(body):
            put += wire.read_into(room[put : len(body)], is_end=dice.random() < 0.5)
        assert room[:put] == body
    with pytest.raises(Closed):
        wire.head()
    thread.join()


def test_nothing_is_read_past_the_end_of_a_message(a_connection):
    """What the peer says next may never come: it waits for the answer."""
    ours, peer = a_connection
    peer.sendall(b"message and more")
    wire, room = Wire(ours, SECONDS), memoryview(bytearray(7))
    assert wire.read_into(room, is_end=True) == 7
    assert ours.recv(100) == b" and more"


def test_a_process_with_many_descriptors_still_hears_its_peer(a_connection):
    ours, peer = a_connection
    least = 1024  # of which select(2) knows no more
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if most <= least:
        pytest.skip("this system allows no more")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    try:
        with socket.socket(fileno=fcntl.fcntl(ours, fcntl.F_DUPFD, least)) as far:
            wire = Wire(far, SECONDS)
            assert not wire.has_more(0)
            peer.sendall(b"x")
            assert wire.has_more(SECONDS)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
