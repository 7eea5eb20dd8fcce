"""The things that travel: requests, deliveries, assignments."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from typing import Any, Self


@dataclass(frozen=True)
class Assignment:
    """To whom a study belongs: the research project, its participant, and the event."""

    project: str
    participant: str
    event: str


class Proof(StrEnum):
    """How it is known that the PACS holds an instance, weakest first."""

    NONE = "none"
    C_STORE = "c-store"
    QIDO_RS = "qido-rs"
    C_FIND = "c-find"
    COMMITMENT = "commitment"
    READ_BACK = "read-back"

    def reaches(self, other: "Proof") -> bool:
        """Given another proof, return whether this one is as strong."""
        return PROOFS.index(self) >= PROOFS.index(other)


PROOFS = tuple(Proof)


class Fate(StrEnum):
    """What became of one instance in a request."""

    STORED = "stored"
    REFUSED = "refused"
    MISSING = "missing"
    AGAIN = "again"
    REJECTED = "rejected"
    EXCLUDED = "excluded"


@dataclass(frozen=True)
class Delivery:
    """One line of the ledger: what became of one instance.

    `received` and `sent` tell the bytes of the data set as filed and as sent: the SHA-256 in
    hexadecimal of the SHA-256 of its header and of each of its pixel elements; `status` is the
    C-STORE status, -1 when there was none; `target` is the PACS by its name in the settings.
    """

    sop_instance: str
    participant: str
    event: str
    fate: Fate
    received: str = ""
    output_class: str = ""
    output_uid: str = ""
    output_series: str = ""
    output_frame: str = ""
    sent: str = ""
    status: int = -1
    proof: Proof = Proof.NONE
    reason: str = ""
    time: str = ""
    target: str = ""

    @classmethod
    def from_line(cls, line: str) -> Self:
        """Given a line of JSON, return the delivery. Raise ValueError if it is none."""
        values = _known(cls, json.loads(line))
        values["fate"] = Fate(values["fate"])
        values["proof"] = Proof(values.get("proof", Proof.NONE))
        return cls(**values)

    def to_line(self) -> str:
        """Return the delivery as one line of JSON, without its end."""
        return json.dumps(vars(self), ensure_ascii=False)

    def is_proven(self) -> bool:
        """Return whether the research PACS is known to hold the instance."""
        return self.fate is Fate.STORED and self.proof is not Proof.NONE


NUMBERS = {"transfer": int, "attempts": int, "not_before": float, "error": int}  # of a request


@dataclass(frozen=True)
class Request:
    """The wish to deliver one study to one project, as it lies in `requests/<state>/<id>.json`.

    `transfer` is the repeating instance of REDCap's transfers form that asked for it; `version`
    stands for the set of instances on disk. `not_before` is a POSIX time in seconds. `made_from` is
    the study whose research copy a workstation made this one of; it is blank for any other.
    `uid_scheme` stands in what another gateway delivered: it is done, and proven by nobody.
    """

    id: str
    study: str
    transfer: int
    project: str
    participant: str
    event: str
    version: str
    created: str = ""
    attempts: int = 0
    not_before: float = 0.0
    reason: str = ""
    mapped_study: str = ""
    summary: str = ""
    error: int = 0
    made_from: str = ""
    is_failure_told: bool = False
    uid_scheme: str = ""

    @classmethod
    def wanted(cls, study: str, transfer: int, assignment: Assignment, version: str) -> Self:
        """Given what is wanted, return the request: the same words make the same id."""
        words = [study, str(transfer), *asdict(assignment).values(), version]
        digest = hashlib.sha256(json.dumps(words).encode()).hexdigest()[:24]
        return cls(digest, study, transfer, version=version, **asdict(assignment))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Given the file's text, return the request. Raise ValueError if it is none."""
        try:
            values = _known(cls, json.loads(text))
            numbers = {name: kind(values[name]) for name, kind in NUMBERS.items() if name in values}
            return cls(**{**values, **numbers})
        except (TypeError, AttributeError) as error:
            raise ValueError(f"not a request: {error}") from error

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1)

    @property
    def assignment(self) -> Assignment:
        """Return to whom the study goes."""
        return Assignment(self.project, self.participant, self.event)

    def with_values(self, **changes: Any) -> Self:
        """Return the request with some of its values replaced."""
        return replace(self, **changes)

    def __str__(self) -> str:
        return self.id


def content_version(sop_instances: Iterable[str]) -> str:
    """Given the names of a study's instances, return a short text that stands for the set."""
    return hashlib.sha256("\n".join(sorted(sop_instances)).encode()).hexdigest()[:16]


def _known(cls: Any, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(cls)}
    return {name: value for name, value in values.items() if name in names}
