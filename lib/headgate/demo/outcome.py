"""What the demonstration shows: a row for each study, and the account of every instance."""

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset

from headgate.core.deid import marks
from headgate.core.deid.gate import find_leaks
from headgate.core.deid.identifiers.patient import Identifiers, identifiers_of
from headgate.core.dicom.elements import Encoding
from headgate.core.errors import Rejected
from headgate.core.model import Delivery, Fate
from headgate.core.states import State
from headgate.demo.site import Site
from headgate.stores.dicomfiles import encode, read_instance, understanding
from headgate.stores.layout import STUDY_PREFIX, Layout
from headgate.stores.ledger import Ledger
from headgate.stores.quarantine.archive import Archive
from headgate.stores.queues import Queues
from headgate.stores.trees import Trees

PIXELS = 0x7FE00000


@dataclass
class StudyRow:
    """One study of the table; times in seconds from the first C-STORE to the last proof."""

    study: str
    modality: str = ""
    received: int = 0
    listed: bool = False
    assigned: str = ""
    sent: int = 0
    proven: int = 0
    held_back: int = 0
    reasons: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass
class Account:
    """Every instance that was acknowledged, and what became of it."""

    rows: list[StudyRow]
    received: int
    delivered: int
    proven: int
    rejected: int
    leaks: list[str]
    unaccounted: list[str]
    seconds: float
    unsendable: dict[Path, str] = field(default_factory=dict)

    def is_clean(self) -> bool:
        """Return whether every instance is proven or accounted for, and nothing leaked."""
        return not self.leaks and not self.unaccounted and self.delivered == self.proven

    def as_json(self) -> dict[str, Any]:
        """Return what --json prints last."""
        return {
            "studies": [asdict(row) for row in self.rows],
            "received": self.received,
            "delivered": self.delivered,
            "proven": self.proven,
            "rejected": self.rejected,
            "leaks": len(self.leaks),
            "seconds": round(self.seconds, 1),
        }


def account(
    site: Site, listed: Mapping[str, str], stored: Iterable[Dataset], began: float, seconds: float
) -> Account:
    """Given a site, the assigned project of each listed study, and what the PACS holds, account.

    `began` is the POSIX time of the first C-STORE.
    """
    layout = Layout(site.datadir)
    archive, trees, ledger = Archive(layout), Trees(layout), Ledger(layout)
    set_aside = {path: reason for _, reason, path in trees.unknown()}
    filed = _filed(trees)
    rows: dict[str, StudyRow] = {}
    lost = []
    for path in archive.instances():
        study, instance = filed.get(path, (path.parent.name.removeprefix(STUDY_PREFIX), path.name))
        row = rows.setdefault(study, StudyRow(study))
        row.received += 1
        if path in set_aside:
            _hold_back(row, set_aside[path])
        elif not _count(row, ledger.of_study(study).get(instance, [])):
            lost.append(f"{study}/{path.name}")
    for study, row in rows.items():
        row.modality = "/".join(_modalities(trees, study))
        row.listed, row.assigned = study in listed, listed.get(study, "")
        row.seconds = _until(ledger.of_study(study), began)
    return Account(
        rows=list(rows.values()),
        received=sum(row.received for row in rows.values()),
        delivered=sum(row.sent for row in rows.values()),
        proven=sum(row.proven for row in rows.values()),
        rejected=sum(row.held_back for row in rows.values()),
        leaks=_leaks(layout, stored),
        unaccounted=lost,
        seconds=seconds,
    )


def _filed(trees: Trees) -> dict[Path, tuple[str, str]]:
    """The study and the SOP instance that each file of the archive is filed under."""
    return {
        link.resolve(): (study, instance)
        for study in trees.studies()
        for instance, link in trees.instances(study).items()
    }


def _count(row: StudyRow, deliveries: list[Delivery]) -> bool:
    for delivery in deliveries:
        if delivery.fate is Fate.STORED:
            row.sent += 1
            row.proven += delivery.is_proven()
        elif delivery.fate in (Fate.REJECTED, Fate.EXCLUDED, Fate.REFUSED):
            _hold_back(row, delivery.reason)
        else:
            return False
    return bool(deliveries)


def _hold_back(row: StudyRow, reason: str) -> None:
    row.held_back += 1
    if reason not in row.reasons:
        row.reasons.append(reason)


def _modalities(trees: Trees, study: str) -> list[str]:
    counts = Counter(str(one.get("Modality", "")) for one in trees.all_series(study))
    return sorted(name for name in counts if name)


def _until(deliveries: Mapping[str, list[Delivery]], began: float) -> float:
    times = [one.time for several in deliveries.values() for one in several if one.time]
    return datetime.fromisoformat(max(times)).timestamp() - began if times else 0.0


def _leaks(layout: Layout, stored: Iterable[Dataset]) -> list[str]:
    """Every stored instance is searched for the patients of the study that it was made from."""
    archive, queues = Archive(layout), Queues(layout)
    origins = {
        request.mapped_study: _patients(archive, request.study)
        for state in State
        for request in queues.each(state)
        if request.mapped_study
    }
    found = []
    for dataset in stored:
        study = str(dataset.get("StudyInstanceUID", ""))
        if study not in origins:
            found.append(f"{study}: a study that no request made")
            continue
        encoded, encoding = _header(dataset)
        for identifiers in origins[study]:
            found += [f"{study}: {place}" for place in find_leaks(encoded, encoding, identifiers)]
    return found


def _header(dataset: Dataset) -> tuple[bytes, Encoding]:
    header = dataset[:PIXELS]
    for tag in marks.SAME_FOR_ALL & {int(one) for one in header.keys()}:  # noqa: SIM118
        del header[tag]
    is_implicit, is_little = dataset.original_encoding
    header.set_original_encoding(is_implicit, is_little, dataset.original_character_set)
    encoded, _ = encode(header, [], str(dataset.file_meta.TransferSyntaxUID))
    return encoded, Encoding(bool(is_implicit), bool(is_little))


def _patients(archive: Archive, study: str) -> list[Identifiers]:
    """One for each distinct patient of the study, as the gate takes it from an input."""
    found: dict[tuple[str, str], Identifiers] = {}
    for path in archive.files_of(study):
        with suppress(Rejected), understanding():
            instance = read_instance(path)
            header = instance.header
            patient = str(header.get("PatientName", "")), str(header.get("PatientID", ""))
            if patient not in found:
                found[patient] = identifiers_of(
                    instance.head, instance.elements, instance.encoding, {}
                )
    return list(found.values())
