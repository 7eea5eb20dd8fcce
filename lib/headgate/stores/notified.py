"""What each receiver of mails was told, and when."""

import json
from collections.abc import Mapping

from headgate.core.grammar import safe_name
from headgate.stores import files
from headgate.stores.layout import Layout


class Notified:
    """The files `state/notified/<name>.json`: POSIX times by the key of what was told."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.notified

    def read(self, name: str) -> dict[str, float]:
        """Given a receiver, return by key when it was told."""
        try:
            told = json.loads((self._folder / f"{safe_name(name)}.json").read_text())
            return {str(key): float(when) for key, when in told.items()}
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            return {}

    def write(self, name: str, told: Mapping[str, float]) -> None:
        """Given a receiver and by key when it was told, note it durably. Raise Unavailable."""
        files.write_whole(self._folder / f"{safe_name(name)}.json", json.dumps(dict(told)))
