"""The states of a request and the ways between them."""

from enum import StrEnum

from headgate.core.errors import HeadgateError


class State(StrEnum):
    """The folder under `requests/` in which a request lies."""

    QUEUED = "queued"
    ACTIVE = "active"
    SENT = "sent"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"


TRANSITIONS = {  # (state, event): next state; any other pair is refused
    (State.QUEUED, "claim"): State.ACTIVE,
    (State.ACTIVE, "accepted"): State.SENT,
    (State.ACTIVE, "later"): State.QUEUED,
    (State.ACTIVE, "rejected"): State.FAILED,
    (State.ACTIVE, "found"): State.QUEUED,
    (State.SENT, "recorded"): State.DONE,
    (State.QUEUED, "hold"): State.HELD,
    (State.FAILED, "hold"): State.HELD,
    (State.FAILED, "requeue"): State.QUEUED,
    (State.HELD, "requeue"): State.QUEUED,
}


class ImpossibleTransition(HeadgateError):
    """The request is in a state that this event does not leave."""


def next_state(state: State, event: str) -> State:
    """Given a state and an event, return the state that follows.

    Raise ImpossibleTransition for a pair that TRANSITIONS does not hold.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        leaving = ", ".join(known for source, known in TRANSITIONS if source is state)
        raise ImpossibleTransition(
            f"a request that is {state} knows no '{event}'; what it knows: {leaving or 'nothing'}"
        ) from None
