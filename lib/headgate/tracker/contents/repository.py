"""The file repository: folders, and documents in them."""

import sqlite3
from typing import Any

from headgate.tracker.contents.uploads import sent_file
from headgate.tracker.model.call import Call
from headgate.tracker.model.documents import (
    Document,
    add_document,
    drop_document,
    read_document,
)
from headgate.tracker.wire.answers import (
    XML_HEAD,
    Answer,
    Refused,
    as_json,
    file_answer,
    table,
    xml_item,
)

COLUMNS = ("folder_id", "doc_id", "name", "role", "dag")
NO_FOLDER = (
    "The File Repository folder folder_id={} does not exist or else you do not have permission to "
    "that folder because it is DAG-restricted or Role-restricted."
)
# REDCap's text is not established.
NO_DOCUMENT = "The file doc_id={} does not exist in the File Repository."
LONGEST_NAME = 150
LARGEST_NUMBER = 2**63
CONTENT = """
SELECT * FROM (SELECT f.folder_id, NULL AS doc_id, f.name, f.role_id, f.group_id FROM folders f
    WHERE f.project_id = :project AND f.parent_id IS :folder
UNION ALL SELECT NULL, d.document_id, d.name, NULL, NULL FROM filed_documents p
    JOIN documents d ON d.document_id = p.document_id
    WHERE d.project_id = :project AND p.folder_id IS :folder
) ORDER BY folder_id IS NULL, name, doc_id
"""


def create_folder(call: Call) -> Answer:
    """Given a name and a parent, within a transaction, make a folder; return its number."""
    sent = call.parameters
    name = sent.text("name").strip()
    parent = _folder(call)
    if not name or len(name) > LONGEST_NAME:
        # REDCap's text is not established.
        raise Refused("The name of a folder must have 1 to 150 characters.")
    folder_id = call.connection.execute(
        "INSERT INTO folders (project_id, parent_id, name, group_id, role_id)"
        " VALUES (?, ?, ?, ?, ?)",
        (call.project_id, parent, name, _group(call), _role(call)),
    ).lastrowid
    call.note_design(f"Create folder in File Repository: {name}")
    return table(["folder_id"], [{"folder_id": folder_id}], sent.format())


def list_folder(call: Call) -> Answer:
    """Given a folder, or none for the top, return what is in it: folders first."""
    place = {"project": call.project_id, "folder": _folder(call)}
    found = call.connection.execute(CONTENT, place).fetchall()
    rows = [_item(row) for row in found if _may_enter(call, row["group_id"], row["role_id"])]
    match call.parameters.format():
        case "json":
            return Answer(as_json([_without_restrictions(row) for row in rows]), "json")
        case "csv":
            return table(COLUMNS, rows, "csv")
    items = [_without_restrictions(row) for row in rows]
    body = "".join(xml_item(tuple(item), item) for item in items)
    return Answer(f"{XML_HEAD}<items>{body}</items>", "xml")


def _item(row: sqlite3.Row) -> dict[str, Any]:
    values = ("folder_id", "doc_id", "name", "role_id", "group_id")
    # What `role` and `dag` of a restricted folder hold is not established: the numbers.
    return {
        column: "" if row[value] is None else row[value]
        for column, value in zip(COLUMNS, values, strict=True)
    }


def _without_restrictions(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in COLUMNS[:3] if row[name] != ""}


def import_document(call: Call) -> Answer:
    """Given a file and a folder, within a transaction, keep the file there."""
    folder = _folder(call)
    upload = sent_file(call)
    number = add_document(
        call.connection, call.project_id, upload.name, upload.media_type, upload.content
    )
    call.connection.execute("INSERT INTO filed_documents VALUES (?, ?)", (number, folder))
    call.note_design(f"Upload file to File Repository: {upload.name}")
    return Answer("", call.parameters.answer_format())


def export_document(call: Call) -> Answer:
    """Given a document's number, return the document. Raise Refused."""
    document = _document(call)
    return file_answer(document.name, document.media_type, document.content)


def delete_document(call: Call) -> Answer:
    """Given a document's number, within a transaction, delete it. Raise Refused."""
    document = _document(call)
    drop_document(call.connection, call.project_id, document.document_id)
    call.note_design(f"Delete file from File Repository: {document.name}")
    return Answer("", call.parameters.answer_format())


def _document(call: Call) -> Document:
    number = call.parameters.text("doc_id")
    document = read_document(call.connection, call.project_id, number)
    place = None
    if document is not None:
        # A file in a field of a record is no document of the repository.
        place = call.connection.execute(
            "SELECT folder_id FROM filed_documents WHERE document_id = ?", (document.document_id,)
        ).fetchone()
    if document is None or place is None or not _open(call, place["folder_id"]):
        raise Refused(NO_DOCUMENT.format(number))
    return document


def _folder(call: Call) -> int | None:
    text = call.parameters.text("folder_id")
    if not text:
        return None
    number = int(text) if text.isascii() and text.isdecimal() else LARGEST_NUMBER
    if number >= LARGEST_NUMBER or not _open(call, number):
        raise Refused(NO_FOLDER.format(text))
    return number


def _open(call: Call, folder_id: int | None) -> bool:
    """Return whether the caller may enter the folder and all those around it."""
    while folder_id is not None:
        row = call.connection.execute(
            "SELECT parent_id, group_id, role_id FROM folders"
            " WHERE project_id = ? AND folder_id = ?",
            (call.project_id, folder_id),
        ).fetchone()
        if row is None or not _may_enter(call, row["group_id"], row["role_id"]):
            return False
        folder_id = row["parent_id"]
    return True


def _may_enter(call: Call, group_id: int | None, role_id: int | None) -> bool:
    # Who is in no group, or has no role, enters everywhere; not established.
    own = call.caller.group_id
    if group_id is not None and own not in {None, group_id}:
        return False
    if role_id is None:
        return True
    row = call.connection.execute(
        "SELECT role_id FROM users WHERE project_id = ? AND username = ?",
        (call.project_id, call.caller.username),
    ).fetchone()
    return row is None or row["role_id"] in {None, role_id}


def _group(call: Call) -> int | None:
    number = call.parameters.text("dag_id")
    found = {str(group_id): group_id for group_id in call.project.groups}
    if number and number not in found:
        # REDCap's text is not established.
        raise Refused(f"The Data Access Group dag_id={number} does not exist.")
    return found.get(number)


def _role(call: Call) -> int | None:
    number = call.parameters.text("role_id")
    query = "SELECT role_id FROM roles WHERE project_id = ?"
    found = {str(row[0]): int(row[0]) for row in call.connection.execute(query, (call.project_id,))}
    if number and number not in found:
        # REDCap's text is not established.
        raise Refused(f"The user role role_id={number} does not exist.")
    return found.get(number)
