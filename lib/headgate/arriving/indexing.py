"""Instances filed under what their headers say: each read once, most of them by comparison."""

from pathlib import Path
from typing import NamedTuple

from headgate.core.dicom import indexing
from headgate.core.dicom.indexing import Indexer, Values
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.core.series import NEEDED
from headgate.stores.dicomfiles import read_plain_header, split_start
from headgate.stores.readahead import beginnings

# Bytes read at once: few headers are longer than the first, none of an image than the second
START, LONGER = 16 << 10, 4 << 20
OF_PARTICIPANT = ("PatientID", "StudyDate", "StudyTime")
# the tags of series.NEEDED
NEEDED_TAGS = (indexing.STUDY, indexing.SERIES, indexing.SOP_INSTANCE, indexing.SOP_CLASS)
# what decides how the participant is written
WHOSE = (
    indexing.CHARACTER_SET, indexing.PATIENT_ID, indexing.STUDY_DATE, indexing.STUDY_TIME,
)  # fmt: skip


class Entry(NamedTuple):
    """What an instance is filed under; `patient` is a PatientID, with the study's date and time."""

    study: str
    series: str
    instance: str
    patient: tuple[str, str, str]
    cosines: tuple[float, ...]


class Reader:
    """Reads the headers of a run."""

    def __init__(self) -> None:
        self._indexer = Indexer()
        self._patients: dict[tuple[bytes, ...], tuple[str, str, str]] = {}

    def entry(self, path: Path, start: bytes) -> Entry:
        """Given a file in the archive and its first bytes, return what it is filed under.

        Raise Rejected where that cannot be told.
        """
        values = self._values(path, start)
        if values is None:
            return _by_itself(path)
        study, series, instance = _checked([indexing.text(values, tag) for tag in NEEDED_TAGS])
        whose = tuple(values(tag) for tag in WHOSE)
        if whose not in self._patients:
            self._patients[whose] = _by_itself(path).patient
        cosines = indexing.numbers(values(indexing.ORIENTATION))
        return Entry(study, series, instance, self._patients[whose], cosines)

    def _values(self, path: Path, start: bytes) -> Values | None:
        try:
            values = self._indexer.values(*split_start(start))
            if values is None and len(start) == START:
                (longer,) = beginnings([path], LONGER)
                values = self._indexer.values(*split_start(longer or b""))
        except Rejected:
            return None
        return values


def _by_itself(path: Path) -> Entry:
    header = read_plain_header(path)
    study, series, instance = _checked([header.text(name) for name in NEEDED])
    patient, date, time = (header.text(name) for name in OF_PARTICIPANT)
    cosines = indexing.numbers(header.raw(indexing.ORIENTATION))
    return Entry(study, series, instance, (patient, date, time), cosines)


def _checked(uids: list[str]) -> list[str]:
    """Return those of the study, the series and the instance. Raise Rejected."""
    for keyword, uid in zip(NEEDED, uids, strict=True):
        if not is_uid(uid):
            raise Rejected(f"{keyword} is missing, or is no UID")
    return uids[:3]
