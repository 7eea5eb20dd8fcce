"""Modality performed procedure steps as they are served: PS3.4 F.7."""

import logging
import uuid
from collections.abc import Callable
from typing import Protocol

from headgate.core.grammar import is_uid
from headgate.core.upperlayer import commands
from headgate.core.upperlayer.commands import Command
from headgate.stores.dicomnet.association import Message, Open, Peer, Presentation
from headgate.stores.dicomnet.gathering import Gathering
from headgate.stores.dicomnet.identifiers import Values, decode

PERFORMED_STEP = "1.2.840.10008.3.1.2.3.3"
IN_PROGRESS, COMPLETED, DISCONTINUED = "IN PROGRESS", "COMPLETED", "DISCONTINUED"
# PS3.7 C.5 and PS3.4 F.7.2.2.2: statuses
DUPLICATE, NO_SUCH_INSTANCE, INVALID_VALUE, NOT_ANY_MORE = 0x0111, 0x0112, 0x0106, 0x0110
REFERENCES = ("ReferencedImageSequence", "ReferencedNonImageCompositeSOPInstanceSequence")

log = logging.getLogger("headgate.receiver")


class Steps(Protocol):
    """Where steps are kept."""

    def known(self, step: str) -> str | None:
        """Given a step's UID, return its state, or None."""

    def keep(self, step: str, studies: tuple[str, ...], state: str, counts: dict[str, int]) -> None:
        """Given what is told of a step, keep it with what is known. Raise Unavailable."""


def performing(steps: Steps, *, is_new: bool) -> Open:
    """Given where steps are kept, return what takes an N-CREATE, or an N-SET."""

    def opened(command: Command, _presentation: Presentation, _peer: Peer) -> Message:
        element = commands.AFFECTED_INSTANCE if is_new else commands.REQUESTED_INSTANCE
        take = _created if is_new else _changed
        return _Told(command.uid(element), steps, take)

    return opened


def _created(steps: Steps, step: str, told: Values) -> int:
    if not step:  # the peer leaves it to us, and cannot name it later
        step = f"2.25.{uuid.uuid4().int}"
    if not is_uid(step) or _state(told) != IN_PROGRESS:
        return INVALID_VALUE
    if steps.known(step) is not None:
        return DUPLICATE
    steps.keep(step, _studies(told), IN_PROGRESS, _counts(told))
    return commands.SUCCESS


def _changed(steps: Steps, step: str, told: Values) -> int:
    before = steps.known(step) if is_uid(step) else None
    if before is None:
        return NO_SUCH_INSTANCE
    if before != IN_PROGRESS:
        return NOT_ANY_MORE
    state = _state(told) or IN_PROGRESS
    if state not in (IN_PROGRESS, COMPLETED, DISCONTINUED):
        return INVALID_VALUE
    steps.keep(step, _studies(told), state, _counts(told))
    return commands.SUCCESS


class _Told(Gathering):
    """A message while it comes."""

    def __init__(self, step: str, steps: Steps, take: Callable[[Steps, str, Values], int]) -> None:
        super().__init__()
        self._step, self._steps, self._take = step, steps, take

    def taken(self, data: bytes) -> int:
        return self._take(self._steps, self._step, decode(data))


def _state(told: Values) -> str:
    return str(told.get("PerformedProcedureStepStatus", ""))


def _studies(told: Values) -> tuple[str, ...]:
    items = told.get("ScheduledStepAttributesSequence", [])
    uids = (one.get("StudyInstanceUID", "") for one in items)
    return tuple(sorted({uid for uid in uids if is_uid(uid)}))


def _counts(told: Values) -> dict[str, int]:
    """Return how many instances each series refers to: PS3.3 C.4.15."""
    found = {}
    for series in told.get("PerformedSeriesSequence", []):
        uid = series.get("SeriesInstanceUID", "")
        if is_uid(uid):
            found[uid] = sum(len(series.get(name, [])) for name in REFERENCES)
    return found
