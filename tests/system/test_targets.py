"""Several targets of a project: each gets all once, and a dead one holds up nobody."""

from __future__ import annotations

import re
import socket
import subprocess
from functools import partial
from pathlib import Path

import factories
import pytest
from gateways import needs
from headgate.core.model import Assignment, Fate, Proof, Request
from headgate.core.states import State
from headgate.delivering.study import Delivering
from headgate.demo.processes import Running, free_port, is_listening
from headgate.stores.dicomnet import pacs as calling
from liars import a_lying_pacs

STUDY = factories.Study("targets", accession="T1")
TO = Assignment("P", "P-001", "E1")


@pytest.fixture
def silent_port():
    """A port that nobody answers, and that nobody else can come to hold."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


def configure(gateway, first, second):
    """Let the project have two targets."""
    text = gateway.site.config.read_text().partition("\n[pacs.backup]")[0]
    head, _, tail = text.partition("[pacs.research]")
    tail = re.sub(r"port = \d+", f"port = {first}", tail, count=1)
    backup = f'[pacs.backup]\nport = {second}\ntimeout_seconds = 2.0\nproof = "c-find"\n'
    gateway.site.config.write_text(f"{head}[pacs.research]{tail}\n{backup}")
    gateway.project(project_pacs_aetitle="research, backup")


def requeued(gateway, **values):
    context = gateway.context()
    for one in context.queues.ids(State.QUEUED):
        request = context.queues.read(State.QUEUED, one).with_values(not_before=0.0)
        (gateway.layout.requests / "queued" / f"{one}.json").write_text(request.to_json())


def fates(gateway, target):
    ledger = gateway.context().ledger.read(STUDY.uid, TO, target)
    return [one.fate for one in ledger.values()]


def test_every_target_gets_every_instance(a_gateway):
    a_gateway.to_queue(STUDY)
    with a_lying_pacs() as first, a_lying_pacs() as second:
        configure(a_gateway, first.port, second.port)
        assert a_gateway.site.run("anonymize-and-send").code == 0
        assert set(first.held) == set(second.held)
        assert len(first.held) == 3
        assert "the PACS holds them" in str(a_gateway.site.run("reconcile").lines)
    assert a_gateway.context().queues.ids(State.DONE)


def test_a_slow_target_lets_the_other_studies_and_targets_go_first(a_gateway):
    small = factories.Study("small", accession="T2", patient_id="55020312345")
    a_gateway.to_queue(STUDY, 40)
    a_gateway.receive(small.instance())
    a_gateway.couple(small, "P-002")
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    for script in ("populate-incoming", "create-transfer-requests"):
        assert a_gateway.site.run(script).code == 0
    with a_lying_pacs() as first, a_lying_pacs() as second:
        configure(a_gateway, first.port, second.port)
        path = a_gateway.site.config
        text = path.read_text()
        path.write_text(text.replace("[sending]", "[sending]\nturn_seconds = 0.000001"))
        result = a_gateway.site.run("anonymize-and-send")
        assert result.code == 0
        assert "in its turn" in result.lines[0]["text"]
        took = len(first.held), len(second.held)
        assert all(1 < one < 41 for one in took)
        (left,) = a_gateway.context().queues.each(State.QUEUED)
        assert left.study == STUDY.uid
        assert left.attempts == 0
        assert a_gateway.context().ledger.of_study(small.uid)
        path.write_text(text)
        assert a_gateway.site.run("anonymize-and-send").code == 0
        assert set(first.stored.values()) | set(second.stored.values()) == {1}
        assert len(first.held) == len(second.held) == 41
    assert len(a_gateway.context().queues.ids(State.DONE)) == 2


def test_a_dead_target_does_not_hold_up_the_others_and_gets_its_own_later(a_gateway, silent_port):
    a_gateway.to_queue(STUDY)
    with a_lying_pacs() as first:
        configure(a_gateway, first.port, silent_port)
        assert a_gateway.site.run("anonymize-and-send").code == 69
        assert fates(a_gateway, "research") == [Fate.STORED] * 3
        assert fates(a_gateway, "backup") == []
        silence = a_gateway.context().targets.read("backup")
        assert silence.attempts == 1
        assert "does not answer" in silence.reason
        with a_lying_pacs() as second:
            configure(a_gateway, first.port, second.port)
            requeued(a_gateway)
            a_gateway.context().targets.forget("backup")
            assert a_gateway.site.run("anonymize-and-send").code == 0
            assert len(second.held) == 3
        assert sum(first.stored.values()) == 3
    assert a_gateway.context().targets.read("backup").attempts == 0
    assert a_gateway.context().queues.ids(State.DONE)


def test_a_target_that_is_silent_is_not_asked_before_its_time(a_gateway):
    a_gateway.to_queue(STUDY)
    with a_lying_pacs() as first, a_lying_pacs() as second:
        configure(a_gateway, first.port, second.port)
        text = a_gateway.site.config.read_text()
        text = text.replace("retry_longest_seconds = 1.0", "retry_longest_seconds = 3600.0")
        a_gateway.site.config.write_text(text)
        context = a_gateway.context()
        silence = type(context.targets.read("backup"))(4, context.now() + 1800, "it was away")
        context.prepare()
        context.targets.write("backup", silence)
        assert a_gateway.site.run("anonymize-and-send").code == 69
        assert len(first.held) == 3
        assert not second.held
        (request,) = a_gateway.context().queues.each(State.QUEUED)
        assert request.attempts == 0
        assert 1700 < request.not_before - context.now() < 1801
        assert "did not answer 4 times" in request.reason


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    words = [needs("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes"]
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(
        [*words, *names, "-keyout", "key", "-out", "pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture
def a_secured_storescp(tmp_path, certificate):
    """DCMTK's receiver with TLS, which asks who we are."""
    where, port = tmp_path / "storescp", free_port()
    where.mkdir()
    # pynetdicom has a storescp too
    program = Path(needs("dcmsend", "dcmtk")).with_name("storescp")
    words = ["+tls", certificate / "key", certificate / "pem", "+cf", certificate / "pem"]
    words = [program, *words, "--fork", "--promiscuous", "-od", where, port]
    running = Running(list(map(str, words)), tmp_path / "storescp.out")
    running.wait_until(partial(is_listening, port), "storescp")
    yield where, port
    running.stop()


