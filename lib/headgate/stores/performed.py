"""What modalities tell of the steps that they perform (MPPS, PS3.4 F): what is to be expected."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from headgate.core.grammar import is_uid
from headgate.stores import files
from headgate.stores.layout import Layout


@dataclass(frozen=True)
class Performed:
    """A step: the studies it belongs to, its state, and how many instances each series has."""

    studies: tuple[str, ...] = ()
    state: str = ""
    instances: Mapping[str, int] = field(default_factory=dict)


class PerformedSteps:
    """The folder `spool/performed/`: a file a step, with nothing of the patient in it."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.performed

    def read(self, step: str) -> Performed | None:
        """Given a step's UID, return what was told of it, or None; a damaged file tells nothing."""
        try:
            told = json.loads((self._folder / step).read_text())
            counts = {str(series): int(count) for series, count in told["instances"].items()}
            return Performed(tuple(told["studies"]), str(told["state"]), counts)
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def write(self, step: str, performed: Performed) -> None:
        """Given a step's UID and what is told of it, keep it durably. Raise Unavailable."""
        files.write_whole(self._folder / step, json.dumps(asdict(performed)))

    def known(self, step: str) -> str | None:
        """Given a step's UID, return its state, or None."""
        performed = self.read(step)
        return performed.state if performed else None

    def keep(self, step: str, studies: tuple[str, ...], state: str, counts: dict[str, int]) -> None:
        """Given what is told of a step, keep it with what is known. Raise Unavailable."""
        before = self.read(step) or Performed()
        self.write(
            step, Performed(studies or before.studies, state, {**before.instances, **counts})
        )

    def told_before(self, limit: float) -> list[str]:
        """Given a POSIX time, return the steps of which nothing was told since then."""
        return files.names_before(self._folder, limit)

    def forget(self, step: str) -> None:
        """Given a step's UID, remove what was told of it."""
        files.remove(self._folder / step)

    def by_study(self) -> dict[str, dict[str, int]]:
        """Return how many instances of which series were told of, for every study."""
        found: dict[str, dict[str, int]] = {}
        for step in filter(is_uid, files.names_in(self._folder)):
            performed = self.read(step) or Performed()
            for study in performed.studies:
                found.setdefault(study, {}).update(performed.instances)
        return found

    def expected(self, study: str) -> dict[str, int]:
        """Given a study, return how many instances of which series were told of; none: {}."""
        found: dict[str, int] = {}
        for step in filter(is_uid, files.names_in(self._folder)):
            performed = self.read(step)
            if performed and study in performed.studies:
                found.update(performed.instances)
        return found
