"""What each right of a token's owner opens, and what is closed without it."""

import contextlib
import json
import sqlite3

import pytest

ROW = json.dumps([{"record_id": "9", "name": "new"}])
OLD = json.dumps([{"record_id": "1", "name": "old"}])
EXPORT, IMPORT = (
    "You do not have API Export privileges",
    "You do not have API Import/Update privileges",
)
# right that is taken away, what is asked, what is answered
CLOSED = [
    ("api_export", {"content": "record"}, EXPORT),
    ("api_export", {"content": "metadata"}, EXPORT),
    ("api_import", {"content": "record", "data": ROW}, IMPORT),
    ("api_import", {"content": "metadata", "data": "[]"}, IMPORT),
    ("api_import", {"content": "user", "data": "[]"}, IMPORT),
    ("design", {"content": "metadata", "data": "[]"}, "Project Design"),
    ("design", {"content": "project_settings", "data": "{}"}, "Project Design"),
    ("design", {"content": "event", "data": "[]"}, "Project Design"),
    (
        "record_rename",
        {"content": "record", "action": "rename", "record": "1", "new_record_name": "2"},
        "You do not have Rename Record privileges",
    ),
    ("record_create", {"content": "record", "data": ROW}, "Create Record"),
    (
        "record_delete",
        {"content": "record", "action": "delete", "records": "1"},
        "You do not have Delete Record privileges",
    ),
]


@pytest.fixture
def set_rights(tracker):
    def change(project, **rights):
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
            connection.execute(
                "UPDATE users SET rights = json_patch(rights, ?) WHERE project_id ="
                " (SELECT project_id FROM tokens WHERE token = ?)",
                (json.dumps(rights), project.token),
            )

    return change


@pytest.fixture
def filled(make):
    project = make()
    project.import_records(
        [{"record_id": "1", "name": "x", "age": "7", "note": "n", "day": "2024-01-01"}]
    )
    return project


@pytest.mark.parametrize(("right", "asked", "text"), CLOSED)
def test_1_0_without_the_right_it_is_403_and_nothing_is_done(
    filled, set_rights, error_of, right, asked, text
):
    before = filled.export_records()
    set_rights(filled, **{right: 0})
    status, told = error_of(filled, **asked)
    assert status == 403
    assert text in told
    set_rights(filled, **{right: 1})
    assert filled.export_records() == before


def test_records_that_exist_need_no_right_to_create(filled, set_rights, send):
    set_rights(filled, record_create=0)
    body = {"token": filled.token, "content": "record", "format": "json"}
    assert send(**body, data=OLD).json() == {"count": 1}


@pytest.mark.parametrize("level", [0, 2])
def test_a_form_that_may_not_be_edited_is_closed_to_imports(filled, set_rights, error_of, level):
    set_rights(filled, forms={"first": level, "second": 1})
    status, text = error_of(filled, content="record", data=OLD)
    assert (status, text.endswith(": first")) == (403, True)
    assert filled.import_records([{"record_id": "1", "note": "m"}]) == {"count": 1}


@pytest.mark.parametrize(
    ("level", "shown"),
    [
        (0, {"record_id"}),
        (1, {"record_id", "name", "age", "day", "total"}),
        (2, {"record_id", "total"}),
        (3, {"record_id", "age", "day", "total"}),
    ],
)
def test_1_11_the_right_to_export_a_form_decides_which_fields_leave(
    tracker, make, set_rights, metadata, level, shown
):
    marked = [
        {**row, "identifier": "y"} if row["field_name"] in {"name", "record_id"} else row
        for row in metadata
    ]
    # A number with a validation is not an identifier; free text and dates may be.
    project = make(metadata=marked)
    row = {"record_id": "1", "name": "x", "age": "7", "day": "2024-01-01", "note": "n"}
    project.import_records([row])
    set_rights(project, forms_export={"first": level, "second": 1})
    [found] = project.export_records()
    expected = shown | ({"age"} if level == 2 else set())
    assert {
        name for name in ("record_id", "name", "age", "day", "total") if name in found
    } == expected
    assert found["note"] == "n"


def test_an_expired_user_has_no_right_at_all(tracker, filled, error_of):
    with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
        connection.execute(
            "UPDATE users SET expiration = '2020-01-01' WHERE project_id ="
            " (SELECT project_id FROM tokens WHERE token = ?)",
            (filled.token,),
        )
    assert error_of(filled, content="record") == (
        403,
        "You do not have permissions to use the API",
    )


def test_the_rights_of_a_role_stand_in_place_of_the_users_own(tracker, filled, error_of):
    with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
        number = connection.execute(
            "SELECT project_id FROM tokens WHERE token = ?", (filled.token,)
        ).fetchone()[0]
        role = connection.execute(
            "INSERT INTO roles (project_id, unique_role_name, role_label, rights)"
            " VALUES (?, 'U-1', 'Reader', '{\"api_export\": 1}')",
            (number,),
        ).lastrowid
        connection.execute("UPDATE users SET role_id = ? WHERE project_id = ?", (role, number))
    assert len(filled.export_records()) == 1
    assert error_of(filled, content="record", data=OLD)[0] == 403
