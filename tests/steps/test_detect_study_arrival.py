"""detect-study-arrival: one job for what arrived, a new one for what came late, none twice."""

from __future__ import annotations

import dataclasses

import factories
import pytest
from headgate.core.errors import Rejected
from headgate.core.jobs import ImpossibleMove, Job, JobState
from headgate.stores.jobs import Jobs

STUDY = factories.Study("arrival", accession="AR1")


@pytest.fixture
def with_workflows(a_tree):
    with a_tree.site.config.open("a") as file:
        file.write('[workflows.whole]\nselect = "x"\n')
        file.write('[workflows.each]\nlevel = "series"\n[workflows.off]\nenabled = false\n')
    return a_tree


def arrive(gateway, *datasets, is_quiet=True):
    gateway.receive(*datasets)
    assert gateway.site.run("process").code == 0
    if is_quiet:
        gateway.settle()


def run(gateway, *words):
    result = gateway.site.run("detect-study-arrival", *words)
    assert result.code == 0, result
    return result


def jobs(gateway):
    store = gateway.context().jobs
    read = [store.read(JobState.QUEUED, one) for one in store.entered(JobState.QUEUED)]
    return sorted((job.workflow, job.study, job.series) for job in read)


EXPECTED = sorted([("whole", STUDY.uid, ""), *(
    ("each", STUDY.uid, STUDY.series_uid(number)) for number in (1, 2))])  # fmt: skip


def test_a_study_that_came_to_rest_makes_a_job_for_each_workflow(with_workflows):
    arrive(with_workflows, *STUDY.instances(2), *STUDY.instances(2, series=2))
    run(with_workflows)
    assert jobs(with_workflows) == EXPECTED
    assert with_workflows.context().spool.settled() == [STUDY.uid]  # populate-incoming lists it
    assert run(with_workflows).lines == []
    assert jobs(with_workflows) == EXPECTED


def test_what_still_comes_makes_none(with_workflows):
    text = with_workflows.site.config.read_text()
    with_workflows.site.config.write_text(
        text.replace("quiet_seconds = 1.0", "quiet_seconds = 99.0")
    )
    arrive(with_workflows, *STUDY.instances(2), is_quiet=False)
    assert run(with_workflows).lines == []
    assert not jobs(with_workflows)


def test_a_late_instance_makes_a_new_job_of_the_study_and_its_series_alone(with_workflows):
    arrive(with_workflows, *STUDY.instances(2), *STUDY.instances(2, series=2))
    run(with_workflows)
    arrive(with_workflows, STUDY.instance(3, series=2))
    run(with_workflows)
    again = [("whole", STUDY.uid, ""), ("each", STUDY.uid, STUDY.series_uid(2))]
    assert jobs(with_workflows) == sorted(EXPECTED + again)


def test_what_populate_incoming_saw_first_triggers_too(a_gateway):
    with a_gateway.site.config.open("a") as file:
        file.write("[workflows.whole]\n")
    arrive(a_gateway, *STUDY.instances(2))
    assert a_gateway.site.run("populate-incoming").code == 0
    assert not a_gateway.context().spool.is_changing(STUDY.uid)
    run(a_gateway)
    assert jobs(a_gateway) == [("whole", STUDY.uid, "")]
    assert run(a_gateway).lines == []


def test_a_mark_that_is_made_meanwhile_is_not_lost(with_workflows):
    arrive(with_workflows, *STUDY.instances(1))
    context = with_workflows.context()
    spool = context.spool
    spool.settle(STUDY.uid)
    spool.take_trigger(STUDY.uid)
    spool.mark_changed(STUDY.uid, 1)
    spool.settle(STUDY.uid)
    spool.triggered(STUDY.uid)
    assert spool.triggering() == {STUDY.uid}


def test_without_workflows_the_marks_go_all_the_same(a_tree):
    arrive(a_tree, *STUDY.instances(1))
    run(a_tree)
    assert not a_tree.context().spool.triggering()
    assert not jobs(a_tree)


