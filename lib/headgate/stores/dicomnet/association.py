"""One association with a peer that sends: PS3.8 for what is accepted, PS3.7 for its messages."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from headgate.core.upperlayer import commands, pdus, requesting
from headgate.core.upperlayer.commands import Command
from headgate.core.upperlayer.negotiation import ACCEPTANCE, answers
from headgate.core.upperlayer.pdus import Accepted, AssociateRequest, ProtocolError
from headgate.stores.dicomnet.wire import Closed, Wire

MOST_COMMAND_BYTES = 1 << 16
CROSSING_SECONDS = 0.5
Rejection = tuple[int, int, int]

log = logging.getLogger("headgate.receiver")


class Peer(NamedTuple):
    """Who sends: AE titles of both sides, and the address."""

    calling: str
    called: str
    address: str


class Presentation(NamedTuple):
    """What was agreed on for a presentation context."""

    abstract_syntax: str
    transfer_syntax: str


class Report(NamedTuple):
    """What a peer is told unasked: elements of the command, and an encoded data set."""

    values: dict[int, str | int]
    dataset: bytes


class Message(Protocol):
    """Where the data set of a message goes, piece by piece."""

    def write(self, piece: memoryview) -> None:
        """Given more of the data set, take it; trouble with it is told by `finish`."""

    def finish(self) -> int:
        """Return the status of the response; `discard` comes after it."""

    def report(self) -> Report | None:
        """Return what the peer is told once it has the response, if anything."""

    def discard(self) -> None:
        """Leave nothing half-done: it is finished, or its rest does not come."""


class Roomy:
    """A message that has room of its own for its data set, so that it is not copied there."""

    def room(self) -> memoryview | None:
        """Return where more of it can be put, of which `took` tells; None: `write` takes it."""
        raise NotImplementedError

    def took(self, part: memoryview) -> None:
        """Given what was put into the room, take it; trouble with it is told by `finish`."""
        raise NotImplementedError


Open = Callable[[Command, Presentation, Peer], Message]


@dataclass(frozen=True)
class Services:
    """What an association offers: by SOP class what is offered beside storage, by command field
    who takes the message; `admit` says why a peer is refused, or None; `call` takes a report to a
    peer on an association of its own.
    """

    classes: frozenset[str]
    handlers: Mapping[int, Open]
    admit: Callable[[Peer], Rejection | None]
    call: Callable[[Peer, str, Report], None]
    maximum_length: int


class Association:
    """An association from its request to its end, in one thread."""

    def __init__(self, wire: Wire, address: str, services: Services) -> None:
        self._wire, self._address, self._services = wire, address, services
        self._request = AssociateRequest("", "", ())
        self._presentations: dict[int, Presentation] = {}
        self._command = bytearray()
        self._current: tuple[int, Command, Message] | None = None
        self.is_established = False

    def run(self) -> None:
        """Serve the peer until it releases, aborts, falls silent or breaks the protocol."""
        try:
            if self._establish():
                self._serve()
        except ProtocolError as trouble:
            log.warning("aborted an association from %s: %s", self._address, trouble)
            self._abort(pdus.INVALID_PARAMETER)
        except TimeoutError:
            log.warning("aborted an association from %s, which fell silent", self._address)
            self._abort(pdus.UNEXPECTED_PDU)
        except (Closed, OSError):
            if self.is_established:
                log.warning("an association from %s broke off", self._address)
        finally:
            self.is_established = False
            if self._current:
                self._current[2].discard()
            self._wire.close()

    def _establish(self) -> bool:
        kind, length = self._wire.head()
        if kind != pdus.ASSOCIATE_RQ:
            raise ProtocolError("something else than an A-ASSOCIATE-RQ came first")
        self._request = pdus.read_associate_request(self._wire.take(length))
        rejection = self._services.admit(self._peer)
        if rejection:
            self._wire.send(pdus.associate_reject(*rejection))
            return False
        accepted = answers(self._request, self._services.classes)
        self._presentations = self._agreed(accepted)
        self.is_established = True
        roles = self._request.roles
        maximum = self._services.maximum_length
        self._wire.send(pdus.associate_accept(self._request, accepted, maximum, roles))
        return True

    @property
    def _peer(self) -> Peer:
        return Peer(self._request.calling, self._request.called, self._address)

    def _agreed(self, accepted: list[Accepted]) -> dict[int, Presentation]:
        syntaxes = {one.number: one.transfer_syntax for one in accepted if one.result == ACCEPTANCE}
        return {
            one.number: Presentation(one.abstract_syntax, syntaxes[one.number])
            for one in self._request.proposals
            if one.number in syntaxes
        }

    def _serve(self) -> None:
        while True:
            kind, length = self._wire.head()
            if kind == pdus.DATA:
                self._data(length)
            elif kind == pdus.RELEASE_RQ:
                self._wire.take(length)
                self._wire.send(pdus.release_response())
                return
            elif kind == pdus.ABORT:
                return
            else:
                raise ProtocolError(f"a PDU of type {kind} came amid an association")

    def _data(self, length: int) -> None:
        """Take the presentation data values of one PDU: PS3.8 9.3.5."""
        while length:
            if length < pdus.VALUE_HEAD_BYTES:
                raise ProtocolError("a presentation data value is cut short")
            count, number, control = pdus.read_value_head(self._wire.take(pdus.VALUE_HEAD_BYTES))
            length -= pdus.VALUE_HEAD_BYTES + count
            if count < 0 or length < 0:
                raise ProtocolError("a presentation data value is longer than its PDU")
            if control & pdus.IS_COMMAND:
                self._take_command(number, count, is_last=bool(control & pdus.IS_LAST))
            else:
                self._take_data_set(number, count, is_last=bool(control & pdus.IS_LAST))

    def _take_command(self, number: int, count: int, *, is_last: bool) -> None:
        if self._current or len(self._command) + count > MOST_COMMAND_BYTES:
            raise ProtocolError("a command set came amid a message, or is too long")
        self._command += self._wire.take(count)
        if not is_last:
            return
        command, self._command = commands.read_command(bytes(self._command)), bytearray()
        field = command.number(commands.FIELD)
        if field & commands.RESPONSE or field == commands.C_CANCEL_RQ:
            return  # nothing was asked, and nothing runs that could be cancelled
        presentation = self._presentations.get(number)
        if presentation is None:
            raise ProtocolError("a message came in a presentation context that was not accepted")
        is_followed = command.has_data_set
        opened = self._services.handlers.get(field, _unrecognized)
        message = opened(command, presentation, self._peer)
        self._current = number, command, message
        if not is_followed:
            self._finish(number, command, message)

    def _take_data_set(self, number: int, count: int, *, is_last: bool) -> None:
        if self._current is None or self._current[0] != number:
            raise ProtocolError("a data set came without its command")
        _, command, message = self._current
        if isinstance(message, Roomy):
            count -= self._fill(message, count, is_last=is_last)
        for piece in self._wire.pieces(count):
            message.write(piece)
        if is_last:
            self._finish(number, command, message)
            self._report(number, message)

    def _fill(self, message: Roomy, count: int, *, is_last: bool) -> int:
        """Read so many bytes into the message's room while it has some; return how many."""
        left = count
        while left and (room := message.room()):
            read = self._wire.read_into(room[:left], is_end=is_last)
            message.took(room[:read])
            left -= read
        return count - left

    def _finish(self, number: int, command: Command, message: Message) -> None:
        """Answer it, then tidy up while the peer reads; if it has gone, `run` tidies up."""
        self._respond(number, command, message.finish())
        self._current = None
        message.discard()

    def _respond(self, number: int, command: Command, status: int) -> None:
        message, room = commands.response(command, status), self._request.maximum_length
        for one in pdus.data(number, message, is_command=True, maximum_length=room):
            self._wire.send(one)

    def _report(self, number: int, message: Message) -> None:
        """Tell the peer on this association, or call it where it speaks already."""
        report = message.report()
        if report is None:
            return
        abstract = self._presentations[number].abstract_syntax
        # who asks and then ends the association does so at once: the two must not cross
        if self._wire.has_more(CROSSING_SECONDS):
            self._services.call(self._peer, abstract, report)
            return
        values = {commands.AFFECTED_CLASS: abstract, **report.values}
        command = commands.request(commands.N_EVENT_REPORT_RQ, 1, values, has_data_set=True)
        room = self._request.maximum_length
        self._wire.send_parts(requesting.message(number, command, [report.dataset], room))

    def _abort(self, reason: int) -> None:
        try:
            self._wire.send(pdus.abort(reason))
        except OSError:
            log.debug("%s had gone before it could be told", self._address)


class Answer:
    """A message whose data set, if any, does not matter: the status is known from the start."""

    def __init__(self, status: int) -> None:
        self._status = status

    def write(self, piece: memoryview) -> None:
        """Take it, and forget it."""

    def finish(self) -> int:
        """Return the status."""
        return self._status

    def report(self) -> Report | None:
        """There is nothing to tell."""

    def discard(self) -> None:
        """Nothing was kept."""


def _unrecognized(_command: Command, _presentation: Presentation, _peer: Peer) -> Message:
    return Answer(commands.UNRECOGNIZED_OPERATION)
