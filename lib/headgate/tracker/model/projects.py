"""Projects: their settings, events and repeating parts, as one unchanging picture."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from headgate.tracker.model.dictionary import Dictionary, parse_choices
from headgate.tracker.storage.database import now

DEFAULTS: Mapping[str, Any] = {
    "project_language": "English",
    "purpose": 0,
    "purpose_other": "",
    "project_notes": "",
    "is_longitudinal": 0,
    "surveys_enabled": 0,
    "record_autonumbering_enabled": 1,
    "missing_data_codes": "",
}


@dataclass(frozen=True)
class Event:
    """An event; a classic project has exactly one, which no client sees."""

    event_id: int
    arm_num: int
    name: str
    unique_name: str
    custom_label: str = ""


@dataclass(frozen=True)
class Group:
    """A data access group: its people see the records of the group alone."""

    group_id: int
    unique_name: str
    name: str


@dataclass(frozen=True)
class Project:
    """A project as it was when the request came."""

    project_id: int
    title: str
    settings: Mapping[str, Any]
    dictionary: Dictionary
    arms: Mapping[int, str]
    events: tuple[Event, ...]
    designated: frozenset[tuple[int, str]]
    repeating: Mapping[tuple[int, str], str]
    groups: Mapping[int, Group]
    surveys: Mapping[str, str]

    @property
    def longitudinal(self) -> bool:
        """Whether events show; the flag alone does not do it (the threshold is not established)."""
        return bool(self.settings["is_longitudinal"]) and len(self.events) > 1

    @cached_property
    def missing_codes(self) -> frozenset[str]:
        """The codes that stand for missing data in any field."""
        return frozenset(code for code, _ in parse_choices(self.settings["missing_data_codes"]))

    @cached_property
    def event_ids(self) -> dict[int, Event]:
        """The events by number, in order."""
        return {event.event_id: event for event in self.events}

    @cached_property
    def group_names(self) -> dict[str, Group]:
        """The data access groups by unique name."""
        return {group.unique_name: group for group in self.groups.values()}

    @cached_property
    def event_names(self) -> dict[str, Event]:
        """The events by unique name, in order."""
        return {event.unique_name: event for event in self.events}

    def has_form(self, event_id: int, form: str) -> bool:
        """Given an event and a form, return whether data of the form may stand in it."""
        return not self.longitudinal or (event_id, form) in self.designated

    def repeats(self, event_id: int, form: str) -> bool:
        """Given an event and a form ("": the event as a whole), return whether it repeats there."""
        return (event_id, form) in self.repeating

    def holds(self, event_id: int, instrument: str, form: str) -> bool:
        """Given a row's event and instrument, return whether the form's columns belong to it."""
        if not self.has_form(event_id, form):
            return False
        return form == instrument if instrument else not self.repeats(event_id, form)


def create_project(connection: sqlite3.Connection, title: str, settings: Mapping[str, Any]) -> int:
    """Given a title and settings, make a project with one form and one event; return its number."""
    kept = {**DEFAULTS, **settings, "creation_time": now()}
    project_id = connection.execute(
        "INSERT INTO projects (project_title, settings) VALUES (?, ?)", (title, json.dumps(kept))
    ).lastrowid
    assert project_id is not None
    connection.execute("INSERT INTO arms VALUES (?, 1, 'Arm 1')", (project_id,))
    connection.execute(
        "INSERT INTO events (project_id, arm_num, event_name, unique_event_name)"
        " VALUES (?, 1, 'Event 1', 'event_1_arm_1')",
        (project_id,),
    )
    return project_id


def load_project(connection: sqlite3.Connection, project_id: int) -> Project:
    """Given a project's number, return the project as it is now."""
    row = connection.execute(
        "SELECT * FROM projects WHERE project_id = ?", (project_id,)
    ).fetchone()

    def rows(query: str) -> list[sqlite3.Row]:
        return connection.execute(query, (project_id,)).fetchall()

    definitions = rows("SELECT definition FROM fields WHERE project_id = ? ORDER BY position")
    events = rows("SELECT * FROM events WHERE project_id = ? ORDER BY arm_num, event_id")
    mappings = rows("SELECT event_id, form FROM mappings WHERE project_id = ?")
    repeating = rows("SELECT event_id, form, label FROM repeating WHERE project_id = ?")
    arms = rows("SELECT arm_num, name FROM arms WHERE project_id = ? ORDER BY arm_num")
    groups = rows("SELECT * FROM access_groups WHERE project_id = ? ORDER BY group_id")
    surveys = rows("SELECT form, title FROM surveys WHERE project_id = ?")
    return Project(
        project_id=project_id,
        title=row["project_title"],
        settings={**DEFAULTS, **json.loads(row["settings"])},
        dictionary=_dictionary(tuple(item["definition"] for item in definitions)),
        arms={item["arm_num"]: item["name"] for item in arms},
        events=tuple(
            Event(
                item["event_id"],
                item["arm_num"],
                item["event_name"],
                item["unique_event_name"],
                item["custom_event_label"],
            )
            for item in events
        ),
        designated=frozenset((item["event_id"], item["form"]) for item in mappings),
        repeating={(item["event_id"], item["form"]): item["label"] for item in repeating},
        groups={
            item["group_id"]: Group(item["group_id"], item["unique_group_name"], item["name"])
            for item in groups
        },
        surveys={item["form"]: item["title"] for item in surveys},
    )


@lru_cache(maxsize=128)
def _dictionary(definitions: tuple[str, ...]) -> Dictionary:
    return Dictionary(tuple(json.loads(definition) for definition in definitions))


def save_settings(
    connection: sqlite3.Connection, project_id: int, title: str, settings: Mapping[str, Any]
) -> None:
    """Given a project's title and settings, store them."""
    connection.execute(
        "UPDATE projects SET project_title = ?, settings = ? WHERE project_id = ?",
        (title, json.dumps(dict(settings)), project_id),
    )
