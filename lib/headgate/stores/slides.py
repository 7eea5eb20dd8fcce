"""Whole-slide images that people copied to `slides/`, and what becomes of them."""

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from headgate.core import slides
from headgate.core.errors import Misconfigured, Rejected
from headgate.core.grammar import short_hash
from headgate.stores import files
from headgate.stores.layout import Layout

FAILED, WORK, READY, REASON = "failed", "work", "ready", "reason.txt"
CONVERTER = Path(__file__).with_name("slideconverter.py")
LACKING = 3
LONGEST_SECONDS = 6 * 3600
READ_AT_ONCE = 1 << 20
TOLD = ".json"


@dataclass(frozen=True)
class Slide:
    """A slide's file; `key` stands for it in logs, as file names may name patients."""

    key: str
    path: Path
    size: int

    def __str__(self) -> str:
        return self.key


class Slides:
    """The tree `slides/`, and `temp/slides/` where they are converted."""

    def __init__(self, layout: Layout) -> None:
        self._root, self._temp = layout.slides, layout.temp / "slides"

    def each(self, tell_locked: Callable[[Path], object]) -> Iterator[Slide]:
        """Yield the files that are no notes about others, links and failed ones left alone; a
        folder that our user may not enter is told.
        """
        for place, folders, names in os.walk(self._root):
            paths = [Path(place, name) for name in sorted(folders)]
            open_ones = [path for path in paths if self._is_open(path)]
            closed = [path for path in open_ones if files.is_locked(path)]
            for path in closed:
                tell_locked(path)
            folders[:] = [path.name for path in open_ones if path not in closed]
            for name in sorted(names):
                path = Path(place) / name
                is_note = path.suffix.lower() in (TOLD, ".csv") or name.startswith(".")
                if not is_note and not path.is_symlink():
                    yield self._slide(path)

    def told(self, slide: Slide, coupling_list: str) -> dict[str, str]:
        """Given a slide, return what the file beside it says, or its row. Raise Rejected."""
        for path in (self._note(slide), slide.path.with_suffix(TOLD)):
            if path.is_file():
                return slides.checked(_note(path))
        return slides.checked(_row(coupling_list, slide.path.name) if coupling_list else {})

    def is_told_of(self, slide: Slide, coupling_list: str) -> bool:
        """Given a slide, return whether a file beside it or a row tells of it."""
        if self._note(slide).is_file() or slide.path.with_suffix(TOLD).is_file():
            return True
        return bool(coupling_list and _rows(coupling_list, slide.path.name))

    def ready(self, slide: Slide) -> list[Path]:
        """Given a slide, return its levels as they were converted; none: it was not."""
        return sorted((self._temp / READY / slide.key).glob("*.dcm"))

    def convert(self, slide: Slide, values: dict[str, str], uids: dict[str, str]) -> None:
        """Given a slide, what is told of it and what its UIDs are made of, make its levels.

        Raise Rejected, Misconfigured.
        """
        work = self._temp / WORK / f"{slide.key}.{os.getpid()}"
        files.make_folders(work)
        told = {"slide": str(slide.path), "into": str(work), "values": values, **uids}
        try:
            done = subprocess.run(
                [sys.executable, str(CONVERTER)], input=json.dumps(told).encode(),
                capture_output=True, check=False, timeout=LONGEST_SECONDS,
                env={**os.environ, "TMPDIR": str(work)},
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise Rejected("it took longer to convert than six hours") from error
        if done.returncode == LACKING:
            raise Misconfigured(
                "whole-slide images need wsidicomizer: pip install 'headgate[wsi]', and "
                "libturbojpeg0 of the system; or set slides.mode to copy"
            )
        if done.returncode or not list(work.glob("*.dcm")):
            kind = done.stderr.decode(errors="replace").rpartition("\n")[2]
            kind = kind if kind.isidentifier() else f"code {done.returncode}"
            raise Rejected(f"it cannot be converted ({kind})")
        for path in work.glob("*.dcm"):
            files.sync_file(path)
        files.make_folders(self._temp / READY)
        shutil.rmtree(self._temp / READY / slide.key, ignore_errors=True)
        files.move(work, self._temp / READY / slide.key)

    def copy(self, slide: Slide, share: Path) -> None:
        """Given a slide and a folder that another system looks into, hand it over whole: it gets
        its name there when its bytes have been read back and are the same.

        Raise Rejected, Unavailable, OSError.
        """
        target, aside = share / slide.path.name, share / f".{slide.key}.tmp"
        digest = _digest(slide.path)
        if target.exists():
            if _digest(target) != digest:
                raise Rejected("the share has another file of its name")
            return
        with files.disk_errors(aside):
            shutil.copyfile(slide.path, aside)
            files.sync_file(aside)
        if _digest(aside) != digest:
            files.remove(aside)
            raise Rejected("what is in the share is not what was copied: see to the share")
        files.move(aside, target)

    def forget(self, slide: Slide) -> None:
        """Given a slide that is handed on, delete it and what is told of it beside."""
        for path in (self._note(slide), slide.path.with_suffix(TOLD), slide.path):
            files.remove(path)
        self.clear(slide.key)

    def fail(self, slide: Slide, reason: str) -> None:
        """Given a slide and what is wrong, put it where people look, with what is beside it."""
        place = self._root / FAILED / slide.key
        files.make_folders(place)
        if not (place / REASON).exists():  # a run that died knew why
            files.write_whole(place / REASON, f"{reason}\n")
        for path in (self._note(slide), slide.path.with_suffix(TOLD), slide.path):
            if path.exists():
                files.move(path, place / path.name)
        self.clear(slide.key)

    def leftovers(self) -> set[str]:
        """Return the keys of what was converted, or begun, by runs that died."""
        begun = {name.partition(".")[0] for name in files.names_in(self._temp / WORK)}
        return begun | set(files.names_in(self._temp / READY))

    def clear_work(self) -> None:
        """Delete what runs that died had begun. To be called under the lock of the step."""
        shutil.rmtree(self._temp / WORK, ignore_errors=True)

    def clear(self, key: str) -> None:
        """Given a key, delete what was converted."""
        shutil.rmtree(self._temp / READY / key, ignore_errors=True)

    def _slide(self, path: Path) -> Slide:
        told = path.stat()
        words = f"{path.relative_to(self._root)}\0{told.st_size}\0{told.st_mtime_ns}"
        return Slide(short_hash(words), path, told.st_size)

    def _note(self, slide: Slide) -> Path:
        return slide.path.with_name(slide.path.name + TOLD)

    def _is_open(self, folder: Path) -> bool:
        is_failed = folder == self._root / FAILED
        return not (is_failed or folder.is_symlink() or folder.name.startswith("."))


def _note(path: Path) -> dict[str, object]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise Rejected("the file that tells of it is no JSON: mend it") from error
    if not isinstance(found, dict):
        raise Rejected("the file that tells of it holds no names with values: mend it")
    return found


def _row(coupling_list: str, name: str) -> dict[str, object]:
    found = _rows(coupling_list, name)
    if len(found) > 1:
        raise Rejected("slides.coupling_list has several rows for it: leave one")
    named = found[0] if found else {}
    return {key: value for key, value in named.items() if key and key != "file"}


def _rows(coupling_list: str, name: str) -> list[dict[str, str]]:
    try:
        with Path(coupling_list).open(newline="", encoding="utf-8-sig") as file:
            return [row for row in csv.DictReader(file) if row.get("file") == name]
    except (OSError, ValueError, csv.Error) as error:
        raise Misconfigured(
            f"slides.coupling_list cannot be read ({type(error).__name__}): mend it"
        ) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(slide: Slide) -> str:
    """Given a slide, return the SHA-256 of its bytes."""
    return _digest(slide.path)
