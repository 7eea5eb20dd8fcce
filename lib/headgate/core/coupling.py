"""A coupling list as a file: who is which participant, by patient ID or accession number."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.core.errors import Rejected
from headgate.core.model import Assignment

KEYS = {"patient_id": "PatientID", "accession_number": "AccessionNumber"}
DELIMITERS = ",;\t"  # spreadsheets write what the language of the machine asks for
Key = tuple[str, str]  # keyword of the data set, and its value


@dataclass(frozen=True)
class CouplingFile:
    """Assignments by key; several where the rows do not agree."""

    assignments: Mapping[Key, frozenset[Assignment]]

    @classmethod
    def of_lines(cls, lines: Iterable[str], project: str) -> "CouplingFile":
        """Given the lines of the CSV and the project, return the list. Raise as `of_rows` does."""
        several = iter(lines)
        header = next(several, "")
        delimiter = max(DELIMITERS, key=header.count)
        names = [
            name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])
        ]
        return cls.of_rows(csv.DictReader(several, names, delimiter=delimiter), project)

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, str]], project: str) -> "CouplingFile":
        """Given the rows of the CSV and the project, return the list.

        Raise Rejected for a row that names no participant, or neither patient nor accession.
        """
        found: dict[Key, set[Assignment]] = defaultdict(set)
        for number, row in enumerate(rows, 2):
            participant = (row.get("participant") or "").strip()
            keys = [
                (keyword, (row.get(column) or "").strip())
                for column, keyword in KEYS.items()
                if (row.get(column) or "").strip()
            ]
            if not participant or not keys:
                raise Rejected(
                    f"line {number} of the coupling list needs participant, and patient_id or "
                    "accession_number"
                )
            for key in keys:
                found[key].add(Assignment(project, participant, (row.get("event") or "").strip()))
        return cls({key: frozenset(several) for key, several in found.items()})

    def assignment_of(self, patient_id: str, accession_number: str) -> Assignment:
        """Given whose instance it is, return the assignment. Raise Rejected when none is listed, or
        several are.
        """
        keys = (("AccessionNumber", accession_number), ("PatientID", patient_id))
        for keyword, value in keys:
            found = self.assignments.get((keyword, value.strip()), frozenset())
            if len(found) > 1:
                raise Rejected(
                    "rows of the coupling list tell of several participants or events: give each "
                    "row its accession_number"
                )
            if found:
                return next(iter(found))
        raise Rejected("neither its patient ID nor its accession number is on the coupling list")
