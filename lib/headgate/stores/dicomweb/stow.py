"""STOW-RS: one instance to a DICOMweb service (PS3.18 10.5)."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import requests

from headgate.core.errors import Rejected, Unavailable

BOUNDARY = b"headgate-instance-boundary-8f14e45fceea167a"
HEAD = b"--" + BOUNDARY + b"\r\nContent-Type: application/dicom\r\n\r\n"
TAIL = b"\r\n--" + BOUNDARY + b"--\r\n"
ROOM = 1 << 20
TYPE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY.decode()}'
# PS3.18 Table 10.5.3-1, and what a proxy says for a service that is away
LATER = {408, 425, 429, 500, 502, 503, 504, 507}
OF_US = {401, 403, 404, 405, 407}
ELSEWHERE = range(300, 400)
SOME = 202
FAILED, REFERENCED = "00081198", "00081199"
REASON, INSTANCE = "00081197", "00081155"
STORED, PROCESSING_FAILURE = 0, 0x0110  # of PS3.7 Annex C


class Body:
    """A file in parts as the body of a request: sent as it lies, its length known before."""

    def __init__(self, parts: list[bytes | memoryview]) -> None:
        self._parts = [HEAD, *parts, TAIL]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[bytes]:
        return (bytes(part[at : at + ROOM]) for part in self._parts for at in self._starts(part))

    def _starts(self, part: bytes | memoryview) -> range:
        return range(0, len(part), ROOM)


def session(token: str) -> requests.Session:
    """Given a bearer token or '', return what requests are made with."""
    made = requests.Session()
    made.headers.update({"Accept": "application/dicom+json", "Content-Type": TYPE})
    if token:
        made.headers["Authorization"] = f"Bearer {token}"
    return made


def store(
    made: requests.Session,
    url: str,
    timeout: float,
    sop_instance: str,
    file: list[bytes | memoryview],
) -> int:
    """Given a service and a file in parts, store it; return 0, or the reason for its failure.

    Raise Rejected when the service refuses it without one; Unavailable.
    """
    try:
        answer = made.post(
            f"{url.rstrip('/')}/studies", data=Body(file), timeout=timeout, allow_redirects=False
        )
    except requests.RequestException as error:
        raise Unavailable(
            f"the DICOMweb service does not answer ({type(error).__name__})"
        ) from error
    _check_service(answer)
    failed = _failed(answer)
    if sop_instance in failed:
        return failed[sop_instance]
    if not answer.ok:
        raise Rejected(f"the DICOMweb service refuses it (HTTP {answer.status_code})")
    is_silent = not answer.text.strip() and answer.status_code != SOME
    # with 202, one that is named may be one that failed, in words that are not ours
    is_named = sop_instance in (_kept(answer) if answer.status_code == SOME else answer.text)
    if not is_silent and not is_named:
        raise Unavailable(
            f"the DICOMweb service answers HTTP {answer.status_code} and does not tell what it "
            "stored: see whether a page to sign in, or another service, is at its address"
        )
    return STORED


def _check_service(answer: requests.Response) -> None:
    """Raise Unavailable where the answer says nothing of the instance."""
    status = answer.status_code
    if status in LATER:
        raise Unavailable(f"the DICOMweb service takes nothing now (HTTP {status})")
    if status in OF_US:
        raise Unavailable(
            f"the DICOMweb service does not let us in (HTTP {status}): look at its address, and at "
            "its token"
        )
    if status in ELSEWHERE:
        raise elsewhere(status)


def elsewhere(status: int) -> Unavailable:
    """Given the status with which a service points elsewhere, return what is told of it."""
    return Unavailable(
        f"the DICOMweb service points elsewhere (HTTP {status}): nothing goes there; if it has "
        "moved, put its new address into the settings"
    )


def _failed(answer: requests.Response) -> dict[str, int]:
    """Return the reasons by instance: PS3.18 10.5.3.2."""
    return {
        instance: _number(_value(row, REASON)) or PROCESSING_FAILURE
        for row in _rows(answer, FAILED)
        if (instance := str(_value(row, INSTANCE)))
    }


def _kept(answer: requests.Response) -> set[str]:
    return {str(_value(row, INSTANCE)) for row in _rows(answer, REFERENCED)}


def _rows(answer: requests.Response, sequence: str) -> list[Any]:
    try:
        told: Any = answer.json()
        rows = told.get(sequence, {}).get("Value", [])
    except ValueError:
        return _rows_in_xml(answer.content, sequence)
    except AttributeError:
        return []
    return rows if isinstance(rows, list) else []


def _rows_in_xml(text: bytes, sequence: str) -> list[Any]:
    """Return the items of a sequence as JSON would have them: PS3.19 A.1, Native DICOM Model."""
    if b"<!DOCTYPE" in text:
        return []
    try:
        whole = ET.fromstring(text.decode())  # noqa: S314 (no document type gets here)
    except (ET.ParseError, UnicodeDecodeError):
        return []
    return [
        {
            one.get("tag", "").upper(): {"Value": [value.text for value in one.findall("{*}Value")]}
            for one in item.findall("{*}DicomAttribute")
        }
        for found in whole.iterfind("{*}DicomAttribute")
        if found.get("tag", "").upper() == sequence
        for item in found.findall("{*}Item")
    ]


def _number(text: Any) -> int:
    """Return the number that a text is, 0 for what is none."""
    return int(text) if str(text).isdecimal() else 0


def _value(row: Any, tag: str) -> Any:
    """Return the value of an item, '' where there is none."""
    try:
        return row[tag]["Value"][0]
    except (LookupError, TypeError):
        return ""
