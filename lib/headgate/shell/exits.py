"""Exit codes, the same for every script: sysexits(3) where it has one."""

from collections.abc import Iterable, Mapping

from headgate.core.errors import Busy, HeadgateError, Misconfigured, Unavailable
from headgate.core.step import Status

DONE = 0
SOME_FAILED = 1
USAGE = 2
UNREACHABLE = 69
BUG = 70
BUSY = 75
CONFIGURATION = 78
INTERRUPTED = 130  # as shells tell of SIGINT: 128 and its number

EXPLANATION = """
Exit codes: 0 done, nothing to do, or halted; 1 some items failed; 2 usage; 69 REDCap or the PACS
is unreachable, nothing is lost; 70 a bug; 75 another run holds the lock; 78 configuration; 130
interrupted (Ctrl-C), 143 ended (SIGTERM): run it again, it goes on where it was.
"""
CODES: Mapping[type[HeadgateError], int] = {
    Unavailable: UNREACHABLE,
    Misconfigured: CONFIGURATION,
    Busy: BUSY,
}
OUTCOMES: Mapping[Status, int] = {Status.ERROR: SOME_FAILED, Status.DEFERRED: UNREACHABLE}


def code_of(error: HeadgateError) -> int:
    """Given an error that ended a run, return its exit code."""
    return next((code for kind, code in CODES.items() if isinstance(error, kind)), SOME_FAILED)


WORST_FIRST = (CONFIGURATION, BUG, SOME_FAILED, UNREACHABLE, BUSY, DONE)


def worst(codes: Iterable[int]) -> int:
    """Given the exit codes of several things, return the one that the whole ends with."""
    return min(codes, key=WORST_FIRST.index)
