"""Index what arrived: links in raw/ and participants/, a JSON per series, unknown/ with reasons."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from headgate.arriving.filing import file_away
from headgate.context import Context
from headgate.core.step import Outcome, Step

BATCH = 1000


@dataclass(frozen=True)
class Arrivals:
    """Arrival links of one study."""

    study: str
    links: list[Path]

    def __str__(self) -> str:
        return self.study


def plan(context: Context) -> Iterator[Arrivals]:
    """Yield what arrived, study by study, in batches."""
    for study, arrived in groupby(
        context.trees.arrivals(), lambda link: link.name.rpartition("_")[0]
    ):
        while batch := list(islice(arrived, BATCH)):
            yield Arrivals(study, batch)


def apply(context: Context, arrivals: Arrivals) -> Iterator[Outcome]:
    """File each instance, tell of its series, mark the study as changed; then forget the links."""
    yield from file_away(context, arrivals.study, arrivals.links)


STEP = Step("process", __doc__, plan, apply, locks=("process",))
