"""The rows of REDCap's Incoming: what a study and its series look like there."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from headgate.core import fields
from headgate.core.model import Assignment

Row = dict[str, Any]
DICOM_DATE, DICOM_TIME = 8, 6
# a series' number of files and its types follow what arrives; all else is written once
FOLLOWED = ("series_num_files", "series_classify_types")


def study_values(series: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Given the JSON of a study's series, return the study's values: the first that is there."""
    told: dict[str, Any] = {}
    for one in series:
        for key, value in {**one, **one.get("IncomingConnection", {})}.items():
            told.setdefault(key, value)
    if arrivals := [str(one["ArrivalDate"]) for one in series if "ArrivalDate" in one]:
        told["ArrivalDate"] = min(arrivals)
    return told


def study_row(study: str, told: Mapping[str, Any], existing: Iterable[Row]) -> Row | None:
    """Given a study's values and the rows that REDCap has of it, return the row to write, or None.

    What stands in a field stays: a person may have mended it.
    """
    there = next((row for row in existing if not row.get(fields.REPEAT_FORM)), {})
    row = {
        field: _shown(key, told[key])
        for field, key in fields.STUDY_FIELDS.items()
        if told.get(key) not in (None, "") and not there.get(field)
    }
    if not row and there:
        return None
    status = {f"{fields.STUDY_FORM}_complete": fields.COMPLETE}
    return _base(study) | row | status


def series_rows(
    study: str, series: Sequence[Mapping[str, Any]], existing: Iterable[Row]
) -> list[Row]:
    """Given the JSON of a study's series and the rows that REDCap has, return the rows to write.

    A series keeps the number of its repeating instance for ever; a new one takes the next.
    """
    there = {
        str(row.get("series_instance_uid")): row
        for row in existing
        if row.get(fields.REPEAT_FORM) == fields.SERIES_FORM
    }
    last = max((int(row[fields.REPEAT_INSTANCE]) for row in there.values()), default=0)
    rows = []
    for one in sorted(series, key=lambda one: str(one.get("SeriesInstanceUID"))):
        old = there.get(str(one.get("SeriesInstanceUID")))
        if old is None:
            last += 1
        number = int(old[fields.REPEAT_INSTANCE]) if old else last
        if changed := _changed(one, old or {}):
            status = {f"{fields.SERIES_FORM}_complete": fields.COMPLETE}
            rows.append(_instance(study, fields.SERIES_FORM, number) | changed | status)
    return rows


def transfer_row(study: str, assignment: Assignment, when: datetime) -> Row:
    """Given to whom a study goes, return the row that asks for it, as the next free instance."""
    return _instance(study, fields.TRANSFERS_FORM, "new") | {
        fields.TRANSFER_REQUESTED: when.strftime("%Y-%m-%d %H:%M"),
        fields.TRANSFER_PROJECT: assignment.project,
        fields.TRANSFER_NAME: assignment.participant,
        fields.TRANSFER_EVENT: assignment.event,
        f"{fields.TRANSFERS_FORM}_complete": fields.UNVERIFIED,
    }


def projects_of(existing: Iterable[Row]) -> set[str]:
    """Given the rows that REDCap has of a study, return the projects it is assigned to."""
    return {str(row[fields.TRANSFER_PROJECT]) for row in transfers(existing)} - {""}


def transfers(existing: Iterable[Row]) -> list[Row]:
    """Given the rows that REDCap has of a study, return those of the transfers form."""
    return [row for row in existing if row.get(fields.REPEAT_FORM) == fields.TRANSFERS_FORM]


def _changed(one: Mapping[str, Any], old: Row) -> Row:
    changed = {}
    for field, key in fields.SERIES_FIELDS.items():
        value = one.get(key)
        if value in (None, "", []):
            continue
        now, before = _shown(key, value), str(old.get(field, ""))
        if now != before and (field in FOLLOWED or not before):
            changed[field] = now
    return changed


def _shown(key: str, value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    if key.endswith("Date") and len(text) == DICOM_DATE and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if key.endswith("Time") and text[:DICOM_TIME].isdigit() and len(text) >= DICOM_TIME:
        return f"{text[:2]}:{text[2:4]}:{text[4:6]}"
    return text


def _base(study: str) -> Row:
    return {
        fields.INCOMING_RECORD: study,
        fields.REPEAT_FORM: "",
        fields.REPEAT_INSTANCE: "",
    }


def _instance(study: str, form: str, number: int | str) -> Row:
    return {
        fields.INCOMING_RECORD: study,
        fields.REPEAT_FORM: form,
        fields.REPEAT_INSTANCE: number,
    }
