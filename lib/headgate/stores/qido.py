"""QIDO-RS: what a DICOMweb service says it holds (PS3.18 10.6)."""

from collections.abc import Iterable

import requests

from headgate.core.errors import Unavailable

SOP_INSTANCE = "00080018"
AT_ONCE = 1000  # instances a page


def stored_instances(
    url: str, token: str, timeout: float, study: str, series: Iterable[str]
) -> set[str]:
    """Given a service, its bearer token or '', a study and its series, return the SOP instances
    that it says it holds. Raise Unavailable.
    """
    headers = {"Accept": "application/dicom+json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    found: set[str] = set()
    with requests.Session() as session:
        session.headers.update(headers)
        for one in series:
            place = f"{url.rstrip('/')}/studies/{study}/series/{one}/instances"
            offset, page = 0, _page(session, place, timeout, 0)
            while not page <= found:
                found |= page
                offset += len(page)
                page = _page(session, place, timeout, offset)
    return found


def _page(session: requests.Session, place: str, timeout: float, offset: int) -> set[str]:
    try:
        answer = session.get(place, params={"limit": AT_ONCE, "offset": offset}, timeout=timeout)
        answer.raise_for_status()
        rows = answer.json() if answer.status_code != requests.codes.no_content else []
        return {str(row[SOP_INSTANCE]["Value"][0]) for row in rows}
    except (requests.RequestException, ValueError, KeyError, IndexError, TypeError) as error:
        raise Unavailable(
            f"the DICOMweb service does not tell what it holds ({type(error).__name__})"
        ) from error
