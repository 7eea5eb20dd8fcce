"""Sending over several associations in several processes, to DCMTK and to a PACS that lies."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from itertools import chain
from pathlib import Path

import factories
import pytest
from gateways import needs
from headgate import parallel
from headgate.core.deid.identity import Recipe
from headgate.core.errors import Rejected, Unavailable
from headgate.core.model import Assignment, Fate, Request
from headgate.deidentifying.cleaning import clean
from headgate.delivering import sending
from headgate.delivering.study import Delivering
from headgate.demo.processes import Running, free_port, is_listening
from headgate.stores.dicomfiles import read_instance, take_apart
from headgate.stores.dicomnet import pacs
from liars import a_lying_pacs
from pydicom import dcmread

MANY = 70
TO = Assignment("P", "P-001", "E1")


@pytest.fixture
def a_storescp(tmp_path):
    """DCMTK's receiver, which keeps data sets as they come."""
    where, port = tmp_path / "storescp", free_port()
    where.mkdir()
    # pynetdicom has a storescp too
    program = Path(needs("dcmsend", "dcmtk")).with_name("storescp")
    words = [str(program), "--fork", "--promiscuous", "--bit-preserving", "-od"]
    running = Running([*words, str(where), str(port)], tmp_path / "storescp.out")
    running.wait_until(partial(is_listening, port), "storescp")
    yield where, port
    running.stop()


def delivering(gateway, study, count, port, **sending):
    """A delivery to a PACS that is believed."""
    text = gateway.site.config.read_text().replace("port = 9\n", f"port = {port}\n")
    values = "".join(f"{name} = {value}\n" for name, value in sending.items())
    text = text.replace("[sending]\n", f"[sending]\n{values}").replace("c-find", "c-store")
    gateway.site.config.write_text(text)
    gateway.receive(*study.instances(count))
    gateway.site.run("process")
    return Delivering(gateway.context(), Request.wanted(study.uid, 1, TO, "1"), {}, "research")


@pytest.mark.parametrize(("associations", "processes"), [(1, 1), (4, 2), (3, 8)])
def test_storescp_gets_each_instance_once_as_the_ledger_tells(
    a_tree, a_storescp, associations, processes
):
    where, port = a_storescp
    study = factories.Study("many")
    delivery = delivering(a_tree, study, MANY, port, associations=associations, processes=processes)
    found = delivery.run()
    assert [one.fate for one in found] == [Fate.STORED] * MANY
    arrived = {path.name.split(".", 1)[1]: path for path in where.iterdir()}
    assert set(arrived) == {one.output_uid for one in found}
    for one in found:
        assert read_instance(arrived[one.output_uid]).digest == one.sent
        assert one.received not in ("", one.sent)
    assert set(a_tree.context().ledger.read(study.uid, TO)) == {one.sop_instance for one in found}


def test_what_one_instance_tells_of_the_patient_leaves_with_none_of_its_study(a_tree, a_storescp):
    where, port = a_storescp
    study = factories.Study("told elsewhere")
    report = study.instance(1, series=2, OtherPatientNames="Xanthippe^A")
    a_tree.receive(study.instance(2, SeriesDescription="Thorax Xanthippe"), report)
    delivering(a_tree, study, 1, port, associations=1).run()
    texts = [str(dcmread(path).get("SeriesDescription")) for path in where.iterdir()]
    assert sorted(texts) == ["Serie 1", "Serie 2", "Thorax"]


def test_a_pacs_that_takes_one_association_gets_all_over_it(a_tree):
    study = factories.Study("one at a time")
    with a_lying_pacs(maximum_associations=1) as pacs:
        delivery = delivering(a_tree, study, MANY, pacs.port, associations=4, processes=1)
        assert len(delivery.run()) == MANY
        assert len(pacs.held) == MANY


def test_an_answer_about_another_instance_is_not_believed(a_tree):
    study = factories.Study("mixed up")
    with a_lying_pacs(answers_about=lambda number: "1.2.3" if number == 2 else None) as pacs:
        delivery = delivering(a_tree, study, 3, pacs.port)
        with pytest.raises(Unavailable, match="broke off"):
            delivery.run()
    ledger = a_tree.context().ledger.read(study.uid, TO)
    assert [one.fate for one in ledger.values()] == [Fate.STORED]


@pytest.mark.parametrize("ended_by", ["nobody", "time", "the peer"])
def test_an_association_that_was_idle_for_long_is_opened_anew(a_storescp, monkeypatch, ended_by):
    _, port = a_storescp
    peer = pacs.Peer("127.0.0.1", port, "RESEARCH", "HEADGATE", 10)
    kinds = frozenset({(factories.CT, "1.2.840.10008.1.2.1")})
    head, body = factories.encoded(factories.Study("idle").instance())
    output = clean(take_apart(head + body), Recipe("P", "P-001", "E1", b"k" * 32))
    line = sending.Line(sending.Job(peer, kinds, Recipe("P", "P-001", "E1", b"k" * 32)))
    first = line._association
    if ended_by == "time":
        later = time.monotonic() + peer.timeout
        monkeypatch.setattr(sending.time, "monotonic", lambda: later)
    elif ended_by == "the peer":
        # storescp aborts whom it does not understand
        first.channel._wire.send(b"\x09\x00\x00\x00\x00\x04abcd")
        assert first.channel._wire.has_more(10)
    line._awake()
    assert (line._association is first) == (ended_by == "nobody")
    assert (
        line._association.store(
            output.sop_class, output.sop_instance, output.transfer_syntax, *output.buffers
        )
        == 0
    )
    line.close()


def dying(number):
    yield number
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    yield -number


def failing(number):
    yield number
    if number == 2:
        raise Rejected("two")
    yield -number


def test_a_process_that_dies_takes_no_other_along():
    made = []
    with pytest.raises(Unavailable, match="died"):
        made.extend(chain.from_iterable(parallel.spread(dying, [1, 2, 3])))
    assert {1, -1, 3, -3} <= set(made)
    assert -2 not in made


def test_trouble_in_a_process_is_told_after_what_was_done():
    made = []
    with pytest.raises(Rejected, match="two"):
        made.extend(chain.from_iterable(parallel.spread(failing, [1, 2, 3])))
    assert sorted(made) == [-3, -1, 1, 2, 3]


def buggy(_number):
    raise LookupError(factories.PATIENT_NAME)
    yield


def test_a_bug_in_a_process_quotes_nobody(capfd):
    with pytest.raises(RuntimeError, match="LookupError at") as trouble:
        list(parallel.spread(buggy, [1]))
    assert "Nordmann" not in str(trouble.value) + "".join(capfd.readouterr())
