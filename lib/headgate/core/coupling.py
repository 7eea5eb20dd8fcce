"""A coupling list as a file: who is which participant, by patient ID or accession number."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.core.errors import Rejected
from headgate.core.model import Assignment

KEYS = {"patient_id": "PatientID", "accession_number": "AccessionNumber"}


@dataclass(frozen=True)
class CouplingFile:
    """Assignments by (keyword of the data set, its value)."""

    assignments: Mapping[tuple[str, str], Assignment]

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, str]], project: str) -> "CouplingFile":
        """Given the rows of the CSV and the project, return the list.

        Raise Rejected for a row that names no participant, or neither patient nor accession.
        """
        found: dict[tuple[str, str], Assignment] = {}
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
                found[key] = Assignment(project, participant, (row.get("event") or "").strip())
        return cls(found)

    def assignment_of(self, patient_id: str, accession_number: str) -> Assignment:
        """Given whose instance it is, return the assignment. Raise Rejected when none is listed."""
        keys = (("AccessionNumber", accession_number), ("PatientID", patient_id))
        for keyword, value in keys:
            if value.strip() and (keyword, value.strip()) in self.assignments:
                return self.assignments[keyword, value.strip()]
        raise Rejected("neither its patient ID nor its accession number is on the coupling list")
