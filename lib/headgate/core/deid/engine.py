"""From a data set to the same data set without its patient: PS3.15 E.1.1."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pydicom import DataElement, Dataset
from pydicom.config import disable_value_validation
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID

from headgate.core.deid import clean, dates, marks, matching, private, profile, table, uids
from headgate.core.deid.identity import Recipe
from headgate.core.deid.patient import identifiers_of
from headgate.core.deid.reading import Path, decoded, place
from headgate.core.deid.refusal import refusal
from headgate.core.errors import Rejected

Record = Callable[[str, str, Any, Any], None]

ACTIONS = profile.actions()
BASIC = table.basic_actions()
MANUFACTURER = 0x00080070
PIXEL_GROUP = 0x7FE0
SOP_INSTANCE_UID = 0x00080018
TEXTS = frozenset(profile.KINDS["text"])
KIND_OF = profile.KIND_OF
GONE = (table.REMOVE, "")
PIXELS = "pixels"
NUMBERS = (int, float, Decimal)  # what pydicom has understood is no word

# Dummy values for action D, by VR: PS3.15 Table E.1-1a
DUMMIES: dict[str, Any] = {
    "AE": "REMOVED", "AS": "000Y", "CS": "REMOVED", "DS": "0", "IS": "0", "TM": "000000",
    "LO": "REMOVED", "LT": "REMOVED", "PN": "REMOVED", "SH": "REMOVED", "ST": "REMOVED",
    "UC": "REMOVED", "UR": "about:blank", "UT": "REMOVED", "OB": b"\0\0", "OW": b"\0\0",
    "UN": b"\0\0", "FD": 0.0, "FL": 0.0, "SL": 0, "SS": 0, "UL": 0, "US": 0,
}  # fmt: skip
# PS3.5 Table 6.2-1: what these VRs may hold, so that no word hides in a number or a time
GRAMMAR = {
    "AS": re.compile(r"\d{1,3}[DWMY]"),
    "DA": re.compile(r"[\d.-]*"),
    "DS": re.compile(r"[\d.+eE -]*"),
    "DT": re.compile(r"[\d.+-]*"),
    "IS": re.compile(r"[\d+ -]*"),
    "TM": re.compile(r"[\d:. -]*"),
    "UI": re.compile(r"[\d.]*"),
}
DUMMY_CODE = ("REMOVED", "99HEADGATE", "REMOVED")  # value, scheme, meaning


@dataclass(frozen=True, slots=True)
class _Work:
    recipe: Recipe
    days: int
    pattern: re.Pattern[str]
    study: str
    record: Record | None


def deidentify(dataset: Dataset, recipe: Recipe, record: Record | None = None) -> Dataset:
    """Given a data set and a recipe, return a new data set without the patient's identity.

    Pixel data pass untouched. The observer, where given, is told of every element that changes:
    its place, the rule, the value before and the value after (None: no element). Raise Rejected,
    naming what was found and no value, where the data set cannot be judged.
    """
    with disable_value_validation():  # pydicom's warnings quote values
        reason = refusal(dataset)
        if reason is not None:
            raise Rejected(reason)
        identifiers = identifiers_of(dataset)
        study = str(dataset.get("StudyInstanceUID") or "")
        pattern = matching.pattern(identifiers)
        work = _Work(recipe, dates.offset_days(recipe), pattern, study, record)
        result = _level(dataset, work, ())
        _write_marks(dataset, result, work)
        result.file_meta = marks.file_meta(dataset, result[SOP_INSTANCE_UID].value)
        return result


def _level(dataset: Dataset, work: _Work, path: Path) -> Dataset:
    result = Dataset()
    creators = private.creators(dataset)
    for tag in sorted(dataset.keys()):
        action, kind = _rule(dataset, tag, creators, path)
        here = (*path, tag)
        if action == table.REMOVE:
            if work.record is not None:
                work.record(place(here), _why_gone(tag), _before(dataset, tag), None)
            continue
        element = decoded(dataset, tag, path)
        if kind and kind not in (element.VR, KIND_OF.get(element.VR)):
            _tell(work, here, "unexpected value representation", element, None)
            continue
        changed = HANDLERS[action](element, work, here)
        if changed is not None:
            result[tag] = changed
        if work.record is not None and element.VR != "SQ":
            _tell(work, here, action, element, changed)
    return result


def _rule(
    dataset: Dataset, tag: BaseTag, creators: private.Creators, path: Path
) -> tuple[str, str]:
    if tag.group == PIXEL_GROUP and not path:
        return PIXELS, ""
    known = ACTIONS.get(tag)
    if known is not None:
        return known
    vr = private.kept_vr(dataset, tag, creators) if tag.is_private else None
    return GONE if vr is None else (table.KEEP, KIND_OF.get(vr, vr))


def _kept(element: DataElement, work: _Work, path: Path) -> DataElement | None:
    vr = element.VR
    if vr in TEXTS and vr not in ("AS", "CS"):
        changed = _mapped(element, lambda text: clean.cut(text, work.pattern))
        # a value that was nothing but an identifier may be of type 1
        return _dummied(element, work, path) if _is_emptied(element, changed) else changed
    if vr == "SQ":
        return _entered(element, work, path)
    if vr in ("DA", "DT") and element.tag not in profile.CODE_SET_VERSIONS:
        return _shifted(element, work, path)
    if vr in ("PN", "AE"):
        return _emptied(element, work, path)
    if vr == "UN" or not _is_grammatical(element):
        return None
    return _copy(element, element.value)


def _is_emptied(before: DataElement, after: DataElement) -> bool:
    return bool(before.value) and not any(after.value)


def _is_grammatical(element: DataElement) -> bool:
    grammar = GRAMMAR.get(element.VR)
    if grammar is None:
        return True
    value = element.value
    values = value if isinstance(value, MultiValue) else [value]
    return all(not one or isinstance(one, NUMBERS) or grammar.fullmatch(one) for one in values)


def _cleaned(element: DataElement, work: _Work, path: Path) -> DataElement | None:
    changed = _mapped(element, lambda text: clean.cut_anybody(text, work.pattern))
    if _is_emptied(element, changed):
        return HANDLERS[BASIC[element.tag]](element, work, path)
    return changed


def _entered(element: DataElement, work: _Work, path: Path) -> DataElement:
    items = [_level(item, work, (*path, number)) for number, item in enumerate(element.value)]
    return _copy(element, Sequence(items))


def _shifted(element: DataElement, work: _Work, _path: Path) -> DataElement:
    return _mapped(element, lambda text: dates.shift(text, work.days))


def _new_uid(element: DataElement, work: _Work, _path: Path) -> DataElement | None:
    if element.VR != "UI":
        return None
    return _mapped(element, lambda uid: UID(_replaced(uid, work)))


def _replaced(uid: str, work: _Work) -> str:
    if uid == work.study:  # also where a sequence refers to the study as an instance
        return uids.replace_study_uid(uid, work.recipe)
    return uids.replace_uid(uid, work.recipe)


def _emptied(element: DataElement, _work: _Work, _path: Path) -> DataElement:
    return _copy(element, Sequence() if element.VR == "SQ" else None)


def _dummied(element: DataElement, work: _Work, path: Path) -> DataElement | None:
    if element.VR in ("DA", "DT"):
        return _shifted(element, work, path)
    if element.VR == "UI":
        return _new_uid(element, work, path)
    if element.VR == "SQ":
        return _copy(element, Sequence([marks.code(*DUMMY_CODE)]))
    dummy = DUMMIES.get(element.VR)
    return None if dummy is None else DataElement(element.tag, element.VR, dummy)


def _untouched(element: DataElement, _work: _Work, _path: Path) -> DataElement:
    return element


def _removed(_element: DataElement, _work: _Work, _path: Path) -> None:
    return None


HANDLERS: dict[str, Callable[[DataElement, _Work, Path], DataElement | None]] = {
    table.KEEP: _kept,
    table.CLEAN: _cleaned,
    table.ENTER: _entered,
    table.SHIFT: _shifted,
    table.NEW_UID: _new_uid,
    table.EMPTY: _emptied,
    table.DUMMY: _dummied,
    table.REMOVE: _removed,
    PIXELS: _untouched,
}


def _mapped(element: DataElement, change: Callable[[str], str]) -> DataElement:
    value = element.value
    if isinstance(value, MultiValue):
        return _copy(element, [change(str(one)) if one else "" for one in value])
    return _copy(element, change(str(value)) if value else value)


def _copy(element: DataElement, value: Any) -> DataElement:
    return DataElement(element.tag, element.VR, value, already_converted=True)


def _write_marks(dataset: Dataset, result: Dataset, work: _Work) -> None:
    new = marks.written(work.recipe)
    if not all(one.value.isascii() for one in new if isinstance(one.value, str)):
        marks.write_in_unicode(result)
    if MANUFACTURER not in result:  # type 2 in the module that Institution Name belongs to
        new.append(DataElement(MANUFACTURER, "LO", ""))
    for element in new:
        result[element.tag] = element
        if work.record is not None:
            before = _before(dataset, element.tag)
            work.record(place((element.tag,)), "written", before, element.value)


def _tell(work: _Work, path: Path, rule: str, old: DataElement, new: DataElement | None) -> None:
    if work.record is not None and (new is None or new.value != old.value):
        work.record(place(path), rule, old.value, None if new is None else new.value)


def _before(dataset: Dataset, tag: BaseTag) -> Any:
    found = dataset.get_item(tag)
    return None if found is None else found.value


def _why_gone(tag: BaseTag) -> str:
    if tag in ACTIONS:
        return table.REMOVE
    return "private" if tag.is_private else "unknown"
