"""To whom a study belongs, as the coupling list and the routing rules say."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from headgate.core import fields
from headgate.core.model import Assignment

Row = Mapping[str, Any]
WRITABLE = re.compile(r"(?=.*\S)[^\\^=\x00-\x1f\x7f]{1,64}")  # PS3.5 Table 6.2-1, LO and PN


@dataclass(frozen=True)
class Rule:
    """A routing rule that can be used: its record, its patterns by key of the study, its target."""

    record: str
    patterns: Mapping[str, re.Pattern[str]]
    project: str
    event: str


def read_rules(rows: Iterable[Row]) -> tuple[list[Rule], list[str]]:
    """Given the rows of Routing, return the usable rules in record order, and what is wrong.

    Inactive rules are skipped silently; a bad expression skips its rule and is reported.
    """
    rules, complaints = [], []
    for row in sorted(rows, key=lambda row: record_order(str(row[fields.ROUTING_RECORD]))):
        if str(row.get(fields.ROUTING_ACTIVE, "")) != "1":
            continue
        record = str(row[fields.ROUTING_RECORD])
        try:
            patterns = {
                key: re.compile(str(row[field]))
                for field, key in fields.ROUTING_PATTERNS.items()
                if row.get(field)
            }
        except re.error as error:
            complaints.append(
                f"routing rule {record} is skipped: its regular expression is not one ({error}); "
                "mend it in REDCap's Routing"
            )
            continue
        if not row.get(fields.ROUTING_PROJECT) or not patterns:
            complaints.append(
                f"routing rule {record} is skipped: it needs a project and one pattern at least"
            )
            continue
        event = str(row.get(fields.ROUTING_EVENT, ""))
        rules.append(Rule(record, patterns, str(row[fields.ROUTING_PROJECT]), event))
    return rules, complaints


def by_rules(study: Row, rules: Iterable[Rule]) -> Assignment | None:
    """Given a study's values, return where the first rule sends it whose every pattern matches.

    Patterns match from the start, as Python's re.match does; `$` ends one that means the whole.
    The PatientID stands for the participant, as a routed project's scanner already knows it.
    """
    for rule in rules:
        if all(pattern.match(str(study.get(key, ""))) for key, pattern in rule.patterns.items()):
            return Assignment(rule.project, str(study.get("PatientID", "")).strip(), rule.event)
    return None


def by_coupling_list(study: Row, rows: Iterable[Row]) -> list[Assignment]:
    """Given a study's values, return what the coupling list says of its UID or accession number.

    A study may go to several projects; a row without project or participant says nothing.
    """
    found = []
    for row in rows:
        if not row.get(fields.COUPLING_PROJECT) or not row.get(fields.COUPLING_PARTICIPANT):
            continue
        if _is_about(study, row):
            assignment = Assignment(
                str(row[fields.COUPLING_PROJECT]),
                str(row[fields.COUPLING_PARTICIPANT]),
                str(row.get(fields.COUPLING_EVENT, "")),
            )
            if assignment not in found:
                found.append(assignment)
    return found


def complaint_about(assignment: Assignment, project: Row | None) -> str | None:
    """Given an assignment and its row of DataTransferProjects, return why it cannot stand, or None.

    The participant must match the project's naming pattern as a whole. The text names no
    participant: a mistyped one may be a patient's own identifier.
    """
    name = assignment.project
    if project is None:
        return f"project {name} is not in DataTransferProjects: add it there, or mend the row"
    if str(project.get(fields.PROJECT_ACTIVE, "1")) == "0":
        return f"project {name} is not active (project_active): activate it first"
    for what, text in (("participant", assignment.participant), ("event", assignment.event)):
        if not WRITABLE.fullmatch(text):
            return f"no {what} is named for project {name}, or one that DICOM cannot hold"
    return _naming_complaint(name, str(project.get(fields.PROJECT_NAMING, "")), assignment)


def _naming_complaint(name: str, naming: str, assignment: Assignment) -> str | None:
    try:
        fits = not naming or re.fullmatch(naming, assignment.participant) is not None
    except re.error as error:
        return f"project_patient_naming of {name} is no regular expression ({error}): mend it"
    if fits:
        return None
    return (
        f"the participant does not fit project_patient_naming of {name}: "
        "mend the participant, or the pattern"
    )


def _is_about(study: Row, row: Row) -> bool:
    pairs = (
        (fields.COUPLING_STUDY, "StudyInstanceUID"),
        (fields.COUPLING_ACCESSION, "AccessionNumber"),
    )
    return any(
        row.get(field) and str(row[field]).strip() == str(study.get(key, "")).strip()
        for field, key in pairs
    )


def record_order(record: str) -> tuple[int, int, str]:
    """Given a record's name, return its place: numbers as numbers, before all others."""
    return (0, int(record), "") if record.isdigit() else (1, 0, record)
