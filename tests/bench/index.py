#!/usr/bin/env python3
"""Measure process: what the receiver kept, into links and series JSON.

Instances are put into the archive as the receiver does, past the page cache, so that their headers
are read from the disk; `--warm` reads them once before. Prints Markdown.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
from headgate import config
from headgate.context import Context
from headgate.demo.processes import script
from headgate.steps import process
from headgate.stores.dicomfiles import read_instance


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("corpora", nargs=-1, type=click.Path(exists=True, path_type=Path))
@click.option("--rounds", default=5, show_default=True)
@click.option("--warm", is_flag=True, help="Headers are in memory.")
def main(folder: Path, corpora: tuple[Path, ...], rounds: int, warm: bool) -> None:
    """Measure on each of the CORPORA, in FOLDER, and print a table of RESULTS.md."""
    figures: dict[str, list[float]] = defaultdict(list)
    for number in range(rounds):
        for corpus in corpora:
            paths = sorted(path for path in corpus.rglob("*") if path.is_file())
            for how, measure in (("without start-up", here), ("with start-up", started)):
                context = prepared(folder / f"{corpus.name}-{how[:7].strip()}-{number}", paths)
                if warm:
                    for one in context.archive.instances():
                        one.read_bytes()
                name = f"{corpus.name}, {len(paths)} instances, {how}"
                figures[name].append(len(paths) / measure(context))
    click.echo("| process | instances/s |\n|---|---|")
    for name, values in figures.items():
        low, high = min(values), max(values)
        click.echo(f"| {name} | {statistics.median(values):.0f} ({low:.0f} to {high:.0f}) |")
    shutil.rmtree(folder)


def prepared(folder: Path, paths: list[Path]) -> Context:
    """Return a gateway that has received the files."""
    (folder / "data").mkdir(parents=True)
    (folder / "headgate.toml").write_text(f'datadir = "{folder}/data"\nlog_directory = ""\n')
    context = Context(replace(config.Settings(), datadir=str(folder / "data")))
    context.prepare()
    for path in paths:
        instance, whole = read_instance(path), path.read_bytes()
        study, name = (
            str(instance.header[tag].value) for tag in ("StudyInstanceUID", "SOPInstanceUID")
        )
        head = whole[: len(whole) - len(instance.stored)]
        context.archive.keep(study, name, head, instance.stored)
    return context


def here(context: Context) -> float:
    began = time.perf_counter()
    for item in process.plan(context):
        for outcome in process.apply(context, item):
            if outcome.status == "error":
                raise click.ClickException(outcome.text)
    return time.perf_counter() - began


def started(context: Context) -> float:
    toml = Path(context.settings.datadir).parent / "headgate.toml"
    began = time.perf_counter()
    command = [*script("process"), "-c", str(toml), "--json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=dict(os.environ))
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
