"""Windows of study dates and times in which a PACS is asked what it holds: PS3.4 C.2.2.2.5."""

from dataclasses import dataclass
from datetime import date, timedelta

LAST_SECOND = 86399
FIRST_YEAR, EARLIEST, LATEST = 1990, date(1800, 1, 1), date(2299, 12, 31)


@dataclass(frozen=True)
class Window:
    """Days from the first to the last; of a single day it may be some of its seconds alone."""

    first: date
    last: date
    begin: int = 0
    end: int = LAST_SECOND

    def __str__(self) -> str:
        return f"{self.dates} {self.times}".strip()

    @property
    def dates(self) -> str:
        """The range of days, as DICOM matches it."""
        if self.first == self.last:
            return f"{self.first:%Y%m%d}"
        return f"{self.first:%Y%m%d}-{self.last:%Y%m%d}"

    @property
    def times(self) -> str:
        """The range of times, as DICOM matches it; blank for whole days."""
        if (self.begin, self.end) == (0, LAST_SECOND):
            return ""
        return f"{_time(self.begin)}-{_time(self.end)}.999999"

    def parts(self, count: int) -> list["Window"]:
        """Given a number, return as many windows that together are this one; none for a second."""
        if self.first < self.last:
            spans = _spans(self.first.toordinal(), self.last.toordinal(), count)
            return [Window(date.fromordinal(one), date.fromordinal(last)) for one, last in spans]
        if self.begin < self.end:
            spans = _spans(self.begin, self.end, count)
            return [Window(self.first, self.last, one, last) for one, last in spans]
        return []


def all_years(today: date) -> list[Window]:
    """Given the day, return windows for every date there is: moved ones may lie anywhere."""
    years = range(FIRST_YEAR, today.year + 2)
    return [
        Window(EARLIEST, date(FIRST_YEAR - 1, 12, 31)),
        *(Window(date(year, 1, 1), date(year, 12, 31)) for year in years),
        Window(date(today.year + 2, 1, 1), LATEST),
    ]


def last_days(today: date, count: int) -> Window:
    """Given the day, return the window of so many days up to tomorrow, for clocks that differ."""
    return Window(today - timedelta(days=count), today + timedelta(days=1))


def _spans(first: int, last: int, count: int) -> list[tuple[int, int]]:
    width = max(1, -(-(last - first + 1) // count))
    return [(start, min(start + width - 1, last)) for start in range(first, last + 1, width)]


def _time(second: int) -> str:
    return f"{second // 3600:02}{second // 60 % 60:02}{second % 60:02}"
