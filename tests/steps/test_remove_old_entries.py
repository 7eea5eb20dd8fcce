"""remove-old-entries: what ended or was dated long ago goes, and nothing that is needed."""

from __future__ import annotations

import os
import re
import time
from datetime import datetime, timedelta

import factories
from headgate.core.jobs import Job, JobState
from headgate.demo.processes import free_port
from headgate.steps import remove_old_entries

DAY = 86400
WAYS = {
    JobState.QUEUED: (),
    JobState.ACTIVE: ("claim",),
    JobState.DONE: ("claim", "finished"),
    JobState.FAILED: ("claim", "failed"),
    JobState.HELD: ("hold",),
}


def a_job(gateway, name, state, days):
    context = gateway.context()
    context.prepare()
    job = Job.wanted(name, "1.2.3", "", "v")
    context.jobs.add(job)
    where = JobState.QUEUED
    for event in WAYS[state]:
        where = context.jobs.move(job, where, event)
    then = time.time() - days * DAY
    os.utime(gateway.layout.jobs / state / f"{job.id}.json", (then, then))


def jobs(gateway):
    store = gateway.context().jobs
    return {store.read(state, one).workflow for state in JobState for one in store.entered(state)}


def couple(gateway, dates):
    """Rows of the coupling list so many days old, None without a date; the record says which."""

    def shown(days):
        return (datetime.now().astimezone() - timedelta(days)).strftime("%Y-%m-%d %H:%M")

    gateway.context().tables.coupling_list.write([
        {"record_id": record, "cl_accessionnumber": f"A{record}", "cl_projectname": "P",
         "cl_subjectid": "S", "cl_date": "" if days is None else shown(days)}
        for record, days in dates.items()
    ])  # fmt: skip


def couplings(gateway):
    return {row["record_id"] for row in gateway.context().tables.coupling_list.export()}


def run(gateway, *words, code=0):
    result = gateway.site.run("remove-old-entries", *words)
    assert result.code == code, result
    return result


def with_settings(gateway, text):
    with gateway.site.config.open("a") as file:
        file.write(f"[retention]\n{text}\n")


def test_jobs_that_ended_long_ago_go_and_others_stay(a_gateway):
    for state in JobState:
        a_job(a_gateway, f"old {state}", state, 8)
        a_job(a_gateway, f"new {state}", state, 6)
    run(a_gateway)
    kept = {"old queued", "old active", "old held", *(f"new {state}" for state in JobState)}
    assert jobs(a_gateway) == kept
    assert run(a_gateway).lines == []


def test_rows_of_the_coupling_list_go_after_their_time(a_gateway):
    couple(a_gateway, {"1": 15, "2": 13, "3": None, "4": 400})
    run(a_gateway)
    assert couplings(a_gateway) == {"2", "3"}
    assert run(a_gateway).lines == []


def test_nought_keeps_all(a_gateway):
    with_settings(a_gateway, "job_days = 0\ncoupling_days = 0")
    a_job(a_gateway, "old", JobState.DONE, 1000)
    couple(a_gateway, {"1": 1000})
    assert run(a_gateway).lines == []
    assert jobs(a_gateway) == {"old"}
    assert couplings(a_gateway) == {"1"}


def test_the_days_are_the_sites(a_gateway):
    with_settings(a_gateway, "job_days = 2\ncoupling_days = 3")
    a_job(a_gateway, "old", JobState.DONE, 2.5)
    couple(a_gateway, {"1": 3.5, "2": 2.5})
    run(a_gateway)
    assert not jobs(a_gateway)
    assert couplings(a_gateway) == {"2"}


def test_a_run_removes_so_many_and_the_next_goes_on(a_gateway, monkeypatch):
    monkeypatch.setattr(remove_old_entries, "ROWS_A_CALL", 3)
    monkeypatch.setattr(remove_old_entries, "CALLS", 2)
    couple(a_gateway, {str(number): 100 - number for number in range(20)})
    context = a_gateway.context()
    for item in list(remove_old_entries.plan(context)):
        list(remove_old_entries.apply(context, item))
    assert couplings(a_gateway) == {str(number) for number in range(6, 20)}


