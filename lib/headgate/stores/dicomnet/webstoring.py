"""STOW-RS as it is served (PS3.18 10.5): instances into the same quarantine, by the same checks."""

import asyncio
import hmac
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

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
from headgate.core.upperlayer.commands import OUT_OF_RESOURCES, PROCESSING_FAILURE, SUCCESS
from headgate.stores.dicomnet.receiver import Admission, Limits, plain
from headgate.stores.dicomnet.storing import LONGEST_UID, Quarantine, Storing
from headgate.stores.dicomnet.tally import Tally

CALLING = "STOW-RS"  # what the file meta information tells in the place of an AE title
NO_DICOM, OTHER_STUDY = 0xC122, 0xA900  # PS3.18 Table I.2.2-1; PS3.4 Table B.2-1
LONGEST_META = 64 << 10
LONGEST_PREAMBLE = 64 << 10  # RFC 2046 5.1.1: to be ignored
MOST_BOUNDARY = 256  # RFC 2046 5.1.1 says 70, and Orthanc writes 73
TYPE, PART_TYPE = b"multipart/related", b"application/dicom"
# PS3.18 Table 10.5.3-1 and RFC 9110
ALL, SOME, BROKEN, NONE, LATER = 200, 202, 400, 409, 503
DICOM_JSON = "application/dicom+json"
# PS3.6: the attributes of PS3.18 Annex I.2
FAILED, REFERENCED = "00081198", "00081199"
REFERENCED_CLASS, REFERENCED_INSTANCE, REASON = "00081150", "00081155", "00081197"

log = logging.getLogger("headgate.receiver")


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


class _Part:
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


class _Body:
    """The parts of a request's body, each stored as it comes."""

    def __init__(self, boundary: bytes, open_part: Callable[[], _Part]) -> None:
        self.found: list[Stored] = []
        self.part: _Part | None = None
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


def application(door: Door) -> Starlette:
    """Given who is let in to where, return the service: POST /studies and /studies/{study}."""

    async def store(request: Request) -> Response:
        refused = _refusal(door, request)
        if refused:
            return refused
        door.tally.opened()
        try:
            return await _stored(door, request)
        finally:
            door.tally.closed()

    paths = ("/studies", "/studies/{study}")
    return Starlette(routes=[Route(path, store, methods=["POST"]) for path in paths])


def _refusal(door: Door, request: Request) -> Response | None:
    address = _address(request)
    if not address or not door.admission.admits(address):
        return _refused(door, address, "not in receiver.networks", 403)
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    is_known = hmac.compare_digest(given.strip().encode(), door.token.encode())
    if door.token and not (scheme.lower() == "bearer" and is_known):
        return _refused(door, address, "it has no valid token", 401, WWW_Authenticate="Bearer")
    if door.tally.open_in_all() >= door.limits.associations:
        return _refused(door, address, "too many associations are open", LATER, Retry_After="10")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        told = {"Accept_Encoding": "identity"}
        return _refused(door, address, "a body is taken as it is, not compressed", 415, **told)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary, part = options.get(b"boundary", b""), options.get(b"type", PART_TYPE)
    if (kind.lower(), part.lower()) != (TYPE, PART_TYPE) or not 0 < len(boundary) <= MOST_BOUNDARY:
        return _refused(door, address, "multipart/related of application/dicom is taken", 415)
    study = str(request.path_params.get("study", ""))
    return (
        _refused(door, address, "its study is no UID", 400) if study and not is_uid(study) else None
    )


def _address(request: Request) -> str:
    """Return where it comes from, as a proxy on this machine may tell; '' where that is none."""
    try:
        return plain(request.client.host if request.client else "")
    except ValueError:
        return ""


def refuse_connection(door: Door, reason: str) -> None:
    """Given why a connection is not let in, count and tell it."""
    door.tally.count("refused")
    log.warning("refused a connection for STOW-RS: %s", reason)


def _refused(door: Door, address: str, reason: str, status: int, **headers: str) -> Response:
    door.tally.count("refused")
    log.warning("refused a STOW-RS request from %s: %s", address or "an unclear address", reason)
    several = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(f"{reason}\n", status, several)


async def _stored(door: Door, request: Request) -> Response:
    _, options = parse_options_header(request.headers.get("content-type", ""))
    study, address = str(request.path_params.get("study", "")), _address(request)
    body = _Body(options[b"boundary"], lambda: _Part(door, address, study))
    # a thread of its own: a file is written by the thread that opened it
    with ThreadPoolExecutor(1) as thread:
        try:
            chunks, loop = aiter(request.stream()), asyncio.get_running_loop()
            while piece := await _next(chunks, door.limits.idle_seconds):
                await loop.run_in_executor(thread, body.write, piece)
        except (MultipartParseError, ClientDisconnect, TimeoutError):
            pass  # what was whole before is stored, and told where somebody still listens
        finally:
            body.discard()
    if not body.is_whole:
        log.warning("a STOW-RS request from %s broke off, or is no multipart/related", address)
    return _answer(body.found, is_whole=body.is_whole)


async def _next(chunks: Any, seconds: float) -> bytes:
    """Return the next bytes that are not blank; b'' at the end. Raise TimeoutError."""
    async with asyncio.timeout(seconds):
        async for piece in chunks:
            if piece:
                return bytes(piece)
    return b""


def _answer(found: list[Stored], *, is_whole: bool) -> Response:
    """Return what became of every part that could be told from the others: PS3.18 10.5.3."""
    kept = [one for one in found if one.status == SUCCESS]
    failed = [one for one in found if one.status != SUCCESS]
    told: dict[str, Any] = {}
    if kept:
        told[REFERENCED] = {"vr": "SQ", "Value": [_reference(one) for one in kept]}
    if failed:
        told[FAILED] = {"vr": "SQ", "Value": [_reference(one) for one in failed]}
    status = _status(kept, failed, is_whole=is_whole)
    return JSONResponse(told, status, media_type=DICOM_JSON)


def _status(kept: list[Stored], failed: list[Stored], *, is_whole: bool) -> int:
    if kept:
        return ALL if is_whole and not failed else SOME
    if not is_whole and not failed:
        return BROKEN
    is_for_now = {one.status for one in failed} <= {OUT_OF_RESOURCES, PROCESSING_FAILURE}
    return LATER if failed and is_for_now else NONE


def _reference(one: Stored) -> dict[str, Any]:
    told: dict[str, Any] = {
        REFERENCED_CLASS: {"vr": "UI", "Value": [one.sop_class]},
        REFERENCED_INSTANCE: {"vr": "UI", "Value": [one.sop_instance]},
    }
    if one.status != SUCCESS:
        told[REASON] = {"vr": "US", "Value": [one.status]}
    return told
