"""Fact 1.11, users: what is exported, what an import sets, and who may do it."""

import contextlib
import json
import sqlite3

import pytest

COLUMNS = [
    "username",
    "email",
    "firstname",
    "lastname",
    "expiration",
    "data_access_group",
    "data_access_group_id",
    "data_access_group_label",
    "design",
    "alerts",
    "user_rights",
    "data_access_groups",
    "reports",
    "stats_and_charts",
    "manage_survey_participants",
    "calendar",
    "data_import_tool",
    "data_comparison_tool",
    "logging",
    "email_logging",
    "file_repository",
    "data_quality_create",
    "data_quality_execute",
    "api_export",
    "api_import",
    "api_modules",
    "mobile_app",
    "mobile_app_download_data",
    "record_create",
    "record_rename",
    "record_delete",
    "lock_records_all_forms",
    "lock_records",
    "lock_records_customization",
    "forms",
    "forms_export",
]
OFF = {
    *("email_logging", "mobile_app_download_data", "record_rename"),
    *("lock_records_all_forms", "lock_records", "lock_records_customization"),
}


def user(project, name):
    return next(row for row in project.export_users() if row["username"] == name)


def test_1_11_a_user_has_these_columns_in_order_with_numbers(classic):
    (row,) = classic.export_users()
    assert list(row) == COLUMNS
    rights = {name: row[name] for name in COLUMNS[8:-2]}
    assert {name for name, level in rights.items() if level == 0} == OFF
    assert set(rights.values()) == {0, 1}


def test_1_11_levels_by_form_are_one_cell_in_csv(classic, ask):
    text = ask(classic, "user", format="csv").text
    header, line = text.splitlines()
    assert header == ",".join(COLUMNS)
    # Commas within: the cell is quoted.
    assert line.endswith(',"first:1,second:1,visits:1","first:1,second:1,visits:1"')


def test_1_11_levels_by_form_are_elements_in_xml(classic, ask):
    text = ask(classic, "user", format="xml").text
    assert "<username><![CDATA[administrator]]></username>" in text
    assert "<forms><first><![CDATA[1]]></first><second>" in text
    assert ask(classic, "user", format="xml", data=text, returnFormat="csv").text == "1"


def test_1_11_an_unknown_username_is_taken_and_has_no_right(classic, ask):
    assert ask(classic, "user", [{"username": "nobody@example.org"}]).text == "1"
    row = user(classic, "nobody@example.org")
    assert {row[name] for name in COLUMNS[8:-2]} == {0}
    assert set(row["forms"].values()) == set(row["forms_export"].values()) == {0}


@pytest.mark.parametrize(
    ("form", "data"),
    [
        (
            "json",
            (
                '[{"username":"u","reports":1,"expiration":"2031-05-06","forms":{"first":2},'
                '"forms_export":{"second":3}}]'
            ),
        ),
        (
            "csv",
            'username,reports,expiration,forms,forms_export\nu,1,2031-05-06,"first:2","second:3"\n',
        ),
        (
            "xml",
            (
                "<?xml version='1.0'?><users><item><username>u</username><reports>1</reports>"
                "<expiration>2031-05-06</expiration><forms><first>2</first></forms>"
                "<forms_export><second>3</second></forms_export></item></users>"
            ),
        ),
    ],
)
def test_1_11_rights_are_imported_in_every_format(classic, ask, form, data):
    assert ask(classic, "user", data, format=form).text == "1"
    row = user(classic, "u")
    assert (row["reports"], row["design"], row["expiration"]) == (1, 0, "2031-05-06")
    assert row["forms"] == {"first": 2, "second": 0, "visits": 0}
    assert row["forms_export"] == {"first": 0, "second": 3, "visits": 0}


def test_1_11_rights_that_are_not_sent_stay(classic, ask):
    ask(classic, "user", [{"username": "u", "reports": 1, "forms": {"first": 1, "second": 2}}])
    ask(classic, "user", [{"username": "u", "calendar": 1, "forms": {"second": 1}}])
    row = user(classic, "u")
    assert (row["reports"], row["calendar"]) == (1, 1)
    assert row["forms"] == {"first": 1, "second": 1, "visits": 0}


