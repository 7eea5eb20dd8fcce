"""Take files that were copied into inbox/ by hand into the quarantine, as if they were received."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from headgate.context import Context
from headgate.core.errors import Rejected
from headgate.core.filemeta import file_head, journey
from headgate.core.grammar import is_uid
from headgate.core.step import Outcome, Step, error, not_needed, ok
from headgate.stores import files, walking

if TYPE_CHECKING:
    from headgate.stores.dicomfiles import Instance

NAME = "import-inbox"
DICOMDIR = "1.2.840.10008.1.3.10"
SENDER = "INBOX"


def plan(context: Context) -> Iterator[Path]:
    """Yield the files below inbox/ that nobody is writing any more."""
    for path in walking.tree(context.layout.inbox):
        if not path.is_symlink() and walking.is_closed(path, context.now()):
            yield path


def apply(context: Context, path: Path) -> Iterator[Outcome]:
    """File it as an instance; then, and only then, take it out of inbox/."""
    from headgate.stores.dicomfiles import read_instance

    name = str(path.relative_to(context.layout.inbox))
    try:
        instance = read_instance(path)
        if instance.media_class == DICOMDIR:
            yield not_needed(name, "a DICOMDIR: its files are filed one by one; delete it by hand")
            return
        kept = _keep(context, instance)
    except Rejected as reason:
        yield error(name, f"stays in inbox/: {reason}; delete it by hand if it is not wanted")
        return
    files.remove(path)
    yield ok(name, f"filed ({kept})")


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
