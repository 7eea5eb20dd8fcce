"""Settings of the tracking tables."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TokenFiles:
    """Files that hold REDCap's API tokens, one for each bookkeeping project."""

    incoming: str = "/etc/headgate/tokens/incoming"
    projects: str = "/etc/headgate/tokens/projects"
    routing: str = "/etc/headgate/tokens/routing"
    coupling_list: str = "/etc/headgate/tokens/coupling_list"
    auto_id: str = "/etc/headgate/tokens/auto_id"
    what_is_in_pacs: str = "/etc/headgate/tokens/what_is_in_pacs"


@dataclass(frozen=True)
class RedcapSettings:
    """The tracking tables."""

    url: str = "https://redcap.example.org/api/"
    timeout_seconds: float = 30.0
    certificates: str = ""
    overlap_minutes: int = 60
    projects_at_once: int = 4
    token_files: TokenFiles = field(default_factory=TokenFiles)
