"""The DICOM peer that scanners see: C-STORE and C-ECHO, acknowledged when safe on disk."""

import errno
import ipaddress
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from headgate.core.errors import HeadgateError, Unavailable
from headgate.core.grammar import is_ae_title
from headgate.core.upperlayer import commands
from headgate.core.upperlayer.commands import SUCCESS
from headgate.core.upperlayer.negotiation import VERIFICATION
from headgate.stores.dicomnet import pacs
from headgate.stores.dicomnet.association import (
    Answer,
    Association,
    Open,
    Peer,
    Rejection,
    Report,
    Services,
)
from headgate.stores.dicomnet.commitment import Notice, listening_for
from headgate.stores.dicomnet.committing import committing
from headgate.stores.dicomnet.pacs import STORAGE_COMMITMENT
from headgate.stores.dicomnet.performing import PERFORMED_STEP, Steps, performing
from headgate.stores.dicomnet.storing import Quarantine, storing
from headgate.stores.dicomnet.tally import Tally
from headgate.stores.dicomnet.tls import Security, Untrusted, secured
from headgate.stores.dicomnet.wire import Wire, hurry

# PS3.8 9.3.4: result, source, reason of A-ASSOCIATE-RJ
REFUSED_CALLING = (1, 1, 3)
REFUSED_CALLED = (1, 1, 7)
REFUSED_NO_REASON = (1, 1, 1)
LOCAL_LIMIT = (2, 3, 2)  # transient: the peer may come again
BACKLOG = 1024
ACCEPT_SECONDS = 0.25
CONNECTIONS_AN_ASSOCIATION = 4  # a process holds so many for each association that is allowed
STRANGERS = 8
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

log = logging.getLogger("headgate.receiver")


@dataclass(frozen=True)
class Admission:
    """Who may send: calling and called AE titles, and networks; an empty list admits all."""

    calling: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def refusal(self, calling: str, called: str, address: str) -> Rejection | None:
        """Given who calls whom from where, return result, source and reason of a refusal."""
        if not is_ae_title(calling) or (self.calling and calling not in self.calling):
            return REFUSED_CALLING
        if not is_ae_title(called) or (self.called and called not in self.called):
            return REFUSED_CALLED
        return None if self.admits(address) else REFUSED_NO_REASON

    def admits(self, address: str) -> bool:
        """Given where a connection comes from, return whether the networks let it in."""
        if not self.networks:
            return True
        where = ipaddress.ip_address(address)
        return any(where in network for network in self.networks)


@dataclass(frozen=True)
class Limits:
    """What a peer may take: associations in all processes, PDU and object sizes, silence."""

    associations: int = 64
    pdu_bytes: int = 131072
    object_bytes: int = 64 << 30
    idle_seconds: float = 60


def plain(address: str) -> str:
    """Given the address of a peer, return it as networks are written: a socket of both families
    tells IPv4 ones as ::ffff:192.0.2.1. Raise ValueError where it is none.
    """
    found = ipaddress.ip_address(address)
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)


def listening(address: str, port: int) -> socket.socket:
    """Given where to listen (port 0: any free one), return the socket. Raise Unavailable."""
    host = address.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(BACKLOG)
    except (OSError, UnicodeError) as error:
        found.close()
        is_held = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        reason = error.strerror if isinstance(error, OSError) else "no name of a host"
        where, advice = f"port {port}", "find what holds it with 'ss -ltnp', or set receiver.port"
        if not is_held:
            where, advice = f"{address}, {where}", "is receiver.address one of this machine?"
        raise Unavailable(f"the receiver cannot listen on {where} ({reason}): {advice}") from error
    # a connection that another process took first is not waited for
    found.settimeout(ACCEPT_SECONDS)
    return found


