"""STOW-RS: one instance to a DICOMweb service (PS3.18 10.5)."""

from collections.abc import Iterator
from typing import Any

import requests

from headgate.core.errors import Rejected, Unavailable

BOUNDARY = b"headgate-instance-boundary-8f14e45fceea167a"
HEAD = b"--" + BOUNDARY + b"\r\nContent-Type: application/dicom\r\n\r\n"
TAIL = b"\r\n--" + BOUNDARY + b"--\r\n"
ROOM = 1 << 20
TYPE = f'multipart/related; type="application/dicom"; boundary={BOUNDARY.decode()}'
# PS3.18 Table 10.5.3-1, and what a proxy says for a service that is away
LATER = {408, 429, 500, 502, 503, 504}
FAILED, REASON, INSTANCE = "00081198", "00081197", "00081155"
STORED = 0


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
        answer = made.post(f"{url.rstrip('/')}/studies", data=Body(file), timeout=timeout)
    except requests.RequestException as error:
        raise Unavailable(
            f"the DICOMweb service does not answer ({type(error).__name__})"
        ) from error
    if answer.status_code in LATER:
        raise Unavailable(f"the DICOMweb service takes nothing now (HTTP {answer.status_code})")
    failed = _failed(answer)
    if sop_instance in failed:
        return failed[sop_instance]
    if not answer.ok:
        raise Rejected(f"the DICOMweb service refuses it (HTTP {answer.status_code})")
    if answer.text.strip() and sop_instance not in answer.text:
        raise Unavailable(
            f"the DICOMweb service answers HTTP {answer.status_code} and does not tell what it "
            "stored: see whether a page to sign in, or another service, is at its address"
        )
    return STORED


def _failed(answer: requests.Response) -> dict[str, int]:
    """Return the reasons by instance: PS3.18 10.5.3.2."""
    try:
        told: Any = answer.json()
        rows = told.get(FAILED, {}).get("Value", [])
        return {str(row[INSTANCE]["Value"][0]): int(row[REASON]["Value"][0]) for row in rows}
    except (ValueError, AttributeError, KeyError, IndexError, TypeError):
        return {}
