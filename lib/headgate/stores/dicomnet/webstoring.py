"""STOW-RS as it is served (PS3.18 10.5): instances into the same quarantine, by the same checks."""

import asyncio
import hmac
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import parse_options_header
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from headgate.core.bugs import described
from headgate.core.grammar import is_uid
from headgate.core.upperlayer.commands import OUT_OF_RESOURCES, PROCESSING_FAILURE, SUCCESS
from headgate.stores.dicomnet.receiver import plain
from headgate.stores.dicomnet.webparts import Body, Door, Part, Stored

MOST_BOUNDARY = 256  # RFC 2046 5.1.1 says 70, and Orthanc writes 73
TYPE, PART_TYPE = b"multipart/related", b"application/dicom"
# PS3.18 Table 10.5.3-1 and RFC 9110
ALL, SOME, BROKEN, NONE, FAILED_HERE, LATER = 200, 202, 400, 409, 500, 503
DICOM_JSON = "application/dicom+json"
# PS3.6: the attributes of PS3.18 Annex I.2
FAILED, REFERENCED = "00081198", "00081199"
REFERENCED_CLASS, REFERENCED_INSTANCE, REASON = "00081150", "00081155", "00081197"

log = logging.getLogger("headgate.receiver")


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

    async def fail(request: Request, bug: Exception) -> Response:
        door.tally.count("refused")
        log.error("%s in a STOW-RS request from %s", described(bug), _address(request))
        return Response("a bug: what was whole before is kept; send again\n", FAILED_HERE)

    paths = ("/studies", "/studies/{study}")
    routes = [Route(path, store, methods=["POST"]) for path in paths]
    return Starlette(routes=routes, exception_handlers={Exception: fail})


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
    body = Body(options[b"boundary"], lambda: Part(door, address, study))
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
