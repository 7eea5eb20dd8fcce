"""Where everything lies: the data tree with FIONA's names, and the state beside it."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from headgate.core.grammar import safe_name
from headgate.core.jobs import JobState
from headgate.core.states import State

STUDY_PREFIX = "scp_"
NO_STUDY = "scp_without_study"
TREES = ("site", "state")


def tellable(path: str | Path) -> Path | None:
    """Given a path, return what of it may be told: below the folders of the data tree its names may
    be a patient's. None where it is in no data tree.
    """
    parts = Path(path).parts
    top = next((number for number, part in enumerate(parts) if part in TREES), None)
    return None if top is None else Path(*parts[: top + 2])


@dataclass(frozen=True)
class Layout:
    """Given the data directory, name every place in it."""

    datadir: Path

    @cached_property
    def site(self) -> Path:
        return self.datadir / "site"

    @cached_property
    def archive(self) -> Path:
        return self.site / "archive"

    @cached_property
    def raw(self) -> Path:
        return self.site / "raw"

    @cached_property
    def participants(self) -> Path:
        return self.site / "participants"

    @cached_property
    def arrived(self) -> Path:
        return self.site / "spool" / "arrived"

    @cached_property
    def changed(self) -> Path:
        return self.site / "spool" / "changed"

    @cached_property
    def settled(self) -> Path:
        return self.site / "spool" / "settled"

    @cached_property
    def triggering(self) -> Path:
        """Marks of studies that settled, for detect-study-arrival."""
        return self.site / "spool" / "triggering"

    @cached_property
    def triggered(self) -> Path:
        """Those of them that it is at."""
        return self.site / "spool" / "triggered"

    @cached_property
    def jobs(self) -> Path:
        return self.site / "jobs"

    @cached_property
    def job_work(self) -> Path:
        """Folders in which programs of workflows work, one for each job."""
        return self.site / "jobs" / "work"

    @cached_property
    def exports(self) -> Path:
        """Zip files that people fetch."""
        return self.site / "exports"

    @cached_property
    def partial_exports(self) -> Path:
        """Folders in which exports are made, one each."""
        return self.exports / ".partial"

    @cached_property
    def export_requests(self) -> Path:
        """Exports that are asked for, in the folder of their state."""
        return self.exports / "requests"

    @cached_property
    def outbox(self) -> Path:
        """What goes to other sites by SFTP, in a folder for each destination."""
        return self.site / "outbox"

    @cached_property
    def slides(self) -> Path:
        """Where people copy whole-slide images."""
        return self.site / "slides"

    @cached_property
    def returned(self) -> Path:
        """Marks of studies that came back from a workstation."""
        return self.site / "spool" / "returned"

    @cached_property
    def mapped(self) -> Path:
        """Which study a mapped UID stands for."""
        return self.site / "mapped"

    @cached_property
    def inbox(self) -> Path:
        """Where people copy media and files."""
        return self.site / "inbox"

    @cached_property
    def performed(self) -> Path:
        """What modalities tell of the steps that they perform."""
        return self.site / "spool" / "performed"

    @cached_property
    def commitments(self) -> Path:
        return self.site / "spool" / "commitments"

    @cached_property
    def unknown(self) -> Path:
        return self.site / "unknown"

    @cached_property
    def requests(self) -> Path:
        return self.site / "requests"

    @cached_property
    def ledger(self) -> Path:
        return self.site / "ledger"

    @cached_property
    def temp(self) -> Path:
        return self.site / "temp"

    @cached_property
    def state(self) -> Path:
        return self.datadir / "state"

    @cached_property
    def locks(self) -> Path:
        return self.state / "locks"

    @cached_property
    def metrics(self) -> Path:
        return self.state / "metrics"

    @cached_property
    def targets(self) -> Path:
        return self.state / "targets"

    @cached_property
    def notified(self) -> Path:
        return self.state / "notified"

    @cached_property
    def reminders(self) -> Path:
        return self.state / "reminders"

    @cached_property
    def watermarks(self) -> Path:
        return self.state / "watermarks"

    @cached_property
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
            self.triggering, self.triggered, self.returned, self.mapped, self.inbox,
            self.commitments, self.performed, self.unknown, self.ledger, self.temp,
            self.partial_exports, self.locks, self.metrics, self.watermarks, self.targets,
            self.notified, self.reminders, self.job_work, self.outbox, self.slides,
            self.export_requests / "queued", self.export_requests / "failed",
            *(self.requests / state for state in State),
            *(self.jobs / state for state in JobState),
        ]  # fmt: skip
