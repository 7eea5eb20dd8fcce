"""What cron mails: trouble that lasts is told once in a while, and not each minute."""

import os
import re
import time
from contextlib import suppress

from headgate.core.errors import Misconfigured, Unavailable
from headgate.core.grammar import short_hash
from headgate.core.step import Outcome
from headgate.stores.notified import Notified

VARIABLE = "HEADGATE_REPEAT_MINUTES"
# "again in 17 s" and "again in 2 s" tell of the same
NUMBER = re.compile(r"\d+")


class Reminders:
    """Which trouble of a script was told, and when; it is told again after `repeat` seconds."""

    def __init__(self, notified: Notified, step: str, repeat: float) -> None:
        self._notified, self._step, self._repeat = notified, step, repeat
        self._told: dict[str, float] | None = None
        self._is_changed = False

    def is_due(self, outcome: Outcome) -> bool:
        """Given trouble, return whether it is to be told now, and take it for told."""
        if self._told is None:
            self._told = self._noted()
        key = short_hash(f"{outcome.item}\n{NUMBER.sub('', outcome.text)}")
        if key in self._told and self._is_recent(self._told[key]):
            return False
        self._told[key] = time.time()
        self._is_changed = True
        return True

    def close(self) -> None:
        """Note what was told; where no note can be written, the next run tells it again."""
        if self._told and self._is_changed:
            told = {key: when for key, when in self._told.items() if self._is_recent(when)}
            with suppress(Unavailable, OSError):
                self._notified.write(self._step, told)

    def _noted(self) -> dict[str, float]:
        try:
            return self._notified.read(self._step)
        except OSError:
            return {}

    def _is_recent(self, when: float) -> bool:
        """A clock that was ahead must not keep anything untold for longer."""
        return abs(time.time() - when) < self._repeat


def repeat_seconds() -> float:
    """Return after how long lasting trouble is told again, as the environment says; 0 is each time.

    Raise Misconfigured.
    """
    text = os.environ.get(VARIABLE, "0")
    if not re.fullmatch(r"[0-9]{1,6}", text):
        raise Misconfigured(f"{VARIABLE} is {text!r}: set a number of minutes, or 0 for each time")
    return int(text) * 60.0
