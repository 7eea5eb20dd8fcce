"""Which study a mapped UID stands for: one small file for each that was ever sent."""

import json
from dataclasses import asdict, dataclass

from headgate.core.errors import Rejected
from headgate.core.model import Assignment
from headgate.stores import files
from headgate.stores.layout import Layout


@dataclass(frozen=True)
class Origin:
    """The study that a research copy was made of, the transfer that asked for it, and for whom."""

    study: str
    transfer: int
    project: str
    participant: str
    event: str

    @property
    def assignment(self) -> Assignment:
        """Return to whom the copy went."""
        return Assignment(self.project, self.participant, self.event)


class Mapped:
    """The files `mapped/<mapped study>.json`; the last origin in one is the newest."""

    def __init__(self, layout: Layout) -> None:
        self._folder = layout.mapped

    def note(self, study: str, origin: Origin) -> bool:
        """Given a mapped study and its origin, note it durably; return whether it was new.

        A UID that stands for itself tells nothing, as clinical studies come under it too. Raise
        Unavailable, Rejected.
        """

        def more() -> str | None:
            known = self.read(study)
            together = [asdict(one) for one in (*known, origin)]
            return None if origin in known else json.dumps(together, ensure_ascii=False)

        if study == origin.study or origin in self.read(study):
            return False
        return files.rewrite(self._folder / f"{study}.json", more)

    def is_mapped(self, study: str) -> bool:
        """Given a study, return whether it is a research copy of ours."""
        return (self._folder / f"{study}.json").exists()

    def read(self, study: str) -> list[Origin]:
        """Given a study, return its origins; none: it is no research copy of ours.

        Raise Rejected when the file cannot be read.
        """
        path = self._folder / f"{study}.json"
        try:
            return [Origin(**one) for one in json.loads(path.read_text())]
        except FileNotFoundError:
            return []
        except (ValueError, TypeError) as error:
            raise Rejected(f"{path} cannot be read: remove it, then bin/rebuild") from error
