"""The HTTP server: one endpoint for the API, and the pages."""

import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from headgate.core.errors import Misconfigured, Unavailable
from headgate.tracker import api
from headgate.tracker.limits import BANNED_STATUS, Limit
from headgate.tracker.loading import load_folder, tokens_of
from headgate.tracker.pages import routes
from headgate.tracker.storage.database import connect, prepare
from headgate.tracker.wire.answers import MEDIA_TYPES, Answer, Refused, refusal
from headgate.tracker.wire.parameters import Parameters, Upload, parameters_from
from headgate.tracker.wire.sending import LongResponse

LARGEST_BODY = 64 * 1024 * 1024
MOST_PARTS = 50_000
STOPPING_SECONDS = 10
HEADERS = {
    "Expires": "0",
    "Cache-Control": "no-store, no-cache, must-revalidate",
    "Pragma": "no-cache",
    "Access-Control-Allow-Origin": "*",
}
NOT_IMPLEMENTED = "The requested method is not implemented."


@dataclass(frozen=True)
class Running:
    """A tracker that runs in a thread of this process."""

    url: str
    tokens: dict[str, str]
    database: Path
    stop: Callable[[], None]


def start(
    database: Path,
    port: int = 0,
    load: Path | None = None,
    each_minute: int = 0,
    site: str = "",
) -> Running:
    """Given a database file and dictionaries to load, return a tracker that serves on loopback.

    `each_minute` is the number of requests an address may make in a minute; 0: any number.
    `site` is the address that links to surveys begin with; blank: the one a request was sent to.
    """
    tokens = ready(database, load)
    listener = listen("127.0.0.1", port)
    server = server_for(database, each_minute, site)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="tracker", daemon=True
    )
    thread.start()

    def stop() -> None:
        server.should_exit = True
        thread.join(STOPPING_SECONDS)
        listener.close()

    return Running(address(listener), tokens, database, stop)


def ready(database: Path, load: Path | None) -> dict[str, str]:
    """Given a database file and dictionaries, make what is missing, and return the tokens."""
    prepare(database)
    with closing(connect(database)) as connection:
        if load is not None:
            load_folder(connection, load)
        return tokens_of(connection)


def listen(host: str, port: int) -> socket.socket:
    """Given a host and a port (0: any free one), return a socket that takes connections already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named as TCP, or asyncio leaves Nagle's delay of 40 ms on for every answer.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(128)
    except (OSError, OverflowError) as error:
        listener.close()
        raise Misconfigured(f"tracker: cannot listen on {host} port {port}: {error}") from error
    return listener


def address(listener: socket.socket) -> str:
    """Given the listening socket, return the API's address."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/api/"


def server_for(database: Path, each_minute: int = 0, site: str = "") -> uvicorn.Server:
    """Given a prepared database, return the server, which runs on sockets given to its `run`."""
    configuration = uvicorn.Config(
        application(database, each_minute, site),
        lifespan="off",
        access_log=False,
        log_level="warning",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=STOPPING_SECONDS,
    )
    return uvicorn.Server(configuration)


def application(database: Path, each_minute: int = 0, site: str = "") -> Starlette:
    """Given a prepared database, return the ASGI application."""
    limit = Limit(database, each_minute)
    # As long as this connection is open, closing another one makes no checkpoint.
    keeper = connect(database)
    keeper.execute("SELECT 1 FROM projects").fetchall()

    async def endpoint(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if banned := await run_in_threadpool(limit.refuses, client):
            return Response(banned, BANNED_STATUS, HEADERS, media_type="text/html")
        if request.method != "POST":
            return _response(refusal(NOT_IMPLEMENTED, 501, "xml"))
        parameters = Parameters()
        try:
            parameters = await _parameters(request)
            parameters.site = (site or str(request.base_url)).rstrip("/")
            return _response(await run_in_threadpool(_answer, database, parameters))
        except Refused as error:
            return _response(refusal(error.message, error.status, parameters.answer_format()))
        except (sqlite3.OperationalError, Unavailable) as error:
            # Busy for too long, or the disk is full: nothing was changed.
            message = f"The database cannot be used now: {error}"
            return _response(refusal(message, 500, parameters.answer_format()))
        except ClientDisconnect:
            return Response(status_code=400)

    methods = ["GET", "POST", "PUT", "DELETE", "PATCH"]
    api_routes = [Route(path, endpoint, methods=methods) for path in ("/api/", "/api")]
    app = Starlette(routes=[*api_routes, *routes.routes(database)])
    app.state.keeper = keeper
    return app


def _answer(database: Path, parameters: Parameters) -> Answer:
    with ExitStack() as opened:
        connection = opened.enter_context(closing(connect(database)))
        answer = api.answer(connection, parameters, opened)
        if isinstance(answer.body, str | bytes):
            return answer
        # The rows are read as they are sent: what they are read from stays open until the end.
        return replace(answer, body=_kept_open(answer.body, opened.pop_all()))


def _kept_open(chunks: Iterator[str], opened: ExitStack) -> Iterator[str]:
    with opened:
        yield from chunks


async def _parameters(request: Request) -> Parameters:
    body = await _body(request)
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
        return parameters_from(pairs)

    async def again() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    whole = Request(request.scope, again)
    sizes = {"max_files": 1, "max_fields": MOST_PARTS, "max_part_size": LARGEST_BODY}
    try:
        async with whole.form(**sizes) as form:
            parameters = parameters_from(
                (name, value) for name, value in form.multi_items() if isinstance(value, str)
            )
            parameters.file = await _upload(form.get("file"))
            return parameters
    except HTTPException as error:
        # Two files, or no multipart body at all.
        raise Refused(error.detail) from error


async def _upload(part: UploadFile | str | None) -> Upload | None:
    if not isinstance(part, UploadFile):
        return None
    return Upload(part.filename or "", part.content_type or "", await part.read())


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Refused(f"The request is larger than {LARGEST_BODY} bytes", 413)
    return bytes(body)


def _response(answer: Answer) -> Response:
    headers = {**HEADERS, "Content-Type": answer.content_type or MEDIA_TYPES[answer.format]}
    if isinstance(answer.body, str | bytes):
        return Response(answer.body, answer.status, headers)
    return LongResponse(answer.body, answer.status, headers)
