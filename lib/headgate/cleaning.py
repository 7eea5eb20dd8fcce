"""One instance: de-identified, encoded as it was stored, and searched for what must not leave."""

from collections.abc import Callable
from dataclasses import dataclass

from pydicom.dataset import Dataset

from headgate.core.deid.engine import deidentify
from headgate.core.deid.identity import Recipe
from headgate.core.deid.leaks import find_leaks
from headgate.core.deid.patient import identifiers_of
from headgate.core.errors import Rejected
from headgate.stores.dicomfiles import Instance, encode, understanding

Record = Callable[[str, str, object, object], None]


@dataclass(frozen=True)
class Clean:
    """What may leave: the header, and the whole encoded data set."""

    header: Dataset
    dataset: bytes

    @property
    def sop_class(self) -> str:
        return str(self.header.SOPClassUID)

    @property
    def sop_instance(self) -> str:
        return str(self.header.SOPInstanceUID)

    @property
    def series(self) -> str:
        return str(self.header.SeriesInstanceUID)

    @property
    def study(self) -> str:
        return str(self.header.StudyInstanceUID)


def clean(instance: Instance, recipe: Recipe, record: Record | None = None) -> Clean:
    """Given an instance and how it is de-identified, return what may leave; `record` is told of
    every element that changes.

    Raise Rejected, with places and never with values, when it cannot be told that it is clean.
    """
    with understanding():
        identifiers = identifiers_of(instance.header)
        header = deidentify(instance.header, recipe, record)
        encoded, dataset = encode(header, instance.pixels, instance.transfer_syntax)
        leaks = find_leaks(encoded, header, identifiers)
    if leaks:
        places = ", ".join(sorted(set(leaks))[:5])
        raise Rejected(f"identifiers of the patient are left in {places}")
    return Clean(header, dataset)
