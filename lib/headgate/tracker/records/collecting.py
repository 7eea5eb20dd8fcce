"""What an import would store, and all that is wrong with it, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from headgate.tracker.model.dictionary import Column
from headgate.tracker.model.projects import Event, Project
from headgate.tracker.model.validation import Invalid, stored
from headgate.tracker.records.placing import Instances, Misplaced, Place, place_of
from headgate.tracker.wire.incoming import Row


@dataclass
class Batch:
    """What an import would store: new values by place ("" erases), and all that is wrong."""

    values: dict[Place, dict[str, str]] = field(default_factory=dict)
    errors: list[tuple[str, str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Rules:
    """How the rows of one import are to be read."""

    project: Project
    columns: Mapping[str, Column]
    overwrite: bool
    date_format: str


def collect(
    batch: Batch, rules: Rules, record: str, event: Event, row: Row, instances: Instances
) -> None:
    """Given a row, its record and event, add to the batch what it brings or what is wrong."""
    try:
        place = place_of(rules.project, record, event, row, instances)
    except Misplaced as error:
        batch.errors.append((record, error.column, error.value, error.message))
        return
    values: dict[str, str] = {}
    for sent, text in row.items():
        column = rules.columns.get(sent)
        if column is None or not (text or rules.overwrite):
            continue
        try:
            if rules.project.holds(event.event_id, place[2], column.field.form):
                # A code for missing data stands in any field, whatever its validation.
                plain = not text or (column.code is None and text in rules.project.missing_codes)
                values[sent] = text if plain else stored(column, text, rules.date_format)
            elif text:
                raise Invalid(_misplaced(rules.project, event, place[2], column))
        except Invalid as error:
            batch.errors.append((record, sent, text, str(error)))
    # Two rows of one place in a batch: the first one wins.
    batch.values[place] = {**values, **batch.values.get(place, {})}


def _misplaced(project: Project, event: Event, instrument: str, column: Column) -> str:
    name, form = column.field.name, column.field.form
    if not project.has_form(event.event_id, form):
        arm = f"Arm {event.arm_num}: {project.arms[event.arm_num]}"
        return (
            f"This field ('{name}') exists on an instrument that is not designated for the event "
            f"named '{event.name} ({arm})'. You are not allowed to import data for this field into "
            "this event."
        )
    if instrument:
        # What REDCap says of a field outside the row's instrument is not established.
        return f"This field ('{name}') is not on the Repeating Instrument named '{instrument}'."
    return (
        f"This field ('{name}') exists on a Repeating Instrument named '{form}'. However, the "
        "fields 'redcap_repeat_instance' and/or 'redcap_repeat_instrument' for this row of data "
        "have no value, which are both required for importing data into a Repeating Instrument.  "
        "You are not allowed to import data for this field into a non-repeating instrument."
    )
