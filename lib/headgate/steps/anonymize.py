"""De-identify a file or a folder of DICOM files, without the pipeline."""

import csv
import secrets as random_secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import click

from headgate.cleaning import clean
from headgate.context import Context, shipped
from headgate.core.coupling import CouplingFile
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.profile import Profile
from headgate.core.errors import Excluded, Rejected
from headgate.core.model import Assignment
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores import dicomfiles, files, profiles, secrets

NAME = "anonymize"
DICOMDIR = "1.2.840.10008.1.3.10"
FILES_AT_ONCE = 64
DIFF_COLUMNS = ("file", "element", "rule", "before", "after")
Change = tuple[str, str, str, str]


@dataclass(frozen=True)
class Job:
    """How every file is de-identified, in a form that travels to other processes."""

    source: Path
    target: Path
    key: bytes
    couplings: CouplingFile | None
    assignment: Assignment
    profile: Profile
    tells_changes: bool
    is_rehearsal: bool


@dataclass(frozen=True)
class Made:
    """What became of one file."""

    path: Path
    output: Path | None = None
    reason: str = ""
    is_excluded: bool = False
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True)
class Chunk:
    """Some files, worked on together; the last one has none."""

    paths: list[Path]

    @property
    def is_end(self) -> bool:
        return not self.paths

    def __str__(self) -> str:
        return ",".join(map(str, self.paths))


def plan(context: Context) -> Iterator[Chunk]:
    """Yield the files under INPUT, in chunks that keep every process at work."""
    options = context.options
    if not options["coupling_list"] and not options["participant"]:
        raise click.UsageError("say who it is: --participant and --event, or --coupling-list")
    source = Path(options["input"])
    paths = iter([source] if source.is_file() else files.tree(source))
    while chunk := list(islice(paths, FILES_AT_ONCE * options["jobs"])):
        yield Chunk(chunk)
    yield Chunk([])


def apply(context: Context, chunk: Chunk) -> Iterator[Outcome]:
    """De-identify a chunk of files; a file that cannot be is rejected with its reason."""
    job: Job = context.once("job", lambda: _job(context))
    if chunk.is_end and not job.is_rehearsal:
        files.sync_everything()
    totals: Counter[str] = context.once("totals", Counter)
    for made in _mapped(context, partial(make, job), chunk.paths):
        totals["inputs"] += 1
        name = str(made.path.relative_to(job.source) if job.source.is_dir() else made.path.name)
        _write_changes(context, name, made.changes)
        if made.output:
            totals["outputs"] += 1
            yield ok(name, str(made.output.relative_to(job.target)))
        elif made.is_excluded:
            totals["excluded"] += 1
            yield not_needed(name, f"excluded: {made.reason}", reason=made.reason)
        else:
            totals["rejected"] += 1
            yield error(name, f"rejected: {made.reason}", reason=made.reason)


def totals(context: Context) -> dict[str, Any]:
    """Return how many files went in, came out, and stayed."""
    counted: Counter[str] = context.once("totals", Counter)
    names = ("inputs", "outputs", "rejected", "excluded")
    seconds = round(context.now() - context.began, 3)
    return {**{name: counted[name] for name in names}, "seconds": seconds}


def make(job: Job, path: Path) -> Made:
    """Given a job and a file, de-identify it and write the output; return what became of it."""
    changes: list[Change] = []
    try:
        instance = dicomfiles.read_instance(path)
        if instance.media_class == DICOMDIR:
            return Made(path, reason="a DICOMDIR names every patient", is_excluded=True)
        recipe = _recipe(job, instance)
        record = partial(_record, changes) if job.tells_changes else None
        output = clean(instance, recipe, record)
        place = job.target / output.study / output.series / f"{output.sop_instance}.dcm"
        if job.is_rehearsal:
            return Made(path, output=place, changes=changes)
        files.make_folders(place.parent)
        if not files.write_once(place, *output.file, is_synced=False):
            raise Rejected("another input had the same SOP Instance UID and other content")
    except (Rejected, Excluded) as reason:
        return Made(path, reason=str(reason), is_excluded=isinstance(reason, Excluded))
    return Made(path, output=place, changes=changes)


