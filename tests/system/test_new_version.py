"""A new version takes over, in the middle of everything, what an older one left in the data tree."""

from __future__ import annotations

import json

import factories
from headgate.core.states import State
from liars import a_lying_pacs

STUDY = factories.Study("older", accession="V1")
# what was written on 2026-11-22; what came since must not be asked of what lay there before
REQUEST = (
    "id", "study", "transfer", "project", "participant", "event", "version", "created", "attempts",
    "not_before", "reason", "mapped_study", "summary", "error", "made_from", "is_failure_told",
    "uid_scheme",
)  # fmt: skip
LEDGER = (
    "sop_instance", "participant", "event", "fate", "received", "output_class", "output_uid",
    "output_series", "output_frame", "sent", "status", "proof", "reason", "time", "target",
)  # fmt: skip
MAPPED = ("study", "transfer", "project", "participant", "event")


def make_older(layout):
    """Leave in requests, ledger and mapped UIDs what the older version wrote."""
    for path in layout.requests.rglob("*.json"):
        path.write_text(json.dumps(only(REQUEST, json.loads(path.read_text()))))
    for path in layout.ledger.rglob("*.jsonl"):
        lines = [only(LEDGER, json.loads(line)) for line in path.read_text().splitlines()]
        path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    for path in layout.mapped.glob("*.json"):
        origins = [only(MAPPED, one) for one in json.loads(path.read_text())]
        path.write_text(json.dumps(origins))
    layout.reminders.rmdir()
    (layout.ledger / "key.mark").unlink(missing_ok=True)


def only(names, values):
    assert set(names) <= set(values), "an older version could not read this"
    return {name: values[name] for name in names}


def run(gateway, *scripts):
    for script in scripts:
        gateway.settle()
        result = gateway.site.run(script)
        assert result.code == 0, result
    return result


def test_what_was_queued_goes(a_gateway):
    a_gateway.to_queue(STUDY)
    make_older(a_gateway.layout)
    with a_lying_pacs() as pacs:
        a_gateway.point_at(pacs.port)
        run(a_gateway, "anonymize-and-send")
        assert len(pacs.held) == 3
    assert len(a_gateway.requests_in(State.DONE)) == 1


def test_what_was_delivered_is_known_and_what_comes_late_joins_it(a_gateway):
    with a_lying_pacs() as pacs:
        a_gateway.to_queue(STUDY)
        a_gateway.point_at(pacs.port)
        run(a_gateway, "anonymize-and-send")
        make_older(a_gateway.layout)
        result = run(a_gateway, "reconcile")
        assert "3 instances filed, 3 sent; the PACS holds them" in result.lines[0]["text"]
        a_gateway.receive(*STUDY.instances(5))
        run(a_gateway, "process", "populate-incoming", "create-transfer-requests")
        run(a_gateway, "anonymize-and-send")
        assert len(pacs.held) == 5
        assert set(pacs.stored.values()) == {1}
        (study,) = {where[0] for where in pacs.held.values()}
    (request,) = {one.mapped_study for one in a_gateway.requests_in(State.DONE)}
    assert study == request
