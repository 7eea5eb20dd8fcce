"""The API: which content and action does what, and which right it takes."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from headgate.tracker.contents import arrangement, designation, metadata, setup, users
from headgate.tracker.model.call import Call
from headgate.tracker.model.entries import next_number
from headgate.tracker.model.projects import load_project
from headgate.tracker.model.tokens import find_caller
from headgate.tracker.records import deleting, exporting, importing
from headgate.tracker.storage.database import change, look
from headgate.tracker.wire.answers import Answer, Refused
from headgate.tracker.wire.parameters import Parameters

VERSION = "15.2.1"
NO_CONTENT = 'The value of the parameter "content" is not valid'
NO_ACTION = 'The value of the parameter "action" is not valid'
Operation = Callable[[Call], Answer]


@dataclass(frozen=True)
class Reading:
    """An operation that changes nothing, with the rights it takes."""

    run: Operation
    rights: tuple[str, ...] = ("api_export",)


@dataclass(frozen=True)
class Changing:
    """An operation that changes the project, with the rights it takes."""

    run: Operation
    rights: tuple[str, ...]


def _version(_: Call) -> Answer:
    return Answer(VERSION)


def _next_name(call: Call) -> Answer:
    group_id = call.caller.group_id
    number = next_number(call.connection, call.project_id, group_id)
    return Answer(str(number) if group_id is None else f"{group_id}-{number}")


DESIGN = ("api_import", "design")
OPERATIONS: Mapping[tuple[str, str], Reading | Changing] = {
    ("version", "export"): Reading(_version),
    ("project", "export"): Reading(setup.export_project),
    ("project_settings", "import"): Changing(setup.import_settings, DESIGN),
    ("metadata", "export"): Reading(metadata.export_metadata),
    ("metadata", "import"): Changing(metadata.import_metadata, DESIGN),
    ("instrument", "export"): Reading(metadata.export_instruments),
    ("exportFieldNames", "export"): Reading(metadata.export_field_names),
    ("arm", "export"): Reading(arrangement.export_arms),
    ("arm", "import"): Changing(arrangement.import_arms, DESIGN),
    ("arm", "delete"): Changing(arrangement.delete_arms, DESIGN),
    ("event", "export"): Reading(arrangement.export_events),
    ("event", "import"): Changing(arrangement.import_events, DESIGN),
    ("event", "delete"): Changing(arrangement.delete_events, DESIGN),
    ("formEventMapping", "export"): Reading(designation.export_mappings),
    ("formEventMapping", "import"): Changing(designation.import_mappings, DESIGN),
    ("repeatingFormsEvents", "export"): Reading(designation.export_repeating),
    ("repeatingFormsEvents", "import"): Changing(designation.import_repeating, DESIGN),
    ("user", "export"): Reading(users.export_users),
    ("user", "import"): Changing(users.import_users, ("api_import",)),
    ("user", "delete"): Changing(users.delete_users, ("api_import",)),
    ("record", "export"): Reading(exporting.export_records),
    ("record", "import"): Changing(importing.import_records, ("api_import",)),
    ("record", "delete"): Changing(deleting.delete_records, ("record_delete",)),
    ("record", "rename"): Changing(deleting.rename_record, ("api_import",)),
    ("generateNextRecordName", "export"): Reading(_next_name),
}
CONTENTS = {content for content, _ in OPERATIONS}


def answer(connection: sqlite3.Connection, parameters: Parameters, opened: ExitStack) -> Answer:
    """Given a request's parameters, do what they ask and return the answer. Raise Refused.

    A long answer reads its rows as it is sent: `opened` closes what they are read from.
    """
    caller = find_caller(connection, parameters.text("token"))
    content = parameters.text("content")
    action = parameters.text("action") or ("import" if "data" in parameters.single else "export")
    if caller.project_id is None:
        return _create(connection, content, parameters)
    if content not in CONTENTS:
        raise Refused(NO_CONTENT)
    operation = OPERATIONS.get((content, action))
    if operation is None:
        raise Refused(NO_ACTION)
    for right in operation.rights:
        caller.need(right)
    if isinstance(operation, Reading):
        opened.enter_context(look(connection))
        project = load_project(connection, caller.project_id)
        return operation.run(Call(connection, project, parameters, caller))
    with change(connection):
        project = load_project(connection, caller.project_id)
        return operation.run(Call(connection, project, parameters, caller))


def _create(connection: sqlite3.Connection, content: str, parameters: Parameters) -> Answer:
    if content == "version":
        return Answer(VERSION)
    if content != "project":
        raise Refused(NO_CONTENT)
    with change(connection):
        return setup.create(connection, parameters)
