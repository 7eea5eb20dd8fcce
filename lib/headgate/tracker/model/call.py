"""A request as its operation sees it: the project, who asks, and for what."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from headgate.tracker.model.history import Change, note, note_changes
from headgate.tracker.model.projects import Project
from headgate.tracker.model.tokens import Caller
from headgate.tracker.wire.incoming import Row, rows_from
from headgate.tracker.wire.parameters import Parameters


@dataclass(frozen=True)
class Call:
    """One request; `source` is where it came from, as the log names it: API, import, or blank."""

    connection: sqlite3.Connection
    project: Project
    parameters: Parameters
    caller: Caller
    source: str = "API"

    @property
    def project_id(self) -> int:
        """The number of the project."""
        return self.project.project_id

    def rows(self, nested: bool = False) -> list[Row]:
        """Return the rows that were sent as `data`; see `rows_from`. Raise Refused."""
        sent = self.parameters
        return rows_from(sent.text("data"), sent.format(), sent.delimiter(), nested)

    def note(self, kind: str, action: str, details: str = "", record: str = "") -> None:
        """Given what was done, within a transaction, write it to the log."""
        note(self.connection, self.project_id, self.caller.username, kind, action, details, record)

    def note_design(self, details: str) -> None:
        """Given what was done to the project itself, within a transaction, write it to the log."""
        self.note("manage", "Manage/Design ", f"{details} ({self.source})")

    def note_changes(self, verb: str, kind: str, changes: Iterable[Change]) -> None:
        """Given what became of rows of records, within a transaction, write it to the log."""
        action = f"{verb} record ({self.source})" if self.source else f"{verb} record"
        note_changes(self.connection, self.project_id, self.caller.username, kind, action, changes)
