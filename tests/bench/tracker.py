#!/usr/bin/env python3
"""Measure the embedded REDCap with many records: exports, imports, memory, the first page.

Prints Markdown; RESULTS.md holds what it printed last. The records are imported over HTTP first,
each with as many repeating instances of `series` as asked for.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
import requests
from headgate.demo.processes import Running, free_port, is_listening, script

CHECKOUT = Path(__file__).resolve().parents[2]
TOGETHER = 500


@click.command()
@click.option("--records", default=100_000, show_default=True)
@click.option("--series", default=10, show_default=True, help="Repeating instances of each.")
@click.option("--rounds", default=7, show_default=True)
def main(records: int, series: int, rounds: int) -> None:
    """Measure, and print the table of RESULTS.md."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder, port = Path(name), free_port()
        words = [*script("tracker"), "--port", str(port)]
        words += ["--db", str(folder / "db.sqlite"), "--tokens", str(folder / "tokens.json")]
        words += ["--load", str(CHECKOUT / "config" / "redcap")]
        running = Running(words, folder / "tracker.out")
        running.wait_until(lambda: is_listening(port), "tracker")
        try:
            tokens = json.loads((folder / "tokens.json").read_text())
            client = Client(
                f"http://127.0.0.1:{port}/api/", tokens["Incoming"], running.process.pid
            )
            begin = time.perf_counter()
            for start in range(0, records, TOGETHER):
                client.send(data=study_rows(range(start, min(start + TOGETHER, records)), series))
            filled = time.perf_counter() - begin
            client.age(folder / "db.sqlite")
            show(measure(client, records, rounds), records, series, filled)
        finally:
            running.stop()


class Client:
    """Calls the tracker, and looks at its process."""

    def __init__(self, url: str, token: str, pid: int) -> None:
        self.url, self.token, self.pid = url, token, pid
        self.session = requests.Session()

    def send(self, **parameters: object) -> int:
        """Send a request, read the answer as it comes, return its size in bytes."""
        body = {"token": self.token, "content": "record", "format": "json", **parameters}
        with self.session.post(self.url, data=body, timeout=900, stream=True) as answer:
            answer.raise_for_status()
            return sum(len(chunk) for chunk in answer.iter_content(1 << 20))

    def age(self, database: Path) -> None:
        """Make everything stored a month old."""
        with closing(sqlite3.connect(database, timeout=60)) as connection, connection:
            connection.execute("UPDATE records SET modified = '2020-01-01 00:00:00'")
            connection.execute("UPDATE log SET moment = '2020-01-01 00:00:00'")

    def memory(self) -> int:
        """Return the resident memory of the tracker in bytes."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def study_rows(numbers: range, series: int) -> str:
    rows = []
    for number in numbers:
        uid = f"1.2.826.0.1.3680043.10.{number}"
        rows.append({"study_instance_uid": uid, "study_description": "MR head", "study_date": "x"})
        for instance in range(1, series + 1):
            place = {"redcap_repeat_instrument": "series", "redcap_repeat_instance": instance}
            texts = {"series_instance_uid": f"{uid}.{instance}", "series_description": "T1 axial"}
            rows.append({"study_instance_uid": uid, **place, **texts, "series_num_files": 200})
    return json.dumps(rows)


def measure(client: Client, records: int, rounds: int) -> list[tuple[str, list[float], str]]:
    every = [f"1.2.826.0.1.3680043.10.{number}" for number in range(0, records, records // 100)]
    named = {"records[]": every[:100]}
    new = iter(range(records, records + 1000 * rounds, 1000))
    lines = [
        ("export of 100 named records", *timed(rounds, lambda: client.send(**named))),
        (
            "import of 1,000 new rows",
            *timed(
                rounds, lambda: client.send(data=study_rows(range(n := next(new), n + 1000), 0))
            ),
        ),
    ]
    hour = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - 3600))
    lines.append(
        (
            "export of what changed in the last hour",
            *timed(rounds, lambda: client.send(dateRangeBegin=hour)),
        )
    )
    lines.append(
        (
            "export of one field of all records",
            *timed(2, lambda: client.send(**{"fields[]": "study_instance_uid"})),
        )
    )
    before = client.memory()
    peak = Peak(client)
    lines.append(("export of everything", *timed(1, client.send)))
    lines.append(
        (
            "export of everything, filtered",
            *timed(
                1, lambda: client.send(filterLogic="[series_num_files]>100 or [study_date]='x'")
            ),
        )
    )
    click.echo(
        f"Memory of the tracker: {before / 1e6:.0f} MB before the two exports of everything, "
        f"{peak.stop() / 1e6:.0f} MB at most in them.\n"
    )
    return lines


class Peak:
    """The highest memory seen, looked at all the time until stopped."""

    def __init__(self, client: Client) -> None:
        self.highest, self.client = 0, client
        self.stopped = threading.Event()
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self) -> None:
        while not self.stopped.wait(0.05):
            self.highest = max(self.highest, self.client.memory())

    def stop(self) -> int:
        """Stop looking, return the highest memory in bytes."""
        self.stopped.set()
        self.thread.join()
        return self.highest


def timed(rounds: int, call: Callable[[], int]) -> tuple[list[float], str]:
    seconds, size = [], 0
    for _ in range(rounds):
        begin = time.perf_counter()
        size = call()
        seconds.append(time.perf_counter() - begin)
    return seconds, f"{size / 1e6:.1f} MB"


def show(
    lines: list[tuple[str, list[float], str]], records: int, series: int, filled: float
) -> None:
    click.echo(f"{records} records with {series} series each, imported in {filled:.0f} s.\n")
    click.echo("| what | ms, median (lowest to highest) | answer |\n|---|---|---|")
    for what, seconds, size in lines:
        low, middle, high = (f(seconds) * 1000 for f in (min, statistics.median, max))
        click.echo(f"| {what} | {middle:.0f} ({low:.0f} to {high:.0f}) | {size} |")


if __name__ == "__main__":
    main()
