"""The web server under the DICOMweb service: in one process, until it is told to end."""

import asyncio
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from socket import socket
from typing import Any

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.auto import AutoHTTPProtocol


@dataclass(frozen=True)
class Patience:
    """How many connections are held at once, how long each may be without a whole request, and who
    is told of those that are ended for it.
    """

    connections: int
    seconds: float
    refused: Callable[[str], None]


def serve(
    application: Starlette,
    listener: socket,
    secured: ssl.SSLContext | None,
    grace_seconds: float,
    wait: Callable[[], bool],
    patience: Patience,
) -> int:
    """Given a service and a listening socket, answer requests until `wait` returns, then finish
    those that are open, at once where it returns False; return how many had to be aborted.
    """
    config = uvicorn.Config(
        application, http=_watched(patience), log_config=None, access_log=False,
        server_header=False, lifespan="off",
    )  # fmt: skip
    config.load()
    config.ssl = secured
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    if wait():
        config.timeout_graceful_shutdown = int(grace_seconds)
        server.should_exit = True
        thread.join(grace_seconds)
    return len(server.server_state.connections) if thread.is_alive() else 0


def _watched(patience: Patience) -> type[asyncio.Protocol]:
    """Return what speaks HTTP; uvicorn itself waits for ever for a request's head."""
    base: Any = AutoHTTPProtocol

    class Watched(base):
        def connection_made(self, transport: asyncio.Transport) -> None:
            super().connection_made(transport)
            if len(self.connections) > patience.connections:
                patience.refused("too many connections are open")
                transport.abort()
                return
            self.loop.call_later(patience.seconds, self.look, None)

        def look(self, before: object) -> None:
            """Given the request that was answered last when looked at before, end a connection on
            which none has begun since.
            """
            if self.transport.is_closing():
                return
            is_idle = self.cycle is None or self.cycle.response_complete
            if is_idle and self.cycle is before:
                patience.refused("no whole request came on it in time")
                self.transport.abort()
                return
            self.loop.call_later(patience.seconds, self.look, self.cycle if is_idle else None)

    return Watched
