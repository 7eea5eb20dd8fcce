"""What the service manager is told: sd_notify(3)."""

import os
import socket
from contextlib import suppress


def notify(*lines: str) -> None:
    """Given lines such as READY=1 or WATCHDOG=1, tell systemd, where it asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.sendto("\n".join(lines).encode(), address)
