"""REDCap down, slow, or talking nonsense: exit 69, nothing lost, and all goes on when it is back."""

from __future__ import annotations

import threading

import factories
import pytest
from headgate.core.states import State
from headgate.demo.processes import free_port
from headgate.demo.site import TITLES
from liars import a_redcap_that_says

BAN = "Your IP address (127.0.0.1) has been banned due to suspected abuse."
PAGE = "<html><body>Down for maintenance: Kjersti</body></html>"
STUDY = factories.Study("redcap-faults", accession="RF1")


def point(gateway, url):
    """Let the gateway use another REDCap; return what undoes that."""
    text = gateway.site.config.read_text()
    lines = [f'url = "{url}"' if line.startswith("url = ") else line for line in text.splitlines()]
    gateway.site.config.write_text("\n".join(lines))
    return lambda: gateway.site.config.write_text(text)


@pytest.fixture
def a_listing(a_gateway):
    """A gateway with one study that is filed and quiet, and coupled."""
    a_gateway.receive(*STUDY.instances(2))
    a_gateway.project()
    a_gateway.couple(STUDY)
    assert a_gateway.site.run("process").code == 0
    a_gateway.settle()
    return a_gateway


def assert_goes_on(gateway):
    assert gateway.site.run("populate-incoming").code == 0
    assert len(gateway.rows(STUDY, "transfers")) == 1
    assert len(gateway.rows(STUDY, "series")) == 1


@pytest.mark.parametrize(
    ("status", "text", "word"),
    [(200, PAGE, "something else"), (200, BAN, "something else"), (502, PAGE, "something else"),
     (403, '{"error":"You do not have permissions to use the API"}', "token"),
     (200, "", "something else"), (200, "null", "something else"), (200, "{}", "something else"),
     (200, "[1]", "something else"), (200, '{"error":"REDCap ran out of server memory."}', "memory")],
)  # fmt: skip
def test_an_answer_that_is_none_of_the_api_loses_nothing(a_listing, status, text, word):
    with a_redcap_that_says(status, text) as url:
        undo = point(a_listing, url)
        result = a_listing.site.run("populate-incoming")
    assert result.code in (1, 69), result
    assert word in result.lines[-1]["text"]
    assert "Kjersti" not in str(result)
    undo()
    assert_goes_on(a_listing)


def test_an_answer_that_breaks_off_is_asked_for_again(a_gateway):
    a_gateway.to_queue(STUDY)
    with a_redcap_that_says(200, "[{", lacks=5) as url:
        undo = point(a_gateway, url)
        for step in ("create-transfer-requests", "anonymize-and-send"):
            result = a_gateway.site.run(step)
            assert result.code == 69, result
            assert "REDCap does not answer" in result.lines[-1]["text"]
        undo()
    assert a_gateway.context().queues.ids(State.QUEUED)


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redcap_that_points_elsewhere_has_no_token_sent_there(a_listing, status):
    heard = []
    with (
        a_redcap_that_says(200, "[]", heard=heard) as elsewhere,
        a_redcap_that_says(status, PAGE, points_to=elsewhere) as url,
    ):
        undo = point(a_listing, url)
        result = a_listing.site.run("populate-incoming")
    assert result.code == 69
    assert "something else" in result.lines[-1]["text"]
    assert heard == []
    undo()
    assert_goes_on(a_listing)


def test_a_redcap_that_is_down_loses_nothing(a_listing):
    undo = point(a_listing, f"http://127.0.0.1:{free_port()}/api/")
    for script in ("populate-incoming", "create-transfer-requests"):
        result = a_listing.site.run(script)
        assert result.code == 69
        assert "REDCap does not answer" in result.lines[-1]["text"]
    undo()
    assert_goes_on(a_listing)


