"""A connection as PDUs: read into one buffer, whose bytes are handed on as they come."""

import select
import socket
import ssl
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import islice

from headgate.core.upperlayer.pdus import (
    HEAD_BYTES,
    VALUE_HEAD_BYTES,
    ProtocolError,
    read_head,
)
from headgate.stores import files, reading

BUFFER_BYTES = 512 << 10  # room for the longest A-ASSOCIATE-RQ
AT_ONCE_BYTES = 64 << 10  # where a data set begins: its rest goes where it is wanted
AHEAD_BYTES = HEAD_BYTES + VALUE_HEAD_BYTES
NOWHERE = memoryview(b"")

# what a read or a write ends with when the kernel's time is over
SILENT = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def hurry(connection: socket.socket, seconds: float) -> None:
    """Given a connection, have it send at once, and wait for the peer no longer than `seconds`.

    The kernel keeps the time: settimeout would have Python ask it before each read.
    """
    whole = int(seconds)
    time_value = struct.pack("@ll", whole, int((seconds - whole) * 1e6))
    connection.setblocking(True)
    for side in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        connection.setsockopt(socket.SOL_SOCKET, side, time_value)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Closed(Exception):
    """The peer has gone."""


class Wire:
    """One connection that hurries, read by one thread. A peer has `seconds` for each PDU."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection = connection
        self._seconds = seconds
        self._deadline = 0.0
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._start = self._end = 0

    def head(self) -> tuple[int, int]:
        """Return the type of the next PDU and how many bytes follow.

        Raise Closed, TimeoutError, OSError.
        """
        self._deadline = time.monotonic() + self._seconds
        return read_head(self.take(HEAD_BYTES))

    def has_more(self, seconds: float) -> bool:
        """Return whether the peer says something within `seconds`."""
        if self._end > self._start:
            return True
        if isinstance(self._connection, ssl.SSLSocket) and self._connection.pending():
            return True
        waiting = select.poll()  # select(2) knows no descriptor beyond 1023
        waiting.register(self._connection, select.POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def take(self, count: int) -> memoryview:
        """Given a number of bytes, return the next so many, good until more is asked for.

        Raise ProtocolError where the buffer cannot hold them; Closed, TimeoutError, OSError.
        """
        if count > BUFFER_BYTES:
            raise ProtocolError(f"a PDU of {count} bytes is longer than any that is allowed")
        while self._end - self._start < count:
            if self._start + count > BUFFER_BYTES:
                self._to_front()
            self._receive(max(AT_ONCE_BYTES, count))
        start, self._start = self._start, self._start + count
        return self._buffer[start : self._start]

    def pieces(self, count: int) -> Iterator[memoryview]:
        """Given a number of bytes, yield the next so many, as they come. Raise as `take` does."""
        while count:
            if self._start == self._end:
                self._start = self._end = 0
                self._receive(BUFFER_BYTES)
            end = min(self._end, self._start + count)
            piece = self._buffer[self._start : end]
            self._start, count = end, count - len(piece)
            yield piece

    def read_into(self, room: memoryview, *, is_end: bool) -> int:
        """Given room for what comes next, and whether the peer then waits for an answer, put bytes
        into it; return how many, one at least. Raise as `take` does.
        """
        held = self._buffer[self._start : self._end][: len(room)]
        if held:
            room[: len(held)] = held
            self._start += len(held)
            return len(held)
        self._start = self._end = 0
        ahead = self._buffer[: 0 if is_end else AHEAD_BYTES]
        count = self._receive_into(room, ahead)
        self._end = max(0, count - len(room))
        return count - self._end

    def send(self, data: bytes) -> None:
        """Given bytes, send them. Raise TimeoutError, OSError."""
        try:
            self._connection.sendall(data)
        except SILENT as error:
            raise TimeoutError from error

    def send_parts(self, parts: Iterable[bytes | memoryview]) -> None:
        """Given bytes in parts, send them as they lie. Raise TimeoutError, OSError.

        Of a mapped file no more stays in memory than is sent at once.
        """
        rest = iter(parts)
        while batch := list(islice(rest, files.MOST_PARTS)):
            count, left = sum(map(len, batch)), batch
            while count:
                sent = self._send_some(left)
                count -= sent
                left = _after(left, sent) if count else []
            reading.forget_mapped(batch)

    def _send_some(self, parts: list[bytes | memoryview]) -> int:
        try:
            if isinstance(self._connection, ssl.SSLSocket):  # which has no sendmsg
                whole = b"".join(parts)
                self._connection.sendall(whole)
                return len(whole)
            return self._connection.sendmsg(parts)
        except SILENT as error:
            raise TimeoutError from error

    def close(self) -> None:
        """Close the connection, when the peer has had what was sent."""
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        self._connection.close()

    def _to_front(self) -> None:
        left = self._end - self._start
        self._buffer[:left] = bytes(self._buffer[self._start : self._end])
        self._start, self._end = 0, left

    def _receive(self, most: int) -> None:
        self._end += self._receive_into(self._buffer[self._end : self._end + most])

    def _receive_into(self, room: memoryview, ahead: memoryview = NOWHERE) -> int:
        """Given room, and where to put what comes after it, return how much was received."""
        try:
            if ahead and not isinstance(self._connection, ssl.SSLSocket):  # which has no such call
                count = self._connection.recvmsg_into((room, ahead))[0]
            else:
                count = self._connection.recv_into(room)
        except SILENT as error:
            raise TimeoutError from error
        if not count:
            raise Closed
        if count < len(room) + len(ahead):
            self._await_more()
        return count

    def _await_more(self) -> None:
        if time.monotonic() > self._deadline:
            raise TimeoutError
        # The kernel forgets it with each segment; without it a peer that leaves Nagle's algorithm
        # on waits 40 ms for each instance.
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _after(parts: list[bytes | memoryview], sent: int) -> list[bytes | memoryview]:
    """Return what is left of the parts when so many bytes of them have gone."""
    number = 0
    while sent >= len(parts[number]):
        sent -= len(parts[number])
        number += 1
    return [memoryview(parts[number])[sent:], *parts[number + 1 :]]
