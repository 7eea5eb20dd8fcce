"""How stored rows become exported rows: raw or labels, flat or one row for each value."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

from headgate.tracker.model.dictionary import Column, Field
from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.parameters import Parameters

EVENT, INSTRUMENT, INSTANCE, GROUP, SURVEY = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_data_access_group",
    "redcap_survey_identifier",
)
IDENTITY_LABELS = {
    EVENT: "Event Name",
    INSTRUMENT: "Repeat Instrument",
    INSTANCE: "Repeat Instance",
    GROUP: "Data Access Group",
    SURVEY: "Survey Identifier",
}
DECIMAL = re.compile(r"-?\d*[.,]\d+([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Style:
    """How values are shown; `decimal` is the sign in numbers, blank: as they are stored."""

    labels: bool = False
    checkbox_labels: bool = False
    blank_gray: bool = False
    groups: bool = False
    surveys: bool = False
    decimal: str = ""

    @classmethod
    def of(cls, parameters: Parameters) -> Self:
        """Given the parameters, return the style they ask for. Raise Refused."""
        decimal = parameters.text("decimalCharacter")
        if decimal not in {"", ",", "."}:
            raise Refused('The value of the parameter "decimalCharacter" is not valid')
        return cls(
            parameters.text("rawOrLabel") == "label",
            parameters.flag("exportCheckboxLabel"),
            parameters.flag("exportBlankForGrayFormStatus"),
            parameters.flag("exportDataAccessGroups"),
            parameters.flag("exportSurveyFields"),
            decimal,
        )


@dataclass(frozen=True)
class Known:
    """What rows show beside their values: groups of their records, names of uploaded files."""

    groups: Mapping[str, int | None] = field(default_factory=dict)
    documents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rendering:
    """How the rows of one export look: its fields, whether records are named, its style."""

    project: Project
    fields: Sequence[Field]
    named: bool
    style: Style

    @cached_property
    def data(self) -> list[Column]:
        """The columns of a flat export that hold data, without the record's name."""
        columns = [column for item in self.fields for column in item.columns]
        return [column for column in columns if column.name != self.project.dictionary.record_field]

    @cached_property
    def flat_columns(self) -> list[str]:
        """The names of the columns of a flat export, in order."""
        names = []
        if self.named:
            names = [self.project.dictionary.record_field, *self._identity_columns]
            names += [GROUP] * self.style.groups + [SURVEY] * self._with_surveys
        form = ""
        for column in self.data:
            if column.field.form != form:
                form = column.field.form
                # The time of a survey stands before the first field of its form.
                names += [f"{form}_timestamp"] * (self._with_surveys and self._is_survey(form))
            names.append(column.name)
        return names

    @cached_property
    def value_columns(self) -> list[str]:
        """The names of the columns of an export of single values, in order."""
        return ["record", *self._identity_columns, "field_name", "value"]

    def flat_rows(self, entries: Iterable[Entry], known: Known) -> Iterator[dict[str, Any]]:
        """Given stored rows, yield the rows of a flat export."""
        record_field = self.project.dictionary.record_field
        for entry in entries:
            row = {}
            if self.named:
                row = {record_field: entry.record, **self._identity(entry)}
            if self.named and self.style.groups:
                row[GROUP] = self._group(known.groups.get(entry.record))
            for column, belongs in self._belonging(entry.event_id, entry.instrument):
                row[column.name] = (
                    self._cell(column, entry.values, known.documents) if belongs else ""
                )
            yield row

    def value_rows(self, entries: Iterable[Entry]) -> Iterator[dict[str, Any]]:
        """Given stored rows, yield one row for each of their values."""
        wanted = {column.name: column for item in self.fields for column in item.columns}
        record_field = self.project.dictionary.record_field
        for entry in entries:
            identity = {"record": entry.record, **self._identity(entry)}
            # Whether instances have a row for the record's name is not established: they do not.
            if self.named and not entry.instrument:
                yield {**identity, "field_name": record_field, "value": entry.record}
            for name, value in entry.values.items():
                column = wanted.get(name)
                if column is None or not value or (column.code is not None and value == "0"):
                    continue
                shown = value if column.code is None else column.code
                if self.style.labels:
                    shown = dict(column.field.choices).get(shown, shown)
                yield {**identity, "field_name": column.field.name, "value": shown}

    @cached_property
    def _places(self) -> dict[tuple[int, str], list[tuple[Column, bool]]]:
        return {}

    def _belonging(self, event_id: int, instrument: str) -> list[tuple[Column, bool]]:
        place = (event_id, instrument)
        if place not in self._places:
            holds = self.project.holds
            self._places[place] = [(item, holds(*place, item.field.form)) for item in self.data]
        return self._places[place]

    @cached_property
    def _identity_columns(self) -> list[str]:
        events = [EVENT] if self.project.longitudinal else []
        return events + ([INSTRUMENT, INSTANCE] if self.project.repeating else [])

    @property
    def _with_surveys(self) -> bool:
        return self.style.surveys and bool(self.project.surveys)

    def _is_survey(self, form: str) -> bool:
        return form in self.project.surveys

    def _identity(self, entry: Entry) -> dict[str, Any]:
        found: dict[str, Any] = {}
        labels = self.style.labels
        if self.project.longitudinal:
            event = self.project.event_ids[entry.event_id]
            found[EVENT] = event.name if labels else event.unique_name
        if self.project.repeating:
            label = self.project.dictionary.forms.get(entry.instrument, "")
            found[INSTRUMENT] = label if labels else entry.instrument
            found[INSTANCE] = entry.instance or ""
        return found

    def _group(self, group_id: int | None) -> str:
        group = self.project.groups.get(group_id or 0)
        if group is None:
            return ""
        return group.name if self.style.labels else group.unique_name

    def _cell(self, column: Column, values: Mapping[str, str], documents: Mapping[str, str]) -> str:
        value = values.get(column.name, "")
        item, style = column.field, self.style
        if column.code is not None:
            return _checkbox(column, value == "1", style)
        if item.kind == "file":
            return documents.get(value, "")
        if item.status and not value:
            value = "" if style.blank_gray else "0"
        if style.decimal and item.is_number and DECIMAL.fullmatch(value):
            return value.replace(",", ".").replace(".", style.decimal)
        return dict(item.choices).get(value, value) if style.labels else value


def header_labels(project: Project, columns: Sequence[str]) -> list[str]:
    """Given columns, return the headers that rawOrLabelHeaders=label gives them."""
    return [_header(project.dictionary.columns.get(name), name) for name in columns]


def _header(column: Column | None, name: str) -> str:
    if column is None:
        # What the header of a survey's time says is not established.
        return IDENTITY_LABELS.get(name, name)
    if column.code is None:
        return column.field.label
    option = dict(column.field.choices)[column.code]
    return f"{column.field.label} (choice={option})"


def _checkbox(column: Column, checked: bool, style: Style) -> str:
    if not style.labels:
        return "1" if checked else "0"
    if style.checkbox_labels:
        return dict(column.field.choices)[column.code or ""] if checked else ""
    return "Checked" if checked else "Unchecked"
