"""Fact 1.11, roles: made, changed, deleted, given to people, whose rights they then are."""

import re

import pytest

RIGHTS = [
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
    "lock_records_customization",
    "lock_records",
    "lock_records_all_forms",
]


@pytest.fixture
def role(ask):
    """Makes a role, and returns its unique name."""

    def add(project, label="Readers", **rights):
        assert ask(project, "userRole", [{"role_label": label, **rights}]).text == "1"
        return project.export_user_roles()[-1]["unique_role_name"]

    return add


def test_1_11_rights_of_roles_are_texts_and_levels_numbers(classic, role):
    role(classic, reports=1, forms={"first": 2})
    (row,) = classic.export_user_roles()
    assert list(row) == ["unique_role_name", "role_label", *RIGHTS, "forms", "forms_export"]
    assert (row["reports"], row["design"]) == ("1", "0")
    assert row["forms"] == {"first": 2, "second": 0, "visits": 0}
    assert row["forms_export"] == {"first": 0, "second": 0, "visits": 0}


def test_1_11_a_label_alone_makes_a_role_at_the_end(classic, role):
    first, second = role(classic, "Zebra"), role(classic, "Ape")
    assert [row["role_label"] for row in classic.export_user_roles()] == ["Zebra", "Ape"]
    assert first != second
    assert re.fullmatch(r"U-[0-9A-Z]{10}", first)


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_1_11_exported_roles_are_imported_as_they_are(classic, role, ask, form):
    role(classic, design=1, forms={"first": 1, "visits": 2})
    before = classic.export_user_roles()
    text = ask(classic, "userRole", format=form).text
    assert ask(classic, "userRole", text, format=form).text == "1"
    assert classic.export_user_roles() == before


def test_1_11_a_role_is_changed_by_its_unique_name(classic, role, ask, refusal):
    name = role(classic, reports=1)
    ask(classic, "userRole", [{"unique_role_name": name, "role_label": "Other", "design": "1"}])
    (row,) = classic.export_user_roles()
    assert (row["role_label"], row["reports"], row["design"]) == ("Other", "1", "1")
    status, text = refusal(classic, "userRole", [{"unique_role_name": "U-NONE", "role_label": "x"}])
    assert (status, "U-NONE" in text) == (400, True)
    assert refusal(classic, "userRole", [{"role_label": ""}])[0] == 400


def test_1_11_a_roles_rights_stand_for_the_users_own(classic, role, ask, person, refusal):
    token = person(classic, "worker")
    name = role(classic, api_export=1)
    given = [{"username": "worker", "unique_role_name": name}]
    assert ask(classic, "userRoleMapping", given).text == "1"
    shown = next(row for row in classic.export_users() if row["username"] == "worker")
    assert (shown["api_export"], shown["api_import"], shown["forms"]["first"]) == (1, 0, 0)
    assert refusal(classic, "record", [{"record_id": 1}], token=token)[0] == 403
    assert ask(classic, "userRole", action="delete", **{"roles[0]": name}).text == "1"
    assert ask(classic, "record", [{"record_id": 1}], token=token).json() == {"count": 1}


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_1_11_assignments_go_round_in_every_format(classic, role, ask, form):
    name = role(classic)
    ask(classic, "user", [{"username": "u"}])
    ask(classic, "userRoleMapping", [{"username": "u", "unique_role_name": name}])
    rows = classic.export_user_role_assignment()
    assert rows == [
        {"username": "administrator", "unique_role_name": "", "data_access_group": ""},
        {"username": "u", "unique_role_name": name, "data_access_group": ""},
    ]
    text = ask(classic, "userRoleMapping", format=form).text
    assert ask(classic, "userRoleMapping", text, format=form).text == "2"
    assert classic.export_user_role_assignment() == rows
    ask(classic, "userRoleMapping", [{"username": "u", "unique_role_name": ""}])
    assert {row["unique_role_name"] for row in classic.export_user_role_assignment()} == {""}


def test_1_11_unknown_people_and_roles_are_refused(classic, role, refusal):
    name = role(classic)
    rows = [{"username": "none", "unique_role_name": name}]
    assert "'none'" in refusal(classic, "userRoleMapping", rows)[1]
    rows = [{"username": "administrator", "unique_role_name": "U-BOGUS"}]
    assert "U-BOGUS" in refusal(classic, "userRoleMapping", rows)[1]
    assert "U-BOGUS" in refusal(classic, "userRole", action="delete", **{"roles[0]": "U-BOGUS"})[1]


def test_1_12_changed_roles_are_in_the_log(classic, role, ask):
    name = role(classic, "Readers")
    ask(classic, "userRole", [{"unique_role_name": name, "reports": 1}])
    line = classic.export_logging(log_type="user")[0]
    assert (line["action"], line["details"]) == ("Edit user role", "role = 'Readers'")
