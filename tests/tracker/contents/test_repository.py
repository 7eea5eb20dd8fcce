"""Fact 1.10, the file repository: folders, documents, and who may enter which folder."""

import pytest

NO_FOLDER = (
    "The File Repository folder folder_id={} does not exist or else you do not have permission to "
    "that folder because it is DAG-restricted or Role-restricted."
)
REPOSITORY = "fileRepository"


@pytest.fixture
def folder(ask):
    def make(project, name="folder", **parameters):
        response = ask(project, REPOSITORY, action="createFolder", name=name, **parameters)
        (row,) = response.json()
        assert list(row) == ["folder_id"]
        assert isinstance(row["folder_id"], int)
        return row["folder_id"]

    return make


@pytest.fixture
def listed(ask):
    def items(project, folder_id="", **parameters):
        return ask(project, REPOSITORY, action="list", folder_id=folder_id, **parameters).json()

    return items


def test_1_10_folders_come_first_each_item_with_its_own_number(classic, folder, listed, upload):
    assert listed(classic) == []
    assert upload(classic, REPOSITORY, "a.txt").content == b""
    number = folder(classic, "zoo")
    first, second = listed(classic)
    assert first == {"folder_id": number, "name": "zoo"}
    assert (list(second), second["name"]) == (["doc_id", "name"], "a.txt")
    assert isinstance(second["doc_id"], int)


def test_1_10_csv_has_role_and_dag_too(classic, folder, ask):
    number = folder(classic, "zoo")
    text = ask(classic, REPOSITORY, action="list", format="csv").text
    assert text == f"folder_id,doc_id,name,role,dag\n{number},,zoo,,\n"


def test_1_10_xml_has_an_item_for_each(classic, folder, ask):
    number = folder(classic, "zoo")
    text = ask(classic, REPOSITORY, action="list", format="xml").text
    assert (
        f"<item><folder_id><![CDATA[{number}]]></folder_id><name><![CDATA[zoo]]></name></item>"
        in text
    )
    text = ask(classic, REPOSITORY, action="createFolder", name="x", format="csv").text
    assert text.startswith("folder_id\n")


def test_1_10_a_document_stands_in_its_folder(classic, folder, listed, upload):
    outer = folder(classic, "outer")
    inner = folder(classic, "inner", folder_id=outer)
    upload(classic, REPOSITORY, "deep.txt", b"deep", folder_id=inner)
    assert [row["name"] for row in listed(classic)] == ["outer"]
    assert [row["name"] for row in listed(classic, outer)] == ["inner"]
    (row,) = listed(classic, inner)
    content, about = classic.export_file_from_repository(row["doc_id"])
    assert (content, about) == (b"deep", {"name": "deep.txt", "charset": "UTF-8"})


def test_1_10_a_deleted_document_is_gone(classic, listed, ask, upload, refusal, rows_in):
    upload(classic, REPOSITORY, "a.txt")
    number = listed(classic)[0]["doc_id"]
    response = ask(classic, REPOSITORY, action="delete", doc_id=number)
    assert (response.status_code, response.content) == (200, b"")
    assert listed(classic) == []
    assert rows_in(classic, "documents") == 0
    for action in ("export", "delete"):
        status, text = refusal(classic, REPOSITORY, action=action, doc_id=number)
        assert (status, str(number) in text) == (400, True)


@pytest.mark.parametrize("number", ["99999", "x", "-1", "99999999999999999999", "²"])
def test_1_10_a_bad_folder_has_this_text(classic, refusal, upload, number):
    told = (400, NO_FOLDER.format(number))
    assert refusal(classic, REPOSITORY, action="list", folder_id=number) == told
    assert refusal(classic, REPOSITORY, action="createFolder", name="x", folder_id=number) == told
    assert upload(classic, REPOSITORY, folder_id=number).json()["error"] == told[1]


@pytest.mark.parametrize("name", ["", "  ", "x" * 151])
def test_1_10_a_folder_has_a_name(classic, refusal, listed, name):
    assert refusal(classic, REPOSITORY, action="createFolder", name=name)[0] == 400
    assert listed(classic) == []


