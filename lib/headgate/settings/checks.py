"""What a setting may be beyond its type: places, AE titles, networks, and numbers."""

import ipaddress
import math
from collections.abc import Mapping
from typing import Any

from headgate.core.errors import Misconfigured
from headgate.core.grammar import is_ae_title

CHOICES = {  # setting: what it may be
    "incoming.patient_identity": ("hashed", "plain", "omitted"),
    "mail.security": ("none", "starttls", "tls"),
    "pacs.*.kind": ("dicom", "stow-rs", "folder"),
    "pacs.*.proof": ("commitment", "c-find", "qido-rs", "c-store"),
    "pacs.*.pull": ("c-get", "wado-rs", "c-move"),
    "exports.*.kind": ("pure", "plain", "bids"),
    "exports.*.birth_date": ("none", "year", "full"),
    "slides.mode": ("dicom", "copy"),
    "workflows.*.level": ("study", "series"),
    "workflows.*.output": ("receiver", "values"),
    "projects.*.proof": ("commitment", "c-find", "qido-rs", "c-store"),
    "projects.*.uid_scheme": ("uuid", "fiona"),
}

# where we write: scripts start in different folders, so that one below each would not be the same
PLACES = ("datadir", "mount_point", "log_directory", "slides.share", "pacs.*.folder")

# the last part of a setting: the least that a number may be; a second is more than none
LEAST: dict[str, int] = {
    "port": 1,
    "processes": 1,
    "associations": 1,
    "maximum_associations": 1,
    "maximum_pdu": 4096,
    "maximum_object_megabytes": 1,
    "studies_per_import": 1,
    "answers_at_most": 1,
    "projects_at_once": 1,
    "memory_megabytes": 1,
}
MOST = {"port": 65535, "percent": 100, "maximum_pdu": 0xFFFFFFFF}  # by how a setting ends
MOST_OF_ALL = 10**9  # the system waits for no more seconds
POSITIVE = ("timeout_seconds", "idle_seconds", "turn_seconds")
ANY_NUMBER = ("date_shift_days", "overlap_minutes")  # less than none begins after the clock
ANY_FREE_PORT = "receiver.port"


def check(name: str, value: Any) -> None:
    """Given a setting and its value, raise Misconfigured where it may not be that."""
    if isinstance(value, str):
        _check_choice(name, value)
        _check_text(name, value)
    elif isinstance(value, list):
        for one in value:
            _check_listed(name, one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        _check_range(name, value)


def check_peers(name: str, peers: Mapping[str, str]) -> None:
    """Given a setting that tells where AE titles listen, raise Misconfigured where one does not."""
    for title, where in peers.items():
        _check_title(f"{name}, {title}", title)
        host, _, port = where.rpartition(":")
        if not host or not (port.isascii() and port.isdigit() and 0 < int(port) <= MOST["port"]):
            raise Misconfigured(f'{name}: {title} is not at "host:port"')


def _pattern(name: str) -> str:
    table, _, key = name.rpartition(".")
    return f"{table.split('.')[0]}.*.{key}"


def _check_choice(name: str, value: str) -> None:
    choices = CHOICES.get(name) or CHOICES.get(_pattern(name))
    if choices and value not in choices:
        raise Misconfigured(f"{name} is one of {', '.join(choices)}, not {value!r}")


def _check_text(name: str, value: str) -> None:
    is_place = name in PLACES or _pattern(name) in PLACES
    if is_place and (value or name == "datadir") and not value.startswith("/"):
        raise Misconfigured(f"{name} is a whole path, from / on, not {value!r}")
    is_title = name.endswith("ae_title") and (value or not name.startswith("sources."))
    if is_title:
        _check_title(name, value)


def _check_listed(name: str, value: str) -> None:
    if name.endswith("_ae_titles"):
        _check_title(name, value)
    if name == "receiver.networks":
        try:
            ipaddress.ip_network(value)
        except ValueError as reason:
            raise Misconfigured(f"{name}: {reason}") from reason


def _check_title(name: str, value: str) -> None:
    if not is_ae_title(value) or value != value.strip():
        raise Misconfigured(
            f"{name}: an AE title has 1 to 16 characters of ASCII, no backslash, and no spaces "
            f"around it, other than {value!r}"
        )


def _check_range(name: str, value: float) -> None:
    key = name.rpartition(".")[2]
    ending = next((one for one in MOST if key.endswith(one)), "")
    least = 0 if name == ANY_FREE_PORT else LEAST.get(key, 0)
    most = MOST.get(ending, MOST_OF_ALL)
    if value > most or math.isnan(value):
        raise Misconfigured(f"{name} is at most {most}, not {value!r:.40}")
    if key in ANY_NUMBER:
        return
    if key in POSITIVE and not value > 0:
        raise Misconfigured(f"{name} is more than 0, not {value!r}")
    if not value >= least:
        raise Misconfigured(f"{name} is at least {least}, not {value!r}")
