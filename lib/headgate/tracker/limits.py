"""A limit of requests, and bans of addresses that pass it, as the real server has them."""

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from headgate.tracker.storage.database import change, connect, now

WINDOW_SECONDS = 60.0
BANNED = "Your IP address ({address}) has been banned due to suspected abuse."
# The status of that answer is not established.
BANNED_STATUS = 403


class Limit:
    """Requests of each address in the last minute; who passes the limit is banned until pardoned.

    `each_minute` 0 is no limit: nobody is counted, but who is banned stays so.
    """

    def __init__(
        self, database: Path, each_minute: int = 0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._each_minute, self._clock = database, each_minute, clock
        self._seen: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def refuses(self, address: str) -> str:
        """Given who asks, return the text that refuses the request; blank: it may be answered."""
        if not self._each_minute:
            return ""
        with closing(connect(self._database)) as connection:
            if self._passed(address):
                ban(connection, address)
            return BANNED.format(address=address) if is_banned(connection, address) else ""

    def _passed(self, address: str) -> bool:
        with self._lock:
            moment = self._clock()
            begin = moment - WINDOW_SECONDS
            self._seen = {name: times for name, times in self._seen.items() if times[-1] >= begin}
            times = self._seen.setdefault(address, deque(maxlen=self._each_minute + 1))
            times.append(moment)
            while times[0] < begin:
                times.popleft()
            return len(times) > self._each_minute


def ban(connection: sqlite3.Connection, address: str) -> None:
    """Given an address, answer it no more."""
    with change(connection):
        connection.execute("INSERT OR IGNORE INTO bans VALUES (?, ?)", (address, now()))


def is_banned(connection: sqlite3.Connection, address: str) -> bool:
    """Given an address, return whether it is banned."""
    found = connection.execute("SELECT 1 FROM bans WHERE address = ?", (address,))
    return found.fetchone() is not None


def banned(connection: sqlite3.Connection) -> dict[str, str]:
    """Return the addresses that are banned, each with the time since when."""
    rows = connection.execute("SELECT address, since FROM bans ORDER BY since")
    return {row["address"]: row["since"] for row in rows}


def pardon(connection: sqlite3.Connection, address: str) -> bool:
    """Given an address, lift its ban; return whether there was one."""
    with change(connection):
        return bool(connection.execute("DELETE FROM bans WHERE address = ?", (address,)).rowcount)
