"""The row that logic is evaluated for, and what it sees of its record."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project

Place = tuple[str, int, str, int]


@dataclass(frozen=True)
class Scope:
    """A row, and all rows of its record by place."""

    project: Project
    entry: Entry
    rows: Mapping[Place, Entry]

    def value(self, column: str) -> str:
        """Given a column, return its value in the row, or in the base row if it belongs there."""
        form = self.project.dictionary.columns[column].field.form
        entry = self.entry
        if column != self.project.dictionary.record_field and not self.project.holds(
            entry.event_id, entry.instrument, form
        ):
            # Whether instances see the values of their base row is not established: they do.
            return self.value_in(entry.event_id, column)
        return self._of(entry, column)

    def value_in(self, event_id: int, column: str) -> str:
        """Given an event and a column, return the value in the record's base row of the event."""
        return self._at((self.entry.record, event_id, "", 0), column)

    def value_at(self, event_id: int | None, instance: int, column: str) -> str:
        """Given an event (None: the row's), an instance and a column, return the value there."""
        event = self.entry.event_id if event_id is None else event_id
        form = self.project.dictionary.columns[column].field.form
        instrument = form if self.project.repeats(event, form) else ""
        if instance == 1 and not instrument and not self.project.repeats(event, ""):
            return self.value_in(event, column)
        return self._at((self.entry.record, event, instrument, instance), column)

    def _at(self, place: Place, column: str) -> str:
        entry = self.rows.get(place)
        return "" if entry is None else self._of(entry, column)

    def _of(self, entry: Entry, column: str) -> str:
        if column == self.project.dictionary.record_field:
            return entry.record
        field = self.project.dictionary.columns[column].field
        default = "0" if field.kind == "checkbox" or field.status else ""
        if not self.project.holds(entry.event_id, entry.instrument, field.form):
            default = ""
        return entry.values.get(column) or default


def by_place(entries: Iterable[Entry]) -> dict[Place, Entry]:
    """Given rows, return them by their places."""
    return {(row.record, row.event_id, row.instrument, row.instance): row for row in entries}


# Names that stand for the row itself.
SMART: Mapping[str, Callable[[Scope], str]] = {
    "record-name": lambda scope: scope.entry.record,
    "event-name": lambda scope: scope.project.event_ids[scope.entry.event_id].unique_name,
    "arm-number": lambda scope: str(scope.project.event_ids[scope.entry.event_id].arm_num),
    "current-instance": lambda scope: str(scope.entry.instance or ""),
    "instrument-name": lambda scope: scope.entry.instrument,
}
