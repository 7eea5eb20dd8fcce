#!/usr/bin/env python3
"""Measure de-identification: whole files, header work alone, beside the C++ engine of FIONA.

Prints Markdown; RESULTS.md holds what it printed last. `--anonymizer` is the program built from
DICOMAnonymizer; without it only ours is measured. Rounds of ours and theirs take turns.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
from headgate.core.deid.engine import deidentify
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.memory import Memory
from headgate.demo import studies
from headgate.demo.processes import script
from headgate.stores.dicomfiles import read_instance
from readiness import made_ready

PINS: dict[tuple[str, ...], str] = {("taskset", "-c", "0"): "one core", (): "any core"}
WHO = ["--project", "LUNG", "--participant", "LUNG-001", "--event", "baseline"]


@click.command()
@click.argument("corpora", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--anonymizer", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--rounds", default=5, show_default=True)
def main(corpora: tuple[Path, ...], anonymizer: Path | None, rounds: int) -> None:
    """Measure on folders of DICOM files (none: a CT series made up)."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        for corpus in corpora or (made_up(Path(name) / "ct"),):
            measure(corpus, anonymizer, rounds, Path(name))


def made_up(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number, dataset in enumerate(studies.ct_study(400, 512)):
        dataset.save_as(folder / f"IM{number:05d}", enforce_file_format=True)
    return folder


def measure(corpus: Path, anonymizer: Path | None, rounds: int, folder: Path) -> None:
    figures: dict[str, list[float]] = defaultdict(list)
    paths = [path for path in sorted(corpus.rglob("*")) if path.is_file()]
    size = sum(path.stat().st_size for path in paths) / len(paths)
    for number in range(rounds):
        # ext4 is slow where much was deleted just before: each writes to a folder of its own
        for name, command in commands(corpus, anonymizer, folder / f"{corpus.name}-{number}"):
            made_ready(folder, paths)
            began = time.perf_counter()
            done = subprocess.run(command, check=True, capture_output=True)
            figures[name].append(len(paths) / (time.perf_counter() - began))
            if "--json" in command:
                seconds = json.loads(done.stdout.splitlines()[-1])["seconds"]
                figures[f"{name}, without start-up"].append(len(paths) / seconds)
        figures["headgate, header work alone, one process"].append(headers(paths))
    click.echo(f"{corpus.name}: {len(paths)} files of {size / 1000:.0f} kB, files/s\n")
    click.echo("| what | files/s | ratio |\n|---|---|---|")
    first = statistics.median(next(iter(figures.values())))
    for name, several in figures.items():
        low, middle, high = min(several), statistics.median(several), max(several)
        ratio = f"{middle / first:.2f}"
        click.echo(f"| {name} | {middle:.0f} ({low:.0f} to {high:.0f}) | {ratio} |")
    click.echo("")


def commands(corpus: Path, anonymizer: Path | None, target: Path) -> list[tuple[str, list[str]]]:
    found = []
    if anonymizer:
        program, who = [str(anonymizer), "-t"], ["-p", "X", "-j", "LUNG", "-e", "baseline"]
        for pin, where in PINS.items():
            words = ["-i", str(corpus), "-o", f"{target}-theirs-{where}", *who]
            found.append(
                (f"DICOMAnonymizer (C++), 1 thread, {where}", [*pin, *program, "1", *words])
            )
        words = ["-i", str(corpus), "-o", f"{target}-theirs-2", *who]
        found.append(("DICOMAnonymizer (C++), 2 threads", [*program, "2", *words]))
    ours = [*script("anonymize"), str(corpus)]
    for pin, where in PINS.items():
        words = [f"{target}-ours-{where}", *WHO, "--json"]
        found.append((f"headgate, 1 process, {where}", [*pin, *ours, *words]))
    words = [f"{target}-ours-2", *WHO, "--json", "--jobs", "2"]
    found.append(("headgate, 2 processes", [*ours, *words]))
    return found


def headers(paths: list[Path]) -> float:
    recipe = Recipe("LUNG", "LUNG-001", "baseline", project_key(b"k" * 32, "LUNG"))
    instances = [read_instance(path) for path in paths[:400]]
    memory, began = Memory(), time.perf_counter()
    for instance in instances:
        deidentify(instance.dataset, instance.encoding, recipe, memory).header()
    return len(instances) / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
