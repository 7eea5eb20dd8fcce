"""Files looked at before they are de-identified: what names the patient anywhere in a study."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from headgate.core.deid.acquaintance import Acquaintance, Found
from headgate.core.deid.identifiers.telling import NOBODY, Identifiers
from headgate.core.dicom.elements import DEFLATED, encoding_of
from headgate.core.errors import Rejected
from headgate.stores.dicomfiles import read_instance, split_start, understanding
from headgate.stores.readahead import beginnings

START = 16 << 10  # bytes: few headers are longer


class Look(NamedTuple):
    """The study of each of some files, None where it cannot be read, and whom the studies name."""

    studies: list[str | None]
    found: Found


def look_at(paths: Sequence[Path]) -> Look:
    """Given files, return what a look at their headers tells."""
    met = Acquaintance()
    studies = [
        _met(met, path, start or b"")
        for path, start in zip(paths, beginnings(paths, START), strict=True)
    ]
    return Look(studies, met.found)


def named_by(looks: Iterable[Look]) -> list[Identifiers]:
    """Given looks at files, return for each file what names the patient anywhere in its study, and
    in other studies of the same patient, as far as they are among them. What cannot be read names
    nobody here: it is refused when its turn comes.
    """
    met, studies = Acquaintance(), list[str | None]()
    for look in looks:
        studies += look.studies
        met.join(look.found)
    found = met.of_patients()
    return [NOBODY if study is None else found.get(study, NOBODY) for study in studies]


def named_in(paths: Sequence[Path]) -> list[Identifiers]:
    """Given files, return what `named_by` returns for a look at them."""
    return named_by([look_at(paths)])


def _met(met: Acquaintance, path: Path, start: bytes) -> str | None:
    try:
        try:
            syntax, data = split_start(start)
            if syntax not in DEFLATED:
                with understanding():
                    return met.meet(data, encoding_of(syntax))
        except Rejected:  # longer than its start, perhaps
            pass
        with understanding():
            instance = read_instance(path)
            return met.meet(instance.dataset, instance.encoding)
    except Rejected:
        return None
