"""A job: one workflow over one study or series, as it lies in `jobs/<state>/<id>.json`."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self

from headgate.core.errors import HeadgateError


class JobState(StrEnum):
    """The folder under `jobs/` in which a job lies."""

    QUEUED = "queued"
    ACTIVE = "active"
    DONE = "done"
    FAILED = "failed"
    HELD = "held"


CALLING_TITLE = "HEADGATE-JOB"  # what programs make calls the receiver under it
TRANSITIONS = {  # (state, event): next state; any other pair is refused
    (JobState.QUEUED, "claim"): JobState.ACTIVE,
    (JobState.QUEUED, "passed"): JobState.DONE,
    (JobState.QUEUED, "refused"): JobState.FAILED,
    (JobState.ACTIVE, "finished"): JobState.DONE,
    (JobState.ACTIVE, "failed"): JobState.FAILED,
    (JobState.ACTIVE, "later"): JobState.QUEUED,
    (JobState.ACTIVE, "found"): JobState.QUEUED,
    (JobState.FAILED, "requeue"): JobState.QUEUED,
    (JobState.HELD, "requeue"): JobState.QUEUED,
    (JobState.QUEUED, "hold"): JobState.HELD,
    (JobState.FAILED, "hold"): JobState.HELD,
}


class ImpossibleMove(HeadgateError):
    """The job is in a state that this event does not leave."""


def next_state(state: JobState, event: str) -> JobState:
    """Given a state and an event, return the state that follows. Raise ImpossibleMove."""
    if (state, event) not in TRANSITIONS:
        raise ImpossibleMove(f"a job that is {state} knows no '{event}'")
    return TRANSITIONS[state, event]


@dataclass(frozen=True)
class Job:
    """One workflow to be run over a study, or over one of its series.

    `version` stands for the instances that were there when it was made; `not_before` is a POSIX
    time in seconds.
    """

    id: str
    workflow: str
    study: str
    series: str = ""
    version: str = ""
    created: str = ""
    attempts: int = 0
    not_before: float = 0.0
    reason: str = ""

    @classmethod
    def wanted(cls, workflow: str, study: str, series: str, version: str) -> Self:
        """Given what is to be run over what, return the job: the same words make the same id."""
        words = json.dumps([workflow, study, series, version])
        digest = hashlib.sha256(words.encode()).hexdigest()[:24]
        return cls(digest, workflow, study, series, version)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Given the file's text, return the job. Raise ValueError if it is none."""
        known = {field.name for field in fields(cls)}
        try:
            values = json.loads(text)
            return cls(**{name: value for name, value in values.items() if name in known})
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not a job: {error}") from error

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    def with_values(self, **changes: Any) -> Self:
        """Return the job with some of its values replaced."""
        return replace(self, **changes)

    def __str__(self) -> str:
        return self.id
