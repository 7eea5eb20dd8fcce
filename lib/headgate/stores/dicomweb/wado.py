"""WADO-RS: instances of a DICOMweb service, taken as they come (PS3.18 10.4)."""

import re
from collections.abc import Iterator
from typing import Protocol

import requests

from headgate.core.errors import Unavailable
from headgate.stores.dicomweb.stow import elsewhere

AT_ONCE = 1 << 16
MOST_HEAD = 1 << 14  # of what stands before a part
# as they are stored
ACCEPT = 'multipart/related; type="application/dicom"; transfer-syntax=*'
BOUNDARY = re.compile(r'boundary="?([^";,]+)"?', re.IGNORECASE)
DOUBLE_LINE = b"\r\n\r\n"


class Draft(Protocol):
    """An instance that is being written."""

    def write(self, piece: bytes | memoryview) -> None:
        """Given more of it, write it."""

    def settle(self) -> None:
        """Make it durable under its name."""

    def discard(self) -> None:
        """Leave nothing of it."""


class Shelf(Protocol):
    """Where what comes is put."""

    def unnamed(self) -> Draft:
        """Begin an instance whose file will tell what it is."""


def session(token: str) -> requests.Session:
    """Given a bearer token or '', return what requests are made with."""
    made = requests.Session()
    made.headers["Accept"] = ACCEPT
    if token:
        made.headers["Authorization"] = f"Bearer {token}"
    return made


def retrieve(made: requests.Session, url: str, timeout: float, place: str, shelf: Shelf) -> None:
    """Given a service and the path of a series or an instance, put what it has onto a shelf.

    Raise Unavailable; what came whole stays on the shelf.
    """
    where = f"{url.rstrip('/')}{place}"
    try:
        with made.get(where, timeout=timeout, stream=True, allow_redirects=False) as answer:
            answer.raise_for_status()
            if answer.is_redirect:
                raise elsewhere(answer.status_code)
            found = BOUNDARY.search(answer.headers.get("Content-Type", ""))
            if found is None:
                raise Unavailable("the DICOMweb service answers WADO-RS with what has no parts")
            _take(_Parts(answer.iter_content(AT_ONCE), found[1].encode("latin-1")), shelf)
    except requests.RequestException as error:
        raise Unavailable(
            f"the DICOMweb service does not give what it holds ({type(error).__name__})"
        ) from error


def _take(parts: "_Parts", shelf: Shelf) -> None:
    while parts.has_next():
        draft = shelf.unnamed()
        is_whole = False
        try:
            for piece in parts.body():
                draft.write(piece)
            draft.settle()
            is_whole = True
        finally:
            if not is_whole:
                draft.discard()


class _Parts:
    """A multipart body (RFC 2046), of which no more is in memory than a piece."""

    def __init__(self, pieces: Iterator[bytes], boundary: bytes) -> None:
        self._pieces, self._mark = pieces, b"\r\n--" + boundary
        self._buffer = b"\r\n"  # the first boundary may lack it

    def has_next(self) -> bool:
        """Return whether there is another part, and go to where its body begins."""
        while (at := self._buffer.find(self._mark)) < 0 or len(self._buffer) < at + len(
            self._mark
        ) + 2:
            self._buffer = self._buffer[-len(self._mark) - 2 :] if at < 0 else self._buffer[at:]
            self._more()
        self._buffer = self._buffer[at + len(self._mark) :]
        if self._buffer.startswith(b"--"):
            return False
        while (at := self._buffer.find(DOUBLE_LINE)) < 0:
            if len(self._buffer) > MOST_HEAD:
                raise Unavailable("the DICOMweb service sends a part without an end of its head")
            self._more()
        self._buffer = self._buffer[at + len(DOUBLE_LINE) :]
        return True

    def body(self) -> Iterator[bytes]:
        """Yield the body of the part, up to the boundary, which stays."""
        while (at := self._buffer.find(self._mark)) < 0:
            keep = len(self._mark) - 1
            if len(self._buffer) > keep:
                yield self._buffer[:-keep]
                self._buffer = self._buffer[-keep:]
            self._more()
        yield self._buffer[:at]
        self._buffer = self._buffer[at:]

    def _more(self) -> None:
        piece = next(self._pieces, b"")
        if not piece:
            raise Unavailable("the DICOMweb service broke off amid an answer")
        self._buffer += piece
