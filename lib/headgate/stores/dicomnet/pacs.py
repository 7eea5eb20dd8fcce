"""The research PACS: C-ECHO, C-STORE of encoded data sets, and C-FIND for proof."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, build_context, evt
from pynetdicom.dimse_primitives import C_STORE

from headgate.core.errors import HeadgateError, Unavailable
from headgate.core.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from headgate.stores.dicomnet.sockets import HURRYING

log = logging.getLogger("headgate.pacs")

VERIFICATION = "1.2.840.10008.1.1"
STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
SUCCESS = 0x0000
PENDING = (0xFF00, 0xFF01)
WARNINGS = (0xB000, 0xB006, 0xB007)  # PS3.4 Table B.2-1: stored, with remarks
OUT_OF_RESOURCES = range(0xA700, 0xA800)
CONTEXTS_AT_MOST = 128  # PS3.8 9.3.2.2: odd identifiers from 1 to 255
LONGEST_PDU = 131072


class Unsupported(HeadgateError):
    """The PACS takes no such SOP class in this transfer syntax, or no such query."""


class Refused(Unavailable):
    """The PACS is there, and rejects the association."""


@dataclass(frozen=True)
class Peer:
    """Whom to call, as whom, and how long to wait in seconds."""

    host: str
    port: int
    ae_title: str
    calling_ae_title: str
    timeout: float

    def __str__(self) -> str:
        return f"{self.ae_title} at {self.host}:{self.port}"


class Association:
    """An open association with a PACS."""

    def __init__(self, association: Any, peer: Peer) -> None:
        self._association = association
        self._peer = peer
        self._message_id = 0
        self._context_ids = {
            (str(context.abstract_syntax), str(context.transfer_syntax[0])): context.context_id
            for context in association.accepted_contexts
        }

    @property
    def is_open(self) -> bool:
        """Return whether neither side has ended it."""
        return bool(self._association.is_established)

    def echo(self) -> None:
        """Ask whether it is there. Raise Unavailable."""
        self._check(self._association.send_c_echo())

    def store(self, sop_class: str, sop_instance: str, syntax: str, dataset: bytes) -> int:
        """Given an encoded data set, send it as it is; return the C-STORE status.

        Raise Unsupported when the PACS accepted no context for it; Unavailable when the
        association is gone, or the PACS out of resources.
        """
        context_id = self._context_ids.get((sop_class, syntax))
        if context_id is None:
            raise Unsupported(f"{self._peer} takes no {sop_class} in transfer syntax {syntax}")
        self._message_id = self._message_id % 65535 + 1
        request = C_STORE()
        request.MessageID = self._message_id
        request.Priority = 2
        request.AffectedSOPClassUID = sop_class
        request.AffectedSOPInstanceUID = sop_instance
        request.DataSet = BytesIO(dataset)
        response = self._exchange(request, context_id)
        status = getattr(response, "Status", None)
        if status is None or not response.is_valid_response:
            self._association.abort()
            raise Unavailable(f"{self._peer} broke off or fell silent during a C-STORE")
        if status in OUT_OF_RESOURCES:
            raise Unavailable(f"{self._peer} is out of resources (0x{status:04X})")
        return int(status)

    def find(self, query: Dataset) -> Iterator[Dataset]:
        """Given a query of the study root model, yield the answers.

        Raise Unsupported when the PACS answers no queries; Unavailable.
        """
        if not any(sop_class == STUDY_ROOT_FIND for sop_class, _ in self._context_ids):
            raise Unsupported(f"{self._peer} answers no C-FIND of the study root model")
        status = None
        for answer, identifier in self._association.send_c_find(query, STUDY_ROOT_FIND):
            status = answer.get("Status")
            if status in PENDING and identifier is not None:
                yield identifier
        if status is None:
            raise Unavailable(f"{self._peer} broke off or fell silent during a C-FIND")
        if status != SUCCESS:
            raise Unavailable(f"{self._peer} failed a C-FIND (0x{status:04X})")

    def _exchange(self, request: C_STORE, context_id: int) -> Any:
        """Pynetdicom's own send_c_store decodes and encodes anew; this is its last part alone."""
        association = self._association
        association._reactor_checkpoint.clear()
        try:
            while association.is_alive() and not association._is_paused:
                time.sleep(0.0001)
            association.dimse.send_msg(request, context_id)
            _, response = association.dimse.get_msg(block=True)
        finally:
            association._reactor_checkpoint.set()
        return response

    def _check(self, answer: Dataset) -> None:
        if answer.get("Status") != SUCCESS:
            raise Unavailable(f"{self._peer} does not answer a C-ECHO")


