"""What a scanner does: it sends files by C-STORE, as they are."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydicom.filereader import dcmread

from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.stores.dicomfiles import META_BYTES, read_dataset_offset, understanding
from headgate.stores.dicomnet import pacs

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
SUCCESS = 0x0000


@dataclass(frozen=True)
class Shot:
    """What is sent of a file, and what it says of itself."""

    path: Path
    sop_class: str
    sop_instance: str
    syntax: str
    study: str
    dataset: bytes


def load(path: Path) -> Shot:
    """Given a file, return what is sent of it. Raise Rejected when no C-STORE can carry it."""
    with understanding():
        header = dcmread(path, force=True, stop_before_pixels=True)
        sop_class = str(header.get("SOPClassUID", ""))
        instance = str(header.get("SOPInstanceUID", ""))
        study = str(header.get("StudyInstanceUID", ""))
        syntax = str(header.file_meta.get("TransferSyntaxUID", "")) or IMPLICIT_LITTLE
    if not is_uid(sop_class) or not is_uid(instance):
        raise Rejected("it has no SOP class or no SOP instance UID: no C-STORE can carry it")
    whole = path.read_bytes()
    offset = read_dataset_offset(whole[:META_BYTES])
    return Shot(path, sop_class, instance, syntax, study, whole[offset:])


def send(peer: pacs.Peer, shots: Iterable[Shot]) -> dict[Path, int]:
    """Given a receiver and what is to be sent, send it over one association for each 100 kinds.

    Return the C-STORE status by path; -1 where the receiver took no such kind.
    """
    several = list(shots)
    kinds = sorted({(shot.sop_class, shot.syntax) for shot in several})
    statuses: dict[Path, int] = {}
    for start in range(0, len(kinds), pacs.CONTEXTS_AT_MOST):
        wanted = kinds[start : start + pacs.CONTEXTS_AT_MOST]
        with pacs.associated(peer, wanted) as association:
            for shot in several:
                if (shot.sop_class, shot.syntax) in wanted:
                    statuses[shot.path] = _store(association, shot)
    return statuses


def _store(association: pacs.Association, shot: Shot) -> int:
    try:
        return association.store(shot.sop_class, shot.sop_instance, shot.syntax, shot.dataset)
    except pacs.Unsupported:
        return -1
