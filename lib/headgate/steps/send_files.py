"""Send what lies in the outbox to other sites by SFTP; done is what the other side has whole."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate import sites
from headgate.context import Context
from headgate.core.backoff import delay_seconds
from headgate.core.errors import Misconfigured, Rejected, Unavailable
from headgate.core.step import Outcome, Step, deferred, error, ok
from headgate.stores import sftp, walking, zips
from headgate.stores.outbox import shown
from headgate.stores.targets import Silence

NAME = "send-files"


@dataclass(frozen=True)
class Shipment:
    """What waits for a destination, and nobody writes any more."""

    destination: str
    names: list[str]

    def __str__(self) -> str:
        return self.destination


def plan(context: Context) -> Iterator[Shipment]:
    """Yield the destinations for which something waits, but those that are silent for now."""
    for destination in context.outbox.destinations():
        names = [
            name
            for name in context.outbox.names(destination)
            if _is_at_rest(context, destination, name)
        ]
        if names and context.targets.read(_target(destination)).not_before <= context.now():
            yield Shipment(destination, names)


def apply(context: Context, item: Shipment) -> Iterator[Outcome]:
    """Send each over one connection; a destination that is away waits, and others go on."""
    target = _target(item.destination)
    try:
        with sftp.connected(sites.server(context, item.destination)) as remote:
            for name in item.names:
                yield _sent(context, remote, item.destination, name)
        context.targets.forget(target)
    except Unavailable as reason:
        attempts = context.targets.read(target).attempts + 1
        again = context.now() + _delay(context, attempts)
        context.targets.write(target, Silence(attempts, again, str(reason)))
        yield deferred(item, str(reason))
    except Misconfigured as reason:
        yield error(item, str(reason))


def _sent(context: Context, remote: sftp.Remote, destination: str, name: str) -> Outcome:
    """Raise Unavailable, Misconfigured."""
    item = shown(destination, name)
    try:
        context.outbox.files_of(destination, name)
        parcel = context.outbox.parcel(destination, name, _pack)
        word = remote.send(parcel)
    except Rejected as reason:
        return error(item, f"not sent: {reason}")
    context.outbox.done(destination, name)
    return ok(item, f"{word}, and its sum agrees: it lies in sent/")


def _pack(folder: Path, target: Path) -> None:
    zips.pack(folder, target, "", lambda _count: None)


def _is_at_rest(context: Context, destination: str, name: str) -> bool:
    """What cannot be sent at all is told of by apply."""
    try:
        several = context.outbox.files_of(destination, name)
    except Rejected:
        return True
    now = context.now()
    if len(several) > 1 or several[0].parent.name == name:  # more may come into a folder
        newest = max(one.stat().st_mtime for one in several)
        if now - newest < context.settings.incoming.quiet_seconds:
            return False
    return all(walking.is_closed(one, now) for one in several)


def _target(destination: str) -> str:
    return f"sftp {destination}"


def _delay(context: Context, attempts: int) -> float:
    sending = context.settings.sending
    dice = random.Random()  # noqa: S311 (no secret)
    return delay_seconds(attempts, sending.retry_first_seconds, sending.retry_longest_seconds, dice)


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
