"""Exports of records: which rows come, and with which columns."""

import sqlite3
from collections.abc import Container, Sequence
from dataclasses import dataclass
from functools import cached_property

from headgate.tracker.logic.grammar import filter_from
from headgate.tracker.model.dictionary import Field
from headgate.tracker.model.entries import Entry, changed_between, read_entries
from headgate.tracker.model.projects import Project
from headgate.tracker.records.rendering import Style, flat_rows, header_labels, value_rows
from headgate.tracker.wire.answers import Answer, Refused, table
from headgate.tracker.wire.parameters import Parameters


@dataclass(frozen=True)
class Selection:
    """What a client asked for: fields in the dictionary's order, and whether rows are named."""

    project: Project
    fields: tuple[Field, ...]

    @cached_property
    def named(self) -> bool:
        """Whether the record's name is asked for; without it, no redcap_* column comes either."""
        record_field = self.project.dictionary.record_field
        return any(field.name == record_field for field in self.fields)

    @cached_property
    def forms(self) -> frozenset[str]:
        """The forms of the fields asked for."""
        record_field = self.project.dictionary.record_field
        return frozenset(field.form for field in self.fields if field.name != record_field)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that hold data."""
        return tuple(column.name for field in self.fields for column in field.columns)

    def takes(self, entry: Entry) -> bool:
        """Given a row, return whether it has a place in the export."""
        if entry.instance and not self.project.repeats(entry.event_id, entry.instrument):
            # It repeated once, and does no more: the data stay, unseen.
            return False
        # Whether rows of instruments nobody asked for come is not established: they do not.
        if entry.instrument and entry.instrument not in self.forms:
            return False
        return self.named or any(entry.values.get(name) for name in self.columns)


def export_records(
    connection: sqlite3.Connection, project: Project, parameters: Parameters
) -> Answer:
    """Given a project and the parameters, return the records asked for. Raise Refused."""
    wanted = parameters.format()
    if wanted not in {"json", "csv"}:
        raise Refused(f"This server exports records as json or csv, not yet as {wanted}")
    selection = select(project, parameters)
    entries = chosen_entries(connection, selection, parameters)
    style = Style.of(parameters)
    header: list[str] | None = None
    if parameters.text("type", "flat") == "eav":
        columns, rows = value_rows(project, selection.fields, selection.named, entries, style)
    else:
        columns, rows = flat_rows(project, selection.fields, selection.named, entries, style)
        if wanted == "csv" and parameters.text("rawOrLabelHeaders") == "label":
            header = header_labels(project, columns)
    if wanted == "csv" and not rows:
        # No rows: an empty body; the header alone is not what clients see.
        return Answer("", "csv")
    return table(columns, rows, wanted, parameters.delimiter(), header=header)


def select(project: Project, parameters: Parameters) -> Selection:
    """Given the parameters, return the fields asked for: the union of fields and forms."""
    dictionary = project.dictionary
    fields, forms = parameters.many("fields"), parameters.many("forms")
    _known("fields", fields, dictionary.fields)
    _known("forms", forms, dictionary.forms)
    everything = not fields and not forms
    return Selection(
        project,
        tuple(
            field
            for field in dictionary.fields.values()
            if everything or field.name in fields or field.form in forms
        ),
    )


def chosen_entries(
    connection: sqlite3.Connection, selection: Selection, parameters: Parameters
) -> list[Entry]:
    """Given the parameters, return the rows they ask for, in order."""
    project = selection.project
    events = parameters.many("events") if project.longitudinal else []
    _known("events", events, project.event_names)
    keep = filter_from(parameters.text("filterLogic"), project)
    records: set[str] | None = set(parameters.many("records")) or None
    begin, end = parameters.text("dateRangeBegin"), parameters.text("dateRangeEnd")
    if begin or end:
        changed = changed_between(connection, project.project_id, begin, end)
        records = changed if records is None else records & changed
    entries = keep(read_entries(connection, project, records, selection.forms))
    wanted = {project.event_names[name].event_id for name in events}
    return [
        entry
        for entry in entries
        if selection.takes(entry) and (not wanted or entry.event_id in wanted)
    ]


def _known(parameter: str, values: Sequence[str], known: Container[str]) -> None:
    unknown = [value for value in values if value not in known]
    if unknown:
        listed = ", ".join(f"'{value}'" for value in unknown)
        raise Refused(
            f'The following values in the parameter "{parameter}" are not valid: {listed}'
        )
