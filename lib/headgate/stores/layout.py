"""Where everything lies: the data tree with FIONA's names, and the state beside it."""

from dataclasses import dataclass
from pathlib import Path

from headgate.core.grammar import safe_name
from headgate.core.states import State

STUDY_PREFIX = "scp_"
NO_STUDY = "scp_without_study"


@dataclass(frozen=True)
class Layout:
    """Given the data directory, name every place in it."""

    datadir: Path

    @property
    def site(self) -> Path:
        return self.datadir / "site"

    @property
    def archive(self) -> Path:
        return self.site / "archive"

    @property
    def raw(self) -> Path:
        return self.site / "raw"

    @property
    def participants(self) -> Path:
        return self.site / "participants"

    @property
    def arrived(self) -> Path:
        return self.site / "spool" / "arrived"

    @property
    def changed(self) -> Path:
        return self.site / "spool" / "changed"

    @property
    def settled(self) -> Path:
        return self.site / "spool" / "settled"

    @property
    def returned(self) -> Path:
        """Marks of studies that came back from a workstation."""
        return self.site / "spool" / "returned"

    @property
    def mapped(self) -> Path:
        """Which study a mapped UID stands for."""
        return self.site / "mapped"

    @property
    def inbox(self) -> Path:
        """Where people copy media and files."""
        return self.site / "inbox"

    @property
    def performed(self) -> Path:
        """What modalities tell of the steps that they perform."""
        return self.site / "spool" / "performed"

    @property
    def commitments(self) -> Path:
        return self.site / "spool" / "commitments"

    @property
    def unknown(self) -> Path:
        return self.site / "unknown"

    @property
    def requests(self) -> Path:
        return self.site / "requests"

    @property
    def ledger(self) -> Path:
        return self.site / "ledger"

    @property
    def temp(self) -> Path:
        return self.site / "temp"

    @property
    def state(self) -> Path:
        return self.datadir / "state"

    @property
    def locks(self) -> Path:
        return self.state / "locks"

    @property
    def metrics(self) -> Path:
        return self.state / "metrics"

    @property
    def targets(self) -> Path:
        return self.state / "targets"

    @property
    def notified(self) -> Path:
        return self.state / "notified"

    @property
    def watermarks(self) -> Path:
        return self.state / "watermarks"

    @property
    def enabled(self) -> Path:
        return self.datadir / "enabled"

    def study_archive(self, study: str) -> Path:
        return self.archive / (STUDY_PREFIX + study)

    def study_raw(self, study: str) -> Path:
        return self.raw / study

    def participant(self, patient_id: str) -> Path:
        return self.participants / (safe_name(patient_id) or "without_patient_id")

    def halts(self, step: str) -> list[Path]:
        """Given a script, return the files any of which stops it."""
        return [self.state / "halt", self.state / f"halt.{step}"]

    def folders(self) -> list[Path]:
        """Return every folder that exists from the start."""
        return [
            self.archive, self.raw, self.participants, self.arrived, self.changed, self.settled,
            self.returned, self.mapped, self.inbox, self.commitments, self.performed, self.unknown,
            self.ledger, self.temp,
            self.locks, self.metrics, self.watermarks, self.targets, self.notified,
            *(self.requests / state for state in State),
        ]  # fmt: skip
