"""The research PACS: C-ECHO, C-STORE of encoded data sets, and C-FIND for proof."""

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from headgate.core.errors import HeadgateError, Unavailable
from headgate.core.upperlayer import commands, pdus, requesting
from headgate.core.upperlayer.negotiation import IMPLICIT_LITTLE, VERIFICATION
from headgate.core.upperlayer.pdus import AssociateRequest, Proposal, ProtocolError, Role
from headgate.stores.dicomnet.channel import Channel, Peer, Unanswered
from headgate.stores.dicomnet.identifiers import Values, decode, encode
from headgate.stores.dicomnet.tls import Untrusted
from headgate.stores.dicomnet.wire import Closed, Wire, hurry

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"  # PS3.4 J.3: the push model
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"
PENDING = (0xFF00, 0xFF01)
WARNINGS = range(0xB000, 0xC000)  # PS3.7 C.1: stored, with remarks
OUT_OF_RESOURCES = range(0xA700, 0xA800)
CONTEXTS_AT_MOST = 128  # PS3.8 9.3.2.2: odd identifiers from 1 to 255
# PS3.4 Table C.4-1: out of resources, cancelled, unable to process: a smaller question may do
CUT_SHORT = (OUT_OF_RESOURCES, range(0xC000, 0xD000), range(0xFE00, 0xFE01))
LONGEST_PDU = 131072
FIND_SECONDS = 3600.0  # of one question, however fast the answers come


class Unsupported(HeadgateError):
    """The PACS takes no such SOP class in this transfer syntax, or no such query."""


class CutShort(Unavailable):
    """The PACS broke a C-FIND off: it has too much to tell."""


class Refused(Unanswered):
    """The PACS is there, and rejects the association."""


