"""C-MOVE: a PACS sends what it is asked for to a receiver of ours, on a port of its own."""

import logging
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from headgate.core.errors import Unavailable
from headgate.core.upperlayer import commands
from headgate.core.upperlayer.commands import SUCCESS, Command
from headgate.core.upperlayer.negotiation import IMPLICIT_LITTLE, VERIFICATION
from headgate.core.upperlayer.pdus import ProtocolError
from headgate.stores.dicomnet import pacs
from headgate.stores.dicomnet.association import (
    Answer,
    Association,
    Message,
    Presentation,
    Rejection,
    Report,
    Services,
)
from headgate.stores.dicomnet.association import Peer as Sender
from headgate.stores.dicomnet.channel import Channel, Peer
from headgate.stores.dicomnet.getting import PENDING, Landing, Shelf, queries
from headgate.stores.dicomnet.identifiers import Values, encode
from headgate.stores.dicomnet.wire import Wire, hurry

STUDY_ROOT_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
REFUSED_CALLED = (1, 1, 7)  # PS3.8 9.3.4
ACCEPT_SECONDS = 0.25

log = logging.getLogger("headgate.pacs")


@dataclass(frozen=True)
class Landingplace:
    """Where the PACS sends to: it knows our address and port by the AE title."""

    ae_title: str
    port: int
    pdu_bytes: int = 131072


def move(
    peer: Peer,
    place: Landingplace,
    shelf: Shelf,
    study: str,
    series: str,
    lacking: Mapping[str, str],
    is_all: bool,
) -> None:
    """Given a series, of which instances lack, and whether these are all of it, have the PACS send
    them to us, onto a shelf; what it does not send still lacks.

    Raise Unsupported when it takes no C-MOVE; Unavailable.
    """
    with _listening(peer, place, shelf):
        kinds = [(STUDY_ROOT_MOVE, IMPLICIT_LITTLE)]
        with pacs.associated(peer, kinds) as association:
            for query in queries(study, series, [] if is_all else list(lacking)):
                _move(association.channel, peer, place.ae_title, query)


def _move(channel: Channel, peer: Peer, title: str, query: Values) -> None:
    status = PENDING
    padded = title + " " * (len(title) % 2)
    with channel.talking("C-MOVE"):
        channel.ask(
            commands.C_MOVE_RQ, STUDY_ROOT_MOVE, IMPLICIT_LITTLE, [encode(query)],
            {commands.PRIORITY: 0, commands.MOVE_DESTINATION: padded},
        )  # fmt: skip
        while status == PENDING:
            answer = channel.answer(commands.C_MOVE_RQ)
            status = answer.command.number(commands.STATUS)
    if status != SUCCESS:
        log.warning("%s ended a C-MOVE with 0x%04X: does it know %s?", peer, status, title)


@contextmanager
def _listening(peer: Peer, place: Landingplace, shelf: Shelf) -> Iterator[None]:
    """Serve a port while the PACS sends; who calls another title is refused."""
    ended = threading.Event()
    try:
        listener = socket.create_server(("", place.port))
    except OSError as error:
        raise Unavailable(
            f"port {place.port} of move_port cannot be listened on ({error.strerror})"
        ) from error
    listener.settimeout(ACCEPT_SECONDS)

    def stored(command: Command, presentation: Presentation, _sender: Sender) -> Message:
        return Landing(shelf, command, *presentation)

    def refusal(sender: Sender) -> Rejection | None:
        return None if sender.called == place.ae_title else REFUSED_CALLED

    def unwanted(_sender: Sender, _sop_class: str, _report: Report) -> None:
        raise ProtocolError("nothing is reported here")

    handlers = {
        commands.C_STORE_RQ: stored,
        commands.C_ECHO_RQ: lambda _command, _presentation, _sender: Answer(SUCCESS),
    }
    services = Services(frozenset({VERIFICATION}), handlers, refusal, unwanted, place.pdu_bytes)
    serving: list[threading.Thread] = []

    def serve() -> None:
        while not ended.is_set():
            with suppress(TimeoutError):
                connection, address = listener.accept()
                hurry(connection, peer.timeout)
                one = Association(Wire(connection, peer.timeout), str(address[0]), services)
                serving.append(threading.Thread(target=one.run, daemon=True))
                serving[-1].start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        listener.close()
        for one in serving:
            one.join(peer.timeout)
