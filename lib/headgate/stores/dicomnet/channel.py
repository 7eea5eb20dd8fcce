"""A connection with a peer that was called, as messages: PS3.7 over PS3.8."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from headgate.core.errors import Unavailable
from headgate.core.upperlayer import commands, pdus, requesting
from headgate.core.upperlayer.commands import Command
from headgate.core.upperlayer.pdus import ProtocolError
from headgate.stores.dicomnet.tls import Trust
from headgate.stores.dicomnet.wire import Closed, Wire

log = logging.getLogger("headgate.pacs")

MOST_MESSAGE_BYTES = 16 << 20  # of an answer: it lies in memory


@dataclass(frozen=True)
class Peer:
    """Whom to call, as whom, and how long to wait in seconds."""

    host: str
    port: int
    ae_title: str
    calling_ae_title: str
    timeout: float
    trust: Trust | None = None

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.ae_title} at {host}:{self.port}"

    @property
    def address(self) -> str:
        """Return the host as the system takes it: in settings IPv6 may have its brackets."""
        return self.host.strip("[]")


class Unanswered(Unavailable):
    """The peer is not there, or does not go on: others may."""


class Message(NamedTuple):
    """What a peer says: the context's number, the command set, and the data set, if any."""

    context: int
    command: Command
    dataset: bytes


class Sink(Protocol):
    """Where the data set of a message goes, piece by piece."""

    def write(self, piece: memoryview) -> None:
        """Given more of the data set, take it."""


class Channel:
    """An open association: one request at a time, and its answers."""

    def __init__(
        self, wire: Wire, peer: Peer, contexts: dict[tuple[str, str], int], maximum_length: int
    ) -> None:
        self._wire, self._peer = wire, peer
        self._contexts, self._maximum_length = contexts, maximum_length
        self._message_id = 0
        self._reports: list[Message] = []
        self.is_open = True

    def takes(self, sop_class: str, syntax: str) -> bool:
        """Given a SOP class and a transfer syntax, return whether they were accepted together."""
        return (sop_class, syntax) in self._contexts

    def is_quiet(self) -> bool:
        """Return whether the peer says nothing: unasked, it has only its end to tell."""
        return not self._wire.has_more(0)

    def ask(
        self,
        field: int,
        sop_class: str,
        syntax: str,
        dataset: Iterable[bytes | memoryview] = (),
        values: dict[int, str | int] | None = None,
    ) -> None:
        """Given a command field, what it is about, the parts of a data set and more elements of the
        command, send the request. Raise OSError.
        """
        self._message_id = self._message_id % 0xFFFF + 1
        is_action = field == commands.N_ACTION_RQ
        element = commands.REQUESTED_CLASS if is_action else commands.AFFECTED_CLASS
        several = {element: sop_class, **(values or {})}
        parts = list(dataset)
        request = commands.request(field, self._message_id, several, has_data_set=bool(parts))
        number = self._contexts[sop_class, syntax]
        self._wire.send_parts(requesting.message(number, request, parts, self._maximum_length))

    def answer(self, field: int) -> Message:
        """Given the command field of what was asked, return the next answer to it.

        Raise ProtocolError, Closed, OSError.
        """
        message = self._receive()
        while message.command.number(commands.FIELD) == commands.N_EVENT_REPORT_RQ:
            self._take_report(message)
            message = self._receive()
        command = message.command
        if (command.number(commands.FIELD), command.number(commands.RESPONDED_ID)) != (
            field | commands.RESPONSE,
            self._message_id,
        ):
            raise ProtocolError("an answer to what was not asked")
        return message

    def next(self, sink_of: Callable[[int, Command], Sink | None]) -> Message:
        """Given what tells where the data set of a message goes, None: into memory, return the next
        message, whoever asked. Raise ProtocolError, Closed, OSError.
        """
        return self._receive(sink_of)

    def respond(self, message: Message, status: int) -> None:
        """Given what the peer asked, answer it. Raise OSError."""
        self._send_command(message.context, commands.response(message.command, status))

    def kind_of(self, number: int) -> tuple[str, str]:
        """Given a context, return its SOP class and transfer syntax. Raise ProtocolError."""
        for kind, known in self._contexts.items():
            if known == number:
                return kind
        raise ProtocolError("a message came in a presentation context that was not accepted")

    def reports(self, seconds: float) -> list[Message]:
        """Return the N-EVENT-REPORTs that came, if none then those that come within `seconds`.

        Raise ProtocolError, Closed, OSError.
        """
        if not self._reports and self._wire.has_more(seconds):
            message = self._receive()
            if message.command.number(commands.FIELD) != commands.N_EVENT_REPORT_RQ:
                raise ProtocolError("a message that is no report")
            self._take_report(message)
        found, self._reports = self._reports, []
        return found

    def _take_report(self, message: Message) -> None:
        self._reports.append(message)
        self.respond(message, commands.SUCCESS)

    def _send_command(self, number: int, command: bytes) -> None:
        room = self._maximum_length
        for one in pdus.data(number, command, is_command=True, maximum_length=room):
            self._wire.send(one)

    def release(self) -> None:
        """End it in order; a peer that does not answer has ended it too."""
        if not self.is_open:
            return
        self.is_open = False
        with suppress(ProtocolError, Closed, OSError):
            self._wire.send(requesting.release_request())
            self._wire.head()
        self._wire.close()

    def abort(self) -> None:
        """End it at once."""
        if self.is_open:
            self.is_open = False
            with suppress(OSError):
                self._wire.send(requesting.abort())
            self._wire.close()

    @contextmanager
    def talking(self, what: str) -> Iterator[None]:
        """Turn what becomes of a connection into Unavailable; it is of no use any more."""
        try:
            yield
        except (ProtocolError, Closed, OSError) as trouble:
            log.info("%s: %s (%s) during a %s", self._peer, type(trouble).__name__, trouble, what)
            self.abort()
            raise Unanswered(f"{self._peer} broke off or fell silent during a {what}") from trouble

    def _receive(self, sink_of: Callable[[int, Command], Sink | None] | None = None) -> Message:
        command: Command | None = None
        sink: Sink | None = None
        gathered = bytearray()
        while True:
            kind, length = self._wire.head()
            if kind != pdus.DATA:
                raise Closed
            while length > 0:
                head = self._wire.take(pdus.VALUE_HEAD_BYTES)
                count, number, control = pdus.read_value_head(head)
                length -= pdus.VALUE_HEAD_BYTES + count
                if count < 0 or length < 0:
                    raise ProtocolError("a presentation data value is longer than its PDU")
                self._take(count, gathered, None if control & pdus.IS_COMMAND else sink)
                if not control & pdus.IS_LAST:
                    continue
                if not control & pdus.IS_COMMAND:
                    return Message(number, command or Command({}), bytes(gathered))
                command, gathered = commands.read_command(bytes(gathered)), bytearray()
                if not command.has_data_set:
                    return Message(number, command, b"")
                sink = sink_of(number, command) if sink_of else None

    def _take(self, count: int, gathered: bytearray, sink: Sink | None) -> None:
        if sink is None:
            if len(gathered) + count > MOST_MESSAGE_BYTES:
                raise ProtocolError("a message is longer than it may be")
            gathered += self._wire.take(count)
            return
        for piece in self._wire.pieces(count):
            sink.write(piece)
