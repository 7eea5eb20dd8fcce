"""populate-incoming: settled studies into REDCap, people's words untouched, rules applied once."""

from __future__ import annotations

import os
import time

import factories
import pytest

STUDY = factories.Study("populate", accession="POP1")


@pytest.fixture
def arrive(a_gateway):
    def run(*datasets):
        a_gateway.receive(*datasets)
        assert a_gateway.site.run("process").code == 0
        a_gateway.settle()

    return run


def populate(gateway, *words, code=0):
    result = gateway.site.run("populate-incoming", *words)
    assert result.code == code, result
    return result


def test_a_study_and_its_series_are_listed(a_gateway, arrive):
    arrive(*STUDY.instances(3), *STUDY.instances(2, series=2))
    populate(a_gateway)
    (study,) = a_gateway.rows(STUDY, "")
    assert study["study_description"] == "Thorax"
    assert study["study_date"] == "2024-03-12"
    assert study["study_accession_number"] == "POP1"
    series = {row["series_instance_uid"]: row for row in a_gateway.rows(STUDY, "series")}
    assert {uid: row["series_num_files"] for uid, row in series.items()} == {
        STUDY.series_uid(1): "3",
        STUDY.series_uid(2): "2",
    }
    assert sorted(row["redcap_repeat_instance"] for row in series.values()) == [1, 2]
    assert not a_gateway.context().spool.is_changing(STUDY.uid)


def test_the_patient_is_listed_as_a_keyed_hash(a_gateway, arrive):
    arrive(STUDY.instance())
    populate(a_gateway)
    (study,) = a_gateway.rows(STUDY, "")
    assert study["study_patient_id"] == a_gateway.context().hashed(factories.PATIENT_ID)
    assert len(study["study_patient_name"]) == 64


def test_O05_a_study_is_not_listed_before_it_is_quiet(a_gateway):
    text = a_gateway.site.config.read_text()
    a_gateway.site.config.write_text(text.replace("quiet_seconds = 1.0", "quiet_seconds = 600.0"))
    a_gateway.receive(STUDY.instance())
    a_gateway.site.run("process")
    populate(a_gateway)
    assert not a_gateway.rows(STUDY)
    a_gateway.settle()
    populate(a_gateway)
    assert a_gateway.rows(STUDY)


def test_a_clock_set_back_begins_the_quiet_time_anew(a_gateway, arrive):
    arrive(STUDY.instance())
    mark = a_gateway.layout.changed / STUDY.uid
    os.utime(mark, (time.time() + 10**6,) * 2)
    populate(a_gateway)
    assert abs(mark.stat().st_mtime - time.time()) < 60
    assert not a_gateway.rows(STUDY)


def test_O05_a_late_series_joins_and_numbers_stay(a_gateway, arrive):
    arrive(*STUDY.instances(1, series=5))
    populate(a_gateway)
    arrive(*STUDY.instances(2, series=5), *STUDY.instances(1, series=1))
    populate(a_gateway)
    numbers = {
        row["series_instance_uid"]: (row["redcap_repeat_instance"], row["series_num_files"])
        for row in a_gateway.rows(STUDY, "series")
    }
    assert numbers == {STUDY.series_uid(5): (1, "2"), STUDY.series_uid(1): (2, "1")}


def test_what_people_wrote_is_never_touched(a_gateway, arrive):
    arrive(STUDY.instance())
    populate(a_gateway)
    mended = {
        "study_instance_uid": STUDY.uid, "redcap_repeat_instrument": "",
        "redcap_repeat_instance": "", "study_description": "mended by hand",
    }  # fmt: skip
    wanted = {
        "study_instance_uid": STUDY.uid, "redcap_repeat_instrument": "transfers",
        "redcap_repeat_instance": 4, "transfer_project_name": "HAND", "transfer_name": "H-1",
    }  # fmt: skip
    a_gateway.context().tables.incoming.write([mended, wanted])
    a_gateway.project()
    a_gateway.couple(STUDY)
    before = a_gateway.rows(STUDY, "transfers")
    arrive(STUDY.instance(2))
    populate(a_gateway)
    assert a_gateway.rows(STUDY, "")[0]["study_description"] == "mended by hand"
    assert before[0] in a_gateway.rows(STUDY, "transfers")


def test_the_coupling_list_assigns_once(a_gateway, arrive):
    a_gateway.project()
    a_gateway.couple(STUDY)
    for number in (1, 2):
        arrive(STUDY.instance(number))
        populate(a_gateway)
    (transfer,) = a_gateway.rows(STUDY, "transfers")
    assert transfer["transfer_project_name"] == "P"
    assert transfer["transfer_name"] == "P-001"
    assert transfer["transfer_event_name"] == "E1"
    assert transfer["transfer_requested_date"]


