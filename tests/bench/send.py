#!/usr/bin/env python3
"""Measure sending beside dcmsend and storescu, all to DCMTK's storescp, in turns.

Prints Markdown; RESULTS.md holds what it printed last. Ours de-identifies each header on its way,
searches it for leaks, hashes what it read and what it sent, and has a synced ledger line for each
instance when it is through; theirs send files as they are. TCP_NODELAY is on for all.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from contextlib import contextmanager
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
from headgate import config
from headgate.context import Context
from headgate.core.model import Assignment, Fate, Request
from headgate.delivering.study import Delivering
from headgate.demo.processes import Running, free_port, is_listening
from headgate.stores import secrets
from readiness import made_ready

FIONA = ["--fork", "--promiscuous", "--write-xfer-little", "--sort-on-study-uid", "scp"]
NODELAY = {**os.environ, "TCP_NODELAY": "1"}


@click.command()
@click.argument("corpora", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rounds", default=5, show_default=True)
@click.option("--files", default=600, show_default=True, help="Files sent in each run.")
@click.option("--associations", default="1,4", show_default=True)
@click.option("--processes", default=2, show_default=True, help="Of ours, when it may use them.")
def main(corpora: tuple[Path, ...], rounds: int, files: int, associations: str, processes: int):
    """Measure on folders of DICOM files."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        for corpus in corpora:
            paths = [path for path in sorted(corpus.rglob("*")) if path.is_file()][:files]
            for count in map(int, associations.split(",")):
                measure(Path(name) / f"{corpus.name}-{count}", paths, count, rounds, processes)


def measure(folder: Path, paths: list[Path], count: int, rounds: int, processes: int) -> None:
    figures: dict[str, list[float]] = defaultdict(list)
    senders = {
        "dcmsend": partial(dcmtk, "dcmsend"),
        "storescu": partial(dcmtk, "storescu"),
        "headgate": partial(headgate, processes),
    }
    for number in range(rounds):
        for name, send in senders.items():
            where = folder / f"{number}-{name}"
            made_ready(folder.parent, paths)
            with storescp(where) as port:
                figures[name].append(len(paths) / send(where, port, paths, count))
                kept = sum(1 for one in (where / "scp").rglob("*") if one.is_file())
            if kept != len(paths):
                raise click.ClickException(f"{name} sent {len(paths)}, storescp kept {kept}")
            shutil.move(where, folder / f"done-{number}-{name}")
    report(f"{folder.name.rsplit('-', 1)[0]}, {count} associations", figures)


def report(title: str, figures: dict[str, list[float]]) -> None:
    dcmsend, storescu, _ = (statistics.median(several) for several in figures.values())
    click.echo(f"\n| {title} | images/s | to dcmsend | to storescu |\n|---|---|---|---|")
    for name, several in figures.items():
        middle = statistics.median(several)
        spread = f"{middle:.0f} ({min(several):.0f} to {max(several):.0f})"
        click.echo(f"| {name} | {spread} | {middle / dcmsend:.2f} | {middle / storescu:.2f} |")


@contextmanager
def storescp(where: Path):
    (where / "scp").mkdir(parents=True)
    port = free_port()
    program = Path(shutil.which("dcmsend") or "dcmsend").with_name("storescp")
    words = [str(program), *FIONA, "--output-directory", str(where / "scp"), str(port)]
    running = Running(words, where / "out", env=NODELAY)
    running.wait_until(partial(is_listening, port), "storescp")
    yield port
    running.stop()


def dcmtk(tool: str, _where: Path, port: int, paths: list[Path], count: int) -> float:
    command = [tool, "-aec", "RESEARCH", "127.0.0.1", str(port)]
    began = time.perf_counter()
    running = [
        subprocess.Popen(
            [*command, *map(str, paths[start::count])], env=NODELAY,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for start in range(count)
    ]  # fmt: skip
    if sum(one.wait() for one in running):
        raise click.ClickException(f"{tool} failed")
    return time.perf_counter() - began


def headgate(processes: int, where: Path, port: int, paths: list[Path], count: int) -> float:
    secrets.write_key(where / "deid.key", "00" * 32)
    settings = {
        "datadir": str(where / "data"),
        "pacs": {"research": {"port": port, "proof": "c-store"}},
        "sending": {"associations": count, "processes": processes},
        "deid": {"key_file": str(where / "deid.key")},
    }
    context = Context(config.parse(settings))
    context.prepare()
    raw = context.layout.study_raw("1.2.3") / "1.2.3.1"
    raw.mkdir(parents=True)
    for number, path in enumerate(paths):
        (raw / f"1.2.3.1.{number + 10_000}").symlink_to(path)
    request = Request.wanted("1.2.3", 1, Assignment("P", "P-001", "E1"), "1")
    began = time.perf_counter()
    deliveries = Delivering(context, request, {}, "research").run()
    seconds = time.perf_counter() - began
    if any(one.fate is not Fate.STORED for one in deliveries):
        raise click.ClickException("headgate failed")
    return seconds


if __name__ == "__main__":
    main()
