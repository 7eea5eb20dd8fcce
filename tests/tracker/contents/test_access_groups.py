"""Fact 1.11, data access groups: names, members, and what members may not do."""

import pytest

TYPO = (
    "You do not have permission to export/import/delete Data Access Groups because you have beed "
    "assigned to a Data Access Group."
)


@pytest.fixture
def group(ask):
    def add(project, name):
        row = {"data_access_group_name": name, "unique_group_name": ""}
        assert ask(project, "dag", [row], action="import").text == "1"
        return project.export_dags()[-1]

    return add


@pytest.mark.parametrize(
    ("name", "unique"), [("New DAG", "new_dag"), ("dag-a", "daga"), ("Å B_1", "_b_1")]
)
def test_1_11_a_new_group_gets_a_unique_name(classic, group, name, unique):
    row = group(classic, name)
    assert list(row) == ["data_access_group_name", "unique_group_name", "data_access_group_id"]
    assert (row["data_access_group_name"], row["unique_group_name"]) == (name, unique)
    assert isinstance(row["data_access_group_id"], int)


def test_1_11_two_groups_of_one_name_differ(classic, group):
    assert (
        group(classic, "Twin")["unique_group_name"] != group(classic, "Twin")["unique_group_name"]
    )


def test_1_11_renaming_changes_the_unique_name_and_keeps_the_number(classic, group, ask, refusal):
    before = group(classic, "Old one")
    row = {"data_access_group_name": "Brand new", "unique_group_name": "old_one"}
    assert ask(classic, "dag", [row], action="import").text == "1"
    (after,) = classic.export_dags()
    assert after["unique_group_name"] == "brand_new"
    assert after["data_access_group_id"] == before["data_access_group_id"]
    assert "'old_one'" in refusal(classic, "dag", [row], action="import")[1]


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_1_11_groups_go_round_in_csv_and_xml(classic, group, ask, form):
    row = group(classic, "Test DAG")
    text = ask(classic, "dag", format=form).text
    if form == "csv":
        number = row["data_access_group_id"]
        head = "data_access_group_name,unique_group_name,data_access_group_id"
        assert text == f'{head}\n"Test DAG",test_dag,{number}\n'
    assert ask(classic, "dag", text, format=form, action="import").text == "1"
    assert classic.export_dags() == [row]


def test_1_11_records_of_a_deleted_group_stay_without_one(classic, group, ask, person):
    group(classic, "Ward")
    ask(classic, "record", [{"record_id": 1, "redcap_data_access_group": "ward"}])
    token = person(classic, "nurse", group="ward")
    assert ask(classic, "dag", action="delete", **{"dags[0]": "ward"}).text == "1"
    group(classic, "Other")
    row = ask(classic, "record", exportDataAccessGroups="true").json()[0]
    assert (row["record_id"], row["redcap_data_access_group"]) == ("1", "")
    assert len(ask(classic, "record", token=token).json()) == 1


def test_1_11_an_unknown_group_is_not_deleted(classic, group, refusal):
    group(classic, "Kept")
    asked = {"action": "delete", "dags[0]": "kept", "dags[1]": "bogus"}
    assert refusal(classic, "dag", **asked)[0] == 400
    assert len(classic.export_dags()) == 1


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        ("dag", {}),
        ("dag", {"action": "import", "data": "[]"}),
        ("dag", {"action": "delete", "dags[0]": "ward"}),
        ("userDagMapping", {}),
        ("userDagMapping", {"action": "import", "data": "[]"}),
    ],
)
def test_1_11_members_of_a_group_may_not_see_or_change_groups(
    classic, group, person, refusal, content, asked
):
    group(classic, "Ward")
    token = person(classic, "nurse", group="ward")
    assert refusal(classic, content, token=token, **asked) == (403, TYPO)


def test_1_11_switching_puts_the_caller_into_a_group(classic, group, ask, person, refusal):
    group(classic, "Ward")
    ask(classic, "record", [{"record_id": 1}, {"record_id": 2, "redcap_data_access_group": "ward"}])
    token = person(classic, "traveller")
    assert ask(classic, "dag", token=token, action="switch", dag="ward").text == "1"
    assert [row["record_id"] for row in ask(classic, "record", token=token).json()] == ["2"]
    assert refusal(classic, "dag", token=token, action="switch", dag="bogus")[0] == 400
    assert ask(classic, "dag", token=token, action="switch", dag="").text == "1"
    assert len(ask(classic, "record", token=token).json()) == 2


def test_1_11_who_may_not_manage_groups_stays_where_he_is(classic, group, person, refusal):
    group(classic, "Ward")
    token = person(classic, "nurse", group="ward", data_access_groups=0)
    assert refusal(classic, "dag", token=token, action="switch", dag="")[0] == 403


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_1_11_memberships_go_round_in_every_format(classic, group, ask, refusal, form):
    group(classic, "Ward")
    ask(classic, "user", [{"username": "u"}])
    given = [{"username": "u", "redcap_data_access_group": "ward"}]
    assert ask(classic, "userDagMapping", given, action="import").text == "1"
    rows = classic.export_user_dag_assignment()
    assert [list(row.values()) for row in rows] == [["u", "ward"], ["administrator", ""]]
    text = ask(classic, "userDagMapping", format=form).text
    assert ask(classic, "userDagMapping", text, format=form, action="import").text == "2"
    assert classic.export_user_dag_assignment() == rows
    wrong = [{"username": "none", "redcap_data_access_group": "ward"}]
    assert refusal(classic, "userDagMapping", wrong, action="import")[0] == 400


def test_1_11_the_rights_are_those_of_groups(classic, person, refusal):
    token = person(classic, "u", data_access_groups=0)
    for content in ("dag", "userDagMapping"):
        assert refusal(classic, content, token=token)[0] == 403
        assert refusal(classic, content, "[]", token=token, action="import")[0] == 403


def test_1_12_the_log_tells_of_groups(classic, group, ask):
    group(classic, "Ward")
    lines = [row["details"] for row in classic.export_logging(log_type="manage")]
    assert lines[:3] == ["Export Logging (API)", "Export DAGs (API)", "Import DAGs (API)"]
