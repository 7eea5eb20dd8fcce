#!/usr/bin/env python3
"""Measure the whole way beside FIONA's: storescp, its C++ anonymizer with two threads, storescu.

Prints Markdown; RESULTS.md holds what it printed last. A study goes from the first C-STORE of
dcmsend to the last instance in the research PACS; ours is proven there and written to REDCap as
well. The parts of each chain run one after the other, their start-up included.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "lib"))
from headgate.environment import enter

enter(create=True, extras="test")

import click
from headgate import config
from headgate.context import Context
from headgate.demo.site import Site
from headgate.tracker import server
from readiness import made_ready
from run import (
    AS_SHIPPED,
    DICTIONARIES,
    NODELAY,
    STEPS,
    couple,
    make_corpus,
    run,
    send_with,
    storescp,
    timed,
)

SENDERS = {"TCP_NODELAY everywhere": NODELAY, "DCMTK as shipped": AS_SHIPPED}
Figures = dict[str, list[float]]


@click.command()
@click.option("--anonymizer", required=True, type=click.Path(exists=True, path_type=Path),
              help="The program built from DICOMAnonymizer.")  # fmt: skip
@click.option("--slices", default=2000, show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--shipped-rounds", default=1, show_default=True, help="Of DCMTK as shipped: slow.")
def main(anonymizer: Path, slices: int, rounds: int, shipped_rounds: int) -> None:
    """Measure, and print the tables of RESULTS.md."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder = Path(name)
        paths = make_corpus(folder / "corpus", slices, 512)
        for (title, environment), several in zip(
            SENDERS.items(), (rounds, shipped_rounds), strict=True
        ):
            ours: Figures = defaultdict(list)
            theirs: Figures = defaultdict(list)
            for number in range(several):
                where = folder / f"{title.split()[0]}-{number}"
                made_ready(folder, paths)
                theirs_of(where / "theirs", anonymizer, paths, environment, theirs)
                made_ready(folder, paths)
                ours_of(where / "ours", paths, environment, ours)
            if several:
                show(f"{slices} slices, {title}", theirs, ours, slices)


def theirs_of(folder: Path, anonymizer: Path, paths: list[Path], environment, figures: Figures):
    with storescp(folder / "a", environment) as first, storescp(folder / "b", environment) as pacs:
        add(figures, "receive", timed(send_with, "dcmsend", first, paths, 1, environment))
        words = [str(anonymizer), "-t", "2", "-i", str(folder / "a" / "scp"), "-o"]
        words += [str(folder / "clean"), "-p", "P-1", "-j", "P", "-e", "E"]
        add(figures, "anonymize", timed(subprocess.run, words, check=True, capture_output=True))
        clean = sorted(path for path in (folder / "clean").rglob("*") if path.is_file())
        assert len(clean) == len(paths)
        add(figures, "send", timed(send_with, "storescu", pacs, clean, 1, environment))
    add_total(figures)


def ours_of(folder: Path, paths: list[Path], environment, figures: Figures) -> None:
    folder.mkdir(parents=True)
    tracker = server.start(folder / "tracker.sqlite", 0, DICTIONARIES)
    with storescp(folder / "pacs", environment) as pacs:
        words = {"proof": "c-store", "quiet_seconds": 0.0}
        site = Site(folder / "site", tracker.url, tracker.tokens, pacs, **words)
        site.start_receiver()
        context = Context(config.read(site.config))
        project = {"record_id": "1", "project_name": "P", "project_active": "1"}
        context.tables.projects.write([project])
        couple(context.tables)
        add(figures, "receive", timed(send_with, "dcmsend", site.port, paths, 1, environment))
        for name in STEPS:
            add(figures, name, timed(run, site, name))
        site.stop_receiver()
        assert len(context.queues.ids("done")) == 1
        kept = sum(1 for one in (folder / "pacs" / "scp").rglob("*") if one.is_file())
        assert kept == len(paths)
    tracker.stop()
    add_total(figures)


def add(figures: Figures, name: str, seconds: float) -> None:
    figures[name].append(seconds)


def add_total(figures: Figures) -> None:
    add(figures, "total", sum(one[-1] for name, one in figures.items() if name != "total"))


def show(title: str, theirs: Figures, ours: Figures, count: int) -> None:
    click.echo(f"\n| {title} | part | seconds |\n|---|---|---|")
    for who, figures in (("FIONA's", theirs), ("headgate", ours)):
        for name, several in figures.items():
            spread = f"{min(several):.2f} to {max(several):.2f}"
            click.echo(f"| {who} | {name} | {statistics.median(several):.2f} ({spread}) |")
    middle = {name: statistics.median(one["total"]) for name, one in (("a", theirs), ("b", ours))}
    click.echo(
        f"\n{count / middle['a']:.0f} and {count / middle['b']:.0f} images/s: "
        f"{middle['a'] / middle['b']:.2f} times.\n"
    )


if __name__ == "__main__":
    main()
