"""Until when REDCap has been read, one file a script; without the file all is read."""

from datetime import datetime, timedelta

from headgate.stores import files
from headgate.stores.layout import Layout


class Watermarks:
    """The files under `state/watermarks/`: the POSIX time at which the last good pass began."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def since(self, step: str, now: float, overlap_minutes: int) -> datetime | None:
        """Given a script and the time, return from when on to read in the server's local time.

        None means all: there was no good pass. A clock that was set back moves the mark with it.
        """
        try:
            last = float((self._layout.watermarks / step).read_text())
            begin = datetime.fromtimestamp(min(last, now)).astimezone()
        except (FileNotFoundError, ValueError, OverflowError):
            return None
        return (begin - timedelta(minutes=overlap_minutes)).replace(tzinfo=None)

    def seen(self, step: str) -> set[str]:
        """Given a script, return the marks of what it has dealt with in what it reads again."""
        try:
            return set((self._layout.watermarks / f"{step}.seen").read_text().split())
        except (FileNotFoundError, ValueError):
            return set()

    def remember(self, step: str, marks: set[str]) -> None:
        """Given a script, note the marks of what it has dealt with; older ones are forgotten."""
        files.write_whole(self._layout.watermarks / f"{step}.seen", "\n".join(sorted(marks)))

    def reached(self, step: str, began: float) -> None:
        """Given a script and when its pass began, note that all up to then is read."""
        files.write_whole(self._layout.watermarks / step, f"{int(began)}\n")
