"""What the research PACSs hold, study by study: asked in windows as small as they must be."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import NamedTuple, Protocol

from headgate.context import Context
from headgate.core import windows
from headgate.core.errors import Misconfigured, Unavailable
from headgate.core.grammar import is_uid
from headgate.core.pacsrows import COUNTS, Told, number_of
from headgate.core.windows import Window
from headgate.stores.dicomnet.asking import Asked
from headgate.stores.dicomweb import qido

PARTS = 4
WORTH_ONE = 16  # studies to be counted are worth an association
SERIES, INSTANCES = COUNTS
OF_SERIES = "NumberOfSeriesRelatedInstances"
Answer = tuple[list[Told], bool]  # what is told, and whether that is all


class Source(Protocol):
    """A PACS that is asked what it holds."""

    def studies(self, **values: str) -> Answer:
        """Return the studies with these values."""

    def series(self, study: str) -> Answer:
        """Return the series of a study."""

    def instances(self, study: str, series: str) -> Answer:
        """Return the instances of a series."""

    def close(self) -> None:
        """End the connection."""


class Crowded(NamedTuple):
    """A window that cannot be made smaller, in which the PACS has more than it tells."""

    window: Window


def names(context: Context) -> list[str]:
    """Return the PACSs that can be asked, by name. Raise Misconfigured when there is none."""
    found = [
        name
        for name, pacs in context.settings.pacs.items()
        if pacs.kind == "dicom" or _url(context, name)
    ]
    if not found:
        raise Misconfigured("no PACS of the configuration answers queries: folders are not asked")
    return found


@contextmanager
def source(context: Context, name: str, at_most: int = 0) -> Iterator[Source]:
    """Given a PACS by name, ask it by QIDO-RS where it has a web address, else by C-FIND; an
    answer may be as long as the settings say, or `at_most`.
    """
    settings, at_most = context.pacs(name), at_most or context.settings.listing.answers_at_most
    asked: Source = Asked(context.peer(name), at_most)
    if url := _url(context, name):
        asked = qido.Listing(url, context.web_token(name), settings.timeout_seconds, at_most)
    try:
        yield asked
    finally:
        asked.close()


def _url(context: Context, name: str) -> str:
    pacs = context.pacs(name)
    return pacs.qido_url or (pacs.url if pacs.kind == "stow-rs" else "")


def everything(asked: Source, today: date, project: str = "") -> Iterator[Told | Crowded]:
    """Given a PACS, the day, and a project or '' for all, yield the studies that the PACS holds.

    A window in which it may have more than it tells is asked in parts. Raise Unavailable.
    """
    told, is_whole = asked.studies(**_of_project(project))
    yield from told  # those without a date are in no window
    if not is_whole:
        yield from within(asked, windows.all_years(today), project)


def within(asked: Source, wanted: Iterable[Window], project: str = "") -> Iterator[Told | Crowded]:
    """Given a PACS and windows, yield the studies in them. Raise Unavailable."""
    left = list(reversed(list(wanted)))
    while left:
        window = left.pop()
        values = {"StudyDate": window.dates, "StudyTime": window.times}
        told, is_whole = asked.studies(**values, **_of_project(project))
        yield from told
        if is_whole:
            continue
        parts = window.parts(PARTS)
        is_day = window.first == window.last
        if not parts or (is_day and not all(one.get("StudyTime") for one in told)):
            yield Crowded(window)  # those without a time are in no part
        left += reversed(parts)


def _of_project(project: str) -> dict[str, str]:
    return {"InstitutionName": project} if project else {}


def study(asked: Source, uid: str) -> Told | None:
    """Given a PACS and a study's UID, return what it tells of that study; None: it has none.

    Raise Unavailable when that is not sure.
    """
    told, is_whole = asked.studies(StudyInstanceUID=uid)
    found = next((one for one in told if one["StudyInstanceUID"] == uid), None)
    if found is None and (told or not is_whole):
        raise Unavailable(f"the PACS does not answer about study {uid} alone: it is asked again")
    return found


def is_of(told: Told, project: str) -> bool:
    """Given a study and a project, return whether it is of it; some PACSs do not match by it."""
    return is_uid(told["StudyInstanceUID"]) and (
        not project or told.get("InstitutionName", "") in ("", project)
    )


def all_counted(context: Context, name: str, told: list[Told]) -> list[Told]:
    """Given a PACS by name and what it tells of studies, return them with their counts; where it
    gives none, it is asked over several associations at once, as each question waits for its
    answer. Raise Unavailable.
    """
    lacking = [one for one in told if not (number_of(one, SERIES) and number_of(one, INSTANCES))]
    count = max(1, min(context.settings.sending.associations, len(lacking) // WORTH_ONE))
    with ThreadPoolExecutor(count) as pool:
        shares = (lacking[number::count] for number in range(count))
        several = list(pool.map(partial(_share_counted, context, name), shares))
    found = {one["StudyInstanceUID"]: one for share in several for one in share}
    return [found.get(one["StudyInstanceUID"], one) for one in told]


def _share_counted(context: Context, name: str, told: list[Told]) -> list[Told]:
    with source(context, name) as asked:
        return [counted(asked, one) for one in told]


def counted(asked: Source, told: Told) -> Told:
    """Given what a PACS tells of a study without its counts, return it with them, counted.

    A count that may be short is left out. Raise Unavailable.
    """
    uid = told["StudyInstanceUID"]
    series, is_whole = asked.series(uid)
    by_uid = {one["SeriesInstanceUID"]: one for one in series if is_uid(one["SeriesInstanceUID"])}
    modalities = "/".join(sorted({one["Modality"] for one in by_uid.values()} - {""}))
    found = {**told, "ModalitiesInStudy": told.get("ModalitiesInStudy") or modalities}
    if not is_whole:
        return found
    found[SERIES] = str(len(by_uid))
    if not number_of(told, INSTANCES):
        counts = [_instances(asked, uid, one) for one in by_uid.values()]
        found[INSTANCES] = "" if None in counts else str(sum(filter(None, counts)))
    return found


def _instances(asked: Source, uid: str, series: Told) -> int | None:
    if number := number_of(series, OF_SERIES):
        return number
    told, is_whole = asked.instances(uid, series["SeriesInstanceUID"])
    return len({one["SOPInstanceUID"] for one in told}) if is_whole else None
