"""Storage commitment: what is asked, and what is told of it (PS3.4 J.3)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from headgate.core.upperlayer import commands
from headgate.core.upperlayer.commands import Command
from headgate.stores.dicomnet.association import Message, Open, Peer, Presentation
from headgate.stores.dicomnet.gathering import Gathering
from headgate.stores.dicomnet.identifiers import Values, decode

Reference = tuple[str, str]  # SOP class and SOP instance


@dataclass(frozen=True)
class Notice:
    """What a PACS tells of a transaction: the instances that it keeps, and those that it does not,
    with the reason's number (PS3.3 C.14.1.1).
    """

    transaction: str
    kept: frozenset[str]
    failed: dict[str, int] = field(default_factory=dict)


def request_of(transaction: str, references: Iterable[Reference]) -> Values:
    """Given a transaction and instances, return the data set that asks for their commitment."""
    return {
        "TransactionUID": transaction,
        "ReferencedSOPSequence": [
            {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": instance}
            for sop_class, instance in references
        ],
    }


def notice_of(report: Values) -> Notice:
    """Given the data set of a report, return what it tells."""
    kept = report.get("ReferencedSOPSequence", [])
    failed = report.get("FailedSOPSequence", [])
    return Notice(
        report.get("TransactionUID", ""),
        frozenset(one.get("ReferencedSOPInstanceUID", "") for one in kept),
        {
            one.get("ReferencedSOPInstanceUID", ""): int(one.get("FailureReason", 0))
            for one in failed
        },
    )


def listening_for(keep: Callable[[Notice], None]) -> Open:
    """Given who keeps notices, return who takes N-EVENT-REPORTs on an association of the PACS."""

    def opened(_command: Command, _presentation: Presentation, _peer: Peer) -> Message:
        return _Report(keep)

    return opened


class _Report(Gathering):
    """A report while it comes."""

    def __init__(self, keep: Callable[[Notice], None]) -> None:
        super().__init__()
        self._keep = keep

    def taken(self, data: bytes) -> int:
        self._keep(notice_of(decode(data)))
        return commands.SUCCESS
