"""What each receiver of mails was told, or cron, and when."""

import json
from collections.abc import Mapping
from pathlib import Path

from headgate.core.grammar import safe_name
from headgate.stores import files


class Notified:
    """The files `<name>.json` of a folder: POSIX times by the key of what was told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> dict[str, float]:
        """Given who was told, return by key when."""
        try:
            told = json.loads((self._folder / f"{safe_name(name)}.json").read_text())
            return {str(key): float(when) for key, when in told.items()}
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return {}

    def write(self, name: str, told: Mapping[str, float]) -> None:
        """Given who was told, and by key when, note it durably. Raise Unavailable."""
        files.write_whole(self._folder / f"{safe_name(name)}.json", json.dumps(dict(told)))