def test_a_row_that_was_given_a_new_date_meanwhile_stays(a_gateway):
    couple(a_gateway, {"1": 100, "2": 100})
    context = a_gateway.context()
    (item,) = remove_old_entries.plan(context)
    couple(a_gateway, {"1": 0})
    list(remove_old_entries.apply(context, item))
    assert couplings(a_gateway) == {"1"}


def test_the_dry_run_lists_and_removes_nothing(a_gateway):
    a_job(a_gateway, "old", JobState.DONE, 100)
    couple(a_gateway, {"7": 100, "8": 99})
    lines = run(a_gateway, "--dry-run").lines
    assert [line["status"] for line in lines] == ["planned", "planned"]
    assert "coupling-list 7 to 8" in str(lines)
    assert jobs(a_gateway) == {"old"}
    assert couplings(a_gateway) == {"7", "8"}


def test_a_redcap_that_is_away_loses_nothing_and_jobs_go_all_the_same(a_gateway):
    a_job(a_gateway, "old", JobState.DONE, 100)
    couple(a_gateway, {"1": 100})
    text = a_gateway.site.config.read_text()
    gone = re.sub(r"http://127.0.0.1:\d+/api/", f"http://127.0.0.1:{free_port()}/api/", text)
    a_gateway.site.config.write_text(gone)
    run(a_gateway, code=69)
    assert not jobs(a_gateway)
    a_gateway.site.config.write_text(text)
    run(a_gateway)
    assert not couplings(a_gateway)


def test_killed_at_any_step_the_next_run_ends_it(a_gateway, zygote):
    at, code = 0, -9
    while code == -9:
        at += 1
        a_job(a_gateway, f"old {at}", JobState.DONE, 100)
        a_job(a_gateway, f"new {at}", JobState.DONE, 1)
        couple(a_gateway, {f"{at}1": 100, f"{at}2": 1})
        code = zygote.run(a_gateway, "remove-old-entries", at=at).code
        assert zygote.run(a_gateway, "remove-old-entries").code == 0
        assert jobs(a_gateway) == {f"new {one + 1}" for one in range(at)}
        assert couplings(a_gateway) == {f"{one + 1}2" for one in range(at)}
    assert code == 0
    assert at > 4


def test_a_commitment_that_nobody_waits_for_is_forgotten(a_gateway):
    context = a_gateway.context()
    context.prepare()
    for transaction, days in {"1.2.3": 30, "1.2.4": 1}.items():
        context.commitments.keep(transaction, frozenset({"1.2"}), {})
        then = time.time() - days * DAY
        os.utime(a_gateway.layout.commitments / transaction, (then, then))
    run(a_gateway)
    assert [path.name for path in a_gateway.layout.commitments.iterdir()] == ["1.2.4"]
    assert run(a_gateway).lines == []


def test_a_performed_step_of_which_nothing_is_here_is_forgotten(a_gateway):
    study = factories.Study("performed")
    a_gateway.receive(study.instance())
    told = {
        "1.2.1": (("1.9.9",), 30), "1.2.2": (("1.9.9",), 1), "1.2.3": ((), 30),
        "1.2.4": (("1.9.9", study.uid), 30),
    }  # fmt: skip
    for step, (studies, days) in told.items():
        a_gateway.context().performed.keep(step, studies, "COMPLETED", {"1.3": 4})
        then = time.time() - days * DAY
        os.utime(a_gateway.layout.performed / step, (then, then))
    run(a_gateway)
    assert sorted(path.name for path in a_gateway.layout.performed.iterdir()) == ["1.2.2", "1.2.4"]
    assert run(a_gateway).lines == []
    with_settings(a_gateway, "job_days = 0")
    a_gateway.context().archive.discard(study.uid)
    assert run(a_gateway).lines == []
