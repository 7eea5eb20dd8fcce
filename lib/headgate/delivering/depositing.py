"""Instances to a folder, or to a DICOMweb service: de-identified on their way."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.core.deid.identity import Recipe
from headgate.core.errors import Excluded, Rejected, Unavailable
from headgate.core.model import Fate
from headgate.deidentifying.cleaning import Clean, clean
from headgate.delivering.sending import Named, Sent, answered, fated, kept_back
from headgate.stores import files
from headgate.stores.dicomfiles import digests, read_instance
from headgate.stores.dicomnet.channel import Unanswered
from headgate.stores.dicomweb import stow

Place = Callable[[Clean], int]


@dataclass(frozen=True)
class Folder:
    """A folder that takes files."""

    path: Path

    def placing(self) -> Place:
        """Return what writes an output durably. Raise Unanswered."""
        if not self.path.is_dir():  # a share that is not mounted, say: nothing is put beneath
            raise Unanswered(f"the folder {self.path} is not there: mount or make it")
        return self._place

    def _place(self, output: Clean) -> int:
        path = file_in(self.path, output.study, output.series, output.sop_instance)
        try:
            files.make_folders(path.parent)
            if not files.write_once(path, *output.file):
                raise Rejected(f"the folder {self.path} has another file for this instance")
        except OSError as error:
            raise Unanswered(
                f"the folder {self.path} cannot be written ({error.strerror})"
            ) from error
        files.sync_folder(path.parent)
        return stow.STORED


@dataclass(frozen=True)
class Service:
    """A DICOMweb service that takes instances by STOW-RS; `token` is for it alone, or ''."""

    url: str
    token: str
    timeout: float

    def placing(self) -> Place:
        """Return what stores an output there."""
        session = stow.session(self.token)

        def place(output: Clean) -> int:
            try:
                return stow.store(session, self.url, self.timeout, output.sop_instance, output.file)
            except Unavailable as reason:
                raise Unanswered(str(reason)) from reason

        return place


def file_in(folder: Path, study: str, series: str, instance: str) -> Path:
    """Given a folder and the UIDs of an output, return where its file lies."""
    return folder / study / series / f"{instance}.dcm"


def deposit(target: Folder | Service, recipe: Recipe, instances: Iterable[Named]) -> Iterator[Sent]:
    """Given a target and instances by name, bring them there; yield what became of each.

    Raise Unanswered when the target cannot be had: what it took was yielded.
    """
    place = target.placing()
    for name, path in instances:
        try:
            output = clean(read_instance(path), recipe)
        except (Rejected, Excluded) as reason:
            yield Sent(kept_back(name, recipe, reason))
            continue
        try:
            status = place(output)
        except Rejected as reason:
            yield Sent(fated(name, recipe, Fate.REFUSED, reason=str(reason)))
            continue
        hashes = digests(output.source, output.parts)
        is_stored = status == stow.STORED
        yield answered(name, output, recipe, hashes, status, is_stored=is_stored)
