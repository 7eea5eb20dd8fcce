#!/usr/bin/env python3
"""Measure receiving, process, status and clear-old-files on an empty tree and on a full one.

The full tree is simulated: its files and links are further names of a few, so that millions of
objects cost entries of folders alone. Both take turns; prints Markdown.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
from headgate.demo import studies
from headgate.demo.processes import Running, free_port, is_listening, program, script
from headgate.stores.layout import Layout

MOST_NAMES = 60_000  # of one file: ext4 has room for 65,000
NODELAY = {**os.environ, "TCP_NODELAY": "1"}
SCRIPTS = ("process", "status", "clear-old-files")
ROOT = "1.2.826.0.1.3680043.10.1234"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--studies", "count", default=10_000, show_default=True)
@click.option("--objects", default=100, show_default=True, help="In each study.")
@click.option("--slices", default=200, show_default=True, help="Of the study that is received.")
@click.option("--rounds", default=5, show_default=True)
def main(folder: Path, count: int, objects: int, slices: int, rounds: int) -> None:
    """Measure in FOLDER, on a disk with room, and print the table of RESULTS.md."""
    folder.mkdir(parents=True)
    for name in ("empty", "full"):
        for place in Layout(folder / name / "data").folders():
            place.mkdir(parents=True, exist_ok=True)
    seconds = fill(Layout(folder / "full" / "data"), count, objects, folder / "names")
    click.echo(f"{count * objects} objects in {count} studies, made in {seconds:.0f} s\n")
    corpus = make_corpus(folder / "corpus", slices * rounds)
    figures: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(rounds):
        part = corpus[number * slices : (number + 1) * slices]
        for name in ("empty", "full") if number % 2 else ("full", "empty"):
            for what, value in measured(folder / name, part):
                figures[what, name].append(value)
    show(figures, slices)
    shutil.rmtree(folder)


def make_corpus(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    paths = []
    for number, dataset in enumerate(studies.ct_study(count, 512)):
        paths.append(folder / f"IM{number:05d}")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


class Names:
    """Further names of one file, and of another when it has all that it may have."""

    def __init__(self, folder: Path, make) -> None:
        folder.mkdir(parents=True)
        self._folder, self._make, self._given = folder, make, 0

    def give(self, path: str) -> None:
        if self._given % MOST_NAMES == 0:
            self._one = str(self._folder / str(self._given))
            self._make(self._one)
        self._given += 1
        os.link(self._one, path, follow_symlinks=False)


def fill(layout: Layout, count: int, objects: int, folder: Path) -> float:
    """Put the studies into archive/, raw/, ledger/ and requests/; return the seconds."""
    began = time.perf_counter()
    target = f"../../../archive/scp_{ROOT}.1.100000/{ROOT}.1.100000.1.1"
    files = Names(folder / "files", lambda path: Path(path).write_bytes(b"x"))
    links = Names(folder / "links", lambda path: os.symlink(target, path))
    tables = Names(folder / "tables", lambda path: Path(path).write_text('{"NumFiles": 100}'))
    for number in range(count):
        study = f"{ROOT}.1.{100_000 + number}"
        archive, raw = f"{layout.archive}/scp_{study}", f"{layout.raw}/{study}"
        os.mkdir(archive)
        os.mkdir(raw)
        os.mkdir(f"{raw}/{study}.1")
        os.mkdir(f"{layout.ledger}/{study}")
        for instance in range(objects):
            files.give(f"{archive}/{study}.1.{instance}")
            links.give(f"{raw}/{study}.1/{study}.1.{instance}")
        tables.give(f"{raw}/{study}.1.json")
        tables.give(f"{layout.ledger}/{study}/P.jsonl")
        tables.give(f"{layout.requests}/done/{number:024d}.json")
    os.sync()
    return time.perf_counter() - began


def measured(folder: Path, paths: list[Path]) -> Iterator[tuple[str, float]]:
    """Yield what was measured, in seconds, and receiving in images a second."""
    config = folder / "headgate.toml"
    config.write_text(f'datadir = "{folder}/data"\nlog_directory = ""\n')
    port = free_port()
    words = ["--port", str(port), "--datadir", str(folder / "data")]
    running = Running([*script("storescpd"), *words], folder / "storescpd.out")
    running.wait_until(partial(is_listening, port), "storescpd")
    command = [program("dcmsend"), "127.0.0.1", str(port), *map(str, paths)]
    began = time.perf_counter()
    subprocess.run(command, env=NODELAY, check=True, capture_output=True)
    yield "receive, images/s", len(paths) / (time.perf_counter() - began)
    running.stop()
    for name in SCRIPTS:
        began = time.perf_counter()
        words = [*script(name), "-c", str(config), "--json"]
        subprocess.run(words, check=True, capture_output=True)
        yield f"{name}, s", time.perf_counter() - began


def show(figures: dict[tuple[str, str], list[float]], slices: int) -> None:
    click.echo(f"| what ({slices} CT slices received) | empty | full | full to empty |")
    click.echo("|---|---|---|---|")
    for what in dict.fromkeys(what for what, _ in figures):
        medians = [statistics.median(figures[what, name]) for name in ("empty", "full")]
        click.echo(
            f"| {what} | {medians[0]:.2f} | {medians[1]:.2f} | {medians[1] / medians[0]:.2f} |"
        )


if __name__ == "__main__":
    main()
