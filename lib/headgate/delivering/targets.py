"""One study to all targets of its project: one that is silent does not hold up the others."""

import errno
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from headgate.context import Context
from headgate.core import backoff
from headgate.core.errors import Unavailable
from headgate.core.model import Delivery, Request
from headgate.delivering.study import Delivering, Unfinished, Waiting
from headgate.stores.dicomnet.channel import Unanswered
from headgate.stores.targets import Silence


def delivered(
    context: Context, request: Request, project: Mapping[str, Any]
) -> tuple[list[Delivery], int]:
    """Given a request and its project's row, return what became of every instance at every target,
    and to how many instances and series it refers that were not sent.

    Raise Rejected; Unavailable when a target has not got it whole: the others have, and are not
    sent it again.
    """
    deliveries: list[Delivery] = []
    troubles: list[Unavailable] = []
    lacking = 0
    for target in context.targets_of(project):
        delivering = Delivering(context, request, project, target)
        try:
            _check_silence(context, target)
            with _files_at_hand():
                deliveries += delivering.run()
            lacking = max(lacking, delivering.unresolved())
        except Unanswered as trouble:
            troubles.append(_noted(context, target, trouble, delivering.took))
        except Unfinished as trouble:
            troubles.append(trouble)
            context.targets.forget(target)
        except Unavailable as trouble:
            troubles.append(trouble)
        else:
            context.targets.forget(target)
    if troubles:
        raise min(troubles, key=_order)
    return deliveries, lacking


@contextmanager
def _files_at_hand() -> Iterator[None]:
    """Turn it into Unavailable when the disk cannot read a file, or another script moved it."""
    try:
        yield
    except FileNotFoundError as error:
        raise Unavailable(
            "a file is no longer where it was, as another script files or deletes it now"
        ) from error
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        raise Unavailable(
            f"the disk cannot read a file ({error.strerror}): look at the disk, then at what "
            "bin/reconcile tells"
        ) from error


def _order(trouble: Unavailable) -> int:
    """What was tried and failed is told before what waits; what gets on goes on before either."""
    return 0 if isinstance(trouble, Unfinished) else 2 if isinstance(trouble, Waiting) else 1


def _check_silence(context: Context, target: str) -> None:
    """A time further ahead than the longest wait is the trace of a clock that was set back."""
    silence = context.targets.read(target)
    seconds = silence.not_before - context.now()
    if 0 < seconds <= context.settings.sending.retry_longest_seconds:
        raise Waiting(
            f"{target} did not answer {silence.attempts} times and is asked again in "
            f"{seconds:.0f} s ({silence.reason})",
            seconds,
        )


def _noted(context: Context, target: str, trouble: Unanswered, took: int) -> Unavailable:
    """Note how long a target is left alone, and return what is told of it. The wait does not grow
    for one that takes some instances before it breaks off each time.
    """
    sending = context.settings.sending
    attempts = 1 if took else context.targets.read(target).attempts + 1
    wait = backoff.delay_seconds(
        attempts, sending.retry_first_seconds, sending.retry_longest_seconds, random.SystemRandom()
    )
    context.targets.write(target, Silence(attempts, context.now() + wait, str(trouble)))
    return Waiting(f"{trouble}, when it had taken {took} instances", wait) if took else trouble
