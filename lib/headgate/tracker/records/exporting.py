"""Exports of records: which rows come, and with which columns."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from headgate.tracker.logic.meaning import filter_from
from headgate.tracker.model.call import Call
from headgate.tracker.model.dictionary import Field
from headgate.tracker.model.documents import document_names
from headgate.tracker.model.entries import Entry, groups_of, read_batches
from headgate.tracker.model.history import changed_between
from headgate.tracker.model.projects import Project
from headgate.tracker.model.rights import may_export
from headgate.tracker.records.rendering import Known, Rendering, Style, header_labels
from headgate.tracker.wire.answers import Answer, Refused
from headgate.tracker.wire.streams import streamed


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


def export_records(call: Call) -> Answer:
    """Given a project and the parameters, return the records asked for. Raise Refused."""
    asked = call.parameters
    rendering = Rendering(
        call.project, (selection := select(call)).fields, selection.named, _style(call)
    )
    batches = chosen_batches(call, selection)
    wanted = asked.format()
    if wanted == "odm":
        raise Refused("This server exports records as json, csv or xml, not yet as odm")
    if asked.text("type", "flat") == "eav":
        rows = (row for batch in batches for row in rendering.value_rows(batch))
        return streamed(rendering.value_columns, rows, wanted, asked.delimiter())
    header = None
    if wanted == "csv" and asked.text("rawOrLabelHeaders") == "label":
        header = header_labels(call.project, rendering.flat_columns)
    known = partial(_known_of, call, rendering)
    rows = (row for batch in batches for row in rendering.flat_rows(batch, known(batch)))
    return streamed(rendering.flat_columns, rows, wanted, asked.delimiter(), header)


def _style(call: Call) -> Style:
    style = Style.of(call.parameters)
    # Who is in a group never sees the column.
    grouped = style.groups and bool(call.project.groups) and call.caller.group_id is None
    return replace(style, groups=grouped)


def _known_of(call: Call, rendering: Rendering, batch: Sequence[Entry]) -> Known:
    groups: Mapping[str, int | None] = {}
    if rendering.style.groups:
        groups = groups_of(call.connection, call.project_id, {entry.record for entry in batch})
    files = [item.name for item in rendering.fields if item.kind == "file"]
    numbers = {entry.values[name] for name in files for entry in batch if name in entry.values}
    return Known(groups, document_names(call.connection, numbers) if numbers else {})


def select(call: Call) -> Selection:
    """Given the parameters, return the fields asked for: the union of fields and forms.

    What the caller may not export is left out.
    """
    dictionary = call.project.dictionary
    fields, forms = call.parameters.many("fields"), call.parameters.many("forms")
    _known("fields", fields, dictionary.fields)
    _known("forms", forms, dictionary.forms)
    everything = not fields and not forms
    return Selection(
        call.project,
        tuple(
            item
            for item in dictionary.fields.values()
            if (everything or item.name in fields or item.form in forms)
            and may_export(call.caller.rights, item, item.name == dictionary.record_field)
        ),
    )


def chosen_batches(call: Call, selection: Selection) -> Iterator[list[Entry]]:
    """Given the parameters, yield the rows they ask for, in order, whole records at a time."""
    project, asked = call.project, call.parameters
    events = asked.many("events") if project.longitudinal else []
    _known("events", events, project.event_names)
    keep = filter_from(asked.text("filterLogic"), project)
    records: set[str] | None = set(asked.many("records")) or None
    begin, end = asked.text("dateRangeBegin"), asked.text("dateRangeEnd")
    if begin or end:
        changed = changed_between(call.connection, project.project_id, begin, end)
        records = changed if records is None else records & changed
    wanted = {project.event_names[name].event_id for name in events}
    batches = read_batches(call.connection, project, records, selection.forms, call.caller.group_id)
    # A generator of its own: what is wrong with the parameters is told before the first row.
    return (
        [
            entry
            for entry in keep(batch)
            if selection.takes(entry) and (not wanted or entry.event_id in wanted)
        ]
        for batch in batches
    )


def _known(parameter: str, values: Sequence[str], known: Container[str]) -> None:
    unknown = [value for value in values if value not in known]
    if unknown:
        listed = ", ".join(f"'{value}'" for value in unknown)
        raise Refused(
            f'The following values in the parameter "{parameter}" are not valid: {listed}'
        )
