"""Files de-identified into a folder: read, cleaned, and written."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from headgate.core.coupling import CouplingFile
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.rules.profile import Profile
from headgate.core.errors import Excluded, Rejected
from headgate.core.model import Assignment
from headgate.deidentifying.cleaning import Clean, clean
from headgate.stores import dicomfiles, files

DICOMDIR = "1.2.840.10008.1.3.10"
NO_STUDY, NO_SERIES = "without_study", "without_series"
Change = tuple[str, str, str, str]
Input = tuple[Path, Identifiers]
Item = TypeVar("Item")
HANDED = range(16, 256)  # files that a process is handed together
TURNS = 8  # times that a process is handed some, so that all end at about the same time


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

    output: str = ""
    reason: str = ""
    is_excluded: bool = False
    changes: list[Change] = field(default_factory=list)
    references: tuple[str, ...] = ()


@dataclass(frozen=True)
class Links:
    """What the outputs are, and which of them refer to what: by series, as there are many alike."""

    outputs: set[str] = field(default_factory=set)
    by_series: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def has(self, made: Made) -> bool:
        """Given an output, return whether it was there before."""
        return made.output.rpartition("/")[2].removesuffix(".dcm") in self.outputs

    def add(self, made: Made) -> None:
        """Given an output, take note of it."""
        _, series, instance = made.output.split("/")
        self.outputs.update((series, instance.removesuffix(".dcm")))
        self.by_series[series].update(made.references)

    def unresolved(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each series that refers to what is not among the outputs, and to what."""
        for series, references in sorted(self.by_series.items()):
            if missing := sorted(references - self.outputs):
                yield series, missing


def make(job: Job, one: Input) -> Made:
    """Given a job and a file with what names its patient elsewhere in the study, de-identify it
    and write the output; return what became of it.
    """
    made, output = _cleaned(job, *one)
    if output is None or job.is_rehearsal or _is_there(job.target / made.output, output):
        return made
    return Made(
        reason="another input, or an earlier run, had the same SOP Instance UID and other content"
    )


def make_all(job: Job, inputs: Iterable[Input]) -> list[Made]:
    """Given a job and files, return what `make` returns for each."""
    return [make(job, one) for one in inputs]


def handed(inputs: Sequence[Input], jobs: int) -> Iterator[list[Input]]:
    """Given files and how many processes there are, yield what one is handed together: files of one
    patient, as who is new to a process costs it time.
    """
    share = len(inputs) // (jobs * TURNS)
    for _, same in groupby(inputs, key=itemgetter(1)):
        yield from parts(same, min(max(share, HANDED.start), HANDED.stop))


def parts(several: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Given items and a number, yield so many of them at a time."""
    rest = iter(several)
    while part := list(islice(rest, size)):
        yield part


def _cleaned(job: Job, path: Path, known: Identifiers) -> tuple[Made, Clean | None]:
    changes: list[Change] = []
    try:
        instance = dicomfiles.read_instance(path)
        if instance.media_class == DICOMDIR:
            return Made(reason="a DICOMDIR names every patient", is_excluded=True), None
        recipe = _recipe(job, instance, known)
        record = partial(_record, changes) if job.tells_changes else None
        output = clean(instance, recipe, record)
        place = _place(output)
    except (Rejected, Excluded) as reason:
        return Made(reason=str(reason), is_excluded=isinstance(reason, Excluded)), None
    return Made(place, changes=changes, references=output.header.references), output


def _place(output: Clean) -> str:
    """Return where an output goes, below the target. Raise Rejected."""
    if not output.sop_instance:
        raise Rejected("SOPInstanceUID is missing")
    folders = output.study or NO_STUDY, output.series or NO_SERIES
    return f"{'/'.join(folders)}/{output.sop_instance}.dcm"


def _is_there(path: Path, output: Clean) -> bool:
    try:
        return files.write_once(path, *output.file, is_synced=False)
    except FileNotFoundError:  # the first of its series
        files.make_folders(path.parent)
        return files.write_once(path, *output.file, is_synced=False)


def _recipe(job: Job, instance: dicomfiles.Instance, known: Identifiers) -> Recipe:
    assignment = job.assignment
    if job.couplings:
        with dicomfiles.understanding():
            header = instance.header
        assignment = job.couplings.assignment_of(
            str(header.get("PatientID", "")), str(header.get("AccessionNumber", ""))
        )
    return _recipe_of(assignment, job.key, job.profile, known)


@lru_cache(maxsize=1024)
def _recipe_of(assignment: Assignment, key: bytes, profile: Profile, known: Identifiers) -> Recipe:
    return Recipe(
        project=assignment.project,
        participant=assignment.participant,
        event=assignment.event,
        key=project_key(key, assignment.project),
        profile=profile,
        known=known,
    )


def _record(changes: list[Change], place: str, rule: str, before: object, after: object) -> None:
    changes.append((place, rule, str(before), str(after)))
