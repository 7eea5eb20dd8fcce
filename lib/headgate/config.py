"""The settings: TOML read into typed values; what is not known is an error with a suggestion."""

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from types import GenericAlias
from typing import Any, get_type_hints

from headgate.core.arrival import DEFAULT_QUIET_SECONDS
from headgate.core.errors import Misconfigured
from headgate.environment import CHECKOUT
from headgate.mailsettings import MailSettings, NotifySettings

SYSTEM_FILE = Path("/etc/headgate/headgate.toml")
CHECKOUT_FILE = CHECKOUT / "config" / "headgate.toml"
VARIABLE = "HEADGATE_CONFIG"


@dataclass(frozen=True)
class ReceiverSettings:
    """The DICOM peer that scanners see."""

    port: int = 11112
    address: str = ""
    ae_title: str = "HEADGATE"
    free_floor_megabytes: int = 1024
    maximum_associations: int = 64
    maximum_pdu: int = 131072
    maximum_object_megabytes: int = 65536
    digests: bool = False
    commitment_peers: dict[str, str] = field(default_factory=dict)
    tls_port: int = 0
    tls_certificate: str = ""
    tls_key: str = ""
    tls_trusted: str = ""
    tls_fingerprints: list[str] = field(default_factory=list)
    processes: int = 2
    idle_seconds: float = 60.0
    grace_seconds: float = 60.0
    calling_ae_titles: list[str] = field(default_factory=list)
    called_ae_titles: list[str] = field(default_factory=list)
    networks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class IncomingSettings:
    """How studies are indexed and listed."""

    quiet_seconds: float = float(DEFAULT_QUIET_SECONDS)
    classify_rules: str = ""
    patient_identity: str = "hashed"
    studies_per_import: int = 20


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
    token_files: TokenFiles = field(default_factory=TokenFiles)


@dataclass(frozen=True)
class PacsSettings:
    """One research PACS, or another target of what is sent."""

    kind: str = "dicom"
    url: str = ""
    folder: str = ""
    host: str = "127.0.0.1"
    port: int = 4242
    ae_title: str = "RESEARCH"
    calling_ae_title: str = "HEADGATE"
    timeout_seconds: float = 30.0
    tls: bool = False
    tls_trusted: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    proof: str = "commitment"
    commitment_seconds: float = 10.0
    qido_url: str = ""
    web_token_file: str = ""


@dataclass(frozen=True)
class ListingSettings:
    """How the research PACS is asked what it holds, and what the answer may do."""

    answers_at_most: int = 500
    days: int = 2
    studies_per_import: int = 500
    gone_percent_at_most: float = 10.0


@dataclass(frozen=True)
class SourceSettings:
    """A sender that can be asked what it has, under the AE title that it calls with."""

    host: str = "127.0.0.1"
    port: int = 104
    ae_title: str = ""
    calling_ae_title: str = "HEADGATE"
    timeout_seconds: float = 30.0


@dataclass(frozen=True)
class SendingSettings:
    """How much is sent at once, and when a transfer that could not go is tried again."""

    associations: int = 4
    processes: int = 2
    retry_first_seconds: float = 60.0
    retry_longest_seconds: float = 3600.0


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


@dataclass(frozen=True)
class RetentionSettings:
    """When the quarantine is emptied."""

    free_percent: float = 20.0
    unassigned_days: int = 7


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
    heartbeat: HeartbeatSettings = field(default_factory=HeartbeatSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    notify: dict[str, NotifySettings] = field(default_factory=dict)


CHOICES = {  # setting: what it may be
    "incoming.patient_identity": ("hashed", "plain", "omitted"),
    "mail.security": ("none", "starttls", "tls"),
    "pacs.*.kind": ("dicom", "stow-rs", "folder"),
    "pacs.*.proof": ("commitment", "c-find", "qido-rs", "c-store"),
    "projects.*.proof": ("commitment", "c-find", "qido-rs", "c-store"),
    "projects.*.uid_scheme": ("uuid", "fiona"),
}


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
        values = tomllib.loads(path.read_text()) if path else {}
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{path} cannot be read: {error}") from error
    for name, value in (overrides or {}).items():
        _put(values, name.split("."), value)
    return parse(values)


def parse(values: Mapping[str, Any]) -> Settings:
    """Given the parsed TOML, return the settings. Raise Misconfigured."""
    return _build(Settings, values, "")


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
        return {
            key: _value(kind.__args__[1], inner, f"{name}.{key}") for key, inner in value.items()
        }
    if isinstance(kind, GenericAlias):
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Misconfigured(f"{name} is a list of texts, not {value!r}")
        return value
    wanted = (int, float) if kind is float else kind
    if not isinstance(value, wanted) or isinstance(value, bool) != (kind is bool):
        raise Misconfigured(f"{name} is of type {kind.__name__}, not {value!r}")
    _check_choice(name, value)
    return float(value) if kind is float else value


def _check_choice(name: str, value: Any) -> None:
    table, _, key = name.rpartition(".")
    pattern = f"{table.split('.')[0]}.*.{key}"
    choices = CHOICES.get(name) or CHOICES.get(pattern)
    if choices and value not in choices:
        raise Misconfigured(f"{name} is one of {', '.join(choices)}, not {value!r}")


def missing() -> Misconfigured:
    """Return the error that says where a configuration file is looked for."""
    return Misconfigured(
        f"no configuration file: give -c FILE, set {VARIABLE}, or copy "
        f"config/headgate.example.toml to {SYSTEM_FILE}"
    )
