"""Arms and events of longitudinal projects."""

import re
import sqlite3
from collections.abc import Collection

from headgate.tracker.model.call import Call
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Answer, Refused, number, table

NO_ARMS = "You cannot export arms for classic projects"
NO_EVENTS = "You cannot export events for classic projects"
EVENT_COLUMNS = ("event_name", "arm_num", "unique_event_name", "custom_event_label", "event_id")
# With scheduling on, these stand between the arm and the unique name.
SCHEDULE = ("day_offset", "offset_min", "offset_max")
LONGEST_SLUG = 18


def export_arms(call: Call) -> Answer:
    """Given a longitudinal project, return the arms that have events. Raise Refused."""
    if not call.project.longitudinal:
        raise Refused(NO_ARMS)
    arms = call.parameters.many("arms")
    used = {event.arm_num for event in call.project.events}
    rows = [
        {"arm_num": arm, "name": name}
        for arm, name in call.project.arms.items()
        if arm in used and (not arms or str(arm) in arms)
    ]
    return table(["arm_num", "name"], rows, call.parameters.format())


def import_arms(call: Call) -> Answer:
    """Given arms, within a transaction, add or rename them; with override, they alone remain."""
    rows = call.rows()
    arms = [(call.project_id, _arm(row.get("arm_num", "")), row.get("name", "")) for row in rows]
    if call.parameters.flag("override"):
        _drop_events(call.connection, call.project, call.project.event_ids)
        call.connection.execute("DELETE FROM arms WHERE project_id = ?", (call.project_id,))
    call.connection.executemany("INSERT OR REPLACE INTO arms VALUES (?, ?, ?)", arms)
    call.note_design("Import arms")
    return number(len(arms), call.parameters.answer_format())


def delete_arms(call: Call) -> Answer:
    """Given arms, within a transaction, delete them with their events; return how many went."""
    wanted = {_arm(text) for text in call.parameters.many("arms")}
    doomed = [event.event_id for event in call.project.events if event.arm_num in wanted]
    _drop_events(call.connection, call.project, doomed)
    for arm in wanted:
        call.connection.execute(
            "DELETE FROM arms WHERE project_id = ? AND arm_num = ?", (call.project_id, arm)
        )
    call.note_design("Delete arms")
    return number(len(wanted & set(call.project.arms)), call.parameters.answer_format())


def export_events(call: Call) -> Answer:
    """Given a longitudinal project, return its events. Raise Refused for a classic one."""
    if not call.project.longitudinal:
        raise Refused(NO_EVENTS)
    arms = call.parameters.many("arms")
    scheduled = call.project.settings.get("scheduling_enabled")
    columns = [*EVENT_COLUMNS[:2], *(SCHEDULE if scheduled else ()), *EVENT_COLUMNS[2:]]
    rows = [
        {
            "event_name": event.name,
            "arm_num": event.arm_num,
            **dict.fromkeys(SCHEDULE, 0),
            "unique_event_name": event.unique_name,
            "custom_event_label": event.custom_label,
            "event_id": event.event_id,
        }
        for event in call.project.events
        if not arms or str(event.arm_num) in arms
    ]
    quoted = frozenset({"event_name"})
    return table(columns, rows, call.parameters.format(), always_quoted=quoted)


def import_events(call: Call) -> Answer:
    """Given events, within a transaction, add those without unique name, change the others."""
    rows = call.rows()
    taken = set(call.project.event_names)
    if call.parameters.flag("override"):
        _drop_events(call.connection, call.project, call.project.event_ids)
        taken = set()
    for row in rows:
        arm, name = _arm(row.get("arm_num") or "1"), row.get("event_name", "").strip()
        if not name:
            raise Refused("Each event must have an event_name.")
        unique = row.get("unique_event_name", "")
        unique = unique if unique in taken else _unique_name(name, arm, taken)
        taken.add(unique)
        call.connection.execute(
            "INSERT OR IGNORE INTO arms VALUES (?, ?, ?)",
            (call.project_id, arm, f"Arm {arm}"),
        )
        call.connection.execute(
            "INSERT INTO events"
            " (project_id, arm_num, event_name, unique_event_name, custom_event_label)"
            " VALUES (?, ?, ?, ?, ?) ON CONFLICT (project_id, unique_event_name) DO UPDATE SET"
            " event_name = excluded.event_name, custom_event_label = excluded.custom_event_label",
            (call.project_id, arm, name, unique, row.get("custom_event_label", "")),
        )
    call.note_design("Import events")
    return number(len(rows), call.parameters.answer_format())


def delete_events(call: Call) -> Answer:
    """Given unique names, within a transaction, delete the events; return the count."""
    names = set(call.parameters.many("events"))
    unknown = sorted(names - set(call.project.event_names))
    if unknown:
        raise Refused(f"The following events do not exist: {', '.join(unknown)}")
    _drop_events(
        call.connection, call.project, [call.project.event_names[name].event_id for name in names]
    )
    call.note_design("Delete events")
    return number(len(names), call.parameters.answer_format())


def _drop_events(
    connection: sqlite3.Connection, project: Project, event_ids: Collection[int]
) -> None:
    # The data of the events stay in the database, where nothing shows them, as in REDCap.
    for event_id in event_ids:
        for name in ("mappings", "repeating", "events"):
            connection.execute(
                f"DELETE FROM {name} WHERE project_id = ? AND event_id = ?",  # noqa: S608 (our names)
                (project.project_id, event_id),
            )


def _arm(text: str) -> int:
    if not re.fullmatch(r"[1-9]\d{0,3}", text, re.ASCII):
        raise Refused(f"The arm number is not valid: {text}")
    return int(text)


def _unique_name(name: str, arm: int, taken: Collection[str]) -> str:
    slug = re.sub(r"[^a-z0-9_]", "", name[:LONGEST_SLUG].lower().replace(" ", "_"))
    # The letters for a second event of one name are not established beyond "b".
    for letter in ("", *"bcdefghijklmnopqrstuvwxyz"):
        unique = f"{slug}_arm_{arm}{letter}"
        if unique not in taken:
            return unique
    raise Refused(f"Too many events have the name {name}")
