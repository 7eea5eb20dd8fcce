"""Projects like Incoming, whose records are studies: where their transfers stand."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project

FORM = "transfers"
FIELDS = {
    *("transfer_project_name", "transfer_name", "transfer_event_name"),
    *("transfer_date", "transfer_error"),
}
# By the number that the database keeps with each record.
STATES = ("error", "waiting", "sent")


@dataclass(frozen=True)
class Transfer:
    """A transfer of a study: where to, as whom, and how it stands."""

    instance: int
    project: str
    name: str
    event: str
    state: str


def has_transfers(project: Project) -> bool:
    """Given a project, return whether its records are studies that are transferred."""
    repeats = any(project.repeats(event.event_id, FORM) for event in project.events)
    return repeats and project.dictionary.fields.keys() >= FIELDS


def counts_of(
    connection: sqlite3.Connection, project_id: int, group_id: int | None
) -> Mapping[str, int]:
    """Given a project and a group (None: all records), return how many records each state has."""
    # Without a group the index alone answers.
    within = "" if group_id is None else " AND group_id = :group"
    rows = connection.execute(
        "SELECT transfer_state, COUNT(*) FROM records"  # noqa: S608 (the texts are ours)
        f" WHERE project_id = :project{within} GROUP BY transfer_state",
        {"project": project_id, "group": group_id},
    )
    found = {STATES[state]: count for state, count in rows}
    return {state: found.get(state, 0) for state in STATES}


def transfers_in(entries: Sequence[Entry]) -> list[Transfer]:
    """Given the rows of a record, return its transfers in order."""
    return [
        Transfer(
            entry.instance,
            entry.values.get("transfer_project_name", ""),
            entry.values.get("transfer_name", ""),
            entry.values.get("transfer_event_name", ""),
            state_of(entry.values),
        )
        for entry in entries
        if entry.instrument == FORM
    ]


def state_of(values: Mapping[str, str]) -> str:
    """Given the values of a transfer, return its state."""
    boxes = (name for name, value in values.items() if value == "1")
    if values.get("transfer_error_message") or any(
        name.startswith("transfer_error___") for name in boxes
    ):
        return "error"
    return "sent" if values.get("transfer_date") else "waiting"


def next_instance(transfers: Sequence[Transfer]) -> str:
    """Given a record's transfers, return the one to assign: one without a project, or new."""
    blank = (item for item in transfers if item.state == "waiting" and not item.project)
    first = next(blank, None) or next((item for item in transfers if item.state == "waiting"), None)
    return str(first.instance) if first else "new"