class Association:
    """An open association with a PACS, on which one operation runs at a time."""

    def __init__(self, channel: Channel, peer: Peer) -> None:
        self.channel, self._peer = channel, peer
        self._stored = ""
        self.takes, self.is_quiet = channel.takes, channel.is_quiet
        self.release, self.abort = channel.release, channel.abort

    def ask_commitment(self, dataset: Values) -> None:
        """Given a request for storage commitment, make it: PS3.4 J.3.2.

        Raise Unsupported when the PACS does not take it; Unavailable.
        """
        if not self.takes(STORAGE_COMMITMENT, IMPLICIT_LITTLE):
            raise Unsupported(f"{self._peer} offers no storage commitment")
        with self.channel.talking("N-ACTION"):
            self.channel.ask(
                commands.N_ACTION_RQ, STORAGE_COMMITMENT, IMPLICIT_LITTLE, [encode(dataset)],
                {commands.REQUESTED_INSTANCE: STORAGE_COMMITMENT_INSTANCE, commands.ACTION_TYPE: 1},
            )  # fmt: skip
            answer = self.channel.answer(commands.N_ACTION_RQ)
        status = answer.command.number(commands.STATUS)
        if status != commands.SUCCESS:
            raise Unsupported(f"{self._peer} refuses storage commitment (0x{status:04X})")

    def commitments(self, seconds: float) -> list[Values]:
        """Return what the PACS tells of commitments on this association within `seconds`.

        Raise Unavailable.
        """
        with self.channel.talking("N-EVENT-REPORT"):
            return [decode(one.dataset) for one in self.channel.reports(seconds)]

    @property
    def is_open(self) -> bool:
        """Whether neither side has ended it, as far as is known."""
        return self.channel.is_open

    def echo(self) -> None:
        """Ask whether it is there. Raise Unavailable."""
        with self.channel.talking("C-ECHO"):
            self.channel.ask(commands.C_ECHO_RQ, VERIFICATION, IMPLICIT_LITTLE)
            answer = self.channel.answer(commands.C_ECHO_RQ)
        if answer.command.number(commands.STATUS) != commands.SUCCESS:
            raise Unavailable(f"{self._peer} does not answer a C-ECHO")

    def store(
        self, sop_class: str, sop_instance: str, syntax: str, *dataset: bytes | memoryview
    ) -> int:
        """Given the parts of an encoded data set, send it as it is; return the C-STORE status.

        Raise what `begin_store` and `end_store` raise; Unavailable when it is out of resources.
        """
        self.begin_store(sop_class, sop_instance, syntax, dataset)
        status = self.end_store()
        if is_out_of_resources(status):
            raise Unavailable(f"{self._peer} is out of resources (0x{status:04X})")
        return status

    def begin_store(
        self, sop_class: str, sop_instance: str, syntax: str, dataset: Iterable[bytes | memoryview]
    ) -> None:
        """Given the parts of an encoded data set, send it, and do not wait for the answer.

        Raise Unsupported when the PACS accepted no context for it; Unavailable when the
        association is gone.
        """
        if not self.takes(sop_class, syntax):
            raise Unsupported(f"{self._peer} takes no {sop_class} in transfer syntax {syntax}")
        self._stored = sop_instance
        with self.channel.talking("C-STORE"):
            self.channel.ask(
                commands.C_STORE_RQ, sop_class, syntax, dataset,
                {commands.AFFECTED_INSTANCE: sop_instance, commands.PRIORITY: 0},
            )  # fmt: skip

    def end_store(self) -> int:
        """Return the C-STORE status of what was sent.

        Raise Unavailable when the association is gone, or its answer is about another instance.
        """
        with self.channel.talking("C-STORE"):
            command = self.channel.answer(commands.C_STORE_RQ).command
            if command.uid(commands.AFFECTED_INSTANCE) not in ("", self._stored.strip(" \0")):
                raise ProtocolError("an answer about an instance that was not sent")
            return command.number(commands.STATUS)

    def report(self, sop_class: str, values: dict[int, str | int], dataset: bytes) -> None:
        """Given an event, report it. Raise Unavailable."""
        with self.channel.talking("N-EVENT-REPORT"):
            field = commands.N_EVENT_REPORT_RQ
            self.channel.ask(field, sop_class, IMPLICIT_LITTLE, [dataset], values)
            self.channel.answer(field)

    def find(self, query: Values) -> Iterator[Values]:
        """Given a query of the study root model, yield the answers.

        Raise Unsupported when the PACS answers no queries; CutShort when it does not tell all;
        Unavailable.
        """
        if not self.takes(STUDY_ROOT_FIND, IMPLICIT_LITTLE):
            raise Unsupported(f"{self._peer} answers no C-FIND of the study root model")
        status = PENDING[0]
        with self.channel.talking("C-FIND"):
            self.channel.ask(
                commands.C_FIND_RQ, STUDY_ROOT_FIND, IMPLICIT_LITTLE, [encode(query)],
                {commands.PRIORITY: 0},
            )  # fmt: skip
            ends = time.monotonic() + FIND_SECONDS
            while status in PENDING:
                if time.monotonic() > ends:
                    self.abort()
                    raise CutShort(f"{self._peer} comes to no end with a C-FIND")
                answer = self.channel.answer(commands.C_FIND_RQ)
                status = answer.command.number(commands.STATUS)
                if status in PENDING and answer.dataset:
                    yield decode(answer.dataset)
        if any(status in one for one in CUT_SHORT):
            raise CutShort(f"{self._peer} broke off a C-FIND (0x{status:04X})")
        if status != commands.SUCCESS:
            raise Unavailable(f"{self._peer} failed a C-FIND (0x{status:04X})")


def is_stored(status: int) -> bool:
    """Given a C-STORE status, return whether the PACS says that it has the instance."""
    return status == commands.SUCCESS or status in WARNINGS


def is_for_now(status: int) -> bool:
    """Given the status of a refusal, return whether it may be taken later: it says no more than
    that the PACS, or its disk, cannot now.
    """
    return status == commands.PROCESSING_FAILURE or is_out_of_resources(status)


def is_out_of_resources(status: int) -> bool:
    """Given a C-STORE status, return whether the PACS says that it has no room: PS3.4 B.2.3."""
    return status in OUT_OF_RESOURCES


@contextmanager
def associated(peer: Peer, wanted: Iterable[tuple[str, str]]) -> Iterator[Association]:
    """Given a PACS and the (SOP class, transfer syntax) pairs to come, hold an association.

    Raise what `associate` raises.
    """
    association = associate(peer, wanted)
    try:
        yield association
    finally:
        association.release()


