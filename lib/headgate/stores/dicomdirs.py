"""DICOMDIR: the index of a file-set (PS3.10 8), made by pydicom of headers alone."""

import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.fileset import FileSet

from headgate.core.errors import Rejected

INDEX = "DICOMDIR"
LABEL = "HEADGATE"


def write(tree: Path, headers: Iterable[tuple[Path, Dataset]]) -> dict[Path, str]:
    """Given the root of a file-set and instances with their headers, write the index there; return
    where it says that each lies.

    Names are those of PS3.10 8.2: eight capitals and digits. Raise Rejected where an instance
    lacks what the index needs.
    """
    aside = tree / ".dicomdir"
    with _working_in(tree):
        return _written(tree, aside, headers)


def _written(tree: Path, aside: Path, headers: Iterable[tuple[Path, Dataset]]) -> dict[Path, str]:
    made = FileSet()
    made.ID = LABEL
    of: dict[str, Path] = {}
    for path, header in headers:
        try:
            made.add(header)
        except (ValueError, AttributeError, TypeError, KeyError) as error:
            raise Rejected(
                f"instance {path.stem} lacks what a DICOMDIR needs ({type(error).__name__}): use a "
                "layout without it"
            ) from error
        of[str(header.SOPInstanceUID)] = path
    made.write(aside)
    places = {of[one.SOPInstanceUID]: Path(one.path) for one in made}
    (aside / INDEX).rename(tree / INDEX)
    found = {path: place.relative_to(aside).as_posix() for path, place in places.items()}
    shutil.rmtree(aside)
    made.clear()
    return found


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """Pydicom keeps copies where temporary files lie: here they are in nobody's way."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(dir=folder.parent) as place:
        tempfile.tempdir = place
        try:
            yield
        finally:
            tempfile.tempdir = before
