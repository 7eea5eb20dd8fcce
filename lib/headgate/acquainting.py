"""Files looked at before they are de-identified: what names the patient anywhere in a study."""

from collections.abc import Sequence
from pathlib import Path

from headgate.core.deid.acquaintance import Acquaintance
from headgate.core.deid.telling import NOBODY, Identifiers
from headgate.core.elements import DEFLATED, encoding_of
from headgate.core.errors import Rejected
from headgate.stores.dicomfiles import read_instance, split_start, understanding
from headgate.stores.readahead import beginnings

START = 16 << 10  # bytes: few headers are longer


def named_in(paths: Sequence[Path]) -> list[Identifiers]:
    """Given files, return for each what names the patient anywhere in its study, as far as it is
    among them. What cannot be read names nobody here: it is refused when its turn comes.
    """
    met = Acquaintance()
    studies = [
        _met(met, path, start or b"")
        for path, start in zip(paths, beginnings(paths, START), strict=True)
    ]
    return [NOBODY if study is None else met.of(study) for study in studies]


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
