"""The folders in which programs of workflows work: `jobs/work/<job>/`, with input, home, output."""

import errno
import os
import shutil
from collections import deque
from collections.abc import Mapping
from pathlib import Path

from headgate.stores import files
from headgate.stores.layout import Layout

INPUT, OUTPUT, HOME, MADE, SAID = "input", "output", "home", "made", "stderr"
READABLE, OURS = 0o550, 0o750
READ_ONLY_FILE = 0o440
NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK}
LAST_LINES, LONGEST_LINE = 40, 1000


class Workplaces:
    """One folder for each job whose program runs, or of which something is still to be done."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def left(self) -> list[str]:
        """Return the jobs that have a folder."""
        return files.names_in(self._layout.job_work)

    def path(self, job_id: str, name: str) -> Path:
        """Given a job and the name of a part of its folder, return where that is."""
        return self._layout.job_work / job_id / name

    def prepare(
        self, job_id: str, inputs: Mapping[str, Mapping[str, Path]], *, is_copied: bool
    ) -> None:
        """Given a job and its input, files by series and instance, make its folder anew.

        They are second names of what is in the archive, and copies where nothing keeps the program
        from writing into it. Raise Unavailable when the disk cannot take it.
        """
        self.clear(job_id)
        for name in (INPUT, OUTPUT, HOME):
            files.make_folders(self.path(job_id, name))
        with files.disk_errors(self.path(job_id, INPUT)):
            for series, instances in inputs.items():
                folder = self.path(job_id, INPUT) / series
                folder.mkdir(mode=OURS)
                for name, file in instances.items():
                    _give(file.resolve(), folder / name, is_copied=is_copied)
                folder.chmod(READABLE)
        self.path(job_id, INPUT).chmod(READABLE)

    def has_made(self, job_id: str) -> bool:
        """Given a job, return whether its program ended well, in this run or one that died."""
        return self.path(job_id, MADE).is_dir()

    def keep_made(self, job_id: str) -> None:
        """Given a job whose program ended well, keep what it made, so that it runs no second time.

        Raise Unavailable.
        """
        for path in self.made(job_id, OUTPUT):
            files.sync_file(path)
        files.move(self.path(job_id, OUTPUT), self.path(job_id, MADE))

    def made(self, job_id: str, name: str = MADE) -> list[Path]:
        """Given a job, return the files that its program made; links are none."""
        found = []
        for place, folders, names in os.walk(self.path(job_id, name)):
            folders.sort()
            found += [Path(place) / one for one in sorted(names)]
        return [path for path in found if path.is_file() and not path.is_symlink()]

    def said(self, job_id: str) -> str:
        """Given a job, return the last lines that its program wrote to standard error."""
        try:
            with self.path(job_id, SAID).open(errors="replace") as file:
                return "".join(line[:LONGEST_LINE] for line in deque(file, LAST_LINES))
        except FileNotFoundError:
            return ""

    def clear(self, job_id: str) -> None:
        """Given a job, remove its folder with what is in it."""
        folder = self._layout.job_work / job_id
        if not folder.exists():
            return
        for place, _, _ in os.walk(folder):
            Path(place).chmod(OURS)
        shutil.rmtree(folder)


def _give(file: Path, name: Path, *, is_copied: bool) -> None:
    try:
        if not is_copied:
            os.link(file, name)
    except OSError as error:
        if error.errno not in NO_LINK:
            raise
        is_copied = True
    if is_copied:
        shutil.copyfile(file, name)
        name.chmod(READ_ONLY_FILE)
