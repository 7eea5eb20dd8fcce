"""What goes to other sites: `outbox/<destination>/<name>`, a file or a folder."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from headgate.core.errors import Rejected
from headgate.core.grammar import short_hash
from headgate.stores import files
from headgate.stores.layout import Layout

SENT, PACKED = "sent", ".packed"
# what a name may be here and there: it stands in logs, and in a command of the other side
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}")
PACKED_SUFFIX = ".zip"
Pack = Callable[[Path, Path], None]


class Outbox:
    """The folders of the destinations; what was sent lies in `sent/` of each."""

    def __init__(self, layout: Layout) -> None:
        self._root = layout.outbox

    def destinations(self) -> list[str]:
        """Return the names of the folders that are there."""
        return [name for name in files.names_in(self._root) if (self._root / name).is_dir()]

    def names(self, destination: str) -> list[str]:
        """Given a destination, return what waits for it."""
        return [name for name in files.names_in(self._root / destination) if name != SENT]

    def files_of(self, destination: str, name: str) -> list[Path]:
        """Given what waits, return its files. Raise Rejected where it cannot be sent as it is."""
        path = self._root / destination / name
        if not NAME.fullmatch(name):
            raise Rejected(
                "its name cannot stand there: letters, digits and . _ + - can; rename it"
            )
        if path.is_dir() and not path.is_symlink():
            if any(files.is_locked(Path(place)) for place in _folders(path)):
                raise Rejected("a folder in it may not be entered by the user who runs this: chmod")
            found = sorted(one for one in path.rglob("*") if one.is_symlink() or not one.is_dir())
        else:
            found = [path]
        if not all(one.is_file() and not one.is_symlink() for one in found) or not found:
            raise Rejected("it has links, or nothing, in it: files alone are sent")
        return found

    def parcel(self, destination: str, name: str, pack: Pack) -> Path:
        """Given what waits, return the file that is sent: a folder is packed, once."""
        path = self._root / destination / name
        if not path.is_dir():
            return path
        packed = self._root / destination / PACKED / (name + PACKED_SUFFIX)
        newest = max(one.stat().st_mtime for one in (path, *path.rglob("*")))
        if packed.exists() and packed.stat().st_mtime > newest:
            return packed
        files.make_folders(packed.parent)
        aside = packed.with_name(f".{packed.name}.tmp")
        pack(path, aside)
        files.move(aside, packed)
        return packed

    def done(self, destination: str, name: str) -> None:
        """Given what was sent, put it into `sent/`; what is there under its name stays."""
        folder = self._root / destination / SENT
        files.make_folders(folder)
        target = folder / name
        number = 1
        while os.path.lexists(target):
            number += 1
            target = folder / f"{name}.{number}"
        files.move(self._root / destination / name, target)
        files.remove(self._root / destination / PACKED / (name + PACKED_SUFFIX))


def _folders(top: Path) -> Iterator[str]:
    yield str(top)
    for place, folders, _ in os.walk(top):
        yield from (f"{place}/{name}" for name in folders)


def shown(destination: str, name: str) -> str:
    """Given what waits, return how logs name it: a strange name may name a patient."""
    return f"{destination}/{name if NAME.fullmatch(name) else short_hash(name)}"
