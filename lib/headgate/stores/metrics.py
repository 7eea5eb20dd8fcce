"""What a run did, for node_exporter's textfile collector: numbers alone."""

import contextlib
import re
from collections.abc import Mapping
from pathlib import Path

from headgate.stores import files

VALUE = re.compile(r"^(\w+)\{[^}]*\} ([0-9.e+]+)$", re.MULTILINE)


def write(folder: Path, step: str, values: Mapping[str, float]) -> None:
    """Given a script and values by name, write `<step>.prom`; names with `:` carry a status.

    The last success stays when this run had none. Raise Unavailable.
    """
    before = read(folder, step)
    merged = {"last_success_timestamp_seconds": 0.0, **_kept(before), **values}
    lines = []
    for name, value in sorted(merged.items()):
        key, _, status = name.partition(":")
        labels = f'step="{step}"' + (f',status="{status}"' if status else "")
        lines.append(f"headgate_{key}{{{labels}}} {value:.15g}\n")
    files.write_whole(folder / f"{step}.prom", "".join(lines))


def read(folder: Path, step: str) -> dict[str, float]:
    """Given a script, return what its last run wrote by name, without statuses."""
    found = {}
    with contextlib.suppress(FileNotFoundError):
        for name, value in VALUE.findall((folder / f"{step}.prom").read_text(errors="replace")):
            found[name.removeprefix("headgate_")] = float(value)
    return found


def _kept(before: Mapping[str, float]) -> dict[str, float]:
    name = "last_success_timestamp_seconds"
    return {name: before[name]} if name in before else {}


def known(folder: Path) -> list[str]:
    """Given the folder, return the scripts that ever ran."""
    return [name.removesuffix(".prom") for name in files.names_in(folder)]
