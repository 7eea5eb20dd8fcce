"""Instances to a PACS: de-identified on their way from the disk, the next while it takes one."""

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from headgate.cleaning import Clean, clean
from headgate.core.deid.identity import Recipe
from headgate.core.errors import Excluded, Rejected, Unavailable
from headgate.core.model import Delivery, Fate
from headgate.stores import files
from headgate.stores.dicomfiles import Instance, read_instance
from headgate.stores.dicomnet import pacs

HASHED_AT_ONCE = 8 << 20
REFUSED = "the PACS refused it with status 0x{:04X}"
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

    def __init__(self, association: pacs.Association) -> None:
        self._association = association
        self._begun: Sent | None = None

    def begin(self, name: str, instance: Instance, output: Clean, recipe: Recipe) -> Iterator[Sent]:
        """Given an instance, send it, and work while the PACS does; yield it where it cannot go.

        Raise Unavailable.
        """
        parts = output.buffers
        try:
            self._association.begin_store(
                output.sop_class, output.sop_instance, output.transfer_syntax, parts
            )
        except pacs.Unsupported as reason:
            yield Sent(fated(name, recipe, Fate.REFUSED, reason=str(reason)))
            return
        delivery = fated(
            name, recipe, Fate.STORED,
            received=digest([instance.stored]), output_uid=output.sop_instance,
            output_series=output.series, sent=digest(parts),
        )  # fmt: skip
        self._begun = Sent(delivery, output.header.references)

    def end(self) -> Iterator[Sent]:
        """Yield what became of what was sent last. Raise Unavailable."""
        begun, self._begun = self._begun, None
        if begun is not None:
            status = self._association.end_store()
            yield Sent(answered(begun.delivery, status), begun.references)

    def close(self) -> None:
        """Release the association, or break it off where an answer is still to come."""
        if self._begun is None:
            self._association.release()
        else:
            self._association.abort()


def transmit(job: Job, instances: Iterable[Named], associations: int) -> Iterator[Sent]:
    """Given instances by name, send them over so many associations; yield what became of each.

    While the PACS takes one, the next is read and de-identified. Raise Unsupported when the PACS
    takes none of the kinds; Unavailable when it cannot be had: what it acknowledged was yielded.
    """
    with ExitStack() as stack:
        lines: deque[Line] = deque()
        try:
            for name, path in instances:
                try:
                    instance = read_instance(path)
                    output = clean(instance, job.recipe)
                except (Rejected, Excluded) as reason:
                    yield Sent(_kept(name, job.recipe, reason))
                    continue
                line = _free_line(job, lines, associations, stack)
                yield from line.end()
                lines.append(line)
                yield from line.begin(name, instance, output, job.recipe)
        except Unavailable:
            yield from _answers(lines)
            raise
        while lines:
            yield from lines.popleft().end()


def _free_line(job: Job, lines: deque[Line], associations: int, stack: ExitStack) -> Line:
    """Return a new line while there may be more, else the one that is at work longest.

    A PACS that takes no more associations is content with those that it has.
    """
    if len(lines) < associations:
        try:
            line = Line(pacs.associate(job.peer, job.kinds))
        except Unavailable:
            if not lines:
                raise
        else:
            stack.callback(line.close)
            return line
    return lines.popleft()


def _answers(lines: Iterable[Line]) -> Iterator[Sent]:
    """What other associations have on their way is acknowledged, or sent again."""
    for line in lines:
        try:
            yield from line.end()
        except Unavailable:
            continue


def digest(parts: Iterable[bytes | memoryview]) -> str:
    """Given bytes in parts, return their SHA-256; of a mapped file no more stays in memory."""
    found = hashlib.sha256()
    for piece in chain.from_iterable(map(_pieces, parts)):
        found.update(piece)
        files.forget_mapped([piece])
    return found.hexdigest()


def _pieces(part: bytes | memoryview) -> Iterator[bytes | memoryview]:
    if len(part) <= HASHED_AT_ONCE:
        yield part
        return
    for start in range(0, len(part), HASHED_AT_ONCE):
        yield memoryview(part)[start : start + HASHED_AT_ONCE]


def fated(name: str, recipe: Recipe, fate: Fate, **values: str) -> Delivery:
    """Given an instance and what became of it, return the line for the ledger."""
    return Delivery(name, recipe.participant, recipe.event, fate, time=now(), **values)


def answered(delivery: Delivery, status: int) -> Delivery:
    """Given what was sent and the C-STORE status of it, return the line for the ledger."""
    if pacs.is_stored(status):
        return replace(delivery, status=status)
    reason = REFUSED.format(status)
    return replace(delivery, status=status, fate=Fate.REFUSED, reason=reason)


def now() -> str:
    """Return the time as the ledger tells it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _kept(name: str, recipe: Recipe, reason: Rejected | Excluded) -> Delivery:
    fate = Fate.EXCLUDED if isinstance(reason, Excluded) else Fate.REJECTED
    return fated(name, recipe, fate, reason=str(reason))
