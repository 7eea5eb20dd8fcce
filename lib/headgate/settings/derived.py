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
class ExportSettings:
    """When exports are deleted."""

    partial_minutes: int = 1000
    free_percent: float = 20.0
    kept_hours: float = 24.0