def tell(peer: Peer, sop_class: str, values: dict[int, str | int], dataset: bytes) -> None:
    """Given a peer, report an event to it that it asked about before: PS3.4 J.3.3.

    Raise Unsupported when it takes no reports; Unavailable.
    """
    roles = (Role(sop_class, is_user=False, is_provider=True),)
    association = associate(peer, [(sop_class, IMPLICIT_LITTLE)], roles)
    try:
        association.report(sop_class, values, dataset)
    finally:
        association.release()


def associate(
    peer: Peer, wanted: Iterable[tuple[str, str]], roles: tuple[Role, ...] = ()
) -> Association:
    """Given a PACS and the (SOP class, transfer syntax) pairs to come, return an association.

    One context is proposed for each pair, so that what is stored travels as it is stored. Raise
    Unavailable when it is not there, or refuses; Unsupported when it takes none of the pairs.
    """
    kinds = dict(zip(range(1, 256, 2), sorted(set(wanted)), strict=False))
    proposals = tuple(Proposal(number, one, (syntax,)) for number, (one, syntax) in kinds.items())
    titles = peer.ae_title, peer.calling_ae_title
    request = AssociateRequest(*titles, proposals, LONGEST_PDU, roles=roles)
    try:
        wire = _wire(peer)
    except Untrusted as trouble:
        raise Refused(f"{peer} and we do not trust each other: {trouble}") from trouble
    except (socket.gaierror, UnicodeError) as trouble:
        raise Unanswered(
            f"{peer} is not found: mend the name of the host, or the name service; nothing is "
            "lost, it is tried again"
        ) from trouble
    except OSError as trouble:
        raise Unanswered(f"{peer} does not answer: nothing is lost, it is tried again") from trouble
    try:
        wire.send(requesting.associate_request(request))
        agreement = _agreement(wire, peer)
    except (ProtocolError, Closed, OSError) as trouble:
        wire.close()
        raise Unanswered(
            f"{peer} broke off the association: nothing is lost, it is tried again"
        ) from trouble
    except Refused:
        wire.close()
        raise
    contexts = {
        kind: number for number, kind in kinds.items() if agreement.syntaxes.get(number) == kind[1]
    }
    association = Association(Channel(wire, peer, contexts, agreement.maximum_length), peer)
    if not contexts:
        association.release()
        raise Unsupported(f"{peer} takes none of the SOP classes and transfer syntaxes")
    return association


def _wire(peer: Peer) -> Wire:
    connection = socket.create_connection((peer.address, peer.port), peer.timeout)
    try:
        if peer.trust:
            connection = peer.trust.secured(connection, peer.address)
        hurry(connection, peer.timeout)
    except (OSError, HeadgateError, Untrusted):
        connection.close()
        raise
    return Wire(connection, peer.timeout)


def _agreement(wire: Wire, peer: Peer) -> requesting.Agreement:
    kind, length = wire.head()
    body = wire.take(length)
    if kind == pdus.ASSOCIATE_RJ:
        result, _, _ = requesting.read_rejection(body)
        if result == requesting.REJECTED_FOR_NOW:
            raise Refused(f"{peer} refuses the association for now: it is tried again")
        raise Refused(f"{peer} refuses the association: put us on its list of AE titles")
    if kind != pdus.ASSOCIATE_AC:
        raise Closed
    return requesting.read_associate_accept(body)


def echo(peer: Peer) -> None:
    """Given a PACS, ask whether it is there. Raise Unavailable."""
    with associated(peer, [(VERIFICATION, IMPLICIT_LITTLE)]) as association:
        association.echo()


def stored_instances(peer: Peer, study: str, series: Iterable[str]) -> set[str]:
    """Given a study and its series, return the SOP instances that the PACS says it holds.

    Raise Unsupported when it answers no queries; Unavailable.
    """
    found: set[str] = set()
    with associated(peer, [(STUDY_ROOT_FIND, IMPLICIT_LITTLE)]) as association:
        for one in series:
            query = {
                "QueryRetrieveLevel": "IMAGE", "StudyInstanceUID": study,
                "SeriesInstanceUID": one, "SOPInstanceUID": "",
            }  # fmt: skip
            found.update(answer.get("SOPInstanceUID", "") for answer in association.find(query))
    return found
