"""The ledger: one line for each thing that became of an instance, kept for ever."""

from pathlib import Path

from headgate.core.grammar import safe_name
from headgate.core.model import Assignment, Delivery, Fate
from headgate.stores import files
from headgate.stores.layout import Layout

SUFFIX = ".jsonl"


class Ledger:
    """The files `ledger/<study>/<project>.jsonl`; the last line on an instance counts."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def write(self, study: str, project: str, deliveries: list[Delivery]) -> None:
        """Given what became of instances, append it durably. Raise Unavailable."""
        path = self._path(study, project)
        files.make_folders(path.parent)
        files.append_lines(path, [delivery.to_line() for delivery in deliveries])

    def read(
        self, study: str, assignment: Assignment, target: str | None = None
    ) -> dict[str, Delivery]:
        """Given a study, to whom it goes, and one of its targets, or None for any, return the last
        delivery of each SOP instance.
        """
        return {
            delivery.sop_instance: delivery
            for delivery in _lines(self._path(study, assignment.project))
            if (delivery.participant, delivery.event) == (assignment.participant, assignment.event)
            and target in (None, delivery.target)
        }

    def of_study(self, study: str) -> dict[str, list[Delivery]]:
        """Given a study, return the last deliveries of each SOP instance, one for each target."""
        last: dict[tuple[str, str, str, str, str], Delivery] = {}
        folder = self._layout.ledger / study
        for name in files.names_in(folder):
            for line in _lines(folder / name):
                last[name, line.participant, line.event, line.target, line.sop_instance] = line
        found: dict[str, list[Delivery]] = {}
        for delivery in last.values():
            found.setdefault(delivery.sop_instance, []).append(delivery)
        return found

    def participants(self, study: str, project: str) -> set[str]:
        """Given a study and a project, return under which names it has instances of it."""
        lines = _lines(self._path(study, project))
        return {line.participant for line in lines if line.fate is Fate.STORED}

    def _path(self, study: str, project: str) -> Path:
        return self._layout.ledger / study / (safe_name(project) + SUFFIX)


def _lines(path: Path) -> list[Delivery]:
    try:
        text = path.read_text("utf-8", errors="replace")  # a crash tears letters too
    except FileNotFoundError:
        return []
    found = []
    for line in text.split("\n"):
        try:
            found.append(Delivery.from_line(line))
        except (ValueError, TypeError, KeyError):
            continue  # torn by a crash: what it told is done again
    return found