@dataclass
class Receiver:
    """A C-STORE SCP in this process, a thread for each association."""

    quarantine: Quarantine
    tally: Tally
    admission: Admission = field(default_factory=Admission)
    limits: Limits = field(default_factory=Limits)
    security: Security | None = None
    keep_notice: Callable[[Notice], None] | None = None
    reported_at: Mapping[str, pacs.Peer] = field(default_factory=dict)
    steps: Steps | None = None

    def __post_init__(self) -> None:
        self._tls = self.security.context() if self.security else None
        self._services = Services(
            frozenset({VERIFICATION, STORAGE_COMMITMENT, PERFORMED_STEP}),
            self._handlers(),
            self._admit,
            self._call,
            self.limits.pdu_bytes,
        )
        self._open: dict[threading.Thread, tuple[Association, socket.socket]] = {}
        self._counted: set[threading.Thread] = set()
        most = CONNECTIONS_AN_ASSOCIATION * self.limits.associations
        self._connections = threading.BoundedSemaphore(max(most, 1))
        self._strangers = threading.BoundedSemaphore(STRANGERS)
        self._ended = threading.Event()

    def serve(self, listener: socket.socket, *, is_secured: bool = False) -> threading.Thread:
        """Given a listening socket, take connections from it until `stop`; return the thread."""
        words = listener, is_secured
        thread = threading.Thread(target=self._listen, args=words, daemon=True)
        thread.start()
        return thread

    def stop(self, grace_seconds: float) -> int:
        """Take no new associations, let the open ones finish; return how many had to be aborted.

        A connection that never asked for an association, a probe's, is not waited for.
        """
        self._ended.set()
        deadline = time.monotonic() + grace_seconds
        for thread, (association, _) in list(self._open.items()):
            if association.is_established:
                thread.join(max(0.0, deadline - time.monotonic()))
        left = list(self._open.values())
        aborted = sum(association.is_established for association, _ in left)
        for _, connection in left:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        return aborted

    def _handlers(self) -> dict[int, Open]:
        others: dict[int, Open] = {commands.N_ACTION_RQ: committing(self.quarantine.failures)}
        if self.steps:
            others[commands.N_CREATE_RQ] = performing(self.steps, is_new=True)
            others[commands.N_SET_RQ] = performing(self.steps, is_new=False)
        if self.keep_notice:
            others[commands.N_EVENT_REPORT_RQ] = listening_for(self.keep_notice)
        return {
            **others,
            commands.C_STORE_RQ: storing(
                self.quarantine, self.tally.count, self.limits.object_bytes
            ),
            commands.C_ECHO_RQ: lambda _command, _presentation, _peer: Answer(SUCCESS),
        }

    def _listen(self, listener: socket.socket, is_secured: bool) -> None:
        while not self._ended.is_set():
            try:
                connection, address = listener.accept()
            except TimeoutError:
                continue
            except OSError as error:  # no descriptor is free, say: later ones may have room
                if listener.fileno() < 0:  # closed, as this process ends
                    return
                log.error("a connection could not be taken: %s", error.strerror)
                self._ended.wait(ACCEPT_SECONDS)
                continue
            self._begin(connection, plain(str(address[0])), is_secured)

    def _begin(self, connection: socket.socket, address: str, is_secured: bool) -> None:
        """Serve a connection in a thread of its own, unless there are too many: those that may not
        send anyway, and are told so, take no room from the others.
        """
        room = self._connections if self.admission.admits(address) else self._strangers
        if not room.acquire(blocking=False):
            self._refuse(connection, address, "too many connections are open")
            return

        def serve() -> None:
            try:
                self.take(connection, address, is_secured)
            finally:
                room.release()

        try:
            threading.Thread(target=serve, daemon=True).start()
        except RuntimeError:  # the system has no thread for it now, and this one has to go on
            room.release()
            self._refuse(connection, address, "the system has no thread for it")

    def _refuse(self, connection: socket.socket, address: str, reason: object) -> None:
        connection.close()
        self.tally.count("refused")
        log.warning("refused a connection from %s: %s", address, reason)

    def take(self, connection: socket.socket, address: str, is_secured: bool = False) -> None:
        """Given a connection and where it comes from, serve it to its end, in this thread."""
        thread = threading.current_thread()
        try:
            hurry(connection, self.limits.idle_seconds)
            if is_secured and self._tls and self.security:
                connection = secured(connection, self._tls, self.security)
            association = Association(
                Wire(connection, self.limits.idle_seconds), address, self._services
            )
            self._open[thread] = association, connection
            association.run()
        except (Untrusted, OSError) as reason:
            self._refuse(connection, address, reason)
        finally:
            self._open.pop(thread, None)
            if thread in self._counted:
                self._counted.discard(thread)
                self.tally.closed()

    def _call(self, peer: Peer, sop_class: str, report: Report) -> None:
        where = self.reported_at.get(peer.calling)
        if where is None:
            log.warning(
                "%s ended its association before its report, and receiver.commitment_peers does "
                "not tell where to call it: it has to ask again", peer.calling,
            )  # fmt: skip
            return
        try:
            pacs.tell(where, sop_class, report.values, report.dataset)
        except HeadgateError as reason:
            log.warning("the report to %s did not get there: %s", peer.calling, reason)

    def _admit(self, peer: Peer) -> Rejection | None:
        refusal = self.admission.refusal(peer.calling, peer.called, peer.address)
        if refusal:
            self.tally.count("refused")
            log.warning(
                "refused an association of %r to %r from %s: not on the allow-lists",
                peer.calling, peer.called, peer.address,
            )  # fmt: skip
            return refusal
        self._counted.add(threading.current_thread())
        self.tally.opened()  # who asks for none, a probe or a dead line, takes no other's place
        if self.tally.open_in_all() > self.limits.associations:
            self.tally.count("refused")
            log.warning("refused an association from %s: too many are open", peer.address)
            return LOCAL_LIMIT
        return None
