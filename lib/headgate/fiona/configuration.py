"""A FIONA config.json, told as our TOML."""

from collections.abc import Mapping
from typing import Any

from headgate.core.errors import Misconfigured

# key of FIONA's config.json (DICOM part): our table and key
KEYS = (
    ("DATADIR", "", "datadir"),
    ("DICOMPORT", "receiver", "port"),
    ("DICOMAETITLE", "receiver", "ae_title"),
)
NUMBERS = {"port"}


def to_toml(values: Mapping[str, Any]) -> str:
    """Given the parsed config.json, return TOML of what has a place here.

    Keys without one are listed as comments by their names alone, as their values may be secrets.
    Raise Misconfigured when a port is no number.
    """
    lines: list[str] = []
    last = ""
    for theirs, table, ours in KEYS:
        if theirs not in values:
            continue
        if table != last:
            lines += ["", f"[{table}]"]
            last = table
        lines.append(f"{ours} = {_literal(ours, values[theirs])}")
    known = {theirs for theirs, _, _ in KEYS}
    lines += [f"# {name}: has no place here" for name in sorted(values) if name not in known]
    return "\n".join(lines).strip() + "\n"


def _literal(name: str, value: Any) -> str:
    if name in NUMBERS:
        if not str(value).isdigit():
            raise Misconfigured(f"{name} of the FIONA configuration is no number")
        return str(int(value))
    escaped = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
