#!/usr/bin/env python3
"""Measure what-is-in-pacs and what-is-not-in-pacs with many studies in a simulated PACS.

Prints Markdown; RESULTS.md holds what it printed last. The PACS is pynetdicom's C-FIND SCP over a
list in memory, and stops at so many answers without saying so; REDCap is the embedded one.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2] / "lib"), str(Path(__file__).parents[1])]
from headgate.environment import enter

enter(create=True, extras="test")

import click
from catalogues import Catalogue, many
from headgate.demo.processes import Running, free_port, is_listening, script
from headgate.demo.site import Site

DICTIONARIES = Path(__file__).resolve().parents[2] / "config" / "redcap"
ROW = "| {} | {:.0f} | {} | {} | {} |"


@click.command()
@click.option("--studies", default=50_000, show_default=True)
@click.option("--stops-at", default=500, show_default=True, help="Answers of the PACS.")
@click.option("--without-counts", is_flag=True, help="The PACS gives no counts.")
def main(studies: int, stops_at: int, without_counts: bool) -> None:
    """Measure, and print the table of RESULTS.md."""
    with tempfile.TemporaryDirectory(prefix="headgate-bench-") as name:
        folder, port = Path(name), free_port()
        words = [*script("tracker"), "--port", str(port), "--db", str(folder / "db.sqlite")]
        words += ["--tokens", str(folder / "tokens.json"), "--load", str(DICTIONARIES)]
        tracker = Running(words, folder / "tracker.out")
        tracker.wait_until(lambda: is_listening(port), "tracker")
        pacs = Catalogue(many(studies), stops_at, has_counts=not without_counts)
        try:
            site = _site(folder, f"http://127.0.0.1:{port}/api/", pacs.port)
            measure(site, pacs)
        finally:
            pacs.stop()
            tracker.stop()


def _site(folder: Path, redcap: str, port: int) -> Site:
    return Site(folder, redcap, json.loads((folder / "tokens.json").read_text()), port)


def measure(site: Site, pacs: Catalogue) -> None:
    held = pacs.studies
    click.echo("| what | seconds | studies in the PACS | rows written or deleted | C-FINDs |")
    click.echo("|---|---|---|---|---|")
    run(site, pacs, "all, the first time", "what-is-in-pacs", "--all")
    run(site, pacs, "all, nothing changed", "what-is-in-pacs", "--all")
    for one in held[:: max(1, len(held) // 100)]:
        one.description = "Abdomen"
    run(site, pacs, "all, one of 500 changed", "what-is-in-pacs", "--all")
    run(site, pacs, "the last days", "what-is-in-pacs")
    run(site, pacs, "nothing gone", "what-is-not-in-pacs")
    pacs.replace(held[: -max(1, len(held) // 500)])
    run(site, pacs, "one of 500 gone", "what-is-not-in-pacs")


def run(site: Site, pacs: Catalogue, what: str, name: str, *words: str) -> None:
    pacs.asked.clear()
    begin = time.perf_counter()
    result = site.run(name, *words)
    seconds = time.perf_counter() - begin
    if result.code:
        raise click.ClickException(f"{name} ended with {result.code}: {result.lines[-1:]}")
    words_of = [line["text"].split()[0] for line in result.lines]
    rows = sum(int(one) if one.isdigit() else 1 for one in words_of)
    asked = sum(pacs.asked.values())
    click.echo(ROW.format(f"`{name}`, {what}", seconds, len(pacs.studies), rows, asked))


if __name__ == "__main__":
    main()
