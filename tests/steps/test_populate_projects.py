"""populate-projects: each delivered study in its project's own REDCap, once, and no patient."""

from __future__ import annotations

import re

import factories
import pytest
from headgate.core import imaging
from headgate.core.deid.uids import replace_study_uid
from headgate.core.errors import Rejected
from headgate.core.model import Assignment
from headgate.demo.processes import free_port
from headgate.steps import populate_projects

STUDY = factories.Study("told", accession="TOLD1")


def delivered(gateway, *studies, project="P", event="E1", participant="P-001"):
    gateway.context().tables.incoming.write([
        {"study_instance_uid": study.uid, "redcap_repeat_instrument": "transfers",
         "redcap_repeat_instance": "new", "transfer_requested_date": "2024-04-01 10:00",
         "transfer_project_name": project, "transfer_name": participant,
         "transfer_event_name": event, "transfer_date": "2024-04-01 10:05",
         "transfer_mapped_uid": f"2.25.{abs(hash(study.uid))}"}
        for study in studies
    ])  # fmt: skip


def studies(count, name="s"):
    return [factories.Study(f"{name}{number}") for number in range(count)]


def told(project):
    rows = project.export_records()
    return [row for row in rows if row["redcap_repeat_instrument"] == "imaging"]


def run(gateway, *words, code=0):
    result = gateway.site.run("populate-projects", *words)
    assert result.code == code, result
    return result


def test_a_delivered_study_is_told_as_the_research_copy_is(a_gateway, own_redcap):
    own = own_redcap("E1")
    a_gateway.to_queue(STUDY)
    a_gateway.project(project_token=own.token)
    assert a_gateway.site.run("anonymize-and-send").code == 0
    run(a_gateway)
    (row,) = told(own)
    context = a_gateway.context()
    recipe = context.recipe(Assignment("P", "P-001", "E1"), context.projects["P"])
    assert row["record_id"] == "P-001"
    assert row["redcap_event_name"] == "e1_arm_1"
    assert row["img_event_name"] == "E1"
    assert row["img_study_instance_uid"] == replace_study_uid(STUDY.uid, recipe)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", row["img_study_date"])
    assert row["imaging_complete"] == "2"


def test_what_tells_of_the_patient_is_not_told(a_gateway, own_redcap):
    own = own_redcap("E1")
    a_gateway.to_queue(STUDY)
    a_gateway.project(project_token=own.token)
    assert a_gateway.site.run("anonymize-and-send").code == 0
    said = run(a_gateway, "-vv")
    logs = "".join(path.read_text() for path in a_gateway.site.logs.iterdir())
    hidden = (*factories.PLANTED, "TOLD1", STUDY.uid, "2024-03-12", "20240312")
    for word in hidden:
        assert word not in str(own.export_records())
    for word in (*factories.PLANTED, "TOLD1", own.token):
        assert word not in str(said)
        assert word not in logs


def test_the_second_run_changes_nothing_and_costs_one_call(a_gateway, own_redcap):
    own = own_redcap("E1")
    a_gateway.project(project_token=own.token)
    delivered(a_gateway, *studies(3))
    run(a_gateway)
    before = own.export_records()
    assert len(told(own)) == 3
    assert len({row["redcap_repeat_instance"] for row in told(own)}) == 3
    assert run(a_gateway).lines == []
    context = a_gateway.context()
    assert list(populate_projects.plan(context)) == []
    assert len(context.tables.calls) == 1
    assert run(a_gateway, "--all").code == 0
    assert own.export_records() == before


def test_what_people_added_stays(a_gateway, own_redcap):
    own = own_redcap("E1")
    a_gateway.project(project_token=own.token)
    mine = {"record_id": "P-001", "redcap_event_name": "e1_arm_1", "redcap_repeat_instance": 1,
            "redcap_repeat_instrument": "imaging", "img_study_description": "by hand"}  # fmt: skip
    own.import_records([mine])
    delivered(a_gateway, *studies(1))
    run(a_gateway)
    assert [row["img_study_description"] for row in told(own)] == ["by hand", ""]


def test_O12_all_projects_are_told_in_one_run_and_a_broken_token_stops_none(a_gateway, own_redcap):
    good = [own_redcap("E1", title=f"own {number}") for number in range(3)]
    for number, own in enumerate(good):
        a_gateway.project(f"G{number}", project_token=own.token)
        delivered(a_gateway, *studies(2, f"g{number}"), project=f"G{number}")
    a_gateway.project("B1", project_token="0" * 32)
    a_gateway.project("B2", project_token="no token")
    a_gateway.project("NONE")
    for name in ("B1", "B2", "NONE"):
        delivered(a_gateway, *studies(1, name), project=name)
    result = run(a_gateway, code=1)
    assert [len(told(own)) for own in good] == [2, 2, 2]
    complaints = {line["item"]: line["text"] for line in result.lines if line["status"] == "error"}
    assert "refuses project_token of B1" in complaints["B1"]
    assert "is no token" in complaints["B2"]
    assert "0" * 32 not in str(result)


