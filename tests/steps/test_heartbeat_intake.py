"""A receiver that answers an echo and can keep nothing: heartbeat and metrics tell."""

from __future__ import annotations

import errno
import os

import factories
import pytest
from headgate.steps import heartbeat
from headgate.stores import metrics

STUDY = factories.Study("intake")


def set_floor(gateway, megabytes):
    text = gateway.site.config.read_text()
    line = next(one for one in text.splitlines() if "free_floor_megabytes" in one)
    gateway.site.config.write_text(text.replace(line, f"free_floor_megabytes = {megabytes}"))


def told(gateway):
    result = gateway.site.run("heartbeat")
    lines = {line["item"]: line for line in result.lines}
    return result.code, lines["intake"]["text"]


@pytest.fixture
def receiving(a_tree):
    a_tree.site.start_receiver()
    yield a_tree
    a_tree.site.stop_receiver()


def test_a_disk_below_its_floor_is_told_until_it_has_room_again(receiving):
    assert told(receiving) == (0, "open")
    set_floor(receiving, 10**9)
    code, text = told(receiving)
    assert code == 1
    assert "0xA700" in text
    set_floor(receiving, 1)
    assert told(receiving) == (0, "open")


@pytest.mark.parametrize("name", ["EROFS", "EIO", "ENOSPC"])
def test_a_disk_that_takes_no_file_is_told(a_tree, monkeypatch, name):
    context = a_tree.context()
    context.prepare()
    number = getattr(errno, name)

    def failing(_descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", failing)
    (outcome,) = heartbeat.apply(context, heartbeat.INTAKE)
    assert outcome.status == "error"
    assert os.strerror(number) in outcome.text
    assert not list(a_tree.layout.temp.iterdir())


def test_the_metrics_of_the_receiver_tell_whether_it_takes_anything(a_tree, request):
    set_floor(a_tree, 10**9)
    request.addfinalizer(a_tree.site.stop_receiver)
    a_tree.site.start_receiver()
    values: dict[str, float] = {}
    while "intake_open" not in values:
        values = metrics.read(a_tree.layout.metrics, "storescpd")
    assert values["intake_open"] == 0
    assert values["associations"] == 0
