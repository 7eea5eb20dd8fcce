"""Storage commitment as it is served (PS3.4 J.3): told after the bytes are read again."""

import logging
from collections.abc import Callable, Iterable, Mapping

from headgate.core.grammar import is_uid
from headgate.core.upperlayer import commands
from headgate.core.upperlayer.commands import Command
from headgate.core.upperlayer.pdus import ProtocolError
from headgate.stores.dicomnet.association import Message, Open, Peer, Presentation, Report
from headgate.stores.dicomnet.commitment import Reference
from headgate.stores.dicomnet.gathering import Gathering
from headgate.stores.dicomnet.identifiers import Values, decode, encode

REQUESTED = 1  # PS3.4 Table J.3-1: the only action
ALL_KEPT, SOME_FAILED = 1, 2  # PS3.4 J.3.3.1: events
# PS3.7 C.5: statuses of an N-ACTION
NO_SUCH_ACTION, INVALID_ARGUMENT = 0x0123, 0x0115
Failures = Callable[[Iterable[Reference]], Mapping[str, int]]

log = logging.getLogger("headgate.receiver")


def committing(failures: Failures) -> Open:
    """Given what looks for instances on the disk and tells of those that fail, return what takes
    requests for commitment.
    """

    def opened(command: Command, _presentation: Presentation, peer: Peer) -> Message:
        return _Asked(command, peer, failures)

    return opened


class _Asked(Gathering):
    """A request for commitment, until its report is made."""

    def __init__(self, command: Command, peer: Peer, failures: Failures) -> None:
        super().__init__()
        self._command, self._peer, self._failures = command, peer, failures
        self._transaction = ""
        self._references: list[Reference] = []

    def taken(self, data: bytes) -> int:
        if self._command.values.get(commands.ACTION_TYPE) != REQUESTED.to_bytes(2, "little"):
            return NO_SUCH_ACTION
        try:
            asked = decode(data)
        except ProtocolError:
            return INVALID_ARGUMENT
        self._references = [_reference(one) for one in asked.get("ReferencedSOPSequence", [])]
        transaction = asked.get("TransactionUID", "")
        if not is_uid(transaction) or not self._references:
            return INVALID_ARGUMENT
        self._transaction = transaction
        return commands.SUCCESS

    def report(self) -> Report | None:
        if not self._transaction:
            return None
        sound = [one for one in self._references if is_uid(one[1])]
        failed = {one: 0x0112 for _, one in self._references if not is_uid(one)}
        failed.update(self._failures(sound))
        count = len(self._references)
        log.info(
            "commitment asked by %s: %d instances, %d of them fail",
            self._peer.calling, count, len(failed),
        )  # fmt: skip
        values: dict[int, str | int] = {
            commands.AFFECTED_INSTANCE: self._command.uid(commands.REQUESTED_INSTANCE),
            commands.EVENT_TYPE: SOME_FAILED if failed else ALL_KEPT,
        }
        return Report(values, encode(self._told(failed)))

    def _told(self, failed: Mapping[str, int]) -> Values:
        kept = [_item(one) for one in self._references if one[1] not in failed]
        lost = [
            {**_item(one), "FailureReason": failed[one[1]]}
            for one in self._references
            if one[1] in failed
        ]
        several = {"ReferencedSOPSequence": kept, "FailedSOPSequence": lost}
        told = {keyword: found for keyword, found in several.items() if found}
        return {"TransactionUID": self._transaction, **told}


def _reference(one: Values) -> Reference:
    return one.get("ReferencedSOPClassUID", ""), one.get("ReferencedSOPInstanceUID", "")


def _item(reference: Reference) -> Values:
    sop_class, instance = reference
    return {"ReferencedSOPClassUID": sop_class, "ReferencedSOPInstanceUID": instance}
