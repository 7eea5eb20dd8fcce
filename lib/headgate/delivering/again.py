"""What was delivered goes again: the ledger says so first, then a request is queued."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from headgate.context import Context
from headgate.core import fields, transfer
from headgate.core.model import Delivery, Fate, Proof, Request


def unprove(context: Context, request: Request, deliveries: Iterable[Delivery], fate: Fate) -> None:
    """Given a request and deliveries that no longer count, write it into the ledger, so that
    nobody deletes what has to be sent again. Raise Unavailable.
    """
    now = _now(context)
    lines = [replace(one, fate=fate, proof=Proof.NONE, time=now) for one in deliveries]
    if lines:
        context.ledger.write(request.study, request.project, lines)


def queue(context: Context, request: Request) -> bool:
    """Given a request of its own, queue it; return whether it was new. Raise Unavailable."""
    return context.queues.add(request.with_values(created=_now(context)))


def why_not(context: Context, request: Request) -> str | None:
    """Given a request, return why nobody wants it any more, as REDCap tells by now, or None. Raise
    Unavailable.
    """
    record = request.made_from or request.study
    names, forms = [fields.INCOMING_RECORD], [fields.TRANSFERS_FORM]
    rows = context.tables.incoming.export(records=[record], fields=names, forms=forms)
    return transfer.why_outdated(request, rows)


def _now(context: Context) -> str:
    return datetime.fromtimestamp(context.now(), UTC).isoformat(timespec="seconds")
