"""When a study has arrived."""

DEFAULT_QUIET_SECONDS = 16


def is_settled(last_arrival: float, now: float, quiet_seconds: float) -> bool:
    """Given POSIX times in seconds, return whether no instance came for the quiet time.

    A last arrival in the future means that the clock was set back: that is not quiet yet.
    """
    return now - last_arrival >= quiet_seconds


def lies_in_the_future(last_arrival: float, now: float, quiet_seconds: float) -> bool:
    """Given POSIX times in seconds, return whether the clock was set back since the arrival."""
    return last_arrival > now + quiet_seconds
