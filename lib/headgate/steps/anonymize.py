"""De-identify a file or a folder of DICOM files, without the pipeline."""

import csv
import os
import secrets as random_secrets
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from headgate.context import Context
from headgate.core.coupling import CouplingFile
from headgate.core.model import Assignment
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.deidentifying.acquainting import Look, look_at, named_by
from headgate.deidentifying.anonymizing import (
    Change,
    Input,
    Job,
    Links,
    Made,
    handed,
    make,
    make_all,
    parts,
)
from headgate.environment import shipped
from headgate.stores import files, profiles, secrets, walking
from headgate.stores.isolation import ending_with_us

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

NAME = "anonymize"
FILES_AT_ONCE = 1024
NOWHERE = "a link that leads nowhere: remove it, or bring back what it leads to"
TWIN = "another input gave the same output"
UNREADABLE = "the user who runs this may not read it: give it the rights (chmod u+r, or chown)"
Item = TypeVar("Item")
DIFF_COLUMNS = ("file", "element", "rule", "before", "after")


@dataclass(frozen=True)
class Chunk:
    """Some files, worked on together, and what becomes of each."""

    inputs: list[Input]
    made: Iterator[Made]

    def __str__(self) -> str:
        return f"{len(self.inputs)} files"


@dataclass(frozen=True)
class Closed:
    """A folder or a file that our user may not read, or a link that leads nowhere."""

    path: Path
    reason: str

    def __str__(self) -> str:
        return "what is closed to us"


def plan(context: Context) -> Iterator[Chunk | Closed]:
    """Yield what is closed to us, then the files under INPUT, in chunks that keep every
    process at work.

    All are looked at first, for what one tells of the patient must leave with none of the others.
    """
    options = context.options
    if not options["coupling_list"] and not options["participant"]:
        raise click.UsageError("say who it is: --participant and --event, or --coupling-list")
    source = Path(options["input"])
    closed: list[Path] = []
    paths = [source] if source.is_file() else list(walking.tree(source, closed.append))
    _job_of(context)
    if options["diff"]:
        _diff(context)
    yield from (Closed(folder, walking.LOCKED) for folder in closed)
    unread = {path: reason for path in paths if (reason := _why_closed(path))}
    yield from (Closed(path, reason) for path, reason in unread.items())
    paths = [path for path in paths if path not in unread]
    inputs = zip(paths, named_by(_looks(context, paths)), strict=True)
    at_once = FILES_AT_ONCE * options["jobs"]
    yield from _begun_ahead(Chunk(some, _made(context, some)) for some in parts(inputs, at_once))
    if options["jobs"] > 1:  # left to the end of the interpreter, it may quarrel with that
        _pool(context).shutdown()


def apply(context: Context, chunk: Chunk | Closed) -> Iterator[Outcome]:
    """De-identify a chunk of files; what cannot be is rejected with its reason."""
    job = _job_of(context)
    links: Links = context.once("links", Links)
    totals: Counter[str] = context.once("totals", Counter)
    if isinstance(chunk, Closed):
        totals.update(inputs=1, rejected=1)
        yield error(_name(job, chunk.path), f"rejected: {chunk.reason}", reason=chunk.reason)
        return
    for (path, _), made in zip(chunk.inputs, chunk.made, strict=True):
        totals["inputs"] += 1
        name = _name(job, path)
        _write_changes(context, name, made.changes)
        if made.output and links.has(made):
            totals["excluded"] += 1
            yield not_needed(name, f"excluded: {TWIN}", reason=TWIN)
        elif made.output:
            totals["outputs"] += 1
            links.add(made)
            yield ok(name, made.output)
        elif made.is_excluded:
            totals["excluded"] += 1
            yield not_needed(name, f"excluded: {made.reason}", reason=made.reason)
        else:
            totals["rejected"] += 1
            yield error(name, f"rejected: {made.reason}", reason=made.reason)


def _why_closed(path: Path) -> str:
    if os.access(path, os.R_OK):
        return ""
    return UNREADABLE if path.exists() else NOWHERE


