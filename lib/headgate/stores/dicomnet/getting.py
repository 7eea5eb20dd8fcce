"""C-GET: a PACS sends what it is asked for on the association that asks; PS3.4 C.4.3."""

import logging
from collections.abc import Iterator, Mapping
from typing import Protocol

from headgate.core.dicom.filemeta import file_head
from headgate.core.errors import HeadgateError
from headgate.core.grammar import is_uid
from headgate.core.upperlayer import commands
from headgate.core.upperlayer.commands import SUCCESS, Command
from headgate.core.upperlayer.negotiation import IMPLICIT_LITTLE
from headgate.core.upperlayer.pdus import ProtocolError, Role
from headgate.stores.dicomnet import pacs
from headgate.stores.dicomnet.association import Report
from headgate.stores.dicomnet.channel import Channel, Peer
from headgate.stores.dicomnet.identifiers import Values, encode

STUDY_ROOT_GET = "1.2.840.10008.5.1.4.1.2.2.3"
PENDING = 0xFF00
MOST_UIDS = 100  # asked for at once
STORAGE = "1.2.840.10008.5.1.4.1.1."
# PS3.6 Table A-1: each in a context of its own, so that instances come as they are stored
SYNTAXES = (
    "1.2.840.10008.1.2.1", IMPLICIT_LITTLE, "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.50",
    "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57",
    "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2",
    "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203",
    "1.2.840.10008.1.2.4.100", "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.107",
)  # fmt: skip
CLASSES_AT_ONCE = (pacs.CONTEXTS_AT_MOST - 1) // len(SYNTAXES)
# where a PACS does not tell what the instances of a series are: CR, DX, MG, CT, MR, their enhanced
# ones, US, SC, XA, RF, NM, PET, RT, SEG, SR, PR, OP, slides
USUAL = tuple(STORAGE + one for one in (
    "1", "1.1", "1.2", "2", "2.1", "4", "4.1", "6.1", "3.1", "7", "12.1", "12.2", "20", "128",
    "130", "481.1", "481.2", "481.3", "481.5", "66.4", "88.11", "88.22", "88.33", "11.1",
    "77.1.5.1", "77.1.6",
))  # fmt: skip
USUAL_SYNTAXES = SYNTAXES[:4]

log = logging.getLogger("headgate.pacs")


class Draft(Protocol):
    """An instance that is being written."""

    def write(self, piece: bytes | memoryview) -> None:
        """Given more of it, write it. Raise OSError as the disk does."""

    def settle(self) -> None:
        """Make it durable under its name. Raise OSError as the disk does."""

    def discard(self) -> None:
        """Leave nothing of it."""


class Shelf(Protocol):
    """Where what comes is put."""

    def draft(self, sop_instance: str, head: bytes) -> Draft:
        """Given an instance and how its file begins, begin it. Raise OSError as the disk does."""


class Landing:
    """One instance that a PACS sends; trouble with the disk is the status of the response."""

    def __init__(self, shelf: Shelf, command: Command, sop_class: str, syntax: str) -> None:
        self._trouble: OSError | None = None
        sop_instance = command.uid(commands.AFFECTED_INSTANCE)
        if not (is_uid(sop_instance) and is_uid(sop_class)):
            raise ProtocolError("a C-STORE of what has no UID")
        self._draft = shelf.draft(sop_instance, file_head(sop_class, sop_instance, syntax))

    def write(self, piece: memoryview) -> None:
        """Given more of the data set, write it; after trouble, let it pass."""
        if self._trouble is None:
            try:
                self._draft.write(piece)
            except OSError as trouble:
                self._trouble = trouble

    def finish(self) -> int:
        """Return the status of the response."""
        try:
            if self._trouble:
                raise self._trouble
            self._draft.settle()
        except (OSError, HeadgateError):
            self._draft.discard()
            return commands.OUT_OF_RESOURCES
        return SUCCESS

    def report(self) -> Report | None:
        """There is nothing to tell beside the status."""
        return None

    def discard(self) -> None:
        """The rest does not come."""
        self._draft.discard()


def get(
    peer: Peer, shelf: Shelf, study: str, series: str, lacking: Mapping[str, str], is_all: bool
) -> None:
    """Given a series, of which instances lack, by SOP instance their classes or '', and whether
    these are all of it, have the PACS send them onto a shelf; what it does not send still lacks.

    Raise Unsupported when it takes no C-GET; Unavailable.
    """
    for classes, several in _parts(lacking):
        kinds = [(one, syntax) for one in classes for syntax in SYNTAXES]
        if not classes:
            kinds = [(one, syntax) for one in USUAL for syntax in USUAL_SYNTAXES]
        roles = tuple(Role(one, is_user=False, is_provider=True) for one in {k[0] for k in kinds})
        association = pacs.associate(peer, [(STUDY_ROOT_GET, IMPLICIT_LITTLE), *kinds], roles)
        try:
            is_whole = is_all and len(several) == len(lacking)
            for query in queries(study, series, [] if is_whole else several):
                _get(association.channel, peer, shelf, query)
        finally:
            association.release()


def queries(study: str, series: str, instances: list[str]) -> Iterator[Values]:
    """Given a series and some of its instances, or none for all, yield identifiers for them."""
    for start in range(0, max(1, len(instances)), MOST_UIDS):
        level = "IMAGE" if instances else "SERIES"
        query = {
            "QueryRetrieveLevel": level, "StudyInstanceUID": study, "SeriesInstanceUID": series,
        }  # fmt: skip
        if instances:
            query["SOPInstanceUID"] = "\\".join(instances[start : start + MOST_UIDS])
        yield query


def _parts(lacking: Mapping[str, str]) -> Iterator[tuple[list[str], list[str]]]:
    """The instances in parts whose classes go into one association; unknown classes apart."""
    classes = sorted({one for one in lacking.values() if is_uid(one)})
    for start in range(0, len(classes), CLASSES_AT_ONCE):
        some = classes[start : start + CLASSES_AT_ONCE]
        yield some, [name for name, one in lacking.items() if one in some]
    if unknown := [name for name, one in lacking.items() if one not in classes]:
        yield [], unknown


def _get(channel: Channel, peer: Peer, shelf: Shelf, query: Values) -> None:
    if not channel.takes(STUDY_ROOT_GET, IMPLICIT_LITTLE):
        raise pacs.Unsupported(f"{peer} takes no C-GET: set pull of the PACS to another way")
    status = PENDING
    coming: list[Landing] = []

    def sink_of(number: int, command: Command) -> Landing | None:
        if command.number(commands.FIELD) != commands.C_STORE_RQ:
            return None
        coming.append(Landing(shelf, command, *channel.kind_of(number)))
        return coming[-1]

    try:
        with channel.talking("C-GET"):
            values: dict[int, str | int] = {commands.PRIORITY: 0}
            channel.ask(commands.C_GET_RQ, STUDY_ROOT_GET, IMPLICIT_LITTLE, [encode(query)], values)
            while status == PENDING:
                message = channel.next(sink_of)
                field = message.command.number(commands.FIELD)
                if field == commands.C_STORE_RQ and coming:
                    channel.respond(message, coming.pop().finish())
                elif field == commands.C_GET_RQ | commands.RESPONSE:
                    status = message.command.number(commands.STATUS)
                else:
                    raise ProtocolError("an answer to what was not asked")
    finally:
        for one in coming:
            one.discard()
    if status != SUCCESS:
        log.warning("%s ended a C-GET with 0x%04X", peer, status)
