"""Sockets that do not wait: 40 ms an instance where a peer leaves Nagle's algorithm on."""

import socket
from typing import Any

from pynetdicom import evt


def hurry(event: Any) -> None:
    """Given an event of pynetdicom, send at once, and have the kernel acknowledge at once.

    The kernel forgets the wish to acknowledge with each segment, so it is told again with each PDU.
    """
    connection = event.assoc.dul.socket.socket
    if connection is not None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


HURRYING: list[Any] = [
    (event, hurry) for event in (evt.EVT_CONN_OPEN, evt.EVT_DATA_RECV, evt.EVT_DATA_SENT)
]
