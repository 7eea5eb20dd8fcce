"""The web server under the DICOMweb service: in one process, until it is told to end."""

import ssl
import threading
from collections.abc import Callable
from socket import socket

import uvicorn
from starlette.applications import Starlette


def serve(
    application: Starlette,
    listener: socket,
    secured: ssl.SSLContext | None,
    grace_seconds: float,
    wait: Callable[[], bool],
) -> int:
    """Given a service and a listening socket, answer requests until `wait` returns, then finish
    those that are open, at once where it returns False; return how many had to be aborted.
    """
    config = uvicorn.Config(
        application, log_config=None, access_log=False, server_header=False, lifespan="off"
    )
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
