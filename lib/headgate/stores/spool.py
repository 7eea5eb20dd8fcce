"""The marks of studies on their way, one empty file a study: changed/, settled/, returned/, and
triggering/ for what settled since its jobs were queued.
"""

from contextlib import suppress

from headgate.stores import files
from headgate.stores.layout import Layout


class Spool:
    """Marks whose time of change is the last arrival."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def mark_changed(self, study: str, when: float) -> None:
        """Given a study and the POSIX time of its last arrival, mark it. Raise Unavailable."""
        files.touch(self._layout.changed / study, when)

    def changed(self) -> dict[str, float]:
        """Return the last arrival of each study that changed, as POSIX time."""
        found = {}
        for study in files.names_in(self._layout.changed):
            with suppress(FileNotFoundError):  # it was moved on meanwhile
                found[study] = (self._layout.changed / study).stat().st_mtime
        return found

    def is_changing(self, study: str) -> bool:
        """Given a study, return whether instances came that are not listed or requested yet."""
        folders = (self._layout.changed, self._layout.settled, self._layout.returned)
        return any((folder / study).exists() for folder in folders)

    def settle(self, study: str) -> None:
        """Given a study that is quiet, move its mark on and leave one for its triggers.

        An instance that comes now marks anew.
        """
        with suppress(FileNotFoundError):  # it was settled before, by a run that died
            last = (self._layout.changed / study).stat().st_mtime
            files.touch(self._layout.triggering / study, last)
            files.move(self._layout.changed / study, self._layout.settled / study)

    def settled(self) -> list[str]:
        """Return the studies whose mark is settled: to be listed."""
        return files.names_in(self._layout.settled)

    def set_returned(self, study: str) -> None:
        """Given a study that is settled and came back from a workstation, move its mark on."""
        with suppress(FileNotFoundError):
            files.move(self._layout.settled / study, self._layout.returned / study)

    def returned(self) -> list[str]:
        """Return the studies that came back from a workstation: to be requested."""
        return files.names_in(self._layout.returned)

    def requested(self, study: str) -> None:
        """Given a study that came back and that there is a request for, remove its mark."""
        files.remove(self._layout.returned / study)

    def listed(self, study: str) -> None:
        """Given a study that REDCap lists as it is, remove its mark."""
        files.remove(self._layout.settled / study)

    def triggering(self) -> set[str]:
        """Return the studies that settled and whose jobs are not queued yet."""
        layout = self._layout
        return {*files.names_in(layout.triggering), *files.names_in(layout.triggered)}

    def take_trigger(self, study: str) -> None:
        """Given a study, take its mark aside, so that one that is made meanwhile is another."""
        with suppress(FileNotFoundError):
            files.move(self._layout.triggering / study, self._layout.triggered / study)

    def triggered(self, study: str) -> None:
        """Given a study whose jobs are queued, remove the mark that was taken aside."""
        files.remove(self._layout.triggered / study)
