"""Where an imported row belongs: its record, event, repeating instrument and instance."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.tracker.model.projects import Event, Project
from headgate.tracker.records.rendering import EVENT, INSTANCE, INSTRUMENT
from headgate.tracker.wire.answers import Refused

Place = tuple[str, int, str, int]
LONGEST_NAME = 100
HIGHEST_INSTANCE = 32_767
NO_INSTRUMENT = (
    "redcap_repeat_instrument must be the unique form name of a Repeating Instrument. It "
    "currently does not match the unique form name of any Repeating Instruments.  Please fix this "
    "in the data import file and try again."
)
NO_REPETITION = (
    "redcap_repeat_instance cannot have a value since this instrument or event is not a repeating "
    "instrument or repeating event, respectively.  The redcap_repeat_instance field must be left "
    "blank for this row of data."
)
NO_INSTANCE = (
    "redcap_repeat_instance must have a numeric value between '1' and '32767' for any Repeating "
    "Event or Repeating Instrument.  Please add a valid numeric value to redcap_repeat_instance in "
    "the data import file and try again."
)


class Misplaced(ValueError):
    """A row that has no place: the column to blame, its value, and REDCap's text."""

    def __init__(self, column: str, value: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.value = value
        self.message = message


@dataclass
class Instances:
    """The highest instance so far, by record, event and instrument; `new` is the next one."""

    highest: dict[tuple[str, int, str], int] = field(default_factory=dict)

    def note(self, place: Place) -> None:
        """Given a place that is taken, remember it."""
        record, event_id, instrument, instance = place
        key = (record, event_id, instrument)
        self.highest[key] = max(self.highest.get(key, 0), instance)

    def next(self, record: str, event_id: int, instrument: str) -> int:
        """Given a record, event and instrument, return the number of a new instance."""
        return self.highest.get((record, event_id, instrument), 0) + 1


def event_of(project: Project, row: Mapping[str, str]) -> Event | None:
    """Given a row, return its event; no event named: the first; None: there is no such event."""
    name = row.get(EVENT, "").strip() if project.longitudinal else ""
    return project.event_names.get(name) if name else project.events[0]


def record_of(project: Project, row: Mapping[str, str]) -> str:
    """Given a row, return the name of its record. Raise Refused if it has none, or one too long."""
    name = row.get(project.dictionary.record_field, "").strip()
    # REDCap's own texts for these two are not established.
    if not name:
        raise Refused(
            f"A row has no value for the record's name: {project.dictionary.record_field}"
        )
    if len(name) > LONGEST_NAME:
        raise Refused(
            f"The name of a record is longer than {LONGEST_NAME} characters: {name[:20]}…"
        )
    return name


def place_of(
    project: Project, record: str, event: Event, row: Mapping[str, str], instances: Instances
) -> Place:
    """Given a row, its record and event, return its place. Raise Misplaced if it has none."""
    instrument = row.get(INSTRUMENT, "").strip()
    instance = row.get(INSTANCE, "").strip()
    event_id = event.event_id
    if instrument and project.repeats(event_id, ""):
        # In a repeating event the instrument may be named or not: the row is the event's.
        instrument = ""
    if instrument and not project.repeats(event_id, instrument):
        raise Misplaced(INSTRUMENT, instrument, NO_INSTRUMENT)
    if not project.repeats(event_id, instrument):
        if instance:
            raise Misplaced(INSTANCE, instance, NO_REPETITION)
        return record, event_id, "", 0
    if not instance and not instrument:
        # What a repeating event without a number means is not established: its first instance.
        instance = "1"
    if instance == "new":
        number = instances.next(record, event_id, instrument)
    elif re.fullmatch(r"\d{1,5}", instance, re.ASCII):
        number = int(instance)
    else:
        raise Misplaced(INSTANCE, instance, NO_INSTANCE)
    if not 1 <= number <= HIGHEST_INSTANCE:
        raise Misplaced(INSTANCE, instance, NO_INSTANCE)
    place = (record, event_id, instrument, number)
    instances.note(place)
    return place
