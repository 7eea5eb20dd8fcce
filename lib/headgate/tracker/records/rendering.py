"""How stored rows become exported rows: raw or labels, flat or one row for each value."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from headgate.tracker.model.dictionary import Column, Field
from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.parameters import Parameters

EVENT, INSTRUMENT, INSTANCE = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
)
IDENTITY_LABELS = {
    EVENT: "Event Name",
    INSTRUMENT: "Repeat Instrument",
    INSTANCE: "Repeat Instance",
}
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Style:
    """How values are shown."""

    labels: bool
    checkbox_labels: bool
    blank_gray: bool

    @classmethod
    def of(cls, parameters: Parameters) -> Self:
        """Given the parameters, return the style they ask for."""
        return cls(
            parameters.text("rawOrLabel") == "label",
            parameters.flag("exportCheckboxLabel"),
            parameters.flag("exportBlankForGrayFormStatus"),
        )


def flat_rows(
    project: Project, fields: Sequence[Field], named: bool, entries: Iterable[Entry], style: Style
) -> tuple[list[str], Rows]:
    """Given fields and rows, return the columns and the rows of a flat export."""
    record_field = project.dictionary.record_field
    columns = [column for field in fields for column in field.columns]
    data = [column for column in columns if column.name != record_field]
    places: dict[tuple[int, str], list[tuple[Column, bool]]] = {}
    rows: Rows = []
    for entry in entries:
        place = (entry.event_id, entry.instrument)
        if place not in places:
            places[place] = [(item, project.holds(*place, item.field.form)) for item in data]
        row = {record_field: entry.record, **_identity(project, entry, style)} if named else {}
        for column, belongs in places[place]:
            row[column.name] = _cell(column, entry.values, style) if belongs else ""
        rows.append(row)
    names = [record_field, *_identity_columns(project)] if named else []
    return names + [column.name for column in data], rows


def value_rows(
    project: Project, fields: Sequence[Field], named: bool, entries: Iterable[Entry], style: Style
) -> tuple[list[str], Rows]:
    """Given fields and rows, return the columns and one row for each stored value."""
    wanted = {column.name: column for field in fields for column in field.columns}
    record_field = project.dictionary.record_field
    columns = ["record", *_identity_columns(project), "field_name", "value"]
    rows: Rows = []
    for entry in entries:
        identity = {"record": entry.record, **_identity(project, entry, style)}
        # Whether instances have a row for the record's name is not established: they do not.
        if named and not entry.instrument:
            rows.append({**identity, "field_name": record_field, "value": entry.record})
        for name, value in entry.values.items():
            column = wanted.get(name)
            if column is None or not value or (column.code is not None and value == "0"):
                continue
            shown = value if column.code is None else column.code
            if style.labels:
                shown = dict(column.field.choices).get(shown, shown)
            rows.append({**identity, "field_name": column.field.name, "value": shown})
    return columns, rows


def header_labels(project: Project, columns: Sequence[str]) -> list[str]:
    """Given columns, return the headers that rawOrLabelHeaders=label gives them."""
    return [_header(project.dictionary.columns.get(name), name) for name in columns]


def _header(column: Column | None, name: str) -> str:
    if column is None:
        return IDENTITY_LABELS.get(name, name)
    if column.code is None:
        return column.field.label
    option = dict(column.field.choices)[column.code]
    return f"{column.field.label} (choice={option})"


def _identity_columns(project: Project) -> list[str]:
    events = [EVENT] if project.longitudinal else []
    return events + ([INSTRUMENT, INSTANCE] if project.repeating else [])


def _identity(project: Project, entry: Entry, style: Style) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if project.longitudinal:
        event = project.event_ids[entry.event_id]
        found[EVENT] = event.name if style.labels else event.unique_name
    if project.repeating:
        label = project.dictionary.forms.get(entry.instrument, "")
        found[INSTRUMENT] = label if style.labels else entry.instrument
        found[INSTANCE] = entry.instance or ""
    return found


def _cell(column: Column, values: Mapping[str, str], style: Style) -> str:
    value = values.get(column.name, "")
    if column.code is not None:
        return _checkbox(column, value == "1", style)
    if column.field.status and not value:
        value = "" if style.blank_gray else "0"
    return dict(column.field.choices).get(value, value) if style.labels else value


def _checkbox(column: Column, checked: bool, style: Style) -> str:
    if not style.labels:
        return "1" if checked else "0"
    if style.checkbox_labels:
        return dict(column.field.choices)[column.code or ""] if checked else ""
    return "Checked" if checked else "Unchecked"
