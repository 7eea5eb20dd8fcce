#!/usr/bin/env python3
"""Measure receiving beside DCMTK's storescp, as FIONA runs it, and Orthanc, in turns.

Prints Markdown; RESULTS.md holds what it printed last. Ours syncs each instance, its name and its
arrival link before it answers; storescp syncs nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
from headgate.demo.processes import Running, free_port, is_listening, script
from readiness import made_ready

FIONA = ["--fork", "--promiscuous", "--write-xfer-little", "--sort-on-study-uid", "scp"]
NODELAY = {**os.environ, "TCP_NODELAY": "1"}
AS_SHIPPED = {name: value for name, value in os.environ.items() if name != "TCP_NODELAY"}
ORTHANC = {
    "Name": "bench", "DicomServerEnabled": True, "DicomAet": "ORTHANC",
    "DicomCheckCalledAet": False, "RemoteAccessAllowed": False, "DicomAlwaysAllowStore": True,
    "UnknownSopClassAccepted": True, "StableAge": 600, "Plugins": [],
}  # fmt: skip


@click.command()
@click.argument("corpora", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=5, show_default=True)
@click.option("--files", default=600, show_default=True, help="Files sent in each run.")
@click.option("--associations", default="1,4,16", show_default=True)
@click.option("--nagle", is_flag=True, help="Senders as shipped, Nagle's algorithm on.")
@click.option("--each", is_flag=True, help="An association for each file.")
def main(
    corpora: tuple[Path, ...], rounds: int, files: int, associations: str, nagle: bool, each: bool
) -> None:
    """Measure on folders of DICOM files."""
    environment = AS_SHIPPED if nagle else NODELAY
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        for corpus in corpora:
            paths = [path for path in sorted(corpus.rglob("*")) if path.is_file()][:files]
            for count in map(int, associations.split(",")):
                measure(
                    Path(name) / f"{corpus.name}-{count}", paths, count, rounds, environment, each
                )


def measure(folder, paths, count, rounds, environment, each) -> None:
    figures: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for name, start in SERVERS.items():
            where = folder / f"{number}-{name.replace(' ', '-')}"
            where.mkdir(parents=True)
            made_ready(folder.parent, paths)
            port, running = start(where, environment)
            running.wait_until(partial(is_listening, port), name)
            seconds = timed(port, paths, count, environment, each)
            running.stop()
            figures[name].append(len(paths) / seconds)
            shutil.move(where, folder / f"done-{number}-{name.replace(' ', '-')}")
    first = statistics.median(next(iter(figures.values())))
    kind = f"{folder.name.rsplit('-', 1)[0]}, {count} associations{' at once, one an image' * each}"
    click.echo(f"\n| {kind} | images/s | ratio |\n|---|---|---|")
    for name, several in figures.items():
        middle = statistics.median(several)
        spread = f"{middle:.0f} ({min(several):.0f} to {max(several):.0f})"
        click.echo(f"| {name} | {spread} | {middle / first:.2f} |")


def timed(port: int, paths: list[Path], count: int, environment, each: bool) -> float:
    parts = [paths[start::count] for start in range(count)]
    command = ["dcmsend", "-aec", "HEADGATE", "127.0.0.1", str(port)]
    began = time.perf_counter()
    if each:
        lines = "\n".join(map(str, paths))
        words = ["xargs", "-P", str(count), "-n", "1", *command]
        subprocess.run(
            words, input=lines, text=True, env=environment, check=True, capture_output=True
        )
        return time.perf_counter() - began
    running = [
        subprocess.Popen(
            [*command, *map(str, part)], env=environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for part in parts
    ]  # fmt: skip
    if sum(one.wait() for one in running):
        raise click.ClickException("dcmsend failed")
    return time.perf_counter() - began


def storescp(where: Path, environment) -> tuple[int, Running]:
    (where / "scp").mkdir()
    port = free_port()
    words = ["storescp", *FIONA, "--output-directory", str(where / "scp"), str(port)]
    return port, Running(words, where / "out", env=environment)


def headgate(where: Path, environment) -> tuple[int, Running]:
    port = free_port()
    words = [*script("storescpd"), "--port", str(port), "--datadir", str(where / "data")]
    return port, Running(words, where / "out", env=environment)


def orthanc(where: Path, environment) -> tuple[int, Running]:
    port, store = free_port(), where / "store"
    settings = {**ORTHANC, "StorageDirectory": str(store), "IndexDirectory": str(store)}
    settings.update(DicomPort=port, HttpPort=free_port())
    (where / "orthanc.json").write_text(json.dumps(settings))
    return port, Running(["Orthanc", str(where / "orthanc.json")], where / "out", env=environment)


SERVERS = {"storescp as FIONA runs it": storescp, "Orthanc": orthanc, "headgate": headgate}

if __name__ == "__main__":
    main()
