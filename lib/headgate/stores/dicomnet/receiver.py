"""The DICOM peer that scanners see: C-STORE and C-ECHO, acknowledged when safe on disk."""

import errno
import ipaddress
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID
from pynetdicom import (
    AE,
    ALL_TRANSFER_SYNTAXES,
    NonPatientObjectPresentationContexts,
    _config,
    evt,
)

from headgate.core.elements import study_instance_uid
from headgate.core.errors import HeadgateError, Unavailable
from headgate.core.grammar import is_ae_title, is_uid
from headgate.core.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from headgate.stores.dicomnet.sockets import HURRYING

VERIFICATION = "1.2.840.10008.1.1"

log = logging.getLogger("headgate.receiver")

# PS3.4 B.2.3 and PS3.7 Annex C: statuses of C-STORE
SUCCESS, OUT_OF_RESOURCES, PROCESSING_FAILURE = 0x0000, 0xA700, 0x0110
# PS3.8 9.3.4: result, source, reason of A-ASSOCIATE-RJ
REFUSED_CALLING = (1, 1, 3)
REFUSED_CALLED = (1, 1, 7)
REFUSED_NO_REASON = (1, 1, 1)
NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Admission:
    """Who may send: calling and called AE titles, and networks; an empty list admits all."""

    calling: frozenset[str] = frozenset()
    called: frozenset[str] = frozenset()
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...] = ()

    def refusal(self, calling: str, called: str, address: str) -> tuple[int, int, int] | None:
        """Given who calls whom from where, return result, source and reason of a refusal."""
        if not is_ae_title(calling) or (self.calling and calling not in self.calling):
            return REFUSED_CALLING
        if not is_ae_title(called) or (self.called and called not in self.called):
            return REFUSED_CALLED
        where = ipaddress.ip_address(address)
        if self.networks and not any(where in network for network in self.networks):
            return REFUSED_NO_REASON
        return None


@dataclass
class Receiver:
    """A running C-STORE SCP.

    `keep(study, sop_instance, head, dataset)` puts an instance on disk and returns a word for it;
    `has_room(size)` tells whether the disk may take so many bytes.
    """

    keep: Callable[[str | None, str, bytes, memoryview], str]
    has_room: Callable[[int], bool]
    ae_title: str
    admission: Admission = field(default_factory=Admission)
    maximum_associations: int = 64
    maximum_pdu: int = 131072
    idle_seconds: float = 60
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        # every storage SOP class, also unknown and private ones, in the syntax proposed first
        _config.UNRESTRICTED_STORAGE_SERVICE = True
        self._counting = threading.Lock()
        self._entity = AE(ae_title=self.ae_title)
        self._entity.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
        self._entity.implementation_version_name = IMPLEMENTATION_VERSION
        self._entity.add_supported_context(VERIFICATION)
        for context in NonPatientObjectPresentationContexts:  # PS3.4 Annex GG, stored likewise
            self._entity.add_supported_context(str(context.abstract_syntax), ALL_TRANSFER_SYNTAXES)
        self._entity.maximum_associations = self.maximum_associations
        self._entity.maximum_pdu_size = self.maximum_pdu
        self._entity.network_timeout = self.idle_seconds
        self._entity.dimse_timeout = self.idle_seconds
        self._server: Any = None

    def start(self, address: str, port: int) -> int:
        """Given where to listen (port 0: any free one), begin; return the port.

        Raise Unavailable when the port cannot be had.
        """
        handlers: list[Any] = [
            *HURRYING,
            (evt.EVT_REQUESTED, self._admit),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, lambda _event: SUCCESS),
        ]
        try:
            self._server = self._entity.start_server(
                (address, port), block=False, evt_handlers=handlers
            )
        except OSError as error:
            raise Unavailable(
                f"the receiver cannot listen on port {port} ({error.strerror}): find what holds it "
                "with 'ss -ltnp', or set receiver.port"
            ) from error
        return int(self._server.server_address[1])

    def open_associations(self) -> int:
        """Return how many associations are open."""
        return sum(one.is_established for one in self._entity.active_associations)

    def stop(self, grace_seconds: float) -> int:
        """Take no new associations, let the open ones finish; return how many had to be aborted.

        A connection that never asked for an association, a probe's, is not waited for.
        """
        self._server.shutdown()
        deadline = time.monotonic() + grace_seconds
        for association in self._entity.active_associations:
            if association.is_established:
                association.join(max(0.0, deadline - time.monotonic()))
        left = self._entity.active_associations
        aborted = sum(association.is_established for association in left)
        for association in left:
            association.abort() if association.is_established else association.kill()
        return aborted

    def _admit(self, event: Any) -> None:
        request = event.assoc.requestor.primitive
        calling, called = request.calling_ae_title.strip(), request.called_ae_title.strip()
        address = event.assoc.requestor.address_info.address
        refusal = self.admission.refusal(calling, called, address)
        if refusal:
            self._count("refused")
            log.warning(
                "refused an association of %r to %r from %s: not on the allow-lists",
                calling,
                called,
                address,
            )
            event.assoc.acse.send_reject(*refusal)
            event.assoc.kill()  # waits until the refusal is on its way

    def _store(self, event: Any) -> int:
        dataset = event.request.DataSet.getbuffer()
        sop_instance = str(event.request.AffectedSOPInstanceUID)
        if not self.has_room(len(dataset)):
            self._count("no_room")
            log.error("%s: refused with 0xA700: the disk is nearly full", _shown(sop_instance))
            return OUT_OF_RESOURCES
        syntax = str(event.context.transfer_syntax)
        study = study_instance_uid(dataset, syntax)
        try:
            kept = self.keep(
                study if study and is_uid(study) else None, sop_instance, _head(event), dataset
            )
        except (OSError, HeadgateError) as error:
            return self._failed(sop_instance, error)
        self._count(kept)
        if kept == "conflict":
            log.warning(
                "%s: came again with other bytes; both are kept, the first one counts", sop_instance
            )
        return SUCCESS

    def _failed(self, sop_instance: str, error: Exception) -> int:
        cause = error if isinstance(error, OSError) else error.__cause__
        is_full = isinstance(cause, OSError) and cause.errno in NO_ROOM
        self._count("no_room" if is_full else "failed")
        status = OUT_OF_RESOURCES if is_full else PROCESSING_FAILURE
        reason = getattr(cause, "strerror", None) or type(error).__name__
        log.error("%s: refused with 0x%04X: %s", _shown(sop_instance), status, reason)
        return status

    def _count(self, word: str) -> None:
        with self._counting:
            self.counts[word] += 1


def _head(event: Any) -> bytes:
    """PS3.10 7.1: the preamble, and the file meta information that tells who sent this whither."""
    requestor = event.assoc.requestor
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = event.request.AffectedSOPClassUID
    meta.MediaStorageSOPInstanceUID = event.request.AffectedSOPInstanceUID
    meta.TransferSyntaxUID = event.context.transfer_syntax
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    meta.SourceApplicationEntityTitle = requestor.primitive.calling_ae_title.strip()
    meta.SendingApplicationEntityTitle = requestor.primitive.calling_ae_title.strip()
    meta.ReceivingApplicationEntityTitle = requestor.primitive.called_ae_title.strip()
    meta.SendingPresentationAddress = f"dicom://{requestor.address_info.address}"
    stream = DicomBytesIO()
    stream.write(bytes(128) + b"DICM")
    write_file_meta_info(stream, meta)
    return stream.getvalue()


def _shown(sop_instance: str) -> str:
    """What is no UID may be anything, a name too: it is not shown."""
    return sop_instance if is_uid(sop_instance) else "an instance whose UID is none"
