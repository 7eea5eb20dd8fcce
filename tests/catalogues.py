"""A PACS that answers C-FIND from a list of studies made up: many, capped, failing, without counts."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from factories import uid
from pydicom.dataset import Dataset
from pynetdicom import AE, evt

STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
SUCCESS, PENDING, OUT_OF_RESOURCES = 0x0000, 0xFF00, 0xA700


@dataclass
class Held:
    """A study of the catalogue: its series by UID, each with the number of its instances."""

    uid: str
    date: str
    time: str
    series: dict[str, int]
    project: str = "P"
    description: str = "Thorax"


def held(name: object, date: str = "20190401", time: str = "101010", **values: Any) -> Held:
    """Given a name, return a study of two series, with three and two instances."""
    series = {uid("series", name, 1): 3, uid("series", name, 2): 2}
    return Held(uid("study", name), date, time, series, **values)


def many(count: int, days: int = 3650) -> list[Held]:
    """Given a number, return as many studies over some years."""
    first = date(2012, 1, 1)
    return [
        held(number, f"{first + timedelta(days=number * 7 % days):%Y%m%d}", _time(number * 37))
        for number in range(count)
    ]


def _time(second: int) -> str:
    second %= 86400
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"


class Catalogue:
    """The PACS. It stops at `stops_at` answers, with success or with `ends_with`."""

    def __init__(
        self,
        studies: list[Held],
        stops_at: int = 0,
        ends_with: int = SUCCESS,
        has_counts: bool = True,
    ) -> None:
        self.stops_at, self.ends_with, self.has_counts = stops_at, ends_with, has_counts
        self.asked: Counter[str] = Counter()
        self.fails = False
        self.replace(studies)
        self._entity = AE(ae_title="RESEARCH")
        self._entity.add_supported_context("1.2.840.10008.1.1")
        self._entity.add_supported_context(STUDY_ROOT_FIND)
        handlers = [(evt.EVT_C_FIND, self._find)]
        self._server = self._entity.start_server(
            ("127.0.0.1", 0), block=False, evt_handlers=handlers
        )
        self.port = self._server.server_address[1]

    def replace(self, studies: list[Held]) -> None:
        """Given studies, hold these and no others."""
        self.studies = sorted(studies, key=lambda one: one.date)
        self.by_uid = {one.uid: one for one in studies}
        self._dates = [one.date for one in self.studies]

    def stop(self) -> None:
        self._entity.shutdown()

    def _find(self, event: Any) -> Iterator[tuple[int, Dataset | None]]:
        query = event.identifier
        self.asked[query.QueryRetrieveLevel] += 1
        if self.fails:
            yield 0xA900, None
            return
        for number, answer in enumerate(self._answers(query), 1):
            if event.is_cancelled or not event.assoc.is_established:
                return
            if self.stops_at and number > self.stops_at:
                if self.ends_with:
                    yield self.ends_with, None
                return
            yield PENDING, answer

    def _answers(self, query: Dataset) -> Iterator[Dataset]:
        if query.QueryRetrieveLevel == "STUDY":
            yield from map(self._study, self._matching(query))
            return
        study = self.by_uid.get(str(query.StudyInstanceUID))
        for series, count in study.series.items() if study else ():
            if query.QueryRetrieveLevel == "SERIES":
                yield self._series(series, count)
            elif series == query.SeriesInstanceUID:
                yield from (self._instance(series, number) for number in range(count))

    def _matching(self, query: Dataset) -> Iterator[Held]:
        if wanted := str(query.StudyInstanceUID):
            yield from filter(None, [self.by_uid.get(wanted)])
            return
        first, last = _ends(str(query.StudyDate))
        start = bisect.bisect_left(self._dates, first or "00000001" if last else "")
        begin, end = _ends(str(query.StudyTime))
        for one in self.studies[start:]:
            if last and one.date > last:
                return
            is_in_time = not end or (one.time and begin <= one.time <= end)
            if is_in_time and str(query.get("InstitutionName", "")) in ("", one.project):
                yield one

    def _study(self, one: Held) -> Dataset:
        answer = Dataset()
        answer.SpecificCharacterSet = "ISO_IR 192"
        answer.QueryRetrieveLevel = "STUDY"
        answer.StudyInstanceUID, answer.StudyDate, answer.StudyTime = one.uid, one.date, one.time
        answer.PatientID = answer.PatientName = "P-001"
        answer.InstitutionName, answer.StudyDescription = one.project, one.description
        answer.ReferringPhysicianName = "E1"
        if self.has_counts:
            answer.ModalitiesInStudy = ["CT", "SR"]
            answer.NumberOfStudyRelatedSeries = len(one.series)
            answer.NumberOfStudyRelatedInstances = sum(one.series.values())
        return answer

    def _series(self, series: str, count: int) -> Dataset:
        answer = Dataset()
        answer.QueryRetrieveLevel = "SERIES"
        answer.SeriesInstanceUID, answer.Modality = series, "CT"
        return answer

    def _instance(self, series: str, number: int) -> Dataset:
        answer = Dataset()
        answer.QueryRetrieveLevel = "IMAGE"
        answer.SOPInstanceUID = uid(series, number)
        return answer


def _ends(text: str) -> tuple[str, str]:
    first, is_range, last = text.partition("-")
    return (first, last) if is_range else (text, text)


@contextmanager
def a_catalogue(studies: list[Held], **values: Any) -> Iterator[Catalogue]:
    """A catalogue for the length of a test."""
    running = Catalogue(studies, **values)
    try:
        yield running
    finally:
        running.stop()
