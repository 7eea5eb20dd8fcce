"""The API: which content and action does what, and which right it takes."""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

from headgate.tracker.contents import (
    arrangement,
    designation,
    exchange,
    files,
    grouping,
    log_lines,
    metadata,
    printing,
    reports,
    repository,
    roles,
    setup,
    surveys,
    users,
)
from headgate.tracker.model.call import Call
from headgate.tracker.model.entries import next_number
from headgate.tracker.model.history import note
from headgate.tracker.model.projects import load_project
from headgate.tracker.model.tokens import Caller, find_caller
from headgate.tracker.records import deleting
from headgate.tracker.storage.database import change, look
from headgate.tracker.wire.answers import Answer, Refused
from headgate.tracker.wire.parameters import Parameters

NO_CONTENT = 'The value of the parameter "content" is not valid'
NO_ACTION = 'The value of the parameter "action" is not valid'
Operation = Callable[[Call], Answer]


@dataclass(frozen=True)
class Reading:
    """An operation that changes nothing, with the rights it takes, and its line of the log.

    `exports` is the action of an export of data; `tells` the detail of one that shows people.
    """

    run: Operation
    rights: tuple[str, ...] = ("api_export",)
    exports: str = ""
    tells: str = ""


@dataclass(frozen=True)
class Changing:
    """An operation that changes the project, with the rights it takes."""

    run: Operation
    rights: tuple[str, ...]


def _version(_: Call) -> Answer:
    return Answer(setup.VERSION)


def _next_name(call: Call) -> Answer:
    group_id = call.caller.group_id
    number = next_number(call.connection, call.project_id, group_id)
    return Answer(str(number) if group_id is None else f"{group_id}-{number}")


DATA = "Data export"
DESIGN = ("api_import", "design")
SEE_PEOPLE, SET_PEOPLE = ("api_export", "user_rights"), ("api_import", "user_rights")
SEE_GROUPS = ("api_export", "data_access_groups")
SET_GROUPS = ("api_import", "data_access_groups")
SEE_FILES, SET_FILES = ("api_export", "file_repository"), ("api_import", "file_repository")
SURVEYS = ("api_export", "manage_survey_participants")
# What the real server writes to the log of these reads is established for DAGs and the log alone.
OPERATIONS: Mapping[tuple[str, str], Reading | Changing] = {
    ("version", "export"): Reading(_version),
    ("project", "export"): Reading(setup.export_project),
    ("project_settings", "import"): Changing(setup.import_settings, DESIGN),
    ("project_xml", "export"): Reading(exchange.export_project, exports=DATA),
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
    ("user", "export"): Reading(users.export_users, SEE_PEOPLE, tells="Export users"),
    ("user", "import"): Changing(users.import_users, SET_PEOPLE),
    ("user", "delete"): Changing(users.delete_users, SET_PEOPLE),
    ("userRole", "export"): Reading(roles.export_roles, SEE_PEOPLE, tells="Export user roles"),
    ("userRole", "import"): Changing(roles.import_roles, SET_PEOPLE),
    ("userRole", "delete"): Changing(roles.delete_roles, SET_PEOPLE),
    ("userRoleMapping", "export"): Reading(
        roles.export_assignments, SEE_PEOPLE, tells="Export user role assignments"
    ),
    ("userRoleMapping", "import"): Changing(roles.import_assignments, SET_PEOPLE),
    ("dag", "export"): Reading(grouping.export_groups, SEE_GROUPS, tells="Export DAGs"),
    ("dag", "import"): Changing(grouping.import_groups, SET_GROUPS),
    ("dag", "delete"): Changing(grouping.delete_groups, SET_GROUPS),
    ("dag", "switch"): Changing(grouping.switch_group, SET_GROUPS),
    ("userDagMapping", "export"): Reading(
        grouping.export_memberships, SEE_GROUPS, tells="Export User-DAG assignments"
    ),
    ("userDagMapping", "import"): Changing(grouping.import_memberships, SET_GROUPS),
    ("record", "export"): Reading(exchange.export_records, exports=DATA),
    ("record", "import"): Changing(exchange.import_records, ("api_import",)),
    ("record", "delete"): Changing(deleting.delete_records, ("record_delete",)),
    ("record", "rename"): Changing(deleting.rename_record, ("api_import", "record_rename")),
    ("generateNextRecordName", "export"): Reading(_next_name),
    ("report", "export"): Reading(reports.export_report, ("api_export", "reports"), exports=DATA),
    ("file", "export"): Reading(files.export_file, exports="Download uploaded file"),
    ("file", "import"): Changing(files.import_file, ("api_import",)),
    ("file", "delete"): Changing(files.delete_file, ("api_import",)),
    ("fileRepository", "createFolder"): Changing(repository.create_folder, SET_FILES),
    ("fileRepository", "list"): Reading(repository.list_folder, SEE_FILES),
    ("fileRepository", "import"): Changing(repository.import_document, SET_FILES),
    ("fileRepository", "export"): Reading(
        repository.export_document, SEE_FILES, exports="Download file from File Repository"
    ),
    ("fileRepository", "delete"): Changing(repository.delete_document, SET_FILES),
    ("pdf", "export"): Reading(printing.export_pdf, exports="Download PDF"),
    ("log", "export"): Reading(
        log_lines.export_log, ("api_export", "logging"), tells="Export Logging"
    ),
    # These make what they answer on the first call.
    ("surveyLink", "export"): Changing(surveys.export_link, SURVEYS),
    ("surveyQueueLink", "export"): Changing(surveys.export_queue_link, SURVEYS),
    ("surveyAccessCode", "export"): Changing(surveys.export_access_code, SURVEYS),
    ("surveyReturnCode", "export"): Changing(surveys.export_return_code, SURVEYS),
    ("participantList", "export"): Changing(surveys.export_participants, SURVEYS),
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
        _note(connection, caller, operation)
        opened.enter_context(look(connection))
        project = load_project(connection, caller.project_id)
        return operation.run(Call(connection, project, parameters, caller))
    with change(connection):
        project = load_project(connection, caller.project_id)
        return operation.run(Call(connection, project, parameters, caller))


def _note(connection: sqlite3.Connection, caller: Caller, operation: Reading) -> None:
    """Write the line of the log that belongs to an export, without waiting for the disk.

    It is written before anything is read: what cannot be written down is not handed out.
    """
    if caller.project_id is None or not (operation.exports or operation.tells):
        return
    line = (
        ("export", f"{operation.exports} (API)")
        if operation.exports
        else ("manage", "Manage/Design ", f"{operation.tells} (API)")
    )
    connection.execute("PRAGMA synchronous = NORMAL")
    with change(connection):
        note(connection, caller.project_id, caller.username, *line)
    connection.execute("PRAGMA synchronous = FULL")


def _create(connection: sqlite3.Connection, content: str, parameters: Parameters) -> Answer:
    if content == "version":
        return Answer(setup.VERSION)
    if content != "project":
        raise Refused(NO_CONTENT)
    with change(connection):
        return setup.create(connection, parameters)
