"""What PACSs told of storage commitment: one file a transaction, until it is in the ledger."""

import json

from headgate.core.grammar import is_uid
from headgate.stores import files
from headgate.stores.layout import Layout


class Commitments:
    """The folder `spool/commitments/`."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.commitments

    def keep(self, transaction: str, kept: frozenset[str], failed: dict[str, int]) -> None:
        """Given what was told of a transaction, keep it durably.

        Raise ValueError where its UID is none; Unavailable.
        """
        if not is_uid(transaction):
            raise ValueError("a transaction without a UID")
        text = json.dumps({"kept": sorted(kept), "failed": failed})
        files.write_whole(self._folder / transaction, text)

    def read(
        self, transaction: str, not_before: float
    ) -> tuple[frozenset[str], dict[str, int]] | None:
        """Given a transaction and a POSIX time, return which instances are kept and which are not,
        as it was told since then, or None.
        """
        path = self._folder / transaction
        try:
            if path.stat().st_mtime < not_before:
                return None
            told = json.loads(path.read_text())
            return frozenset(told["kept"]), dict(told["failed"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def told_before(self, limit: float) -> list[str]:
        """Given a POSIX time, return the transactions of which was told before it."""
        return files.names_before(self._folder, limit)

    def forget(self, transaction: str) -> None:
        """Given a transaction that is in the ledger, remove what was told of it."""
        files.remove(self._folder / transaction)