def _recipe(job: Job, instance: dicomfiles.Instance) -> Recipe:
    assignment = job.assignment
    if job.couplings:
        with dicomfiles.understanding():
            header = instance.header
        assignment = job.couplings.assignment_of(
            str(header.get("PatientID", "")), str(header.get("AccessionNumber", ""))
        )
    return Recipe(
        project=assignment.project,
        participant=assignment.participant,
        event=assignment.event,
        key=project_key(job.key, assignment.project),
        profile=job.profile,
    )


def _record(changes: list[Change], place: str, rule: str, before: object, after: object) -> None:
    changes.append((place, rule, str(before), str(after)))


def _job(context: Context) -> Job:
    options = context.options
    target, is_rehearsal = Path(options["output"]), bool(options.get("dry_run"))
    if not is_rehearsal:
        files.make_folders(target)
    couplings = None
    if options["coupling_list"]:
        with Path(options["coupling_list"]).open(newline="", encoding="utf-8-sig") as file:
            couplings = CouplingFile.of_rows(csv.DictReader(file), options["project"])
    assignment = Assignment(
        options["project"], options["participant"] or "", options["event"] or ""
    )
    key = _key(options["key_file"], target, is_rehearsal)
    profile, _ = profiles.named(options["profile"], shipped("config/deid"))
    source, tells_changes = Path(options["input"]), bool(options["diff"])
    return Job(source, target, key, couplings, assignment, profile, tells_changes, is_rehearsal)


def _key(given: str | None, target: Path, is_rehearsal: bool) -> bytes:
    """Beside the output, not in it: who is given the output must not be given the key."""
    path = Path(given) if given else target.absolute().parent / f"{target.name}.key"
    if not path.exists():
        if is_rehearsal:
            return random_secrets.token_bytes(32)
        secrets.write_key(path, random_secrets.token_hex(32))
        click.echo(f"made the key {path}: keep it, further data need it", err=True)
    return secrets.read_key(str(path))


def _mapped(context: Context, work: Any, paths: list[Path]) -> Iterator[Made]:
    jobs = context.options["jobs"]
    if jobs == 1:
        return map(work, paths)
    pool = context.once("pool", lambda: ProcessPoolExecutor(jobs))
    return iter(pool.map(work, paths, chunksize=4))


def _write_changes(context: Context, name: str, changes: list[Change]) -> None:
    if context.options["diff"]:
        diff = context.once("diff", lambda: _new_diff(Path(context.options["diff"])))
        diff.writerows((name, *change) for change in changes)


def _new_diff(path: Path) -> Any:
    files.remove(path)
    writer = csv.writer(secrets.new_file(path))
    writer.writerow(DIFF_COLUMNS)
    return writer


STEP = Step(
    NAME,
    __doc__,
    plan,
    apply,
    parameters=(
        click.Argument(["input"], type=click.Path(exists=True)),
        click.Argument(["output"], type=click.Path(file_okay=False)),
        click.Option(["--project"], required=True, help="The research project."),
        click.Option(["--participant"], help="The participant."),
        click.Option(["--event"], help="The event, a visit."),
        click.Option(
            ["--coupling-list"], type=click.Path(exists=True), metavar="FILE",
            help="A CSV: patient_id or accession_number, participant, event.",
        ),
        click.Option(
            ["--key-file"], type=click.Path(exists=True), metavar="FILE",
            help="The secret key; without one, a new one is made beside OUTPUT.",
        ),
        click.Option(
            ["--profile"], default="default", metavar="NAME",
            help="A profile: config/deid/NAME.toml, or a file.",
        ),
        click.Option(["--jobs"], type=click.IntRange(1), default=1, help="Processes at work."),
        click.Option(
            ["--diff"], type=click.Path(dir_okay=False), metavar="FILE",
            help="Write a CSV of every element changed. It holds identifiers: guard it.",
        ),
    ),
    totals=totals,
    by_hand=True,
    is_alone=True,
    rehearses=True,
)  # fmt: skip
