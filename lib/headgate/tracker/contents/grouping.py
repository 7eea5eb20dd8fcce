"""Data access groups: made, renamed, deleted, and who is in which."""

import re
from collections.abc import Collection

from headgate.tracker.model.call import Call
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Answer, Refused, number, table

# The misspelling is REDCap's.
NOT_FOR_MEMBERS = (
    "You do not have permission to export/import/delete Data Access Groups because you have beed "
    "assigned to a Data Access Group."
)
COLUMNS = ("data_access_group_name", "unique_group_name", "data_access_group_id")
MAPPING = ("username", "redcap_data_access_group")
LONGEST_NAME = 100


def export_groups(call: Call) -> Answer:
    """Given a project, return its data access groups. Raise Refused for members of one."""
    _not_for_members(call)
    rows = [
        dict(zip(COLUMNS, (group.name, group.unique_name, group.group_id), strict=True))
        for group in call.project.groups.values()
    ]
    return table(COLUMNS, rows, call.parameters.format())


def import_groups(call: Call) -> Answer:
    """Given groups, within a transaction, make those without unique name, rename the others."""
    _not_for_members(call)
    rows = call.rows()
    names = {group.unique_name: group.group_id for group in call.project.groups.values()}
    for row in rows:
        name = row.get("data_access_group_name", "").strip()
        if not name or len(name) > LONGEST_NAME:
            # REDCap's text is not established.
            raise Refused("Each group must have a data_access_group_name of 100 characters or less")
        unique = row.get("unique_group_name", "").strip()
        if unique and unique not in names:
            raise Refused(_unknown(unique))
        group_id = names.pop(unique, None)
        slug = unique_group_name(name, names)
        names[slug] = _stored(call, group_id, slug, name)
    call.note_design("Import DAGs")
    return number(len(rows), call.parameters.answer_format())


def _stored(call: Call, group_id: int | None, unique: str, name: str) -> int:
    if group_id is None:
        return add_group(call, unique, name)
    call.connection.execute(
        "UPDATE access_groups SET unique_group_name = ?, name = ? WHERE group_id = ?",
        (unique, name, group_id),
    )
    return group_id


def add_group(call: Call, unique: str, name: str) -> int:
    """Given a unique name and a name, within a transaction, make the group; return its number."""
    group_id = call.connection.execute(
        "INSERT INTO access_groups (project_id, unique_group_name, name) VALUES (?, ?, ?)",
        (call.project_id, unique, name),
    ).lastrowid
    assert group_id is not None
    return group_id


def unique_group_name(name: str, taken: Collection[str]) -> str:
    """Given a group's name, return its unique name: small letters, digits and low lines."""
    slug = re.sub(r"[^a-z0-9_]", "", name.lower().replace(" ", "_")) or "group"
    # What a second group of one name is called is not established: a letter, as with events.
    for letter in ("", *"bcdefghijklmnopqrstuvwxyz"):
        if f"{slug}{letter}" not in taken:
            return f"{slug}{letter}"
    raise Refused(f"Too many groups have the name {name}")


def delete_groups(call: Call) -> Answer:
    """Given unique names, within a transaction, delete the groups; their records have none then."""
    _not_for_members(call)
    names = list(dict.fromkeys(call.parameters.many("dags")))
    for name in names:
        group_id = group_number(call.project, name)
        # Records, users and folders of the group have none any more: so the tables say.
        call.connection.execute("DELETE FROM access_groups WHERE group_id = ?", (group_id,))
    call.note_design("Delete DAGs")
    return number(len(names), call.parameters.answer_format())


def switch_group(call: Call) -> Answer:
    """Given a unique name, within a transaction, put the caller into that group; blank: none."""
    # Whom REDCap lets switch to which groups is not established: here, who may manage groups.
    set_group(call, call.caller.username, group_number(call.project, call.parameters.text("dag")))
    call.note_design("Switch DAG")
    return number(1, call.parameters.answer_format())


def export_memberships(call: Call) -> Answer:
    """Given a project, return the data access group of each user."""
    _not_for_members(call)
    found = call.connection.execute(
        "SELECT username, group_id FROM users WHERE project_id = ?"
        # The order is not established: members of groups first.
        " ORDER BY group_id IS NULL, username",
        (call.project_id,),
    )
    groups = {None: ""} | {item.group_id: item.unique_name for item in call.project.groups.values()}
    rows = [
        dict(zip(MAPPING, (row["username"], groups[row["group_id"]]), strict=True)) for row in found
    ]
    return table(MAPPING, rows, call.parameters.format())


def import_memberships(call: Call) -> Answer:
    """Given users with groups, within a transaction, set them; a blank group is none."""
    _not_for_members(call)
    rows = call.rows()
    for row in rows:
        group = row.get("redcap_data_access_group", "").strip()
        set_group(call, row.get("username", "").strip(), group_number(call.project, group))
    call.note_design("Import User-DAG assignments")
    return number(len(rows), call.parameters.answer_format())


def group_number(project: Project, unique: str) -> int | None:
    """Given a unique name, return the group's number; blank: None. Raise Refused if unknown."""
    if not unique:
        return None
    if unique not in project.group_names:
        raise Refused(_unknown(unique))
    return project.group_names[unique].group_id


def set_group(call: Call, username: str, group_id: int | None) -> None:
    """Given a user of the project and a group, within a transaction, put the user into it."""
    known = call.connection.execute(
        "UPDATE users SET group_id = ? WHERE project_id = ? AND username = ?",
        (group_id, call.project_id, username),
    ).rowcount
    if not known:
        # REDCap's text is not established.
        raise Refused(f"The user '{username}' does not exist in the project.")


def _not_for_members(call: Call) -> None:
    if call.caller.group_id is not None:
        raise Refused(NOT_FOR_MEMBERS, 403)


def _unknown(unique: str) -> str:
    # REDCap's text is not established.
    return f"The Data Access Group '{unique}' does not exist."
