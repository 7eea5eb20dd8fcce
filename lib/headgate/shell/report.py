"""What a run tells its caller: lines for people, JSON objects for programs, a bar on a terminal."""

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click

from headgate.core.step import Outcome, Status
from headgate.shell.reminders import Reminders

QUIET, NORMAL, VERBOSE = -1, 0, 1
TROUBLE = (Status.ERROR, Status.DEFERRED)
COLOURS = {Status.OK: "green", Status.DEFERRED: "yellow", Status.ERROR: "red"}


class Report:
    """Counts outcomes by status, and shows them as they come."""

    def __init__(self, step: str, as_json: bool, verbosity: int, shows_all: bool) -> None:
        self.step = step
        self.counts: Counter[str] = Counter()
        self._as_json = as_json
        self._verbosity = verbosity
        self._shows_all = shows_all
        self._shows_progress = sys.stderr.isatty() and not as_json and verbosity >= NORMAL
        self._done = 0
        self._reminders: Reminders | None = None

    def remind(self, reminders: Reminders) -> None:
        """Given what was told of before, tell no trouble that is not due again."""
        self._reminders = reminders

    def add(self, outcome: Outcome) -> None:
        """Given an outcome, count it and show it: under cron only trouble is shown."""
        self.counts[outcome.status] += 1
        self._clear_progress()
        with _be_it_read_or_not():
            if self._as_json:
                # flushed once an item, for an item may have many outcomes
                sys.stdout.write(f"{json.dumps(vars(outcome), ensure_ascii=False)}\n")
            elif self._is_shown(outcome):
                word = click.style(f"{outcome.status:9}", fg=COLOURS.get(outcome.status))
                click.echo(f"{word} {outcome.item}  {outcome.text}", err=outcome.status in TROUBLE)

    def planned(self, item: object) -> None:
        """Given an item, show that it would be worked on."""
        planned = json.dumps({"item": str(item), "status": "planned"})
        with _be_it_read_or_not():
            click.echo(planned if self._as_json else f"would do  {item}")

    def progress(self, item: object) -> None:
        """Given the item whose turn it is, show on a terminal how far the run is."""
        self._done += 1
        with _be_it_read_or_not():
            sys.stdout.flush()
        if self._shows_progress:
            sys.stderr.write(f"\r\x1b[K{self.step}: {self._done} · {item}"[:120])
            sys.stderr.flush()

    def absent(self, items: Iterable[str]) -> None:
        """Given what was asked for by name and is not there, tell: it may be a slip of the pen."""
        self._clear_progress()
        for item in sorted(items) if self._verbosity > QUIET else ():
            click.echo(f"{self.step}: there is nothing to do for {item}", err=True)

    def totals(self, values: Mapping[str, Any]) -> None:
        """Given the totals of a run, print them, last."""
        self._clear_progress()
        counts = {name: value for name, value in values.items() if not isinstance(value, dict)}
        text = ", ".join(f"{value} {name}" for name, value in counts.items())
        with _be_it_read_or_not():
            click.echo(json.dumps(values) if self._as_json else text)

    def close(self) -> None:
        """Leave nothing unwritten, and the terminal clean."""
        with _be_it_read_or_not():
            sys.stdout.flush()
        self._clear_progress()
        if self._reminders:
            self._reminders.close()

    def _is_shown(self, outcome: Outcome) -> bool:
        if outcome.status in TROUBLE:
            return self._reminders is None or self._reminders.is_due(outcome)
        is_by_hand = self._shows_all or sys.stdout.isatty() or self._verbosity >= VERBOSE
        return is_by_hand and self._verbosity > QUIET

    def _clear_progress(self) -> None:
        if self._shows_progress:
            sys.stderr.write("\r\x1b[K")


@contextmanager
def _be_it_read_or_not() -> Iterator[None]:
    """Who pipes into head(1) wants to read no more, and a disk may be full: the run goes on."""
    try:
        yield
    except OSError as trouble:
        is_unread = isinstance(trouble, BrokenPipeError)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
        if not is_unread:
            sys.stderr.write(f"what is told of this run cannot be written ({trouble.strerror})\n")
