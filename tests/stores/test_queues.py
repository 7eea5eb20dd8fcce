import json

import pytest
from headgate.core.errors import Rejected
from headgate.core.model import Assignment, Request
from headgate.core.states import ImpossibleTransition, State
from headgate.stores.queues import Queues


@pytest.fixture
def queues(a_layout):
    return Queues(a_layout)


@pytest.fixture
def a_request():
    return Request.wanted("1.2.3", 1, Assignment("P", "P-001", "E"), "v1")


def test_the_same_wish_makes_the_same_request_and_is_queued_once(queues, a_request):
    assert queues.add(a_request)
    assert not queues.add(Request.wanted("1.2.3", 1, Assignment("P", "P-001", "E"), "v1"))
    assert queues.ids(State.QUEUED) == [a_request.id]


@pytest.mark.parametrize(
    "other",
    [
        Request.wanted("1.2.4", 1, Assignment("P", "P-001", "E"), "v1"),
        Request.wanted("1.2.3", 2, Assignment("P", "P-001", "E"), "v1"),
        Request.wanted("1.2.3", 1, Assignment("Q", "P-001", "E"), "v1"),
        Request.wanted("1.2.3", 1, Assignment("P", "P-002", "E"), "v1"),
        Request.wanted("1.2.3", 1, Assignment("P", "P-001", "F"), "v1"),
        Request.wanted("1.2.3", 1, Assignment("P", "P-001", "E"), "v2"),
    ],
)
def test_another_wish_is_another_request(queues, a_request, other):
    queues.add(a_request)
    assert queues.add(other)


def test_a_request_that_was_done_is_not_made_again(queues, a_request):
    queues.add(a_request)
    for state, event in (("queued", "claim"), ("active", "accepted"), ("sent", "recorded")):
        queues.move(a_request, State(state), event)
    assert not queues.add(a_request)
    assert queues.state_of(a_request.id) is State.DONE


def test_a_move_writes_what_the_request_learned(queues, a_request):
    queues.add(a_request)
    queues.move(a_request, State.QUEUED, "claim")
    queues.move(a_request.with_values(attempts=2, reason="away"), State.ACTIVE, "later")
    assert queues.read(State.QUEUED, a_request.id).attempts == 2
    assert queues.ids(State.ACTIVE) == []


def test_a_move_that_the_table_does_not_know_moves_nothing(queues, a_request):
    queues.add(a_request)
    with pytest.raises(ImpossibleTransition):
        queues.move(a_request, State.QUEUED, "recorded")
    assert queues.state_of(a_request.id) is State.QUEUED


def test_a_request_found_active_after_a_crash_is_queued_again(queues, a_request):
    queues.add(a_request)
    queues.move(a_request, State.QUEUED, "claim")
    queues.recover(a_request.id)
    assert queues.state_of(a_request.id) is State.QUEUED


def test_half_a_file_is_told_by_name_and_stops_nobody(queues, a_request, a_layout):
    (a_layout.requests / "queued" / "broken.json").write_text('{"id": ')
    queues.add(a_request)
    assert set(queues.ids(State.QUEUED)) == {"broken", a_request.id}
    with pytest.raises(Rejected, match="broken"):
        queues.read(State.QUEUED, "broken")


@pytest.mark.parametrize("text", ["", "null", "[]", "\0\0", '{"id": "x"}', None])
def test_a_damaged_file_hides_no_other_from_who_lists_them(queues, a_request, a_layout, text):
    queues.add(a_request)
    damaged = a_layout.requests / "queued" / "damaged.json"
    damaged.mkdir() if text is None else damaged.write_text(text)
    told = []
    assert list(queues.each(State.QUEUED, told.append)) == [a_request]
    assert "damaged in requests/queued cannot be read" in str(told[0])
    assert list(queues.of_study(a_request.study, bool)) == [a_request]
    assert list(queues.since(State.QUEUED, 0)) == [a_request]
    with pytest.raises(Rejected, match="damaged"):
        list(queues.each(State.QUEUED))


@pytest.mark.parametrize("name", ["attempts", "not_before"])
def test_a_number_that_is_none_is_told(a_request, name):
    text = json.dumps(json.loads(a_request.to_json()) | {name: "soon"})
    with pytest.raises(ValueError, match="soon"):
        Request.from_json(text)


def test_what_moves_on_while_it_is_listed_is_passed_over(queues, a_request):
    queues.add(a_request)
    other = a_request.with_values(id="other")
    queues.add(other)
    listed = queues.each(State.QUEUED)
    seen = next(listed)
    moving = other if seen == a_request else a_request
    queues.move(moving, State.QUEUED, "claim")
    assert list(listed) == []


def test_a_file_being_written_aside_is_no_request(queues, a_layout):
    (a_layout.requests / "queued" / ".x.json.tmp").write_text("{}")
    assert queues.ids(State.QUEUED) == []


def test_a_request_of_a_later_version_with_more_keys_can_be_read(a_request):
    text = json.dumps(json.loads(a_request.to_json()) | {"colour": "blue"})
    assert Request.from_json(text) == a_request


def test_of_two_who_want_a_request_one_gets_it(queues, a_request):
    queues.add(a_request)
    queues.take(a_request.id, State.QUEUED, "hold")
    with pytest.raises(Rejected, match="queued no more"):
        queues.take(a_request.id, State.QUEUED, "claim")
    assert [queues.ids(state) for state in (State.QUEUED, State.ACTIVE)] == [[], []]
    assert queues.withdraw(a_request.id, State.HELD)
    assert not queues.withdraw(a_request.id, State.HELD)
    assert queues.state_of(a_request.id) is None
