"""The parts of a STOW-RS request (PS3.18 10.5), stored as they come, by the checks of C-STORE."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser

from headgate.core.dicom.elements import Malformed
from headgate.core.dicom.filemeta import (
    SOP_CLASS,
    SOP_INSTANCE,
    TRANSFER_SYNTAX,
    file_head,
    journey,
    meta_length,
    read_meta,
)
from headgate.core.grammar import is_uid
from headgate.core.upperlayer.commands import SUCCESS
from headgate.stores.dicomnet.receiver import Admission, Limits
from headgate.stores.dicomnet.storing import LONGEST_UID, Quarantine, Storing
from headgate.stores.dicomnet.tally import Tally

CALLING = "STOW-RS"  # what the file meta information tells in the place of an AE title
NO_DICOM, OTHER_STUDY = 0xC122, 0xA900  # PS3.18 Table I.2.2-1; PS3.4 Table B.2-1
LONGEST_META = 64 << 10
LONGEST_PREAMBLE = 64 << 10  # RFC 2046 5.1.1: to be ignored


@dataclass(frozen=True)
class Door:
    """Who is let in, to where, and as what; `token` is '' where certificates tell who calls."""

    quarantine: Quarantine
    tally: Tally
    admission: Admission
    limits: Limits
    token: str
    called: str


@dataclass
class Stored:
    """What became of a part."""

    sop_class: str
    sop_instance: str
    status: int


class Part:
    """A file on its way: its meta information first, then its data set, as it comes."""

    def __init__(self, door: Door, address: str, study: str) -> None:
        self._door, self._study = door, study
        self._journey = journey(CALLING, door.called, address)
        self._start = bytearray()
        self._storing: Storing | None = None
        self.stored = Stored("", "", SUCCESS)

    def write(self, piece: memoryview) -> None:
        if self.stored.status:
            return
        if self._storing:
            self._storing.write(piece)
            return
        self._start += piece
        try:
            self._begin()
        except Malformed:
            self.stored.status = NO_DICOM

    def finish(self) -> Stored:
        """Return what became of it, when it is safe or has to be sent again."""
        if self._storing is None:
            self.stored.status = self.stored.status or NO_DICOM
        elif self._study and self._storing.study != self._study:
            self.discard()
            self.stored.status = OTHER_STUDY
        else:
            self.stored.status = self._storing.finish()
            self.discard()
        return self.stored

    def discard(self) -> None:
        if self._storing:
            self._storing.discard()

    def _begin(self) -> None:
        length = meta_length(bytes(self._start[:LONGEST_META]))
        if length is not None and length > LONGEST_META:
            raise Malformed("the file meta information is too long")
        if length is None or len(self._start) < length:
            return
        meta, _ = read_meta(bytes(self._start[:length]))
        uids = [meta.get(tag, "") for tag in (SOP_CLASS, SOP_INSTANCE, TRANSFER_SYNTAX)]
        if not all(is_uid(uid) and len(uid) <= LONGEST_UID for uid in uids):
            raise Malformed("the file meta information lacks a UID")
        sop_class, instance, syntax = uids
        self.stored = Stored(sop_class, instance, SUCCESS)
        head = file_head(sop_class, instance, syntax, self._journey)
        door = self._door
        self._storing = Storing(
            door.quarantine, door.tally.count, instance, head, syntax, door.limits.object_bytes
        )
        self._storing.write(memoryview(bytes(self._start[length:])))


class Body:
    """The parts of a request's body, each stored as it comes."""

    def __init__(self, boundary: bytes, open_part: Callable[[], Part]) -> None:
        self.found: list[Stored] = []
        self.part: Part | None = None
        self.is_whole = False
        self._open_part = open_part
        self._delimiter = b"\r\n--" + boundary
        self._before: bytearray | None = bytearray(b"\r\n")
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._close,
        }
        self._parser = MultipartParser(boundary, callbacks)

    def write(self, piece: bytes) -> None:
        """Given more of the body, take it. Raise MultipartParseError."""
        if self._before is not None:
            self._before += piece
            at = self._before.find(self._delimiter)
            if at < 0:
                if len(self._before) > LONGEST_PREAMBLE:
                    raise MultipartParseError("no part begins")
                return
            piece, self._before = bytes(self._before[at + 2 :]), None
        self._parser.write(piece)

    def discard(self) -> None:
        if self.part:
            self.part.discard()

    def _begin(self) -> None:
        self.part = self._open_part()

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self.part:
            self.part.write(memoryview(data)[start:end])

    def _end(self) -> None:
        if self.part:
            self.found.append(self.part.finish())
        self.part = None

    def _close(self) -> None:
        self.is_whole = True
