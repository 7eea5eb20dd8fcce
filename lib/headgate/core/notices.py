"""What people are told by mail, and what they were told already."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template

from headgate.core.errors import Misconfigured

ARRIVED, FAILED, DISK, STALE = "arrived", "failed", "disk", "stale"
TRIGGERS = (ARRIVED, FAILED, DISK, STALE)
SECONDS_AN_HOUR = 3600


@dataclass(frozen=True)
class Notice:
    """One thing that happened, or one trouble that lasts: `key` names it, `text` tells it."""

    trigger: str
    key: str
    text: str


def written(template: str, values: Mapping[str, object]) -> str:
    """Given a template with $names and their values, return the text.

    Raise Misconfigured, naming what the template asks for and there is not.
    """
    try:
        return Template(template).substitute(values)
    except (KeyError, ValueError) as error:
        known = ", ".join(f"${name}" for name in sorted(values))
        raise Misconfigured(f"the mail template {template!r} may name {known} alone") from error


def untold(
    notices: Iterable[Notice], told: Mapping[str, float], now: float, repeat_hours: float
) -> list[Notice]:
    """Given notices, when each was told, and the POSIX time, return those to tell.

    What arrived is told once; a trouble that lasts again after so many hours, 0: never. A time that
    lies ahead is the trace of a clock that was set back.
    """
    return [
        one
        for one in notices
        if one.key not in told
        or (one.trigger != ARRIVED and _is_old(told[one.key], now, repeat_hours))
    ]


def remembered(
    told: Mapping[str, float], new: Iterable[Notice], present: Iterable[Notice], now: float,
    repeat_hours: float,
) -> dict[str, float]:  # fmt: skip
    """Given what was told and what is told now, return what to remember: what is still there, and
    what has gone not so long ago that it might come back.
    """
    there = {one.key for one in present}
    kept = {
        key: when
        for key, when in told.items()
        if key in there or not _is_old(when, now, repeat_hours or 24)
    }
    return {**kept, **dict.fromkeys((one.key for one in new), now)}


def _is_old(when: float, now: float, hours: float) -> bool:
    return hours > 0 and not 0 <= now - when < hours * SECONDS_AN_HOUR
