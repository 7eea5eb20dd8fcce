"""The log, as its readers see it: newest line first, changes of records as text."""

import json
import re
import sqlite3
from collections.abc import Iterator

from headgate.tracker.contents.grouping import group_number
from headgate.tracker.model.call import Call
from headgate.tracker.model.history import RECORD_KINDS
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Answer, Refused
from headgate.tracker.wire.streams import streamed

COLUMNS = ("timestamp", "username", "action", "details", "record")
KINDS = (
    *("export", "manage", "user", "record_add", "record_edit", "record_delete"),
    *("lock_record", "page_view"),
)
TYPES = {"": (), "record": RECORD_KINDS} | {kind: (kind,) for kind in KINDS}
MOMENT = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d(:\d\d)?)?", re.ASCII)
# What a time leaves out is its first moment at the beginning, its last at the end of the window.
EARLIEST, LATEST = "0000-00-00 00:00:00", "9999-99-99 23:59:59"
LINES = """
SELECT * FROM log WHERE project_id = :project AND moment BETWEEN :begin AND :end
    AND (:kinds = '[]' OR kind IN (SELECT value FROM json_each(:kinds)))
    AND (:user = '' OR username = :user) AND (:record = '' OR record = :record)
    AND (:group IS NULL OR record IN (SELECT r.record FROM records r
        WHERE r.project_id = :project AND r.group_id = :group)
        OR record = '' AND username = :reader)
    ORDER BY moment DESC, log_id DESC
"""


def export_log(call: Call) -> Answer:
    """Given filters, return the lines of the log that pass them, newest first. Raise Refused."""
    sent = call.parameters
    if sent.text("logtype") not in TYPES:
        # REDCap's text is not established.
        raise Refused('The value of the parameter "logtype" is not valid')
    # Members of a group see the lines of its records, and what they did themselves; a choice.
    own = call.caller.group_id
    asked = group_number(call.project, sent.text("dag"))
    found = call.connection.execute(
        LINES,
        {
            "project": call.project_id,
            "kinds": json.dumps(TYPES[sent.text("logtype")]),
            "user": sent.text("user"),
            "record": sent.text("record"),
            "group": asked if own is None else own,
            "reader": "" if own is None else call.caller.username,
            "begin": _moment(sent.text("beginTime"), EARLIEST),
            "end": _moment(sent.text("endTime"), LATEST),
        },
    )
    return streamed(COLUMNS, _rows(call.project, found), sent.format(), sent.delimiter())


def _moment(text: str, otherwise: str) -> str:
    if text and not MOMENT.fullmatch(text):
        # REDCap's text is not established.
        raise Refused(f"The time is not valid (YYYY-MM-DD HH:MM): {text}")
    return text + otherwise[len(text) :]


def _rows(project: Project, found: sqlite3.Cursor) -> Iterator[dict[str, str]]:
    for line in found:
        named = line["kind"] in RECORD_KINDS
        yield {
            "timestamp": line["moment"][:16],
            "username": line["username"],
            "action": f"{line['action']} {line['record']}{_event(project, line)}"
            if named
            else line["action"],
            "details": line["details"] or (changes_as_text(project, line) if named else ""),
            "record": line["record"],
        }


def _event(project: Project, line: sqlite3.Row) -> str:
    # Where the event stands in a line is not established: behind the record's name.
    event = project.event_ids.get(line["event_id"]) if project.longitudinal else None
    if event is None:
        return ""
    arm = f"Arm {event.arm_num}: {project.arms.get(event.arm_num, '')}"
    return f" ({event.name} ({arm}))"


def changes_as_text(project: Project, line: sqlite3.Row) -> str:
    """Given a line of the log, return what changed as text, a value on each line.

    What stands between two values is not established: a comma and a newline.
    """
    parts = [f"[instance = {line['instance']}]"] if line["instance"] else []
    if line["kind"] != "record_edit":
        parts.append(f"{project.dictionary.record_field} = '{line['record']}'")
    parts += [
        _change(project, name, after) for name, (_, after) in json.loads(line["changes"]).items()
    ]
    return ",\n".join(parts)


def _change(project: Project, name: str, after: str) -> str:
    column = project.dictionary.columns.get(name)
    if column is not None and column.code is not None:
        return f"{column.field.name}({column.code}) = {'checked' if after == '1' else 'unchecked'}"
    return f"{name} = '{after}'"
