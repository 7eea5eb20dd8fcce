"""Targets that do not answer: how often not, and when each is asked again."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from headgate.core.grammar import safe_name
from headgate.stores import files
from headgate.stores.layout import Layout


@dataclass(frozen=True)
class Silence:
    """A target that did not answer so many times in a row; `not_before` is a POSIX time."""

    attempts: int = 0
    not_before: float = 0.0
    reason: str = ""


class Targets:
    """The files `state/targets/<name>.json`; a target that answers has none."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.targets

    def read(self, name: str) -> Silence:
        """Given a target, return how it was silent."""
        try:
            told = json.loads(self._path(name).read_text())
            return Silence(int(told["attempts"]), float(told["not_before"]), str(told["reason"]))
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            return Silence()

    def write(self, name: str, silence: Silence) -> None:
        """Given a target that does not answer, note it durably. Raise Unavailable."""
        files.write_whole(self._path(name), json.dumps(asdict(silence)))

    def forget(self, name: str) -> None:
        """Given a target that answers, forget that it did not."""
        files.remove(self._path(name))

    def _path(self, name: str) -> Path:
        return self._folder / f"{safe_name(name)}.json"