def test_O12_a_coupling_entry_that_comes_after_the_study_still_works(a_gateway, arrive):
    a_gateway.project()
    arrive(STUDY.instance())
    populate(a_gateway)
    assert not a_gateway.rows(STUDY, "transfers")
    a_gateway.couple(STUDY)
    populate(a_gateway)
    populate(a_gateway)
    assert len(a_gateway.rows(STUDY, "transfers")) == 1


def rule(gateway, record, **values):
    row = {"record_id": record, "routing_active": "1", "routing_event_name": "E1"}
    gateway.context().tables.routing.write([row | values])


def test_a_routing_rule_assigns_what_the_coupling_list_does_not_know(a_gateway, arrive):
    study = factories.Study("routed", accession="", patient_id="P-007")
    a_gateway.project(project_patient_naming="P-[0-9]{3}")
    rule(a_gateway, "1", routing_dest_project="P", routing_allowed_patientid="P-.*")
    arrive(study.instance())
    populate(a_gateway)
    (transfer,) = a_gateway.rows(study, "transfers")
    assert transfer["transfer_name"] == "P-007"


def test_the_coupling_list_comes_before_the_rules(a_gateway, arrive):
    a_gateway.project()
    rule(a_gateway, "1", routing_dest_project="P", routing_allowed_patientid=".*")
    a_gateway.couple(STUDY, "COUPLED")
    arrive(STUDY.instance())
    populate(a_gateway)
    assert [row["transfer_name"] for row in a_gateway.rows(STUDY, "transfers")] == ["COUPLED"]


def test_a_participant_that_does_not_fit_the_naming_is_told_and_not_assigned(a_gateway, arrive):
    a_gateway.project(project_patient_naming="P-[0-9]{3}")
    a_gateway.couple(STUDY, "01020312345")
    arrive(STUDY.instance())
    result = populate(a_gateway, code=1)
    (complaint,) = [line for line in result.lines if line["status"] == "error"]
    assert complaint["item"] == STUDY.uid
    assert "does not fit project_patient_naming" in complaint["text"]
    assert "01020312345" not in str(result)
    assert a_gateway.rows(STUDY, "")
    assert not a_gateway.rows(STUDY, "transfers")


def test_a_bad_rule_is_told_and_the_next_one_applies(a_gateway, arrive):
    study = factories.Study("bad rule", accession="", patient_id="P-007")
    a_gateway.project()
    rule(a_gateway, "1", routing_dest_project="BAD", routing_allowed_patientid="(")
    rule(a_gateway, "2", routing_dest_project="P", routing_allowed_patientid="P-.*")
    arrive(study.instance())
    result = populate(a_gateway, code=1)
    assert any("routing rule 1 is skipped" in line["text"] for line in result.lines)
    assert [row["transfer_project_name"] for row in a_gateway.rows(study, "transfers")] == ["P"]


def test_O10_an_idle_pass_asks_redcap_once_and_one_with_work_a_bounded_number(a_gateway, arrive):
    from headgate.steps.populate_incoming import STEP

    context = a_gateway.context()
    list(STEP.plan(context))
    assert len(context.tables.calls) == 1
    for number in range(5):
        arrive(factories.Study(f"many-{number}", accession=f"M{number}").instance())
    context = a_gateway.context()
    for item in STEP.plan(context):
        list(STEP.apply(context, item))
    assert len(context.tables.calls) <= 5


def test_a_study_whose_rows_redcap_refuses_does_not_stop_the_others(a_gateway, arrive):
    other = factories.Study("fine", accession="")
    arrive(STUDY.instance(StudyDescription="x" * 70000), other.instance())
    populate(a_gateway, code=1)
    assert a_gateway.rows(other, "")
    assert not a_gateway.rows(STUDY, "")
    assert a_gateway.context().spool.settled() == [STUDY.uid]


def test_O10_a_coupling_row_is_dealt_with_once_and_complained_of_once(a_gateway, arrive):
    from headgate.steps.populate_incoming import STEP

    a_gateway.project(project_patient_naming="P-[0-9]{3}")
    arrive(STUDY.instance())
    populate(a_gateway)
    a_gateway.couple(STUDY, "wrong")
    populate(a_gateway, code=1)
    populate(a_gateway)
    context = a_gateway.context()
    assert list(STEP.plan(context)) == []
    assert len(context.tables.calls) == 1
    a_gateway.couple(STUDY, "P-001")
    populate(a_gateway)
    assert [row["transfer_name"] for row in a_gateway.rows(STUDY, "transfers")] == ["P-001"]


def test_what_redcap_lost_of_a_study_is_listed_again_from_the_archive(a_gateway, arrive):
    arrive(*STUDY.instances(3), *STUDY.instances(2, series=2))
    populate(a_gateway)
    before = a_gateway.rows(STUDY)
    a_gateway.context().tables.incoming.delete([STUDY.uid])
    assert not a_gateway.rows(STUDY)
    assert a_gateway.site.run("rebuild").code == 0
    arrive()
    populate(a_gateway)
    assert a_gateway.rows(STUDY) == before
