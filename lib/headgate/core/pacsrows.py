"""The rows of REDCap's WhatIsInIDS7: what the research PACS says of a study."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from headgate.core import fields

Told = Mapping[str, str]  # what a PACS tells of a study, series or instance, by keyword
Row = dict[str, str]
STUDY_KEYWORDS = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID", "StudyDescription", "AccessionNumber",
    "PatientName", "PatientID", "InstitutionName", "ReferringPhysicianName", "ModalitiesInStudy",
    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
SERIES_KEYWORDS = ("SeriesInstanceUID", "Modality", "NumberOfSeriesRelatedInstances")
INSTANCE_KEYWORDS = ("SOPInstanceUID", "SOPClassUID")
COUNTS = ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
DATE_LENGTH, TIME_LENGTH = 8, 6


def number_of(told: Told, keyword: str) -> int | None:
    """Given what was told, return a count; None where there is none, or 0, which nothing has."""
    text = told.get(keyword, "").strip()
    return int(text) or None if text.isdecimal() and text.isascii() else None


def row_of(told: Told) -> Row:
    """Given what a PACS tells of a study, return its row; a count that is not known is left out."""
    row = {field: _shown(keyword, told) for field, keyword in fields.PACS_FIELDS.items()}
    for field, keyword in fields.PACS_COUNTS.items():
        if number := number_of(told, keyword):
            row[field] = str(number)
    return {fields.PACS_RECORD: told["StudyInstanceUID"], **row}


def changed(
    rows: Iterable[Row], existing: Iterable[Mapping[str, object]], now: datetime
) -> list[Row]:
    """Given rows, those that REDCap has, and the time, return those to write, with its stamp."""
    there = {str(row[fields.PACS_RECORD]): row for row in existing}
    stamp = {fields.PACS_STAMP: now.isoformat(timespec="seconds")}
    found = []
    for row in rows:
        old = there.get(row[fields.PACS_RECORD], {})
        if any(str(old.get(field, "")).strip() != value for field, value in row.items()) or not old:
            found.append(row | stamp)
    return found


def _shown(keyword: str, told: Told) -> str:
    text = " ".join(told.get(keyword, "").split())
    if keyword == "StudyDate" and len(text) == DATE_LENGTH and text.isdecimal():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if keyword == "StudyTime" and text[:TIME_LENGTH].isdecimal() and len(text) >= TIME_LENGTH:
        return f"{text[:2]}:{text[2:4]}:{text[4:6]}"
    return text
