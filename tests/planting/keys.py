"""The answer key: what was planted where, and what must hold afterwards."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

DIRECT, QUASI, INSTITUTION, DEVICE, PERSON = (
    "direct identifier", "quasi-identifier", "institution", "device", "other person",
)  # fmt: skip


@dataclass(frozen=True)
class Planted:
    """A text of somebody that stands at a place and must not leave."""

    place: str
    category: str
    text: str


@dataclass
class Answer:
    """All that is known of one file of the corpus."""

    file: str
    source: str
    participant: str
    words: list[str]
    planted: list[Planted]
    clinical: dict[str, str] = field(default_factory=dict)
    phrases: dict[str, str] = field(default_factory=dict)
    dates: dict[str, str] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)
    pixels: str = ""
    instance: str = ""
    may_be_refused: str = ""


def write(answers: list[Answer], path: Path) -> None:
    """Given answers, write them as the key of a corpus."""
    path.write_text(json.dumps([asdict(one) for one in answers], ensure_ascii=False, indent=1))


def read(path: Path) -> list[Answer]:
    """Given a key that was written, return its answers."""
    rows = json.loads(path.read_text())
    return [
        Answer(**{**row, "planted": [Planted(**one) for one in row["planted"]]}) for row in rows
    ]
