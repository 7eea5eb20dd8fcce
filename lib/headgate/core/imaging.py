"""A delivered study in its project's own REDCap: an instance of the `imaging` instrument."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any

from headgate.core import fields
from headgate.core.errors import Rejected
from headgate.core.model import Assignment

Row = dict[str, Any]
EVENT = "redcap_event_name"
ARM = re.compile(r"_arm_\d+[a-z]?$")
DICOM_DATE = 8


def unique_event(name: str, events: Sequence[Mapping[str, Any]], project: str) -> str:
    """Given an event as a transfer names it and the events of the project's REDCap, return its
    unique name. Raise Rejected where none or several are meant.
    """
    slug = re.sub(r"[^a-z0-9_]", "", name.strip().lower().replace(" ", "_"))
    readings = (
        lambda event: event["unique_event_name"] == name,
        lambda event: event["event_name"] == name,
        lambda event: event["event_name"].casefold() == name.casefold(),
        lambda event: ARM.sub("", event["unique_event_name"]) == slug,
    )
    for reading in readings:
        found = [str(event["unique_event_name"]) for event in events if reading(event)]
        if len(found) > 1:
            raise Rejected(
                f"the event {name!r} is in several arms of the REDCap of {project}: let "
                f"transfer_event_name say which ({', '.join(found)})"
            )
        if found:
            return found[0]
    known = ", ".join(str(event["event_name"]) for event in events)
    raise Rejected(
        f"the REDCap of {project} has no event {name!r}, but {known or 'none'}: add it there, or "
        "mend transfer_event_name"
    )


def imaging_row(
    assignment: Assignment, event: str, mapped_study: str, copy: Mapping[str, str]
) -> Row:
    """Given to whom a study went, the unique event, its UID there and what its copy says of itself
    by keyword, return the row.
    """
    return {
        fields.PARTICIPANT_RECORD: assignment.participant,
        EVENT: event,
        fields.REPEAT_FORM: fields.IMAGING_FORM,
        fields.REPEAT_INSTANCE: "new",
        fields.IMAGING_STUDY: mapped_study,
        fields.IMAGING_EVENT: assignment.event,
        **{field: _shown(copy.get(key, "")) for field, key in fields.IMAGING_FIELDS.items()},
        f"{fields.IMAGING_FORM}_complete": fields.COMPLETE,
    }


def in_turn(several: Iterable[Any], place_of: Callable[[Any], Hashable]) -> list[list[Any]]:
    """Given what makes new instances and the place of each, return it in imports, none with two of
    one place: REDCap might give both the same number.
    """
    imports: list[list[Any]] = []
    turns: Counter[Hashable] = Counter()
    for one in several:
        turn = turns[place_of(one)]
        turns[place_of(one)] += 1
        if turn == len(imports):
            imports.append([])
        imports[turn].append(one)
    return imports


def _shown(text: str) -> str:
    if len(text) == DICOM_DATE and text.isdigit():
        return f"{text[:4]}-{text[4:6]}-{text[6:]}"
    return text
