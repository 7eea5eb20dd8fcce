"""Hosts as people write them: IPv6 with and without brackets, names that nobody knows."""

from __future__ import annotations

import socket

import pytest
from headgate.core.errors import Unavailable
from headgate.stores.dicomnet import pacs, receiver


@pytest.mark.parametrize("address", ["::1", "[::1]"])
def test_ipv6_is_listened_on_and_called_with_and_without_brackets(address):
    with receiver.listening(address, 0) as listener:
        peer = pacs.Peer(address, listener.getsockname()[1], "PACS", "HEADGATE", 5.0)
        assert str(peer) == f"PACS at [::1]:{peer.port}"
        with socket.create_connection((peer.address, peer.port), peer.timeout):
            called, _ = listener.accept()
            called.close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 300, "a..b", "127.0.0.1:104"])
def test_a_host_that_is_not_found_is_told_as_that(host):
    with pytest.raises(Unavailable, match="is not found: mend the name of the host"):
        pacs.echo(pacs.Peer(host, 104, "PACS", "HEADGATE", 5.0))


@pytest.mark.parametrize("address", ["192.0.2.7", "no.such.host.invalid", "x" * 300])
def test_an_address_that_is_none_of_ours_is_not_taken_for_a_port_that_is_held(address):
    with pytest.raises(Unavailable, match=r"is receiver\.address one of this machine"):
        receiver.listening(address, 0)


def test_a_port_that_another_program_holds_is_told_as_that():
    with receiver.listening("127.0.0.1", 0) as other:
        port = other.getsockname()[1]
        with pytest.raises(Unavailable, match=f"listen on port {port} .*find what holds it"):
            receiver.listening("127.0.0.1", port)
