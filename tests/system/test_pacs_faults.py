"""A PACS that is down, refuses, stalls, breaks off, or lies: nothing is lost, nothing said done."""

from __future__ import annotations

import socket
import threading

import factories
import pytest
from headgate.core.model import Proof
from headgate.core.states import State
from headgate.delivering.sending import FULL_AFTER
from headgate.delivering.study import TRIES_AT_MOST
from liars import a_lying_pacs

SUCCESS = 0x0000


@pytest.fixture
def study(request):
    return factories.Study(
        request.node.name, accession=f"ACC{abs(hash(request.node.name)) % 10**9}"
    )


def point(gateway, port, **changes):
    """Let the gateway send to another PACS, without waiting between tries."""
    text = gateway.site.config.read_text()
    head, _, tail = text.partition("[pacs.research]")
    lines = tail.splitlines()
    for number, line in enumerate(lines):
        for name, value in {"port": port, **changes}.items():
            if line.startswith(f"{name} = "):
                lines[number] = f"{name} = {value}"
    gateway.site.config.write_text(head + "[pacs.research]" + "\n".join(lines))


@pytest.fixture
def silent_port():
    """A port that nobody answers, and that nobody else can come to hold."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        yield one.getsockname()[1]


def deliver(gateway, **changes):
    """Run anonymize-and-send once, whatever its back-off."""
    context = gateway.context()
    for request_id in context.queues.ids(State.QUEUED):
        request = context.queues.read(State.QUEUED, request_id)
        path = gateway.layout.requests / "queued" / f"{request_id}.json"
        path.write_text(request.with_values(not_before=0.0, **changes).to_json())
    return gateway.site.run("anonymize-and-send")


def state(gateway):
    context = gateway.context()
    return [one for one in State for _ in context.queues.ids(one)]


def fates(gateway, study):
    deliveries = gateway.context().ledger.of_study(study.uid).values()
    return sorted(str(one.fate) for several in deliveries for one in several)


def test_a_pacs_that_is_down_gets_it_when_it_is_back(a_gateway, study, silent_port):
    a_gateway.to_queue(study)
    point(a_gateway, silent_port)
    result = deliver(a_gateway)
    assert result.code == 69
    assert result.lines[-1]["status"] == "deferred"
    assert state(a_gateway) == [State.QUEUED]
    (request,) = a_gateway.context().queues.each(State.QUEUED)
    assert request.attempts == 1
    assert "does not answer" in request.reason
    with a_lying_pacs() as pacs:
        point(a_gateway, pacs.port)
        assert deliver(a_gateway).code == 0
        assert len(pacs.held) == 3
    assert state(a_gateway) == [State.DONE]


def test_a_request_that_waits_is_not_tried_before_its_time(a_gateway, study, silent_port):
    a_gateway.to_queue(study)
    point(a_gateway, silent_port, retry_longest_seconds=3600.0)
    context = a_gateway.context()
    (request,) = context.queues.each(State.QUEUED)
    path = a_gateway.layout.requests / "queued" / f"{request.id}.json"
    path.write_text(request.with_values(not_before=context.now() + 600, attempts=3).to_json())
    a_gateway.site.run("anonymize-and-send")
    assert a_gateway.context().queues.read(State.QUEUED, request.id).attempts == 3


def test_a_clock_set_back_does_not_hold_a_request_for_ever(a_gateway, study):
    a_gateway.to_queue(study)
    context = a_gateway.context()
    (request,) = context.queues.each(State.QUEUED)
    path = a_gateway.layout.requests / "queued" / f"{request.id}.json"
    path.write_text(request.with_values(not_before=context.now() + 10**6).to_json())
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert state(a_gateway) == [State.DONE]


def test_a_pacs_that_refuses_us_is_told_by_name(a_gateway, study):
    a_gateway.to_queue(study)
    with a_lying_pacs(calling=("SOMEBODY",)) as pacs:
        point(a_gateway, pacs.port)
        deliver(a_gateway)
    (request,) = a_gateway.context().queues.each(State.QUEUED)
    assert "refuses the association" in request.reason


def test_a_pacs_that_stalls_is_given_up_and_asked_again(a_gateway, study):
    a_gateway.to_queue(study)
    going_on = threading.Event()

    def stall(_event, number):
        if number == 2:
            going_on.wait(20)
        return SUCCESS

    with a_lying_pacs(status_of=stall) as pacs:
        point(a_gateway, pacs.port, timeout_seconds=1.0)
        deliver(a_gateway)
        assert state(a_gateway) == [State.QUEUED]
        going_on.set()
        assert deliver(a_gateway).code == 0
        assert len(pacs.held) == 3
    assert state(a_gateway) == [State.DONE]


def test_a_connection_cut_half_way_goes_on_where_it_broke(a_gateway, study):
    a_gateway.to_queue(study)

    def cut(event, number):
        if number == 2:
            event.assoc.abort()
        return SUCCESS

    with a_lying_pacs(status_of=cut) as pacs:
        point(a_gateway, pacs.port)
        deliver(a_gateway)
        assert state(a_gateway) == [State.QUEUED]
        first = set(pacs.stored)
        assert deliver(a_gateway).code == 0
        assert len(pacs.held) == 3
        assert any(pacs.stored[name] == 1 for name in first)
    assert state(a_gateway) == [State.DONE]


def test_the_wait_does_not_grow_for_a_pacs_that_takes_some_each_time(a_gateway, study):
    a_gateway.to_queue(study)

    def cut(event, number):
        if number != 3:
            event.assoc.abort()
        return SUCCESS

    with a_lying_pacs(status_of=cut) as pacs:
        point(a_gateway, pacs.port)
        deliver(a_gateway)
        (request,) = a_gateway.context().queues.each(State.QUEUED)
        assert request.attempts == 1
        pacs.number = 2
        deliver(a_gateway)
        (request,) = a_gateway.context().queues.each(State.QUEUED)
        assert request.attempts == 1
        assert "when it had taken 1 instances" in request.reason
        assert a_gateway.context().targets.read("research").attempts == 1


@pytest.mark.parametrize("status", [0xB000, 0xB007, 0xB0FF])
def test_a_pacs_that_stores_with_a_remark_has_it(a_gateway, study, status):
    a_gateway.to_queue(study)
    with a_lying_pacs(status_of=lambda _event, _number: status, answers_find=False) as pacs:
        point(a_gateway, pacs.port)
        assert deliver(a_gateway).code == 0
    assert fates(a_gateway, study) == ["stored"] * 3


def test_T03_a_pacs_that_says_success_and_drops_one_is_found_out_and_sent_it_again(
    a_gateway, study
):
    a_gateway.to_queue(study)
    with a_lying_pacs(drops=lambda number: number == 2) as pacs:
        point(a_gateway, pacs.port)
        deliver(a_gateway)
        assert state(a_gateway) == [State.QUEUED]
        assert fates(a_gateway, study) == ["missing", "stored", "stored"]
        assert not a_gateway.rows(study, "transfers")[0]["transfer_date"]
        assert deliver(a_gateway).code == 0
        assert len(pacs.held) == 3
        assert sum(pacs.stored.values()) == 4
    assert state(a_gateway) == [State.DONE]
    assert fates(a_gateway, study) == ["stored"] * 3


def test_a_pacs_that_drops_it_each_time_is_never_done(a_gateway, study):
    a_gateway.to_queue(study)
    with a_lying_pacs(drops=lambda _number: True) as pacs:
        point(a_gateway, pacs.port)
        for _ in range(3):
            deliver(a_gateway)
            assert state(a_gateway) == [State.QUEUED]
        assert sum(pacs.stored.values()) == 9


def test_a_pacs_that_answers_no_queries_is_believed_and_that_is_written_down(a_gateway, study):
    a_gateway.to_queue(study)
    with a_lying_pacs(answers_find=False) as pacs:
        point(a_gateway, pacs.port)
        assert deliver(a_gateway).code == 0
    deliveries = a_gateway.context().ledger.of_study(study.uid).values()
    assert {one.proof for several in deliveries for one in several} == {Proof.C_STORE}
    assert '"c-store": 3' in a_gateway.rows(study, "transfers")[0]["transfer_error_message"]


def test_a_pacs_that_is_full_is_soon_left_alone_and_tried_again(a_gateway, study):
    a_gateway.to_queue(study, 8)
    is_full = True
    with a_lying_pacs(
        status_of=lambda _event, number: 0xA700 if is_full and number > 2 else SUCCESS
    ) as pacs:
        point(a_gateway, pacs.port)
        assert deliver(a_gateway).code == 69
        (request,) = a_gateway.context().queues.each(State.QUEUED)
        assert "out of resources (0xA700)" in request.reason
        assert pacs.number == 2 + FULL_AFTER
        is_full = False
        assert deliver(a_gateway).code == 0
        assert sum(pacs.stored.values()) == len(pacs.held) == 8


def test_one_that_is_too_large_for_the_pacs_holds_up_no_others_and_is_held_for_a_person(
    a_gateway, study
):
    a_gateway.to_queue(study)
    with a_lying_pacs(
        status_of=lambda event, _number: 0xA700 if is_first(event) else SUCCESS
    ) as pacs:
        point(a_gateway, pacs.port)
        assert deliver(a_gateway).code == 69
        assert len(pacs.held) == 2
        assert deliver(a_gateway, attempts=TRIES_AT_MOST - 1).code == 69
        assert deliver(a_gateway).code == 1
        assert fates(a_gateway, study) == ["refused", "stored", "stored"]
    assert "0xA700" in a_gateway.rows(study, "transfers")[0]["transfer_error_message"]
    assert state(a_gateway) == [State.FAILED]


def is_first(event):
    return event.dataset.InstanceNumber == 1


def test_what_was_refused_goes_last_so_that_a_pacs_with_no_room_for_it_gets_the_others(
    a_gateway, study
):
    a_gateway.to_queue(study, 8)
    with a_lying_pacs(
        status_of=lambda event, _number: 0xA700 if event.dataset.InstanceNumber < 6 else SUCCESS
    ) as pacs:
        point(a_gateway, pacs.port)
        assert [deliver(a_gateway).code for _ in range(2)] == [69, 69]
        assert len(pacs.held) == 3


def test_a_pacs_that_has_room_for_nothing_is_tried_until_it_has(a_gateway, study):
    a_gateway.to_queue(study, 1)
    is_full = True
    with a_lying_pacs(status_of=lambda _event, _number: 0xA700 if is_full else SUCCESS) as pacs:
        point(a_gateway, pacs.port)
        assert deliver(a_gateway).code == 69
        assert deliver(a_gateway, attempts=TRIES_AT_MOST).code == 69
        is_full = False
        assert deliver(a_gateway).code == 0
    assert state(a_gateway) == [State.DONE]


@pytest.mark.parametrize("associations", [1, 4])
def test_a_pacs_that_fails_to_process_one_gets_the_others_and_that_one_later(
    a_gateway, study, associations
):
    a_gateway.to_queue(study)
    with a_lying_pacs(status_of=lambda _event, number: 0x0110 if number == 1 else SUCCESS) as pacs:
        point(a_gateway, pacs.port)
        text = a_gateway.site.config.read_text()
        text = text.replace("[sending]\n", f"[sending]\nassociations = {associations}\n")
        a_gateway.site.config.write_text(text)
        result = deliver(a_gateway)
        assert result.code == 69
        assert "fails to process 1 instances (0x0110)" in result.lines[-1]["text"]
        assert len(pacs.held) == 2
        (request,) = a_gateway.context().queues.each(State.QUEUED)
        assert request.attempts == 1
        assert request.not_before > 0
        assert "tried 1 times: research fails" in str(a_gateway.site.run("status").lines)
        assert not a_gateway.rows(study, "transfers")[0]["transfer_date"]
        assert deliver(a_gateway).code == 0
        assert sum(pacs.stored.values()) == 3
    assert state(a_gateway) == [State.DONE]


def test_what_the_pacs_fails_to_process_for_ever_is_held_for_a_person(a_gateway, study):
    a_gateway.to_queue(study)
    with a_lying_pacs(status_of=lambda _event, number: 0x0110 if number > 2 else SUCCESS) as pacs:
        point(a_gateway, pacs.port)
        codes = []
        while state(a_gateway) == [State.QUEUED]:
            codes.append(deliver(a_gateway).code)
            assert len(codes) <= TRIES_AT_MOST + 1
        assert codes == [69] * TRIES_AT_MOST + [1]
        assert fates(a_gateway, study) == ["refused", "stored", "stored"]
    (transfer,) = a_gateway.rows(study, "transfers")
    assert transfer["transfer_error___2"] == "1"
    assert "0x0110" in transfer["transfer_error_message"]
    assert state(a_gateway) == [State.FAILED]


def test_an_instance_that_the_pacs_refuses_is_held_for_a_person_and_the_others_go(a_gateway, study):
    a_gateway.to_queue(study)
    with a_lying_pacs(status_of=lambda _event, number: 0xC000 if number == 2 else SUCCESS) as pacs:
        point(a_gateway, pacs.port)
        result = deliver(a_gateway)
        assert result.code == 1
        assert len(pacs.held) == 2
        assert fates(a_gateway, study) == ["refused", "stored", "stored"]
        (transfer,) = a_gateway.rows(study, "transfers")
        assert transfer["transfer_error___2"] == "1"
        assert "0xC000" in transfer["transfer_error_message"]
        assert not transfer["transfer_date"]
        (request,) = a_gateway.context().queues.ids(State.FAILED)
        assert a_gateway.site.run("requeue", request).code == 0
        assert deliver(a_gateway).code == 0
        assert len(pacs.held) == 3
    (transfer,) = a_gateway.rows(study, "transfers")
    assert transfer["transfer_error___2"] == "0"
    assert transfer["transfer_date"]


def test_a_sop_class_that_the_pacs_does_not_know_is_told(a_gateway, study):
    a_gateway.to_queue(study)
    with a_lying_pacs(takes_any_class=False) as pacs:
        point(a_gateway, pacs.port)
        assert deliver(a_gateway).code == 1
    assert fates(a_gateway, study) == ["refused"] * 3
    assert state(a_gateway) == [State.FAILED]
    assert "takes none of" in a_gateway.rows(study, "transfers")[0]["transfer_error_message"]


def test_a_pacs_that_takes_one_association_at_once_gets_all_in_a_run(a_gateway, study):
    """Those that come at once it may refuse each."""
    a_gateway.to_queue(study, 40)
    with a_lying_pacs(maximum_associations=1) as pacs:
        point(a_gateway, pacs.port)
        deliver(a_gateway)
        assert len(pacs.held) == 40
        assert set(pacs.stored.values()) == {1}