def test_1_11_a_group_is_given_by_its_unique_name(classic, ask, refusal):
    ask(
        classic,
        "dag",
        [{"data_access_group_name": "North Wing", "unique_group_name": ""}],
        action="import",
    )
    assert ask(classic, "user", [{"username": "u", "data_access_group": "north_wing"}]).text == "1"
    row = user(classic, "u")
    assert (row["data_access_group"], row["data_access_group_label"]) == (
        "north_wing",
        "North Wing",
    )
    assert isinstance(row["data_access_group_id"], int)
    ask(classic, "user", [{"username": "u", "data_access_group": ""}])
    assert user(classic, "u")["data_access_group_id"] == ""
    status, text = refusal(classic, "user", [{"username": "u", "data_access_group": "bogus"}])
    assert (status, "'bogus'" in text) == (400, True)


@pytest.mark.parametrize(
    "row",
    [
        {"username": ""},
        {"username": "u", "reports": 2},
        {"username": "u", "reports": "yes"},
        {"username": "u", "forms": {"first": 130}},
        {"username": "u", "forms": {"bogus": 1}},
        {"username": "u", "forms_export": {"first": 4}},
        {"username": "u", "expiration": "soon"},
    ],
)
def test_1_11_wrong_rights_are_refused_and_nothing_is_changed(classic, refusal, row):
    before = classic.export_users()
    assert refusal(classic, "user", [{"username": "other"}, row])[0] == 400
    assert classic.export_users() == before


def test_1_11_a_deleted_user_loses_the_token(classic, ask, person):
    token = person(classic, "gone")
    assert ask(classic, "version", token=token).status_code == 200
    response = ask(classic, "user", action="delete", **{"users[0]": "gone", "users[1]": "never"})
    assert response.text == "1"
    assert ask(classic, "version", token=token).status_code == 403
    # Who comes back under the name does not come back with the token.
    ask(classic, "user", [{"username": "gone", "api_export": 1}])
    assert ask(classic, "version", token=token).status_code == 403


def test_1_11_names_and_addresses_come_from_the_account(tracker, classic, ask):
    ask(classic, "user", [{"username": "known"}])
    with contextlib.closing(sqlite3.connect(tracker.database)) as connection, connection:
        connection.execute(
            "INSERT INTO accounts (username, password, email, firstname, lastname)"
            " VALUES ('known', '!', 'k@example.org', 'Kim', 'Known')"
        )
    row = user(classic, "known")
    assert (row["email"], row["firstname"], row["lastname"]) == ("k@example.org", "Kim", "Known")


@pytest.mark.parametrize("level", [0, 2])
@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ("user", {"data": '[{"username": "worker", "user_rights": 1}]'}),
        ("user", {"action": "delete", "users[0]": "administrator"}),
        ("userRole", {"data": '[{"role_label": "x"}]'}),
        ("userRole", {"action": "delete", "roles[0]": "U-0000000000"}),
        ("userRoleMapping", {"data": '[{"username": "worker", "unique_role_name": ""}]'}),
    ],
)
def test_1_11_the_right_to_import_alone_changes_nobodys_rights(
    classic, person, refusal, level, content, asked
):
    token = person(classic, "worker", user_rights=level)
    status, text = refusal(classic, content, token=token, **asked)
    assert (status, text) == (403, "You do not have User Rights privileges")
    assert user(classic, "worker")["user_rights"] == level


def test_1_11_a_member_of_a_group_moves_nobody(classic, ask, person, refusal):
    for name in ("East", "West"):
        ask(classic, "dag", [{"data_access_group_name": name}], action="import")
    token = person(classic, "member", group="east")
    for group in ("west", ""):
        row = {"username": "member", "data_access_group": group}
        assert refusal(classic, "user", [row], token=token)[0] == 403
    assert user(classic, "member")["data_access_group"] == "east"
    kept = {"username": "member", "data_access_group": "east", "reports": 0}
    assert ask(classic, "user", [kept], token=token).text == "1"


def test_1_11_what_happened_to_users_is_in_the_log(classic, ask):
    ask(classic, "user", [{"username": "u"}])
    ask(classic, "user", [{"username": "u", "reports": 1}])
    ask(classic, "user", action="delete", **{"users[0]": "u"})
    lines = [row["action"] for row in classic.export_logging(log_type="user")]
    assert lines[:3] == ["Delete user u (API)", "Edit user u (API)", "Add user u (API)"]
    assert json.dumps(lines).count("user u") == 3
