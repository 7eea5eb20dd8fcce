"""Calculated fields: worked out again for every record that an import or a person touches."""

from collections.abc import Mapping

from headgate.tracker.logic.meaning import Meaning, meaning_of
from headgate.tracker.logic.scope import Place, Scope, by_place
from headgate.tracker.logic.values import as_text
from headgate.tracker.model.dictionary import Field
from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project
from headgate.tracker.wire.answers import Refused

# A calculated field may use others; deeper chains than this settle with the next change.
ROUNDS = 5


def calculated(
    project: Project, rows: Mapping[Place, Mapping[str, str]]
) -> dict[Place, dict[str, str]]:
    """Given all rows of some records, return those whose calculated fields change, with them."""
    meanings = _meanings(project)
    found: dict[Place, dict[str, str]] = {}
    for _ in range(ROUNDS if meanings else 0):
        now = {**rows, **found}
        changed = _round(project, meanings, now)
        if not changed:
            break
        found |= changed
    return found


def _round(
    project: Project,
    meanings: Mapping[Field, Meaning],
    rows: Mapping[Place, Mapping[str, str]],
) -> dict[Place, dict[str, str]]:
    entries = [Entry(*place, dict(values)) for place, values in rows.items()]
    places = by_place(entries)
    changed = {}
    for entry in entries:
        values = dict(entry.values)
        for field, meaning in meanings.items():
            if project.holds(entry.event_id, entry.instrument, field.form):
                text = as_text(meaning(Scope(project, entry, places)))
                values.pop(field.name, None)
                values |= {field.name: text} if text else {}
        if values != entry.values:
            place = (entry.record, entry.event_id, entry.instrument, entry.instance)
            changed[place] = values
    return changed


def _meanings(project: Project) -> dict[Field, Meaning]:
    found = {}
    for field in project.dictionary.fields.values():
        if field.kind != "calc":
            continue
        try:
            found[field] = meaning_of(field.calculation, project)
        except Refused:
            # What this server cannot compute stays blank; imports go on.
            continue
    return found
