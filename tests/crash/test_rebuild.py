"""The indexes raised again while requests wait, and by runs that die."""

from __future__ import annotations

import factories
from headgate.core.states import State
from killing import KILLED

STUDY = factories.Study("rebuilt", accession="REB1")


def test_what_is_not_filed_again_yet_waits_and_goes_whole(a_gateway):
    a_gateway.to_queue(STUDY)
    (request,) = a_gateway.context().queues.ids(State.QUEUED)
    assert a_gateway.site.run("rebuild").code == 0
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert a_gateway.context().queues.state_of(request) is State.QUEUED
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    for step in ("populate-incoming", "anonymize-and-send"):
        assert a_gateway.site.run(step).code == 0
    assert a_gateway.context().queues.state_of(request) is State.DONE
    assert len(a_gateway.context().ledger.of_study(STUDY.uid)) == 3


def test_a_rebuild_that_dies_at_any_step_leaves_what_process_files_again(a_tree, zygote):
    a_tree.receive(*STUDY.instances(2))
    assert a_tree.site.run("process").code == 0
    at, code = 0, KILLED
    while code == KILLED:
        at += 1
        code = zygote.run(a_tree, "rebuild", at=at).code
        assert zygote.run(a_tree, "process").code == 0
        assert len(a_tree.context().trees.instances(STUDY.uid)) == 2
    assert at > 5
