"""QIDO-RS: what a DICOMweb service says it holds (PS3.18 10.6)."""

from collections.abc import Iterable, Mapping
from typing import Any

import requests

from headgate.core.dicom.dictionary import tag_of
from headgate.core.errors import Unavailable
from headgate.core.pacsrows import INSTANCE_KEYWORDS, SERIES_KEYWORDS, STUDY_KEYWORDS
from headgate.stores.dicomweb.stow import elsewhere

SOP_INSTANCE = "00080018"
AT_ONCE = 1000  # instances a page
MORE_THAN_TOLD = "299"  # PS3.18 8.3.4.4: the warning that there is more
Told = Mapping[str, str]


def stored_instances(
    url: str, token: str, timeout: float, study: str, series: Iterable[str]
) -> set[str]:
    """Given a service, its bearer token or '', a study and its series, return the SOP instances
    that it says it holds. Raise Unavailable.
    """
    found: set[str] = set()
    with _session(token) as session:
        for one in series:
            place = f"{url.rstrip('/')}/studies/{study}/series/{one}/instances"
            offset, (page, has_more) = 0, _page(session, place, timeout, 0)
            while not page <= found:
                found |= page
                offset += len(page)
                page, has_more = _page(session, place, timeout, offset)
            if page and (has_more or len(page) >= AT_ONCE):
                raise Unavailable(
                    "the DICOMweb service knows no pages, and does not tell all that it holds"
                )
    return found


class Listing:
    """One DICOMweb service that is asked what it holds, study by study."""

    def __init__(self, url: str, token: str, timeout: float, at_most: int) -> None:
        self._url, self._timeout, self._at_most = url.rstrip("/"), timeout, at_most
        self._session = _session(token)

    def studies(self, **values: str) -> tuple[list[Told], bool]:
        """Given what studies are asked for, by keyword, return what is told of them, and whether
        that is all. Raise Unavailable.
        """
        return self._search("/studies", STUDY_KEYWORDS, values)

    def series(self, study: str) -> tuple[list[Told], bool]:
        """Given a study, return what is told of its series, and whether that is all.

        Raise Unavailable.
        """
        return self._search(f"/studies/{study}/series", SERIES_KEYWORDS, {})

    def instances(self, study: str, series: str) -> tuple[list[Told], bool]:
        """Given a study and a series of it, return what is told of its instances, and whether
        that is all. Raise Unavailable.
        """
        return self._search(f"/studies/{study}/series/{series}/instances", INSTANCE_KEYWORDS, {})

    def close(self) -> None:
        """End the connection."""
        self._session.close()

    def _search(
        self, place: str, keywords: tuple[str, ...], values: Mapping[str, str]
    ) -> tuple[list[Told], bool]:
        """Page by page until there is no more; a service that knows no pages does not tell all."""
        asked = {**values, "includefield": ",".join(keywords), "limit": str(self._at_most)}
        found: dict[str, Told] = {}
        offset = 0
        while True:
            answer = _answer(
                self._session,
                f"{self._url}{place}",
                self._timeout,
                {**asked, "offset": str(offset)},
            )
            page = {one[keywords[0]]: one for one in _told(answer, keywords)}
            has_more = _has_more(answer)
            if not set(page) - set(found):
                is_small = len(found) < self._at_most and not has_more
                return list(found.values()), not page or is_small
            found.update(page)
            offset += len(page)


def _told(answer: requests.Response, keywords: tuple[str, ...]) -> list[Told]:
    tags = {one: f"{tag_of(one):08X}" for one in keywords}
    return [{one: _text(row.get(tag)) for one, tag in tags.items()} for row in _rows(answer)]


def _text(element: Any) -> str:
    values = element.get("Value") or [] if isinstance(element, dict) else []
    texts = [one.get("Alphabetic", "") if isinstance(one, dict) else one for one in values]
    return "/".join(str(one) for one in texts if one is not None).strip()


def _session(token: str) -> requests.Session:
    session = requests.Session()
    session.headers["Accept"] = "application/dicom+json"
    if token:
        session.headers["Authorization"] = f"Bearer {token}"
    return session


def _page(
    session: requests.Session, place: str, timeout: float, offset: int
) -> tuple[set[str], bool]:
    """Return instances, and whether the service says that there are more."""
    asked = {"limit": str(AT_ONCE), "offset": str(offset)}
    answer = _answer(session, place, timeout, asked)
    try:
        return {str(row[SOP_INSTANCE]["Value"][0]) for row in _rows(answer)}, _has_more(answer)
    except (KeyError, IndexError, TypeError) as error:
        raise _unclear(error) from error


def _answer(
    session: requests.Session, place: str, timeout: float, asked: Mapping[str, str]
) -> requests.Response:
    try:
        answer = session.get(place, params=dict(asked), timeout=timeout, allow_redirects=False)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise _unclear(error) from error
    if answer.is_redirect:
        raise elsewhere(answer.status_code)
    return answer


def _has_more(answer: requests.Response) -> bool:
    return answer.headers.get("Warning", "").startswith(MORE_THAN_TOLD)


def _rows(answer: requests.Response) -> list[dict[str, Any]]:
    if answer.status_code == requests.codes.no_content:
        return []
    try:
        rows = answer.json()
    except ValueError as error:
        raise _unclear(error) from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _unclear(TypeError())
    return rows


def _unclear(error: Exception) -> Unavailable:
    return Unavailable(f"the DICOMweb service does not tell what it holds ({type(error).__name__})")