def test_1_10_projects_do_not_see_each_others_folders_and_documents(
    classic, make, folder, listed, upload, refusal
):
    other = make()
    number = folder(other)
    assert refusal(classic, REPOSITORY, action="list", folder_id=number)[1] == NO_FOLDER.format(
        number
    )
    upload(other, REPOSITORY, "theirs.txt")
    document = listed(other)[1]["doc_id"]
    for action in ("export", "delete"):
        assert refusal(classic, REPOSITORY, action=action, doc_id=document)[0] == 400
    assert len(listed(other)) == 2


def test_1_10_a_file_of_a_record_is_no_document_of_the_repository(classic, upload, ask, refusal):
    upload(classic, "file", record="1", field="paper")
    rows = ask(classic, "record", type="eav").json()
    number = next(row["value"] for row in rows if row["field_name"] == "paper")
    for action in ("export", "delete"):
        assert refusal(classic, REPOSITORY, action=action, doc_id=number)[0] == 400
    assert classic.export_file("1", "paper")[0] == b"hello"


def test_1_10_a_folder_of_a_group_is_closed_to_the_others(
    classic, folder, listed, ask, upload, person, refusal
):
    for name in ("East", "West"):
        ask(classic, "dag", [{"data_access_group_name": name}], action="import")
    east = classic.export_dags()[0]["data_access_group_id"]
    outer = folder(classic, "east only", dag_id=east)
    inner = folder(classic, "inner", folder_id=outer)
    upload(classic, REPOSITORY, "secret.txt", folder_id=inner)
    document = listed(classic, inner)[0]["doc_id"]
    friend, stranger = person(classic, "e", group="east"), person(classic, "w", group="west")
    assert [row["name"] for row in listed(classic, token=friend)] == ["east only"]
    assert listed(classic, token=stranger) == []
    for number in (outer, inner):
        told = refusal(classic, REPOSITORY, token=stranger, action="list", folder_id=number)
        assert told == (400, NO_FOLDER.format(number))
    assert refusal(classic, REPOSITORY, token=stranger, action="export", doc_id=document)[0] == 400
    assert (
        ask(classic, REPOSITORY, token=friend, action="export", doc_id=document).content == b"hello"
    )
    assert refusal(classic, REPOSITORY, action="createFolder", name="x", dag_id="0")[0] == 400


def test_1_10_a_folder_of_a_role_is_closed_to_other_roles(
    classic, folder, listed, ask, person, tracker
):
    rights = {"api_export": 1, "file_repository": 1}
    for label in ("Readers", "Writers"):
        ask(classic, "userRole", [{"role_label": label, **rights}])
    readers, writers = (row["unique_role_name"] for row in classic.export_user_roles())
    import contextlib
    import sqlite3

    with contextlib.closing(sqlite3.connect(tracker.database)) as connection:
        query = "SELECT role_id FROM roles WHERE unique_role_name = ?"
        number = connection.execute(query, (readers,)).fetchone()[0]
    folder(classic, "for readers", role_id=number)
    tokens = {}
    for name, role in (("r", readers), ("w", writers)):
        tokens[name] = person(classic, name)
        ask(classic, "userRoleMapping", [{"username": name, "unique_role_name": role}])
    assert len(listed(classic, token=tokens["r"])) == 1
    assert listed(classic, token=tokens["w"]) == []


@pytest.mark.parametrize("action", ["list", "export", "import", "delete", "createFolder"])
def test_1_10_the_repository_has_a_right_of_its_own(classic, person, refusal, action):
    token = person(classic, "u", file_repository=0)
    told = refusal(classic, REPOSITORY, token=token, action=action, name="x")
    assert told == (403, "You do not have File Repository privileges")


def test_1_12_the_log_tells_of_the_repository(classic, folder, upload, listed, ask):
    folder(classic, "zoo")
    upload(classic, REPOSITORY, "a.txt")
    number = listed(classic)[1]["doc_id"]
    ask(classic, REPOSITORY, action="export", doc_id=number)
    ask(classic, REPOSITORY, action="delete", doc_id=number)
    lines = [row["details"] or row["action"] for row in classic.export_logging()]
    assert lines[1:5] == [
        "Delete file from File Repository: a.txt (API)",
        "Download file from File Repository (API)",
        "Upload file to File Repository: a.txt (API)",
        "Create folder in File Repository: zoo (API)",
    ]
