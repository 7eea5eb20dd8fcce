"""Data of type eav: one row for each value."""

from collections.abc import Iterable

from headgate.tracker.model.dictionary import checkbox_column
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.incoming import Row


def flat_from_values(rows: Iterable[Row], record_field: str, checkboxes: set[str]) -> list[Row]:
    """Given one row for each value (type eav), return flat rows, in the order of their first value.

    A checkbox may come as `field___code` with 0 or 1, or as an export has it: the code as value.
    """
    flat: dict[tuple[str, ...], Row] = {}
    for row in rows:
        if "record" not in row or "field_name" not in row:
            raise Refused("Each row must have a record, a field_name and a value.")
        extra = {name: row[name] for name in row if name.startswith("redcap_")}
        place = (row["record"], *(extra[name] for name in sorted(extra)))
        target = flat.setdefault(place, {record_field: row["record"], **extra})
        name, value = row["field_name"], row.get("value", "")
        if name in checkboxes and value:
            name, value = checkbox_column(name, value), "1"
        if name != record_field:
            target[name] = value
    return list(flat.values())
