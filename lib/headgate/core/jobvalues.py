"""The values that a program of a workflow measured, before they are written into REDCap."""

import json
import math
import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from headgate.core.errors import Rejected

LONGEST = 10_000
FIELD = re.compile(r"[a-z][a-z0-9_]*")
WHOSE = ("PatientID", "PatientName", "PatientBirthDate", "AccessionNumber", "StudyInstanceUID")
SHORTEST = 3


def checked(
    text: str, fields: Collection[str], told: Iterable[Mapping[str, Any]]
) -> dict[str, str]:
    """Given the JSON that a program wrote, the fields that it may write and what is told of the
    study's series, return the values by field.

    Raise Rejected for what is no object of numbers and texts, for other fields, and for texts that
    hold what tells whose the study is.
    """
    try:
        values = json.loads(text)
    except ValueError as error:
        raise Rejected("its values.json is no JSON: mend the program") from error
    if not isinstance(values, dict) or not values:
        raise Rejected("its values.json is no object of fields and values: mend the program")
    unknown = sorted(set(values) - set(fields))
    if unknown:
        shown = ", ".join(name if FIELD.fullmatch(name) else "?" for name in unknown[:5])
        raise Rejected(f"it made values of fields that the workflow does not name: {shown}")
    found = {name: _text(name, value) for name, value in values.items()}
    needles = _needles(told)
    for name, value in found.items():
        if isinstance(values[name], str) and any(one in value.casefold() for one in needles):
            raise Rejected(
                f"its value of {name} holds what tells whose the study is: mend the program"
            )
    return found


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float) and not math.isfinite(value):
        raise Rejected(f"its value of {name} is no finite number: mend the program")
    if not isinstance(value, int | float | str) or len(str(value)) > LONGEST:
        raise Rejected(f"its value of {name} is no number and no short text: mend the program")
    return str(value)


def _needles(told: Iterable[Mapping[str, Any]]) -> set[str]:
    texts = {str(series.get(key, "")) for series in told for key in WHOSE}
    words = {word for text in texts for word in re.split(r"[\^=\s]+", text.casefold())}
    return {word for word in words if len(word) >= SHORTEST}