def test_a_broken_token_is_complained_of_after_a_while_and_mended(a_gateway, own_redcap):
    text = a_gateway.site.config.read_text()
    slow = re.sub("retry_first_seconds = .*", "retry_first_seconds = 500.0", text)
    slow = re.sub("retry_longest_seconds = .*", "retry_longest_seconds = 900.0", slow)
    a_gateway.site.config.write_text(slow)
    a_gateway.project(project_token="0" * 32)
    delivered(a_gateway, *studies(1))
    run(a_gateway, code=1)
    assert run(a_gateway).lines == []
    own = own_redcap("E1")
    a_gateway.project(project_token=own.token)
    for path in a_gateway.layout.targets.iterdir():
        path.unlink()
    assert not (a_gateway.layout.watermarks / "populate-projects").exists()
    run(a_gateway)
    assert len(told(own)) == 1


def test_an_event_that_the_project_lacks_is_told_and_the_others_go_on(a_gateway, own_redcap):
    own = own_redcap("E1", "Follow up 1")
    a_gateway.project(project_token=own.token)
    first, second, third = studies(3)
    delivered(a_gateway, first, event="E9")
    delivered(a_gateway, second, event="follow UP 1")
    delivered(a_gateway, third, event="event_1_arm_1")
    result = run(a_gateway, code=1)
    (line,) = [line for line in result.lines if line["status"] == "error"]
    assert line["item"] == first.uid
    assert "no event 'E9'" in line["text"]
    assert "Follow up 1" in line["text"]
    assert {row["redcap_event_name"] for row in told(own)} == {"follow_up_1_arm_1", "event_1_arm_1"}


def test_an_event_without_the_instrument_stops_that_study_alone(a_gateway, own_redcap):
    own = own_redcap("E1", "E2")
    own.import_instrument_event_mappings([
        {"arm_num": 1, "unique_event_name": name, "form": form}
        for name, form in (("event_1_arm_1", "participant"), ("e1_arm_1", "imaging"),
                           ("e2_arm_1", "participant"))
    ])  # fmt: skip
    a_gateway.project(project_token=own.token)
    first, second = studies(2)
    delivered(a_gateway, first, event="E1")
    delivered(a_gateway, second, event="E2")
    result = run(a_gateway, code=1)
    assert [line["item"] for line in result.lines if line["status"] == "error"] == [second.uid]
    assert len(told(own)) == 1


def test_a_redcap_that_is_away_loses_nothing(a_gateway, own_redcap):
    own = own_redcap("E1")
    a_gateway.project(project_token=own.token)
    delivered(a_gateway, *studies(1))
    text = a_gateway.site.config.read_text()
    gone = re.sub(r"http://127.0.0.1:\d+/api/", f"http://127.0.0.1:{free_port()}/api/", text)
    a_gateway.site.config.write_text(gone)
    run(a_gateway, code=69)
    a_gateway.site.config.write_text(text)
    run(a_gateway)
    assert len(told(own)) == 1


def test_the_dry_run_changes_nothing(a_gateway, own_redcap):
    own = own_redcap("E1")
    a_gateway.project(project_token=own.token)
    delivered(a_gateway, *studies(1))
    assert run(a_gateway, "--dry-run").lines == [{"item": "P", "status": "planned"}]
    assert not told(own)


def test_killed_at_any_step_each_study_is_told_once(a_gateway, own_redcap, zygote):
    own = own_redcap("E1")
    a_gateway.project(project_token=own.token)
    at, code = 0, -9
    while code == -9:
        at += 1
        delivered(a_gateway, *studies(2, f"k{at}-"))
        code = zygote.run(a_gateway, "populate-projects", at=at).code
        assert zygote.run(a_gateway, "populate-projects").code == 0
        uids = [row["img_study_instance_uid"] for row in told(own)]
        assert len(uids) == len(set(uids)) == 2 * at
    assert code == 0
    assert at > 8


EVENTS = [
    {"event_name": "Event 1", "unique_event_name": "event_1_arm_1"},
    {"event_name": "Visit", "unique_event_name": "visit_arm_1"},
    {"event_name": "Visit", "unique_event_name": "visit_arm_2"},
    {"event_name": "Long name of an event", "unique_event_name": "long_name_of_an_ev_arm_1b"},
]


@pytest.mark.parametrize(
    ("name", "unique"),
    [
        ("Event 1", "event_1_arm_1"),
        ("EVENT 1", "event_1_arm_1"),
        ("event_1", "event_1_arm_1"),
        ("visit_arm_2", "visit_arm_2"),
        ("Long name of an event", "long_name_of_an_ev_arm_1b"),
    ],
)
def test_an_event_is_found_by_what_people_call_it(name, unique):
    assert imaging.unique_event(name, EVENTS, "P") == unique


@pytest.mark.parametrize(("name", "words"), [("Visit", "several arms"), ("Event", "no event")])
def test_an_event_that_is_not_clear_is_refused(name, words):
    with pytest.raises(Rejected, match=words):
        imaging.unique_event(name, EVENTS, "P")
