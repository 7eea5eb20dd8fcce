"""Take files that were copied into inbox/ by hand into the quarantine, as if they were received."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.context import Context
from headgate.core.dicom.filemeta import file_head, journey
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores import files, walking
from headgate.stores.walking import Locked

if TYPE_CHECKING:
    from headgate.stores.dicomfiles import Instance

NAME = "import-inbox"
DICOMDIR = "1.2.840.10008.1.3.10"
SENDER = "INBOX"


@dataclass(frozen=True)
class Found:
    """A file, shown by its inode: its name may name a patient."""

    path: Path
    inode: int

    def __str__(self) -> str:
        return f"inode-{self.inode}"


def plan(context: Context) -> Iterator[Found | Locked]:
    """Yield the files below inbox/ that nobody is writing any more, then folders that are closed
    to us.
    """
    closed: list[Path] = []
    for path in walking.tree(context.layout.inbox, closed.append):
        is_whole = not path.is_symlink() and walking.is_closed(path, context.now())
        if is_whole and (inode := walking.version(path)[:1]):
            yield Found(path, *inode)
    yield from map(walking.locked, closed)


def apply(context: Context, found: Found | Locked) -> Iterator[Outcome]:
    """File it as an instance; then, and only then, take it out of inbox/."""
    from headgate.stores.dicomfiles import read_instance

    if isinstance(found, Locked):
        yield error(found, found.told(str(context.layout.inbox)))
        return
    path, instance = found.path, None
    before = walking.version(path)
    try:
        _check_rights(path)
        with suppress(FileNotFoundError):  # moved or deleted meanwhile
            instance = read_instance(path)
        if not before or instance is None:
            return
        if instance.media_class == DICOMDIR:
            yield not_needed(found, "a DICOMDIR: its files are filed one by one; delete it by hand")
            return
        kept = _keep(context, instance)
    except Rejected as reason:
        which = f"'find {context.layout.inbox} -inum {found.inode}' tells which it is"
        yield error(found, f"stays in inbox/: {reason}; {which}, delete it if it is not wanted")
        return
    if walking.version(path) != before or not walking.is_closed(path, context.now()):
        yield not_needed(found, "filed, and changed meanwhile: it stays for the next run")
        return
    files.remove(path)
    yield ok(found, f"filed ({kept})")


def _check_rights(path: Path) -> None:
    """Raise Rejected where it could not be read, or not be taken out of inbox/ afterwards."""
    if path.exists() and not (
        os.access(path, os.R_OK) and os.access(path.parent, os.W_OK | os.X_OK)
    ):
        raise Rejected(
            "the user who runs this may not read it, or not delete it: give it the rights to file "
            "and folder (chmod, or a default ACL on inbox/)"
        )


def _keep(context: Context, instance: "Instance") -> str:
    """Return the word for what was found. Raise Rejected, Unavailable."""
    from headgate.stores.dicomfiles import understanding

    with understanding():
        header = instance.header
        instance.pixels_from(len(instance.head))
    sop_instance = str(header.get("SOPInstanceUID", ""))
    study = str(header.get("StudyInstanceUID", ""))
    if not is_uid(sop_instance):
        raise Rejected("it has no SOP Instance UID")
    called = context.settings.receiver.ae_title
    head = file_head(
        str(header.get("SOPClassUID", "")),
        sop_instance,
        instance.transfer_syntax,
        journey(SENDER, called, "127.0.0.1"),
    )
    place = study if is_uid(study) else None
    with files.disk_errors(context.layout.archive):
        return context.archive.keep(place, sop_instance, head, instance.stored)


STEP = Step(NAME, __doc__, plan, apply, locks=(NAME,))
