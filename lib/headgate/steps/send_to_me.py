"""Send a folder, or studies that are here, to the own receiver again, to be filed anew."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import click

from headgate.arriving import resending
from headgate.context import Context
from headgate.core.grammar import is_ae_title
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores import walking
from headgate.stores.walking import Locked

NAME = "send-to-me"
FILES_AT_ONCE = 500
SECONDS_A_DAY = 86400


@dataclass(frozen=True)
class Several:
    """Files that are sent together: those of a study, or some of a folder."""

    name: str
    paths: list[Path]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Nobody:
    """A line of the list of patients of whom nothing is here."""

    line: int

    def __str__(self) -> str:
        return f"line {self.line}"


def plan(context: Context) -> Iterator[Several | Nobody | Locked]:
    """Yield what the command line names: a folder, the studies of patients, or of some days."""
    options = context.options
    named = [name for name in ("folder", "patients", "days") if options[name] is not None]
    if len(named) != 1:
        raise click.UsageError("say what: FOLDER, --patients FILE, or --days N")
    if not is_ae_title(options["calling"]):
        raise click.UsageError("--calling is no AE title: 16 characters at most, no backslash")
    if options["folder"]:
        yield from _folder(Path(options["folder"]))
    elif options["patients"]:
        yield from _patients(context)
    else:
        for study, age in context.archive.studies_by_age(context.now()):
            if not options["days"] or age < options["days"] * SECONDS_A_DAY:
                yield Several(study, context.archive.files_of(study))


def apply(context: Context, item: Several | Nobody | Locked) -> Iterator[Outcome]:
    """Send the files over one association for each hundred kinds. Raise Unavailable."""
    if isinstance(item, Locked):
        yield error(item, item.told("FOLDER"))
        return
    if isinstance(item, Nobody):
        yield error(item, "names no patient of whom a study is here")
        return
    calling = context.options["calling"]
    troubles = Counter(resending.to_receiver(context, item.paths, calling))
    sent = troubles.pop("", 0)
    for why, count in sorted(troubles.items()):
        yield error(item, f"{count} files not sent: {why}")
    if sent:
        yield ok(item, f"{sent} instances sent")
    elif not troubles:
        yield not_needed(item, "nothing to send")


def _folder(folder: Path) -> Iterator[Several | Locked]:
    """File names may name patients: files are told of by their number in the order of names."""
    closed: list[Path] = []
    paths, first = walking.tree(folder, closed.append), 1
    while some := list(islice(paths, FILES_AT_ONCE)):
        last = first + len(some) - 1
        yield Several(f"files {first} to {last}", some)
        first = last + 1
    yield from map(walking.locked, closed)


def _patients(context: Context) -> Iterator[Several | Nobody]:
    seen: set[str] = set()
    for number, line in enumerate(context.options["patients"], 1):
        if not line.strip():
            continue
        studies = context.trees.studies_of(line.strip())
        if not studies:
            yield Nobody(number)
        for study in studies:
            if study not in seen:
                seen.add(study)
                yield Several(study, context.archive.files_of(study))


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Argument(["folder"], required=False, type=click.Path(exists=True, file_okay=False)),
        click.Option(
            ["--patients"], type=click.File("r"), metavar="FILE",
            help="Studies of the PatientIDs in this file, one a line; '-' reads them from stdin.",
        ),
        click.Option(
            ["--days"], type=click.IntRange(0),
            help="Studies of which something came in so many days; 0: all, as with --only STUDY.",
        ),
        click.Option(
            ["--calling"], default="SENDTOME", show_default=True, metavar="TITLE",
            help="Our AE title. A study that is here already keeps those of its sender.",
        ),
    ),
    locks=(NAME,),
    by_hand=True,
)  # fmt: skip
