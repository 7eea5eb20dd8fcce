"""Whom studies are of: what names the patient in any of their instances, gathered beforehand.

A name that one instance alone tells must leave with none of the others.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import product

from headgate.core.deid.following import may_vary
from headgate.core.deid.identifiers.patient import Remembered, identifiers_of, together
from headgate.core.deid.identifiers.telling import NOBODY, Identifiers
from headgate.core.deid.rules.refusal import STUDY_INSTANCE_UID
from headgate.core.dicom.elements import Data, Encoding, header_end, walk
from headgate.core.dicom.likeness import Likeness

FEWEST = 4  # characters of a number that tells, with a whole name, who it is
MOST_STUDIES = 64  # of one person; more are of a phantom, and their numbers tell of nobody
Found = dict[str, set[Identifiers]]  # by study


class Acquaintance:
    """What names the patients of studies; most instances tell what the one before them told."""

    def __init__(self) -> None:
        self._alike: dict[Encoding, tuple[str, Likeness]] = {}
        self._remembered: Remembered = {}
        self.found: Found = defaultdict(set)
        self._whole: dict[str, Identifiers] = {}

    def meet(self, data: Data, encoding: Encoding) -> str:
        """Given an encoded data set, up to its pixels at least, take note of whom it names; return
        its Study Instance UID as it stands there.

        Raise Malformed where it cannot be read; Rejected where the patient cannot.
        """
        study, likeness = self._alike.get(encoding, ("", None))
        found = likeness.follow(data) if likeness else None
        if found is None:
            return self._anew(data, encoding)
        self._alike[encoding] = study, found.likeness
        return study

    def join(self, found: Found) -> None:
        """Given what others found, take note of it."""
        for study, several in found.items():
            self._whole.pop(study, None)
            self.found[study] |= several

    def of(self, study: str) -> Identifiers:
        """Given a study, return what names its patient, anywhere in it."""
        if study not in self._whole:
            found = self.found.get(study)
            self._whole[study] = together(list(found)) if found else NOBODY
        return self._whole[study]

    def of_patients(self) -> dict[str, Identifiers]:
        """Return for each study what names its patient, in it and in the others of that patient:
        of whom name and number are the same.
        """
        by_person: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
        for study in self.found:
            for person in _persons(self.of(study)):
                by_person[person].append(study)
        joined: dict[frozenset[str], Identifiers] = {}
        found = {}
        for study in self.found:
            several = {
                one
                for person in _persons(self.of(study))
                if len(by_person[person]) <= MOST_STUDIES
                for one in by_person[person]
            }
            key = frozenset(several or {study})
            if key not in joined:
                joined[key] = together([self.of(one) for one in sorted(key)])
            found[study] = joined[key]
        return found

    def _anew(self, data: Data, encoding: Encoding) -> str:
        head = bytes(data[: header_end(data, encoding)])
        elements = list(walk(head, encoding))
        values = {one.tag: head[one.value : one.end] for one in elements}
        study = values.get(STUDY_INSTANCE_UID, b"").decode("latin-1").strip(" \0")
        self._whole.pop(study, None)
        self.found[study].add(identifiers_of(head, elements, encoding, self._remembered))
        self._alike[encoding] = study, Likeness(head, elements, encoding, may_vary)
        return study


def _persons(found: Identifiers) -> Iterator[tuple[str, tuple[str, ...]]]:
    several = product(found.numbers, found.persons)
    return ((number, words) for number, words in several if len(number) >= FEWEST)
