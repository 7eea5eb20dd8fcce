"""What a project XML says of a project, before anything of it is stored."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class EventPicture:
    """An event with the forms that are designated for it."""

    unique_name: str
    name: str
    arm_num: int
    arm_name: str
    custom_label: str
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Role:
    """A user role; levels that the file gives for all forms at once have the form "*"."""

    unique_name: str
    label: str
    rights: Mapping[str, Any]


@dataclass(frozen=True)
class Attached:
    """A file in a field of a record."""

    name: str
    media_type: str
    content: bytes


@dataclass
class Part:
    """The values of one form of a record, in an event and an instance; the event may be blank."""

    record: str
    event: str
    event_instance: int
    form: str
    form_instance: int
    values: dict[str, str] = field(default_factory=dict)
    files: dict[str, Attached] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """A whole project; `parts` are those of its records, in the order of the file."""

    settings: Mapping[str, str]
    definitions: Sequence[Mapping[str, str]]
    events: Sequence[EventPicture]
    repeating: Sequence[tuple[str, str, str]]
    groups: Sequence[str]
    roles: Sequence[Role]
    surveys: Mapping[str, str]
    reports: Sequence[Mapping[str, str]]
    parts: Iterator[Part]
