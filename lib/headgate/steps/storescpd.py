"""Receive DICOM by C-STORE into the quarantine; acknowledge only what is safe on disk."""

import ipaddress
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from socket import socket

import click

from headgate import trusting
from headgate.context import Context
from headgate.core.errors import Misconfigured, Unavailable
from headgate.core.step import Outcome, Step, error, ok
from headgate.stores import metrics, secrets, systemd
from headgate.stores.dicomnet import webserving, webstoring
from headgate.stores.dicomnet.channel import Peer
from headgate.stores.dicomnet.receiver import (
    CONNECTIONS_AN_ASSOCIATION,
    Admission,
    Limits,
    Receiver,
    listening,
)
from headgate.stores.dicomnet.tally import Board, Tally
from headgate.stores.dicomnet.tls import handshaking
from headgate.stores.dicomnet.workers import Workers

NAME = "storescpd"
TICK_SECONDS = 1.0
MEASURED_EACH = 15  # ticks
LOOPBACK = "127.0.0.1"

log = logging.getLogger("headgate.storescpd")


def plan(context: Context) -> Iterator[str]:
    """Yield the address to listen on: the only item."""
    settings = context.settings.receiver
    yield f"{settings.address or '*'}:{settings.port}"


def apply(context: Context, item: str) -> Iterator[Outcome]:
    """Receive until SIGTERM; while the control file `enabled` says 0, the port is closed."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: ended.set())
    context.archive.anchor()
    if left := context.archive.clear_temporary():
        log.info("removed %d half-written files of a receiver that died", left)
    aborted = 0
    while not ended.is_set():
        if _is_enabled(context):
            aborted += _receive(context, ended)
        else:
            systemd.notify("READY=1", "WATCHDOG=1", "STATUS=disabled by the control file")
            ended.wait(TICK_SECONDS)
    systemd.notify("STOPPING=1")
    if aborted:
        yield error(item, f"ended; {aborted} associations were aborted after the grace time")
    else:
        yield ok(item, "ended; every association finished")


def _receive(context: Context, ended: threading.Event) -> int:
    """Listen until the end or until disabled; return how many associations had to be aborted."""
    settings = context.settings.receiver
    listeners = [(listening(settings.address, settings.port), False)]
    if settings.tls_port:
        listeners.append((listening(settings.address, settings.tls_port), True))
    web = [_web_listener(context)] if settings.web_port else []
    board = Board(settings.processes + len(web))
    _check(context)
    work = partial(_serve, context, listeners, web, board)
    workers = Workers(settings.processes + len(web), work)
    systemd.notify("READY=1")
    for listener, is_secured in listeners:
        _tell_of(listener, " with TLS" * is_secured)
    for listener in web:
        _tell_of(listener, " for STOW-RS")
    told: dict[str, int] = {}
    ticks = 0
    while not ended.wait(TICK_SECONDS) and _is_enabled(context):
        if ticks % MEASURED_EACH == 0:
            _measure(context, board)
        ticks += 1
        if workers.replace_dead(board.clear_open):
            context.archive.clear_temporary()
        open_now = board.open_in_all()
        systemd.notify("WATCHDOG=1", f"STATUS={open_now} associations open")
        if not open_now and board.counts() != told:
            told = board.counts()
            log.info("received so far: %s", ", ".join(f"{n} {word}" for word, n in told.items()))
    log.info("no new associations; %d are open", board.open_in_all())
    for listener in (*(one for one, _ in listeners), *web):
        listener.close()
    return workers.stop(lambda: systemd.notify("WATCHDOG=1"))  # which may take longer than it waits


def _check(context: Context) -> None:
    """Raise what is wrong with the settings now, and not in each process."""
    _admission(context)
    _reported_at(context)
    trusting.check_receiver(context)


def _measure(context: Context, board: Board) -> None:
    values = {f"received_total:{word}": float(count) for word, count in board.counts().items()}
    values["associations"] = float(board.open_in_all())
    values["intake_open"] = float(context.archive.has_room(0))
    values["last_success_timestamp_seconds"] = context.now()
    try:
        metrics.write(context.layout.metrics, NAME, values)
    except (Unavailable, OSError):
        log.warning("the metrics could not be written: is the disk full?")


def _tell_of(listener: socket, kind: str) -> None:
    where = f"port {listener.getsockname()[1]}{kind}"
    log.info("listening on %s", where)
    sys.stderr.write(f"storescpd: listening on {where}\n")
    sys.stderr.flush()


def _web_listener(context: Context) -> socket:
    """Raise Misconfigured where nothing would tell who calls, or a token could be overheard."""
    settings = context.settings.receiver
    if not settings.web_token_file and not settings.tls_trusted:
        raise Misconfigured(
            "receiver.web_port is set: set receiver.web_token_file, or receiver.tls_trusted too"
        )
    if settings.web_token_file:
        secrets.read_bearer(settings.web_token_file)
    # without TLS it is for a proxy on this machine alone
    address = settings.address if settings.tls_certificate else LOOPBACK
    return listening(address, settings.web_port)


def _serve(
    context: Context,
    listeners: list[tuple[socket, bool]],
    web: list[socket],
    board: Board,
    row: int,
    wait: Callable[[], bool],
) -> int:
    """Take associations in this process until it is over; return how many had to be aborted."""
    settings = context.settings.receiver
    limits = Limits(
        settings.maximum_associations,
        settings.maximum_pdu,
        settings.maximum_object_megabytes << 20,
        settings.idle_seconds,
    )
    tally = Tally(board, row)
    if row >= settings.processes:
        for listener, _ in listeners:
            listener.close()
        token = secrets.read_bearer(settings.web_token_file) if settings.web_token_file else ""
        admission, called = _admission(context), settings.ae_title
        door = webstoring.Door(context.archive, tally, admission, limits, token, called)
        service = webstoring.application(door)
        security = trusting.security(settings)
        refuse = partial(webstoring.refuse_connection, door)
        secured = handshaking(security, refuse) if security else None
        most = CONNECTIONS_AN_ASSOCIATION * settings.maximum_associations
        patience = webserving.Patience(most, settings.idle_seconds, refuse)
        return webserving.serve(service, web[0], secured, settings.grace_seconds, wait, patience)
    receiver = Receiver(
        context.archive, tally, _admission(context), limits, trusting.security(settings),
        lambda notice: context.commitments.keep(notice.transaction, notice.kept, notice.failed),
        _reported_at(context),
        context.performed,
    )  # fmt: skip
    for listener, is_secured in listeners:
        receiver.serve(listener, is_secured=is_secured)
    is_told = wait()
    for listener in (*(one for one, _ in listeners), *web):
        listener.close()
    return receiver.stop(settings.grace_seconds if is_told else 0.0)


def _reported_at(context: Context) -> dict[str, Peer]:
    settings = context.settings.receiver
    found = {}
    for title, where in settings.commitment_peers.items():
        host, _, port = where.rpartition(":")
        if not host or not port.isdigit():
            raise Misconfigured(f'receiver.commitment_peers: {title} is not at "host:port"')
        own, seconds = settings.ae_title, settings.idle_seconds
        found[title] = Peer(host, int(port), title, own, seconds)
    return found


def _is_enabled(context: Context) -> bool:
    """FIONA's control file: a first character 0 stops the receiver; no file lets it run."""
    try:
        return context.layout.enabled.read_text()[:1] != "0"
    except FileNotFoundError:
        return not any(halt.exists() for halt in context.layout.halts(NAME))


def _admission(context: Context) -> Admission:
    settings = context.settings.receiver
    try:
        networks = tuple(ipaddress.ip_network(network) for network in settings.networks)
    except ValueError as reason:
        raise Misconfigured(f"receiver.networks: {reason}") from reason
    return Admission(
        frozenset(settings.calling_ae_titles), frozenset(settings.called_ae_titles), networks
    )


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Option(["--port"], type=click.IntRange(0, 65535), help="The TCP port."),
        click.Option(["--datadir"], metavar="DIR", help="The data directory."),
    ),
    overrides={"port": "receiver.port", "datadir": "datadir"},
    locks=(NAME,),
    serves=True,
)