def totals(context: Context) -> dict[str, Any]:
    """Return how many files went in, came out, and stayed, and what the outputs refer to that is
    not among them: instances and series, by the series that refers to them.
    """
    counted: Counter[str] = context.once("totals", Counter)
    names = ("inputs", "outputs", "rejected", "excluded")
    seconds = round(context.now() - context.began, 3)
    missing = dict(context.once("links", Links).unresolved())
    return {
        **{name: counted[name] for name in names},
        "unresolved": sum(map(len, missing.values())),
        "unresolved_references": missing,
        "seconds": seconds,
    }


def _job_of(context: Context) -> Job:
    job: Job = context.once("job", lambda: _job(context))
    return job


def _job(context: Context) -> Job:
    options = context.options
    target, is_rehearsal = Path(options["output"]), bool(options.get("dry_run"))
    if not is_rehearsal:
        _make(target)
    couplings = None
    if options["coupling_list"]:
        couplings = _couplings(Path(options["coupling_list"]), options["project"])
    assignment = Assignment(
        options["project"], options["participant"] or "", options["event"] or ""
    )
    key = _key(options["key_file"], target, is_rehearsal)
    profile, _ = profiles.named(options["profile"], shipped("config/deid"))
    source, tells_changes = Path(options["input"]), bool(options["diff"])
    return Job(source, target, key, couplings, assignment, profile, tells_changes, is_rehearsal)


def _make(target: Path) -> None:
    try:
        files.make_folders(target)
    except OSError as error:
        raise click.UsageError(f"OUTPUT cannot be made at {target}: {error.strerror}") from error


def _couplings(path: Path, project: str) -> CouplingFile:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return CouplingFile.of_lines(file, project)
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise click.UsageError(
            f"--coupling-list cannot be read ({type(reason).__name__}): save {path} as a CSV "
            "with commas, in UTF-8"
        ) from reason


def _key(given: str | None, target: Path, is_rehearsal: bool) -> bytes:
    """Beside the output, not in it: who is given the output must not be given the key."""
    path = Path(given) if given else target.absolute().parent / f"{target.name}.key"
    if not path.exists():
        if is_rehearsal:
            return random_secrets.token_bytes(32)
        secrets.write_key(path, random_secrets.token_hex(32))
        click.echo(f"made the key {path}: keep it, further data need it", err=True)
    return secrets.read_key(str(path))


def _begun_ahead(chunks: Iterable[Item]) -> Iterator[Item]:
    """Yield each when the next one is begun, so that no process waits for the others to end."""
    several = iter(chunks)
    begun = deque(islice(several, 1))
    for one in several:
        begun.append(one)
        yield begun.popleft()
    yield from begun


def _made(context: Context, inputs: list[Input]) -> Iterator[Made]:
    job, jobs = _job_of(context), context.options["jobs"]
    if jobs == 1:
        return map(partial(make, job), inputs)
    return chain.from_iterable(_pool(context).map(partial(make_all, job), handed(inputs, jobs)))


def _looks(context: Context, paths: list[Path]) -> Iterator[Look]:
    jobs = context.options["jobs"]
    if jobs == 1:
        return map(look_at, [paths])
    share = -(-len(paths) // jobs) or 1
    return _pool(context).map(look_at, parts(paths, share))


def _pool(context: Context) -> "ProcessPoolExecutor":
    import multiprocessing  # which takes long to load
    from concurrent.futures import ProcessPoolExecutor

    jobs, forked = context.options["jobs"], multiprocessing.get_context("fork")
    pool: ProcessPoolExecutor = context.once(
        "pool", lambda: ProcessPoolExecutor(jobs, forked, _begin, (ending_with_us(),))
    )
    return pool


def _begin(end_with_us: Callable[[], None]) -> None:
    """In a new process: the parent alone is interrupted, and takes this one along."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_us()


def _name(job: Job, path: Path) -> str:
    return path.name if path == job.source else str(path)[len(str(job.source)) :].lstrip("/")


def _write_changes(context: Context, name: str, changes: list[Change]) -> None:
    if context.options["diff"]:
        _diff(context).writerows((name, *change) for change in changes)


def _diff(context: Context) -> Any:
    return context.once("diff", lambda: _new_diff(Path(context.options["diff"])))


def _new_diff(path: Path) -> Any:
    try:
        files.remove(path)
        writer = csv.writer(secrets.new_file(path))
    except OSError as error:
        raise click.UsageError(f"--diff cannot be written to {path}: {error.strerror}") from error
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
