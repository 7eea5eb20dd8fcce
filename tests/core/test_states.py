import itertools

import pytest
from headgate.core.states import TRANSITIONS, ImpossibleTransition, State, next_state

EVENTS = sorted({event for _, event in TRANSITIONS})


@pytest.mark.parametrize(("state", "event"), list(itertools.product(State, EVENTS)))
def test_every_pair_leads_where_the_table_says_or_is_refused(state, event):
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
    else:
        with pytest.raises(ImpossibleTransition, match=f"{state} knows no '{event}'"):
            next_state(state, event)


def test_a_done_request_is_never_moved():
    assert not [event for state, event in TRANSITIONS if state is State.DONE]


def test_from_every_state_a_request_can_reach_done():
    for state in State:
        reached, news = set(), {state}
        while news:
            reached |= news
            news = {TRANSITIONS[one, event] for one, event in TRANSITIONS if one in news} - reached
        assert State.DONE in reached