def test_the_dry_run_changes_nothing(with_workflows):
    arrive(with_workflows, *STUDY.instances(1))
    assert run(with_workflows, "--dry-run").lines == [{"item": STUDY.uid, "status": "planned"}]
    assert not jobs(with_workflows)
    assert with_workflows.context().spool.changed()


def test_a_job_that_was_done_is_not_made_again(with_workflows):
    arrive(with_workflows, *STUDY.instances(2), *STUDY.instances(2, series=2))
    run(with_workflows)
    store = with_workflows.context().jobs
    for one in store.entered(JobState.QUEUED):
        store.move(store.read(JobState.QUEUED, one), JobState.QUEUED, "claim")
        store.move(store.read(JobState.ACTIVE, one), JobState.ACTIVE, "finished")
    assert with_workflows.site.run("rebuild").code == 0
    arrive(with_workflows)
    run(with_workflows)
    assert not jobs(with_workflows)


@pytest.mark.parametrize(
    ("line", "word"),
    [('level = "patient"', "study, series"), ('levl = "study"', "nearest known key"),
     ('output = "mail"', "receiver, values"), ('command = "x y"', "list of texts")],
)  # fmt: skip
def test_a_workflow_that_is_written_wrongly_is_told(a_tree, line, word):
    with a_tree.site.config.open("a") as file:
        file.write(f"[workflows.wrong]\n{line}\n")
    result = a_tree.site.run("detect-study-arrival")
    assert result.code == 78
    assert word in str(result.lines)


def test_killed_at_any_step_each_job_is_there_once_and_none_lacks(with_workflows, zygote):
    at, code = 0, -9
    while code == -9:
        at += 1
        study = factories.Study(f"killed-{at}")
        with_workflows.receive(*study.instances(1), *study.instances(1, series=2))
        assert zygote.run(with_workflows, "process").code == 0
        with_workflows.settle()
        code = zygote.run(with_workflows, "detect-study-arrival", at=at).code
        assert zygote.run(with_workflows, "detect-study-arrival").code == 0
        assert len([one for one in jobs(with_workflows) if one[1] == study.uid]) == 3
        assert not with_workflows.context().spool.triggering()
        with_workflows.context().spool.listed(study.uid)
    assert code == 0
    assert at > 8


@pytest.fixture
def a_job():
    return Job.wanted("whole", "1.2.3", "", "v1")


def test_the_id_of_a_job_is_made_of_all_that_it_is_about(a_job):
    others = [
        Job.wanted("other", "1.2.3", "", "v1"),
        Job.wanted("whole", "1.2.4", "", "v1"),
        Job.wanted("whole", "1.2.3", "1.2.3.1", "v1"),
        Job.wanted("whole", "1.2.3", "", "v2"),
    ]
    assert len({a_job.id, *(one.id for one in others)}) == 5
    assert dataclasses.replace(a_job, attempts=3).id == a_job.id


def test_a_job_goes_its_way_and_no_other(a_job, a_layout):
    store = Jobs(a_layout)
    assert store.add(a_job)
    assert not store.add(a_job)
    with pytest.raises(ImpossibleMove):
        store.move(a_job, JobState.QUEUED, "finished")
    store.move(a_job, JobState.QUEUED, "claim")
    store.recover(a_job.id)
    store.move(a_job, JobState.QUEUED, "claim")
    store.move(a_job.with_values(reason="away"), JobState.ACTIVE, "failed")
    assert store.read(JobState.FAILED, a_job.id).reason == "away"
    assert store.state_of(a_job.id) is JobState.FAILED


def test_half_a_job_is_told_by_name(a_layout):
    (a_layout.jobs / "queued" / "broken.json").write_text('{"id": ')
    with pytest.raises(Rejected, match="broken"):
        Jobs(a_layout).read(JobState.QUEUED, "broken")
