"""The settings: TOML read into typed values; what is not known is an error with a suggestion."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import GenericAlias
from typing import Any, get_type_hints

from headgate.core.errors import Misconfigured
from headgate.environment import CHECKOUT
from headgate.settings import checks
from headgate.settings.derived import ExportSettings, WorkflowSettings
from headgate.settings.destinations import DestinationSettings
from headgate.settings.mail import MailSettings, NotifySettings
from headgate.settings.receiving import IncomingSettings, ReceiverSettings, SourceSettings
from headgate.settings.redcap import RedcapSettings
from headgate.settings.sending import PacsSettings, SendingSettings
from headgate.settings.slides import SlideSettings

SYSTEM_FILE = Path("/etc/headgate/headgate.toml")
CHECKOUT_FILE = CHECKOUT / "config" / "headgate.toml"
VARIABLE = "HEADGATE_CONFIG"


@dataclass(frozen=True)
class ListingSettings:
    """How the research PACS is asked what it holds, and what the answer may do."""

    answers_at_most: int = 500
    days: int = 2
    studies_per_import: int = 500
    gone_percent_at_most: float = 10.0


@dataclass(frozen=True)
class DeidSettings:
    """Secrets and names of de-identification."""

    key_file: str = "/etc/headgate/deid.key"
    uid_root: str = ""
    profiles: str = ""


@dataclass(frozen=True)
class ProjectSettings:
    """What one research project does otherwise."""

    uid_scheme: str = "uuid"
    date_shift_days: int = 0
    profile: str = "default"
    proof: str = "c-store"
    autoid_event: str = "Event 1"


@dataclass(frozen=True)
class RetentionSettings:
    """When the quarantine is emptied, and what else grows old."""

    free_percent: float = 20.0
    unassigned_days: int = 7
    job_days: int = 7
    coupling_days: int = 14


@dataclass(frozen=True)
class HeartbeatSettings:
    """How the watch over the receiver and the scripts is kept."""

    calling_ae_title: str = "HEARTBEAT"
    timeout_seconds: float = 10.0
    restart_command: list[str] = field(
        default_factory=lambda: ["systemctl", "restart", "headgate-storescpd.service"]
    )
    stale_minutes: int = 60


@dataclass(frozen=True)
class Settings:
    """All settings."""

    datadir: str = "/var/lib/headgate"
    mount_point: str = ""
    log_directory: str = "/var/log/headgate"
    receiver: ReceiverSettings = field(default_factory=ReceiverSettings)
    incoming: IncomingSettings = field(default_factory=IncomingSettings)
    redcap: RedcapSettings = field(default_factory=RedcapSettings)
    pacs: dict[str, PacsSettings] = field(default_factory=lambda: {"research": PacsSettings()})
    listing: ListingSettings = field(default_factory=ListingSettings)
    sources: dict[str, SourceSettings] = field(default_factory=dict)
    sending: SendingSettings = field(default_factory=SendingSettings)
    deid: DeidSettings = field(default_factory=DeidSettings)
    projects: dict[str, ProjectSettings] = field(default_factory=dict)
    retention: RetentionSettings = field(default_factory=RetentionSettings)
    exports: ExportSettings = field(default_factory=ExportSettings)
    slides: SlideSettings = field(default_factory=SlideSettings)
    destinations: dict[str, DestinationSettings] = field(default_factory=dict)
    workflows: dict[str, WorkflowSettings] = field(default_factory=dict)
    heartbeat: HeartbeatSettings = field(default_factory=HeartbeatSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    notify: dict[str, NotifySettings] = field(default_factory=dict)


def find(path: str | None) -> Path | None:
    """Given the file named on the command line, if any, return the file to read, or None.

    Raise Misconfigured when a file was named and is not there.
    """
    named = path or os.environ.get(VARIABLE)
    if named:
        if not Path(named).is_file():
            raise Misconfigured(f"no configuration file at {named}: mend -c or {VARIABLE}")
        return Path(named)
    return next((known for known in (SYSTEM_FILE, CHECKOUT_FILE) if known.is_file()), None)


def read(path: Path | None, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Given a TOML file and values by dotted name that come before it, return the settings.

    Raise Misconfigured, naming the key and the nearest known one.
    """
    try:
        # some editors put a byte order mark before what they write
        values = tomllib.loads(path.read_text("utf-8-sig")) if path else {}
    except (OSError, ValueError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}") from error
    for name, value in (overrides or {}).items():
        # on a command line a place may be told from the folder that it is given in
        place = os.path.abspath(value) if name == "datadir" else value  # noqa: PTH100 (text in)
        _put(values, name.split("."), place)
    return parse(values)


def parse(values: Mapping[str, Any]) -> Settings:
    """Given the parsed TOML, return the settings. Raise Misconfigured."""
    settings: Settings = _build(Settings, values, "")
    if not settings.redcap.url.startswith(("https://", "http://")):
        raise Misconfigured("redcap.url is the whole address of the API, as https://.../api/")
    return settings


def _put(values: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        values = values.setdefault(name, {})
    values[names[-1]] = value


def _build(cls: Any, values: Any, place: str) -> Any:
    if not isinstance(values, Mapping):
        raise Misconfigured(f"{place.rstrip('.')} is a table of keys, not a value")
    hints = get_type_hints(cls)
    known = [one.name for one in fields(cls)]
    arguments = {}
    for name, value in values.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, 1, 0.4)
            hint = f"; the nearest known key is {place}{near[0]}" if near else ""
            raise Misconfigured(f"the setting {place}{name} is not known{hint}")
        arguments[name] = _value(hints[name], value, f"{place}{name}")
    return cls(**arguments)


def _value(kind: Any, value: Any, name: str) -> Any:
    if is_dataclass(kind):
        return _build(kind, value, f"{name}.")
    if isinstance(kind, GenericAlias) and kind.__origin__ is dict:
        if not isinstance(value, Mapping):
            raise Misconfigured(f"{name} is a table of tables, not a value")
        found = {
            key: _value(kind.__args__[1], inner, f"{name}.{key}") for key, inner in value.items()
        }
        if name == "receiver.commitment_peers":
            checks.check_peers(name, found)
        return found
    if isinstance(kind, GenericAlias):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Misconfigured(f"{name} is a list of texts, not {value!r}")
        checks.check(name, value)
        return value
    wanted = (int, float) if kind is float else kind
    if not isinstance(value, wanted) or isinstance(value, bool) != (kind is bool):
        raise Misconfigured(f"{name} is of type {kind.__name__}, not {value!r}")
    checks.check(name, value)
    return float(value) if kind is float else value


def missing() -> Misconfigured:
    """Return the error that says where a configuration file is looked for."""
    return Misconfigured(
        f"no configuration file: give -c FILE, set {VARIABLE}, or copy "
        f"config/headgate.example.toml to {SYSTEM_FILE}"
    )