def secured(gateway, port, certificate, **without):
    """Send to a PACS with TLS."""
    values = {
        "tls": "true",
        "tls_trusted": f'"{certificate}/pem"',
        "tls_certificate": f'"{certificate}/pem"',
        "tls_key": f'"{certificate}/key"',
    } | without
    lines = "".join(f"{name} = {value}\n" for name, value in values.items())
    text = gateway.site.config.read_text().replace("port = 9\n", f"port = {port}\n{lines}")
    gateway.site.config.write_text(text.replace('"c-find"', '"c-store"'))
    gateway.receive(*STUDY.instances(20))
    gateway.site.run("process")
    request = Request.wanted(STUDY.uid, 1, TO, "1")
    return Delivering(gateway.context(), request, {}, "research").run()


def test_a_pacs_with_tls_gets_all(a_tree, a_secured_storescp, certificate):
    where, port = a_secured_storescp
    found = secured(a_tree, port, certificate)
    assert [one.proof for one in found] == [Proof.C_STORE] * 20
    assert len(list(where.iterdir())) == 20


@pytest.mark.parametrize("without", [{"tls_trusted": '""'}, {"tls": "false"}])
def test_nothing_goes_where_there_is_no_trust(a_tree, a_secured_storescp, certificate, without):
    where, port = a_secured_storescp
    with pytest.raises(calling.Unanswered):
        secured(a_tree, port, certificate, **without)
    assert not list(where.iterdir())
