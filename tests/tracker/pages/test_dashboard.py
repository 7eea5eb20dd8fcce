"""The list of projects and of records: found, counted, sorted, a hundred at a time."""

import re

import pytest
from redcap import Project

UID = "study_instance_uid"


def names(page):
    return re.findall(r'<th scope="row" class="name"><a href="[^"]*">([^<]*)</a>', page.text)


@pytest.fixture(scope="module")
def incoming(tracker):
    """Three studies: one waits, one was sent, one has an error."""
    project = Project(tracker.url, tracker.tokens["Incoming"], timeout=30)
    place = {"redcap_repeat_instrument": "transfers", "redcap_repeat_instance": 1}
    project.import_records(
        [
            {UID: "1.1", "study_description": "MR Hofte", "study_accession_number": "A_7%"},
            {UID: "1.1", "redcap_repeat_instrument": "series", "redcap_repeat_instance": 1,
             "series_description": "T1"},
            {UID: "1.2", "study_description": "CT Ærå"},
            {UID: "1.2", **place, "transfer_project_name": "P", "transfer_name": "N-1",
             "transfer_date": "2026-01-01 10:00"},
            {UID: "1.3", **place, "transfer_project_name": "P", "transfer_error___2": "1"},
        ]
    )  # fmt: skip
    yield project
    project.delete_records(["1.1", "1.2", "1.3"])


@pytest.fixture
def path(incoming):
    return f"/projects/{incoming.export_project_info()['project_id']}"


def test_projects_tell_records_and_states(boss, path):
    page = boss.get("/").text
    row = re.search(rf'<a href="{path}">.*?</tr>', page, re.DOTALL)[0]
    assert '<td class="number">3</td>' in row
    for state in ("waiting", "error", "sent"):
        assert f'href="{path}?state={state}">1 {state}</a>' in row


@pytest.mark.parametrize(
    ("state", "record"), [("waiting", "1.1"), ("sent", "1.2"), ("error", "1.3")]
)
def test_a_state_is_filtered_and_said_in_words(boss, path, state, record):
    page = boss.get(f"{path}?state={state}")
    assert names(page) == [record]
    assert f'<span class="state {state}">{state}</span>' in page.text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("hofte", ["1.1"]),
        ("HOFTE", ["1.1"]),
        ("Ærå", ["1.2"]),
        ("1.3", ["1.3"]),
        ("_7%", ["1.1"]),
        ("%", ["1.1"]),
        ("study_description", []),
        ("1' OR '1'='1", []),
    ],
)
def test_records_are_found_by_name_and_value(boss, path, text, found):
    page = boss.session.get(boss.base + path, params={"text": text}, timeout=30)
    assert names(page) == found


@pytest.mark.parametrize(
    ("order", "found"), [("record", ["1.1", "1.2", "1.3"]), ("-record", ["1.3", "1.2", "1.1"])]
)
def test_records_are_sorted(boss, path, order, found):
    assert names(boss.get(f"{path}?order={order}")) == found


def test_a_study_is_assigned_from_the_list(boss, path, incoming):
    link = re.search(r'href="([^"]*)">Assign', boss.get(f"{path}?state=waiting").text)[1]
    form = link.replace("&amp;", "&")
    digest = re.search(r'name="digest" value="([^"]*)"', boss.get(form).text)[1]
    sent = {"digest": digest, "transfer_project_name": "P", "transfer_name": "N-2"}
    back = boss.post(form, {**sent, "next": f"{path}?state=waiting"})
    assert back.headers["Location"] == f"{path}?state=waiting&saved=form"
    rows = incoming.export_records(records=["1.1"], forms=["transfers"])
    assert [row["transfer_name"] for row in rows if row["redcap_repeat_instance"]] == ["N-2"]
    incoming.delete_records(["1.1"], instrument="transfers", repeat_instance="1")


def test_projects_to_assign_to_are_suggested_to_who_may_read_them(
    boss, path, tracker, member, incoming
):
    projects = Project(tracker.url, tracker.tokens["DataTransferProjects"], timeout=30)
    projects.import_records([{"record_id": "1", "project_name": "SUGGESTED"}])
    form = f"{path}/form?record=1.1&form=transfers&instance=new"
    assert '<option value="SUGGESTED">' in boss.get(form).text
    other = member(int(path.rsplit("/", 1)[1]))
    page = other.get(form)
    assert page.status_code == 200
    assert "SUGGESTED" not in page.text
    projects.delete_records(["1"])


def test_pages_have_a_hundred_records(boss, classic, number_of):
    classic.import_records([{"record_id": str(n), "name": f"n{n}"} for n in range(1, 252)])
    path = f"/projects/{number_of(classic)}"
    pages = [names(boss.get(f"{path}?page={page}")) for page in (1, 2, 3, 4)]
    assert [len(found) for found in pages] == [100, 100, 51, 0]
    assert pages[0][:2] == ["1", "2"]
    assert pages[2][-1] == "251"
    assert 'rel="next"' in boss.get(f"{path}?page=2").text
    assert 'rel="next"' not in boss.get(f"{path}?page=3").text
    assert boss.get(f"{path}?page=99999999999999999999").status_code == 200


@pytest.mark.parametrize(
    ("form", "status", "found"),
    [("first", "2", ["1"]), ("first", "0", ["2"]), ("second", "1", ["1"]), ("second", "2", [])],
)
def test_other_projects_show_and_filter_the_status_of_each_form(boss, number, form, status, found):
    page = boss.get(f"/projects/{number}?form={form}&status={status}")
    assert names(page) == found
    page = boss.get(f"/projects/{number}").text
    for word in ("incomplete", "unverified", "complete", "no data"):
        assert f">{word}</span>" in page
