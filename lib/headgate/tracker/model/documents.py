"""Documents: files in fields of records, and in the file repository."""

import json
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Document:
    """A file that somebody uploaded."""

    document_id: int
    name: str
    media_type: str
    content: bytes


def add_document(
    connection: sqlite3.Connection, project_id: int, name: str, media_type: str, content: bytes
) -> int:
    """Given a file, within a transaction, store it; return its number."""
    number = connection.execute(
        "INSERT INTO documents (project_id, name, media_type, content) VALUES (?, ?, ?, ?)",
        (project_id, name, media_type, content),
    ).lastrowid
    assert number is not None
    return number


def read_document(
    connection: sqlite3.Connection, project_id: int, document_id: str
) -> Document | None:
    """Given a project and a document's number as text, return the document, if it is there."""
    if not document_id.isdecimal() or len(document_id) > 18:
        return None
    row = connection.execute(
        "SELECT document_id, name, media_type, content FROM documents"
        " WHERE project_id = ? AND document_id = ?",
        (project_id, int(document_id)),
    ).fetchone()
    return None if row is None else Document(*row)


def drop_document(connection: sqlite3.Connection, project_id: int, document_id: int) -> None:
    """Given a document's number, within a transaction, delete the document."""
    connection.execute(
        "DELETE FROM documents WHERE project_id = ? AND document_id = ?", (project_id, document_id)
    )


def document_names(connection: sqlite3.Connection, numbers: Collection[str]) -> dict[str, str]:
    """Given documents' numbers as texts, return the name of each that is there."""
    found = connection.execute(
        "SELECT d.document_id, d.name FROM json_each(?) n CROSS JOIN documents d"
        " ON d.document_id = CAST(n.value AS INTEGER)",
        (json.dumps(list(numbers)),),
    )
    return {str(row["document_id"]): row["name"] for row in found}
