"""A filling: one form of one record in one event, or one of its repeated instances."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from headgate.tracker.model.entries import Entry, groups_of, read_entries
from headgate.tracker.model.projects import Event, Project
from headgate.tracker.model.rights import NO_ACCESS
from headgate.tracker.pages.visits import ProjectVisit, missing
from headgate.tracker.records.placing import HIGHEST_INSTANCE, LONGEST_NAME
from headgate.tracker.records.rendering import EVENT, INSTANCE, INSTRUMENT

NEW = "new"


@dataclass(frozen=True)
class Filling:
    """Where a form is filled in; `instance` is a number, "new", or blank where nothing repeats."""

    project: Project
    record: str
    event: Event
    form: str
    instance: str
    entries: Sequence[Entry]

    @property
    def instrument(self) -> str:
        """The repeating instrument of the row; blank: the row is the event's."""
        return self.form if self.project.repeats(self.event.event_id, self.form) else ""

    @cached_property
    def entry(self) -> Entry:
        """The stored row; where there is none, an empty one."""
        number = 0 if self.instance in {"", NEW} else int(self.instance)
        place = (self.event.event_id, self.instrument, number)
        for entry in self.entries:
            if place == (entry.event_id, entry.instrument, entry.instance) and self.instance != NEW:
                return entry
        return Entry(self.record, *place, {})

    def digest(self) -> str:
        """Return what tells whether the form's values are still those that were shown."""
        columns = self.project.dictionary.columns
        values = {
            name: value
            for name, value in sorted(self.entry.values.items())
            if name in columns and columns[name].field.form == self.form
        }
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()

    def identity(self) -> dict[str, str]:
        """Return the columns of an import that name the row."""
        row = {self.project.dictionary.record_field: self.record}
        if self.project.longitudinal:
            row[EVENT] = self.event.unique_name
        if self.instance:
            row |= {INSTRUMENT: self.instrument, INSTANCE: self.instance}
        return row

    def query(self) -> dict[str, object]:
        """Return the query that leads to the filling."""
        event = self.event.event_id
        place = {"record": self.record, "form": self.form, "event": event}
        return {**place, "instance": self.instance}


def filling_of(visit: ProjectVisit) -> Filling:
    """Given a visit whose query names a filling, return it. Raise Refused (404) if it cannot be."""
    project, asked = visit.project, visit.sent.asked
    form = asked("form")
    event = event_of(visit)
    if form not in project.dictionary.forms or not project.has_form(event.event_id, form):
        raise missing()
    if visit.caller.rights.to_form(form) == NO_ACCESS:
        raise missing()
    record, entries = record_of(visit)
    if not entries:
        visit.caller.need("record_create")
    repeats = project.repeats(event.event_id, form) or project.repeats(event.event_id, "")
    instance = _instance(asked("instance")) if repeats else ""
    return Filling(project, record, event, form, instance, entries)


def record_of(visit: ProjectVisit, must_exist: bool = False) -> tuple[str, list[Entry]]:
    """Given a visit whose query names a record, return the name and its rows. Raise Refused (404).

    Records of another data access group are not there for the visitor.
    """
    project, record = visit.project, visit.sent.asked("record").strip()
    if not record or len(record) > LONGEST_NAME:
        raise missing()
    groups = groups_of(visit.connection, project.project_id, [record])
    own = visit.caller.group_id
    if (must_exist and record not in groups) or (
        record in groups and own not in {None, groups[record]}
    ):
        raise missing()
    return record, read_entries(visit.connection, project, [record])


def event_of(visit: ProjectVisit) -> Event:
    """Given a visit whose query may name an event, return it, or the first. Raise Refused (404)."""
    text = visit.sent.asked("event")
    if not text:
        return visit.project.events[0]
    found = visit.project.event_ids.get(int(text)) if text.isdecimal() and len(text) < 19 else None
    if found is None:
        raise missing()
    return found


def _instance(text: str) -> str:
    if text in {"", NEW}:
        return NEW
    if not text.isdecimal() or not 1 <= int(text[:9]) <= HIGHEST_INSTANCE:
        raise missing()
    return str(int(text))
