"""What operators do by hand, and what watches: status, assign, hold, requeue, heartbeat, check-config."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from functools import partial
from pathlib import Path

import factories
import pytest
from headgate.config import HeartbeatSettings, ReceiverSettings
from headgate.core.states import State
from headgate.demo.processes import is_listening
from headgate.environment import CHECKOUT
from headgate.stores import straight

STUDY = factories.Study("operators", accession="OP1")


def texts(result):
    return {line["item"]: line["text"] for line in result.lines}


def test_status_tells_queues_and_disk_and_changes_nothing(a_tree):
    a_tree.receive(*STUDY.instances(2))
    told = texts(a_tree.site.run("status"))
    assert told["arrived"] == "2 instances wait for process"
    assert told["queued"].startswith("0 requests")
    assert "% free" in told["disk"]
    assert len(a_tree.context().trees.arrivals()) == 2


def test_status_counts_what_is_unknown_by_its_reason(a_tree):
    broken = STUDY.instance()
    del broken.SeriesInstanceUID
    a_tree.receive(broken)
    a_tree.site.run("process")
    told = texts(a_tree.site.run("status"))
    assert told["unknown"] == (
        "1 files could not be filed; 1 x SeriesInstanceUID is missing, or is no UID"
    )


def test_status_tells_of_a_damaged_request_and_of_the_others(a_tree):
    a_tree.context().prepare()
    for name in ("one", "other"):
        (a_tree.layout.requests / "failed" / f"{name}.json").write_text("{")
    result = a_tree.site.run("status")
    told = {line["item"]: line["text"] for line in result.lines}
    for name in ("one", "other"):
        assert f"{name} in requests/failed cannot be read" in told["failed"]


@pytest.mark.parametrize(("done", "told"), [(999, "999 requests"), (1001, "1000 or more requests")])
def test_status_counts_no_more_of_what_is_done_than_takes_no_time(a_tree, done, told):
    context = a_tree.context()
    context.prepare()
    folder = context.layout.requests / State.DONE
    for number in range(done):
        (folder / f"{number:024d}.json").touch()
    assert texts(a_tree.site.run("status"))["done"] == told


def test_status_follows_a_study_through_its_life(a_gateway):
    def tells():
        return texts(a_gateway.site.run("status", "--study", STUDY.uid))

    assert tells()["next"] == "it is not here: have it sent"
    a_gateway.receive(STUDY.instance(1))
    assert tells()["next"] == "process files what came"
    a_gateway.to_queue(STUDY)
    assert "2 files" not in tells()["received"]
    assert tells()["received"] == "3 files in the archive"
    assert tells()["filed"] == "3 instances in 1 series"
    assert tells()["next"] == "anonymize-and-send sends it"
    assert a_gateway.site.run("anonymize-and-send").code == 0
    told = tells()
    assert told["ledger"] == "3 stored for P-001 at research (proof: c-find)"
    assert told["next"] == "nothing: it is delivered, proven and recorded"


def test_a_held_request_waits_for_a_person(a_gateway):
    a_gateway.to_queue(STUDY)
    (request,) = a_gateway.context().queues.ids(State.QUEUED)
    assert a_gateway.site.run("hold", request).code == 0
    a_gateway.site.run("anonymize-and-send")
    assert a_gateway.context().queues.state_of(request) is State.HELD
    assert a_gateway.site.run("requeue", request).code == 0
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert a_gateway.context().queues.state_of(request) is State.DONE
    result = a_gateway.site.run("hold", request)
    assert result.code == 1
    assert "knows no 'hold'" in result.lines[0]["text"]


@pytest.mark.parametrize("script", ["hold", "requeue"])
def test_an_id_that_is_none_is_told(a_tree, script):
    result = a_tree.site.run(script, "nosuch")
    assert result.code == 1
    assert "no request nosuch" in result.lines[0]["text"]


def list_study(gateway, study=STUDY):
    gateway.receive(*study.instances(2))
    gateway.site.run("process")
    gateway.settle()
    assert gateway.site.run("populate-incoming").code == 0


def test_assign_writes_what_a_researcher_would(a_gateway):
    a_gateway.project(project_patient_naming="P-[0-9]{3}")
    list_study(a_gateway)
    words = [STUDY.uid, "--project", "P", "--participant", "P-007", "--event", "E2"]
    assert [line["item"] for line in a_gateway.site.run("assign", "--list").lines] == [STUDY.uid]
    assert a_gateway.site.run("assign", *words).code == 0
    assert a_gateway.site.run("assign", *words).lines[0]["status"] == "notneeded"
    for other in (["--participant", "P-008", "--event", "E2"], ["--event", "E1"]):
        told = a_gateway.site.run("assign", *words, *other)
        assert told.code == 1
        assert "already, to another participant or event" in told.lines[0]["text"]
        assert "P-00" not in told.lines[0]["text"]
    (transfer,) = a_gateway.rows(STUDY, "transfers")
    assert (transfer["transfer_name"], transfer["transfer_event_name"]) == ("P-007", "E2")
    assert a_gateway.site.run("assign", "--list").lines == []
    assert a_gateway.site.run("create-transfer-requests").code == 0
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert a_gateway.rows(STUDY, "transfers")[0]["transfer_date"]


@pytest.mark.parametrize(
    ("words", "word"),
    [
        (
            ["--project", "NONE", "--participant", "P-007", "--event", "E"],
            "not in DataTransferProjects",
        ),
        (["--project", "P", "--participant", "wrong", "--event", "E"], "does not fit"),
        (["--project", "P", "--participant", "P-007"], "no event"),
    ],
)
def test_assign_refuses_what_cannot_stand(a_gateway, words, word):
    a_gateway.project(project_patient_naming="P-[0-9]{3}")
    list_study(a_gateway)
    result = a_gateway.site.run("assign", STUDY.uid, *words)
    assert result.code == 1
    assert word in result.lines[0]["text"]
    assert not a_gateway.rows(STUDY, "transfers")


def test_assign_takes_a_coupling_list_once(a_gateway, tmp_path):
    a_gateway.project()
    list_study(a_gateway)
    path = tmp_path / "list.csv"
    path.write_text("accession_number,participant,event\nOP1,P-001,E1\n")
    for count in ("1 rows added", "0 rows added"):
        result = a_gateway.site.run("assign", "--coupling-list", str(path), "--project", "P")
        assert result.code == 0
        assert count in result.lines[0]["text"]
    path.write_text("accession_number,participant,event\nOP2,P-002,E1\nOP1,P-009,E1\n")
    result = a_gateway.site.run("assign", "--coupling-list", str(path), "--project", "P")
    assert result.code == 1
    assert "1 rows added" in result.lines[0]["text"]
    assert "couples lines 3 to another participant" in result.lines[1]["text"]
    assert a_gateway.site.run("populate-incoming").code == 0
    assert a_gateway.rows(STUDY, "transfers")[0]["transfer_name"] == "P-001"


def test_a_coupling_list_with_a_bad_line_adds_nothing(a_gateway, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("accession_number,participant,event\nOP1,P-001,E1\n,P-002,E1\n")
    result = a_gateway.site.run("assign", "--coupling-list", str(path), "--project", "P")
    assert result.code == 1
    assert "line 3" in result.lines[0]["text"]
    assert a_gateway.context().tables.coupling_list.export() == []


@pytest.mark.parametrize("text", ["accession_number;participant;event\nOP1;P-001;E1\n", ""])
def test_a_coupling_list_of_other_columns_is_told_how_to_be_saved(a_tree, tmp_path, text):
    path = tmp_path / "list.csv"
    path.write_text(text)
    result = a_tree.site.run("assign", "--coupling-list", str(path), "--project", "P")
    assert result.code == 1
    assert "with commas, in UTF-8" in result.lines[0]["text"]
    assert "P-001" not in result.lines[0]["text"]


def heartbeat(gateway, restart="[]", timeout=2.0):
    text = gateway.site.config.read_text().partition("[heartbeat]")[0]
    settings = f"[heartbeat]\nrestart_command = {restart}\ntimeout_seconds = {timeout}\n"
    gateway.site.config.write_text(text + settings)
    return gateway.site.run("heartbeat")


def with_children(process):
    """The process and those that it forks, when all are there: proc_pid_task(5)."""
    children = []
    while len(children) < ReceiverSettings().processes:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *map(int, children)]


def restart_by(tmp_path):
    mark = tmp_path / "restarted"
    return mark, json.dumps(["touch", str(mark)])


def test_a_receiver_that_answers_is_left_alone(a_tree, tmp_path, request):
    request.addfinalizer(a_tree.site.stop_receiver)
    a_tree.site.start_receiver()
    mark, command = restart_by(tmp_path)
    assert heartbeat(a_tree, command).code == 0
    assert not mark.exists()


def test_O01_a_receiver_that_is_down_is_started_again(a_tree, tmp_path):
    mark, command = restart_by(tmp_path)
    result = heartbeat(a_tree, command)
    assert result.code == 1
    assert "started again" in result.lines[0]["text"]
    assert mark.exists()


def test_what_kept_the_receiver_from_being_started_is_told(a_tree):
    words = ["sh", "-c", "echo Interactive authentication required. >&2; exit 1"]
    result = heartbeat(a_tree, json.dumps(words))
    assert result.code == 1
    assert "failed (Interactive authentication required.)" in texts(result)["receiver"]


def test_systemd_lets_heartbeat_start_what_it_watches():
    rule = (CHECKOUT / "systemd" / "50-headgate.rules").read_text()
    unit = (CHECKOUT / "systemd" / "headgate-storescpd.service").read_text()
    verb, name = HeartbeatSettings().restart_command[1:]
    user = re.search(r"^User=(\w+)$", unit, re.MULTILINE)
    for word in (verb, name, user and user[1]):
        assert f'== "{word}"' in rule


@pytest.mark.parametrize("unit", ["headgate-storescpd.service", "headgate-step@.service"])
def test_systemd_opens_the_folders_that_it_starts_with_to_nobody(unit):
    """It gives them its own mode at each start, whatever they had."""
    text = (CHECKOUT / "systemd" / unit).read_text()
    for kind in ("State", "Logs"):
        assert f"{kind}Directory=headgate\n{kind}DirectoryMode=0750\n" in text


def test_O01_a_receiver_that_hangs_is_started_again(a_tree, tmp_path, request):
    request.addfinalizer(a_tree.site.stop_receiver)
    a_tree.site.start_receiver()
    for process in with_children(a_tree.site._receiver.process.pid):
        os.kill(process, signal.SIGSTOP)
        request.addfinalizer(partial(os.kill, process, signal.SIGCONT))
    mark, command = restart_by(tmp_path)
    assert heartbeat(a_tree, command, 0.5).code == 1
    assert mark.exists()


def test_O02_a_receiver_that_receives_is_never_restarted(a_tree, tmp_path):
    a_tree.receive(STUDY.instance())
    mark, command = restart_by(tmp_path)
    result = heartbeat(a_tree, command)
    assert result.lines[0]["status"] == "notneeded"
    assert not mark.exists()


def test_O04_the_heartbeat_has_a_name_of_its_own_and_touches_no_sender(a_tree, request):
    request.addfinalizer(a_tree.site.stop_receiver)
    a_tree.site.start_receiver()
    assert heartbeat(a_tree).code == 0
    assert not a_tree.context().trees.arrivals()
    assert a_tree.context().settings.heartbeat.calling_ae_title == "HEARTBEAT"


def test_a_receiver_that_is_switched_off_is_not_started(a_tree, tmp_path):
    a_tree.layout.enabled.write_text("0")
    mark, command = restart_by(tmp_path)
    assert heartbeat(a_tree, command).code == 0
    assert not mark.exists()


def test_O08_a_script_without_success_for_long_is_told(a_tree):
    a_tree.site.run("process")
    path = a_tree.layout.metrics / "process.prom"
    lines = path.read_text().splitlines()
    old = [
        f"{line.rpartition(' ')[0]} {time.time() - 7200:.0f}" if "last_success" in line else line
        for line in lines
    ]
    path.write_text("\n".join(old) + "\n")
    a_tree.layout.enabled.write_text("0")
    result = heartbeat(a_tree)
    assert result.code == 1
    assert "its last success is 120 minutes old" in texts(result)["process"]


def test_a_script_that_never_had_success_is_told_without_an_age(a_tree):
    assert a_tree.site.run("populate-incoming").code == 69
    a_tree.layout.enabled.write_text("0")
    assert "no success yet" in texts(heartbeat(a_tree))["populate-incoming"]


def test_check_config_finds_what_is_wrong_before_the_night(a_gateway):
    assert a_gateway.site.run("check-config", "--connect").code == 0
    redcap = a_gateway.context().tables.incoming._project
    repeating = redcap.export_repeating_instruments_events()
    redcap.import_repeating_instruments_events(
        [one for one in repeating if one["form_name"] == "series"]
    )
    told = a_gateway.site.run("check-config", "--connect")
    assert told.code == 1
    assert "does not repeat transfers: enable it" in texts(told)["redcap.Incoming"]
    redcap.import_repeating_instruments_events(repeating)
    (a_gateway.site.folder / "secrets" / "incoming").chmod(0o644)
    result = a_gateway.site.run("check-config")
    assert result.code == 78
    assert "chmod 600" in texts(result)["tokens"]


def test_check_config_tells_of_a_disk_that_keeps_no_order(a_tree):
    text = texts(a_tree.site.run("check-config"))["datadir"]
    assert ("synced twice" in text) is not straight.is_ordered(a_tree.layout.datadir)


def test_check_config_tells_of_logs_that_cannot_be_written(a_tree):
    text = a_tree.site.config.read_text()
    a_tree.site.config.write_text(text.replace(str(a_tree.site.logs), "/nowhere/logs"))
    result = a_tree.site.run("check-config")
    assert result.code == 78
    assert "/nowhere/logs cannot be written" in texts(result)["logs"]


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("[retain]\ndates = 'never'", "dates is none of"),
        (
            "[[examples]]\nbefore = {SeriesDescription = 'T1'}\nafter = {SeriesDescription = 'T2'}",
            "example 1: SeriesDescription becomes 'T1', not 'T2'",
        ),
        (
            "[[examples]]\nbefore = { BurnedInAnnotation = 'YES' }\nafter = {}",
            "example 1 is refused: Burned In Annotation",
        ),
    ],
)
def test_check_config_tries_the_profiles_and_their_examples(a_tree, tmp_path, profile, told):
    assert "2 examples hold" in texts(a_tree.site.run("check-config"))["profiles"]
    (tmp_path / "own.toml").write_text(profile)
    with a_tree.site.config.open("a") as config:
        config.write(f'[projects."P"]\nprofile = "{tmp_path}/own.toml"\n')
    result = a_tree.site.run("check-config")
    assert result.code == 78
    assert told in texts(result)["profiles"]


def test_check_config_tells_a_pacs_that_is_away(a_tree):
    result = a_tree.site.run("check-config", "--connect")
    assert result.code in (1, 69)
    assert "does not answer" in texts(result)["pacs.research"]


def test_check_config_names_the_fields_that_redcap_lacks(a_gateway):
    table = a_gateway.context().tables.routing
    metadata = [
        row for row in table._project.export_metadata() if row["field_name"] != "routing_event_name"
    ]
    table._project.import_metadata(metadata)
    result = a_gateway.site.run("check-config", "--connect")
    assert result.code == 1
    assert "routing_event_name" in texts(result)["redcap.Routing"]


def test_check_config_translates_fionas_and_shows_no_secret(a_tree, tmp_path):
    import tomllib

    theirs = tmp_path / "config.json"
    theirs.write_text(
        '{"DATADIR": "/data", "DICOMPORT": "11112", "DICOMAETITLE": "FIONA", "PASS": "geheim"}'
    )
    text = texts(a_tree.site.run("check-config", "--from-fiona", str(theirs)))["from-fiona"]
    assert tomllib.loads(text) == {
        "datadir": "/data",
        "receiver": {"port": 11112, "ae_title": "FIONA"},
    }
    assert "# PASS" in text
    assert "geheim" not in text


def test_the_receiver_is_found_where_the_configuration_says(a_tree, request):
    request.addfinalizer(a_tree.site.stop_receiver)
    a_tree.site.start_receiver()
    assert is_listening(a_tree.site.port)


def test_status_of_what_is_no_uid_is_a_matter_of_usage(a_tree):
    assert a_tree.site.run("status", "--study", "../..").code == 2
