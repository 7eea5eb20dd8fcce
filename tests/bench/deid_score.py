#!/usr/bin/env python3
"""Plant identifiers of fictitious patients in real files, de-identify them, and score what left.

Prints Markdown; RESULTS.md holds what it printed last. The files are those that pydicom carries and
those of every SOURCE. The same seed gives the same corpus.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]
from headgate.environment import enter

enter(create=True, extras="test")

import click
from planting import corpus, scoring

SHOWN = 100


@click.command()
@click.option(
    "--source", multiple=True, type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of DICOM files, beside those that pydicom carries.",
)  # fmt: skip
@click.option("--seed", default=1, show_default=True)
@click.option("--count", default=0, help="How many instances; 0: each file once.")
@click.option("--keep", type=click.Path(path_type=Path), help="A new folder for the corpus.")
@click.option("--json", "as_json", is_flag=True, help="Print the score as JSON.")
@click.option("--failures", is_flag=True, help="Tell the first failed checks, on stderr.")
def main(
    source: tuple[Path, ...],
    seed: int,
    count: int,
    keep: Path | None,
    as_json: bool,
    failures: bool,
) -> None:
    """Score the de-identification of a planted corpus."""
    with tempfile.TemporaryDirectory(prefix="headgate-score-") as name:
        folder = keep or Path(name)
        answers = corpus.make(corpus.sources(source), folder, seed, count)
        score = scoring.run(answers, folder)
    if failures:
        for category, file, what in score.failures[:SHOWN]:
            click.echo(f"{category}: {file}: {what}", err=True)
        for reason, number in score.refused.most_common():
            click.echo(f"rejected {number}: {reason}", err=True)
    click.echo(json.dumps(asdict(score)) if as_json else scoring.table(score))
    sys.exit(bool(score.failed[scoring.DIRECT]))


if __name__ == "__main__":
    main()
