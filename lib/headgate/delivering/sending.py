"""Instances to a PACS: de-identified on their way from the disk, the next while it takes one."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from headgate.core.deid.identity import Recipe
from headgate.core.errors import Excluded, Rejected, Unavailable
from headgate.core.model import Delivery, Fate
from headgate.core.pixels.stored import UNCOMPRESSED
from headgate.deidentifying.cleaning import Clean, clean
from headgate.stores.dicomfiles import digests, read_instance
from headgate.stores.dicomnet import pacs
from headgate.stores.readahead import asked_for

REFUSED = "the PACS refused it with status 0x{:04X}"
FULL_AFTER = 4  # instances in a row for which it has no room: fewer may be too large for it
Named = tuple[str, Path]


@dataclass(frozen=True)
class Job:
    """To whom instances go, in which SOP classes and transfer syntaxes, and as what."""

    peer: pacs.Peer
    kinds: frozenset[tuple[str, str]]
    recipe: Recipe


class Sent(NamedTuple):
    """What became of one instance, and to what it refers."""

    delivery: Delivery
    references: tuple[str, ...] = ()


class Line:
    """One association, and the instance that is on its way there."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._association = pacs.associate(job.peer, job.kinds)
        self._used = time.monotonic()
        self._begun: Callable[..., Sent] | None = None

    def begin(self, name: str, output: Clean) -> Iterator[Sent]:
        """Given an instance, send it; yield it where it cannot go. Raise Unavailable."""
        self._awake()
        try:
            output = self._as_taken(output)
            kind = output.sop_class, output.sop_instance, output.transfer_syntax
            self._association.begin_store(*kind, output.buffers)
        except (pacs.Unsupported, Rejected) as reason:
            yield Sent(fated(name, self._job.recipe, Fate.REFUSED, reason=str(reason)))
            return
        hashes = digests(output.source, output.parts)  # while the PACS writes it
        self._begun = partial(answered, name, output, self._job.recipe, hashes)

    def _as_taken(self, output: Clean) -> Clean:
        """Return it in a transfer syntax that the PACS takes. Raise Unsupported, Rejected."""
        for syntax in (output.transfer_syntax, *UNCOMPRESSED):
            if self._association.takes(output.sop_class, syntax):
                return output if syntax == output.transfer_syntax else _transcoded(output, syntax)
        raise pacs.Unsupported(
            f"{self._job.peer} takes no {output.sop_class} in transfer syntax "
            f"{output.transfer_syntax}, nor uncompressed"
        )

    def _awake(self) -> None:
        """A PACS ends what is idle for long, and cleaning pixels may take minutes."""
        before, self._used = self._used, time.monotonic()
        is_idle = self._used - before > self._job.peer.timeout / 2
        if is_idle or not self._association.is_open or not self._association.is_quiet():
            self._association.release()
            self._association = pacs.associate(self._job.peer, self._job.kinds)

    def end(self) -> Iterator[Sent]:
        """Yield what became of what was sent last. Raise Unavailable."""
        begun, self._begun = self._begun, None
        if begun is not None:
            status = self._association.end_store()
            yield begun(status, is_stored=pacs.is_stored(status))

    def close(self) -> None:
        """Release the association, or break it off where an answer is still to come."""
        if self._begun is None:
            self._association.release()
        else:
            self._association.abort()


class Room:
    """Whether a PACS has room: what is too large for it says nothing of what comes next."""

    def __init__(self, peer: pacs.Peer) -> None:
        self._peer = peer
        self._lacked = 0

    def watched(self, several: Iterable[Sent]) -> Iterator[Sent]:
        """Given what became of instances, yield it. Raise Unavailable when there is no room."""
        for sent in several:
            yield sent
            status = sent.delivery.status
            self._lacked = self._lacked + 1 if pacs.is_out_of_resources(status) else 0
            if self._lacked >= FULL_AFTER:
                raise Unavailable(f"{self._peer} is out of resources (0x{status:04X})")


def _transcoded(output: Clean, syntax: str) -> Clean:
    from headgate.delivering.transcoding import (
        transcoded,  # which few outputs need, and takes long to load
    )

    return transcoded(output, syntax)


def transmit(job: Job, instances: Iterable[Named], associations: int) -> Iterator[Sent]:
    """Given instances by name, send them over so many associations; yield what became of each.

    While the PACS takes one, the next is read and de-identified. Raise Unsupported when the PACS
    takes none of the kinds; Unavailable when it cannot be had or has no room: what it acknowledged
    was yielded.
    """
    with ExitStack() as stack:
        lines: deque[Line] = deque()
        room = Room(job.peer)
        try:
            for name, path in asked_for(instances, itemgetter(1)):
                try:
                    output = clean(read_instance(path), job.recipe)
                except (Rejected, Excluded) as reason:
                    yield Sent(kept_back(name, job.recipe, reason))
                    continue
                line = _free_line(lines, associations, partial(_opened, job, stack))
                yield from room.watched(line.end())
                lines.append(line)
                yield from line.begin(name, output)
            while lines:
                yield from room.watched(lines.popleft().end())
        except Unavailable:
            yield from _answers(lines)
            raise


def _free_line(lines: deque[Line], associations: int, open_line: Callable[[], Line]) -> Line:
    """Return a new line while there may be more, else the one that is at work longest.

    A PACS that takes no more associations is content with those that it has.
    """
    if len(lines) < associations:
        try:
            return open_line()
        except Unavailable:
            if not lines:
                raise
    return lines.popleft()


def _opened(job: Job, stack: ExitStack) -> Line:
    line = Line(job)
    stack.callback(line.close)
    return line


def _answers(lines: Iterable[Line]) -> Iterator[Sent]:
    """What other associations have on their way is acknowledged, or sent again."""
    for line in lines:
        try:
            yield from line.end()
        except Unavailable:
            continue


def fated(name: str, recipe: Recipe, fate: Fate, **values: Any) -> Delivery:
    """Given an instance and what became of it, return the line for the ledger."""
    return Delivery(name, recipe.participant, recipe.event, fate, time=now(), **values)


def now() -> str:
    """Return the time as the ledger tells it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def answered(
    name: str, output: Clean, recipe: Recipe, hashes: Sequence[str], status: int, *, is_stored: bool
) -> Sent:
    """Given what was sent of an instance, its hashes as received and as sent, and the answer of the
    target, return what becomes of it.
    """
    received, sent = hashes
    delivery = fated(
        name, recipe, Fate.STORED if is_stored else Fate.REFUSED,
        received=received, output_class=output.sop_class, output_uid=output.sop_instance,
        output_series=output.series, output_frame=output.frame_of_reference, sent=sent,
        status=status,
        reason="" if is_stored else REFUSED.format(status),
    )  # fmt: skip
    return Sent(delivery, output.header.references)


def kept_back(name: str, recipe: Recipe, reason: Rejected | Excluded) -> Delivery:
    """Given an instance and why it does not leave, return the line for the ledger."""
    fate = Fate.EXCLUDED if isinstance(reason, Excluded) else Fate.REJECTED
    return fated(name, recipe, fate, reason=str(reason))