@contextmanager
def associated(peer: Peer, wanted: Iterable[tuple[str, str]]) -> Iterator[Association]:
    """Given a PACS and the (SOP class, transfer syntax) pairs to come, hold an association.

    One context is proposed for each pair, so that what is stored travels as it is stored. Raise
    Unavailable when it is not there, or refuses; Unsupported when it takes none of the pairs.
    """
    entity = AE(ae_title=peer.calling_ae_title)
    entity.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
    entity.implementation_version_name = IMPLEMENTATION_VERSION
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = peer.timeout
    entity.connection_timeout = peer.timeout
    entity.maximum_pdu_size = LONGEST_PDU
    contexts = [build_context(sop_class, syntax) for sop_class, syntax in sorted(set(wanted))]
    connections: list[Any] = []
    association = entity.associate(
        peer.host,
        peer.port,
        contexts=contexts[:CONTEXTS_AT_MOST],
        ae_title=peer.ae_title,
        evt_handlers=[*HURRYING, (evt.EVT_CONN_OPEN, connections.append)],
    )
    if not association.is_established:
        raise _refusal(association, peer, is_there=bool(connections))
    try:
        yield Association(association, peer)
    finally:
        if association.is_established:
            association.release()


@contextmanager
def kept_open(peer: Peer, wanted: Iterable[tuple[str, str]]) -> Iterator[Callable[[], Association]]:
    """Given a PACS and what is to come, yield what returns an open association each time that one
    is needed: a new one where the last was idle for long, as cleaning pixels may take minutes.

    Raise as `associated` does.
    """
    pairs = list(wanted)
    with ExitStack() as stack:
        association = stack.enter_context(associated(peer, pairs))
        used = time.monotonic()

        def current() -> Association:
            nonlocal association, used
            is_idle = time.monotonic() - used > peer.timeout / 2
            if is_idle or not association.is_open:
                stack.close()
                association = stack.enter_context(associated(peer, pairs))
            used = time.monotonic()
            return association

        yield current


def echo(peer: Peer) -> None:
    """Given a PACS, ask whether it is there. Raise Unavailable."""
    with associated(peer, [(VERIFICATION, "1.2.840.10008.1.2")]) as association:
        association.echo()


def stored_instances(peer: Peer, study: str, series: Iterable[str]) -> set[str]:
    """Given a study and its series, return the SOP instances that the PACS says it holds.

    Raise Unsupported when it answers no queries; Unavailable.
    """
    found: set[str] = set()
    with associated(peer, [(STUDY_ROOT_FIND, "1.2.840.10008.1.2")]) as association:
        for one in series:
            query = Dataset()
            query.QueryRetrieveLevel = "IMAGE"
            query.StudyInstanceUID, query.SeriesInstanceUID = study, one
            query.SOPInstanceUID = ""
            found.update(
                str(answer.get("SOPInstanceUID", "")) for answer in association.find(query)
            )
    return found


def _refusal(association: Any, peer: Peer, is_there: bool) -> HeadgateError:
    if not is_there:
        return Unavailable(f"{peer} does not answer: nothing is lost, it is tried again")
    if association.is_rejected:
        return Refused(f"{peer} refuses the association: put us on its list of AE titles")
    if association.rejected_contexts:
        return Unsupported(f"{peer} takes none of the SOP classes and transfer syntaxes")
    return Unavailable(f"{peer} broke off the association: nothing is lost, it is tried again")
