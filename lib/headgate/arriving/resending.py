"""Files to the own receiver, over one association for each hundred kinds."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from headgate.context import Context
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.stores import dicomfiles
from headgate.stores.dicomnet import pacs

DICOMDIR = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class Shot:
    """What is sent of a file."""

    path: Path
    sop_class: str
    sop_instance: str
    syntax: str


def to_receiver(context: Context, paths: list[Path], calling: str) -> Iterator[str]:
    """Given files and our AE title, send them; yield for each what keeps it from being there, or
    ''. Raise Unavailable.
    """
    shots: list[Shot] = []
    for path in paths:
        try:
            shots.append(_shot(path))
        except Rejected as reason:
            yield str(reason)
        except (PermissionError, FileNotFoundError):
            yield "the user who runs this may not read them (chmod u+r), or links lead nowhere"
    for kinds in _together({(one.sop_class, one.syntax) for one in shots}):
        mine = [one for one in shots if (one.sop_class, one.syntax) in kinds]
        yield from _send(context, mine, kinds, calling)


def _shot(path: Path) -> Shot:
    """Raise Rejected where no C-STORE can carry it."""
    instance = dicomfiles.read_instance(path)
    if instance.media_class == DICOMDIR:
        raise Rejected("a DICOMDIR, whose files are sent one by one")
    with dicomfiles.understanding():
        header = instance.header
        names = [str(header.get(name, "")) for name in ("SOPClassUID", "SOPInstanceUID")]
    if not all(map(is_uid, names)):
        raise Rejected("no SOP Class UID or SOP Instance UID")
    return Shot(path, names[0], names[1], instance.transfer_syntax)


def _together(kinds: set[tuple[str, str]]) -> Iterator[set[tuple[str, str]]]:
    several = iter(sorted(kinds))
    while some := set(islice(several, pacs.CONTEXTS_AT_MOST)):
        yield some


def _send(
    context: Context, shots: list[Shot], kinds: set[tuple[str, str]], calling: str
) -> Iterator[str]:
    settings = context.settings.receiver
    peer = pacs.Peer(
        settings.address or "127.0.0.1", settings.port, settings.ae_title, calling,
        settings.idle_seconds,
    )  # fmt: skip
    with pacs.associated(peer, kinds) as association:
        for one in shots:
            try:
                data = dicomfiles.read_instance(one.path).stored
                status = association.store(one.sop_class, one.sop_instance, one.syntax, data)
            except (pacs.Unsupported, FileNotFoundError):
                yield "the receiver does not take it, or it is gone meanwhile"
                continue
            yield "" if pacs.is_stored(status) else f"the receiver answers 0x{status:04X}"
