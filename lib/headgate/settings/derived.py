"""Settings of what is made of studies once they are here: workflows and exports."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class WorkflowSettings:
    """A program that runs over studies or series once they have arrived."""

    level: str = "study"
    select: str = ""
    projects: list[str] = field(default_factory=list)
    container: str = ""
    command: list[str] = field(default_factory=list)
    output: str = "receiver"
    fields: list[str] = field(default_factory=list)
    network: bool = False
    memory_megabytes: int = 4096
    timeout_seconds: float = 3600.0
    enabled: bool = True


@dataclass(frozen=True)
class LayoutSettings:
    """How an export is laid out."""

    kind: str = "pure"
    folder: str = ""
    rewrites: dict[str, str] = field(default_factory=dict)
    clean_descriptions: bool = False
    undo_date_shift: bool = False
    birth_date: str = "none"
    dicomdir: bool = False
    thumbnails: bool = True
    images: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ExportSettings:
    """From where exports are pulled, how they are laid out, and when they are deleted."""

    pacs: str = ""
    may_undo_date_shift: list[str] = field(default_factory=list)
    layouts: dict[str, LayoutSettings] = field(default_factory=dict)
    partial_minutes: int = 1000
    free_percent: float = 20.0
    kept_hours: float = 24.0
