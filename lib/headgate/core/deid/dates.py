"""Dates moved by one number of days for each participant of a project: PS3.15 E.3.6."""

import hashlib
import hmac
import re
from datetime import date, timedelta
from functools import lru_cache

from headgate.core.deid.identity import Recipe

LONGEST_SHIFT_DAYS = 3650
# PS3.5 Table 6.2-1: DA and DT; dots and dashes are those of ACR-NEMA and of ISO 8601
DATE = re.compile(r"(?P<y>\d{4})(?P<s>[.-]?)(?P<m>\d\d)(?P=s)(?P<d>\d\d)")
DATE_TIME = re.compile(
    r"(?P<y>\d{4})(?:(?P<m>\d\d)(?:(?P<d>\d\d)(?P<time>(?:\d\d){0,3}(?:\.\d{1,6})?))?)?"
    r"(?P<zone>[+-][01]\d[0-5]\d)?"
)


def offset_days(recipe: Recipe) -> int:
    """Given a recipe, return by how many days its dates are moved: 0 where they are already, and
    nowhere else.

    The project's fixed number where it has one; else 1 to 3650 days back, derived from the
    project's key and the participant, the same whenever it is asked for.
    """
    if recipe.mapped:
        return 0
    if recipe.date_shift_days is not None:
        return recipe.date_shift_days
    message = b"date shift\0" + recipe.participant.encode()
    number = int.from_bytes(hmac.digest(recipe.key, message, hashlib.sha256), "big")
    return -(1 + number % LONGEST_SHIFT_DAYS)


@lru_cache(maxsize=65536)
def shift(text: str, days: int) -> str:
    """Given a value of DA or DT, return it moved by that many days, as precise as it was.

    Time and zone stay, each end of a range moves, and what is no date becomes empty.
    """
    text = text.strip(" \0")
    moved = _shift_one(text, days)
    if moved is None and "-" in text:
        moved = _shift_range(text, days)
    return moved or ""


def _shift_range(text: str, days: int) -> str | None:
    for position in (index for index, mark in enumerate(text) if mark == "-"):
        ends = [text[:position].strip(), text[position + 1 :].strip()]
        moved = [_shift_one(end, days) if end else "" for end in ends]
        if any(ends) and None not in moved:
            return f"{moved[0]}-{moved[1]}"
    return None


def _shift_one(text: str, days: int) -> str | None:
    found = DATE.fullmatch(text) or DATE_TIME.fullmatch(text)
    if found is None:
        return None
    parts = found.groupdict()
    try:
        start = date(int(parts["y"]), int(parts["m"] or 1), int(parts["d"] or 1))
        moved = start + timedelta(days)
    except (ValueError, OverflowError):
        return None
    length = 4 + 2 * bool(parts["m"]) + 2 * bool(parts["d"])
    digits = f"{moved.year:04}{moved.month:02}{moved.day:02}"[:length]
    return digits + (parts.get("time") or "") + (parts.get("zone") or "")