def test_a_redcap_that_is_slow_is_given_up_for_this_time(a_listing):
    text = a_listing.site.config.read_text()
    a_listing.site.config.write_text(
        text.replace("timeout_seconds = 10.0", "timeout_seconds = 0.5", 1)
    )
    waits = threading.Event()
    with a_redcap_that_says(200, "[]", waits) as url:
        undo = point(a_listing, url)
        assert a_listing.site.run("populate-incoming").code == 69
        waits.set()
    undo()
    assert_goes_on(a_listing)


def test_reception_and_indexing_go_on_without_redcap(a_tree):
    a_tree.receive(*STUDY.instances(2))
    assert a_tree.site.run("process").code == 0
    assert len(a_tree.context().trees.instances(STUDY.uid)) == 2


def test_what_was_sent_is_recorded_when_redcap_is_back(a_gateway):
    a_gateway.to_queue(STUDY)
    assert a_gateway.site.run("anonymize-and-send").code == 0
    context = a_gateway.context()
    (request,) = context.queues.each(State.DONE)
    path = a_gateway.layout.requests
    (path / "done" / f"{request.id}.json").rename(path / "sent" / f"{request.id}.json")
    undo = point(a_gateway, f"http://127.0.0.1:{free_port()}/api/")
    assert a_gateway.site.run("anonymize-and-send").code == 69
    assert a_gateway.context().queues.state_of(request.id) is State.SENT
    undo()
    assert a_gateway.site.run("anonymize-and-send").code == 0
    assert a_gateway.context().queues.state_of(request.id) is State.DONE


def put_token(gateway, name, token):
    (gateway.site.folder / "secrets" / name).write_text(token)


def assert_misconfigured(result, name, *secret):
    assert result.code == 78, result
    texts = [line["text"] for line in result.lines if f"redcap.token_files.{name}" in line["text"]]
    assert texts
    assert all("\n" not in text for text in texts)
    assert not any(one in str(result) for one in secret)


@pytest.mark.parametrize(
    ("name", "title", "command"),
    [
        ("incoming", "DataTransferProjects", ("assign", "--list")),
        ("incoming", "CouplingList", ("populate-incoming",)),
        ("projects", "Incoming", ("populate-auto-id",)),
        ("projects", "Routing", ("check-config", "--connect")),
        ("routing", "CouplingList", ("check-config", "--connect")),
        ("coupling_list", "WhatIsInIDS7", ("populate-incoming",)),
        ("coupling_list", "Routing", ("remove-old-entries",)),
    ],
)
def test_a_token_of_another_project_ends_with_78_and_names_its_setting(
    a_listing, tracker, name, title, command
):
    put_token(a_listing, name, tracker.tokens[title])
    assert_misconfigured(a_listing.site.run(*command), name, tracker.tokens[title])
    put_token(a_listing, name, tracker.tokens[TITLES[name]])
    assert_goes_on(a_listing)


def test_all_tokens_that_are_mixed_up_are_told_at_once(a_gateway, tracker):
    put_token(a_gateway, "routing", tracker.tokens["CouplingList"])
    put_token(a_gateway, "coupling_list", tracker.tokens["Routing"])
    result = a_gateway.site.run("check-config", "--connect")
    assert_misconfigured(result, "routing", tracker.tokens["Routing"])
    assert_misconfigured(result, "coupling_list", tracker.tokens["Routing"])


@pytest.mark.parametrize("command", [("assign", "--list"), ("check-config",)])
def test_a_super_token_in_place_of_a_projects_ends_with_78(a_listing, tracker, command):
    put_token(a_listing, "incoming", tracker.tokens["super"])
    result = a_listing.site.run(*command)
    assert_misconfigured(result, "incoming", tracker.tokens["super"])
    assert "super token" in str(result)


def test_rows_without_their_record_are_no_bug(a_listing):
    with a_redcap_that_says(200, '[{"other": "Kjersti"}]') as url:
        point(a_listing, url)
        for command in (
            ("assign", "--list"),
            ("populate-incoming",),
            ("check-config", "--connect"),
        ):
            result = a_listing.site.run(*command)
            assert_misconfigured(result, "incoming", "Kjersti")
