"""What becomes of each element of a level: a rule by its tag, a change of its value.

A level is a data set or an item of a sequence; items are entered to any depth.
"""

from collections.abc import Callable, Iterable, MutableMapping

from headgate.core.deid.changing import without_items
from headgate.core.deid.context import Context
from headgate.core.deid.gate import find_leaks, names_somebody
from headgate.core.deid.identifiers.patient import CHARACTER_SET
from headgate.core.deid.levels import Level, beside_bytes, level_of
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.reading import Path, place, shown
from headgate.core.deid.references import references_in
from headgate.core.deid.rules import profile, table
from headgate.core.deid.rules.kinds import dictionary_vr
from headgate.core.deid.ruling import UNDECODABLE, Ruling, is_told_by_value, ruling_of
from headgate.core.dicom.elements import (
    LONG_VRS,
    Element,
    element_at,
    encoded,
    encoded_items,
    inner_encoding,
    items,
    walk,
)
from headgate.core.dicom.values import SIZES, is_text, is_whole
from headgate.core.errors import Rejected

Record = Callable[[str, str, object, object], None]
Rulings = MutableMapping[tuple[int, bytes], Ruling]

NOTHING = Result(None)


def rewritten(
    level: Level, elements: Iterable[Element], memory: Memory, record: Record | None
) -> list[Result]:
    """Given elements of a level, return what each became.

    With an observer nothing is taken from memory, so that it is told of everything.
    """
    remembered = memory.of(level.context, is_nested=bool(level.path))
    results = []
    for element in elements:
        raw = bytes(level.data[element.start : element.end])
        key = raw + beside_bytes(level, element.tag)
        result = remembered.get(key)
        if result is None or record is not None:
            result = remembered[key] = _element(level, element, memory, record)
        results.append(result)
    return results


def rewritten_alone(
    level: Level,
    several: Iterable[tuple[int, bytes, bytes]],
    rulings: Rulings,
    memory: Memory,
) -> list[Result]:
    """Given elements of a level, each as its tag, its bytes and what `beside_bytes` says of it, and
    the rulings on elements of this level so far, return what each became.
    """
    remembered = memory.of(level.context, is_nested=bool(level.path))
    results = []
    for tag, raw, beside in several:
        key = raw + beside if beside else raw
        result = remembered.get(key)
        if result is None:
            result = remembered[key] = _alone(level, tag, raw, rulings, memory)
        results.append(result)
    return results


def _alone(level: Level, tag: int, raw: bytes, rulings: Rulings, memory: Memory) -> Result:
    vr, reading = raw[4:6], level.context.reading
    if reading.is_implicit or vr in LONG_VRS or is_told_by_value(vr):
        element = element_at(raw, 0, reading)
        return _element(level._replace(data=raw), element, memory, None)
    value, ruling = raw[8:], rulings.get((tag, vr))
    if ruling is None:
        ruling = rulings[tag, vr] = ruling_of(level, tag, vr, value, is_open=False)
    return _value(level, tag, vr, ruling, value, None)


def _element(level: Level, element: Element, memory: Memory, record: Record | None) -> Result:
    tag, value = element.tag, bytes(level.data[element.value : element.end])
    ruling = ruling_of(level, tag, element.vr, value, element.is_open)
    if ruling.vr == b"SQ" and ruling.action != table.REMOVE and not ruling.why_not:
        return _sequence(level, element, ruling.action, memory, record)
    return _value(level, tag, element.vr, ruling, value, record)


def _value(
    level: Level, tag: int, vr: bytes, ruling: Ruling, value: bytes, record: Record | None
) -> Result:
    context, here = level.context, (*level.path, tag)
    if ruling.action == table.REMOVE:
        _tell(record, here, _why_gone(tag), vr, value, None, context)
        return NOTHING
    why_not = _unusable(ruling, value, context.reading.order)
    if why_not == UNDECODABLE and not tag & 0x10000:
        raise Rejected(f"{place(here)} {why_not}")
    if why_not:  # a private one may be anybody's, under the name of a creator that is known
        _tell(record, here, why_not, ruling.vr, value, None, context)
        return NOTHING
    changed = ruling.change(tag, ruling.vr, value, context)
    if changed != value:
        _tell(record, here, ruling.action, ruling.vr, value, changed, context)
    if changed is None or (tag == CHARACTER_SET and context.is_in_unicode):
        return NOTHING  # the top level has a character set of its own, which its items inherit
    # what else stands in a sequence is searched with it
    is_searched = ruling.is_measure or not level.path
    is_leak = is_searched and names_somebody(
        tag, ruling.shown_vr, changed, context.identifiers, context.written_terms
    )
    if is_leak and ruling.is_measure:
        _tell(record, here, "names the patient", ruling.vr, value, None, context)
        return NOTHING
    written = encoded(tag, ruling.written_vr, changed, context.writing)
    return Result(written, (place(here),) if is_leak else ())


def _unusable(ruling: Ruling, value: bytes, order: str) -> str:
    """Return why nothing can be made of a value; blank: something can."""
    if ruling.vr in SIZES and ruling.why_not != UNDECODABLE:
        if not is_whole(ruling.vr, value):
            return UNDECODABLE
        if is_text(ruling.vr, value, order):
            return "a text in place of a number"
    return ruling.why_not


def _sequence(
    level: Level, element: Element, action: str, memory: Memory, record: Record | None
) -> Result:
    context = level.context
    content: bytes | None
    if action in (table.KEEP, table.ENTER):
        content = _items(level, element, memory, record)
    else:
        content = without_items(action, context.writing)
    if content is None:
        return NOTHING
    written = encoded(element.tag, b"SQ", content, context.writing)
    if level.path:  # searched with the sequence that it is in
        return Result(written)
    return Result(written, leaks_of(written, context), references_in(written, context.writing))


def _items(level: Level, element: Element, memory: Memory, record: Record | None) -> bytes:
    context = level.context
    inner = context.within(context.terms, inner_encoding(level.data, element, context.reading))
    written = []
    for number, (start, end) in enumerate(items(level.data, element, inner.reading)):
        elements = list(walk(level.data, inner.reading, start, end))
        below = level_of(level.data, elements, inner, (*level.path, element.tag, number))
        results = rewritten(below, elements, memory, record)
        found = {one.tag: result.written for one, result in zip(elements, results, strict=True)}
        written.append(b"".join(found[tag] or b"" for tag in sorted(found)))
    return encoded_items(written, context.writing)


def leaks_of(written: bytes, context: Context) -> tuple[str, ...]:
    """Given an encoded element of an output, return where the patient is still in it."""
    found = find_leaks(written, context.writing, context.identifiers, context.written_terms)
    return tuple(found)


def _tell(
    record: Record | None,
    path: Path,
    rule: str,
    vr: bytes,
    before: bytes,
    after: bytes | None,
    context: Context,
) -> None:
    if record is not None:
        order, terms = context.reading.order, context.terms
        new = None if after is None else shown(vr, after, terms, order)
        record(place(path), rule, shown(vr or dictionary_vr(path[-1]), before, terms, order), new)


def _why_gone(tag: int) -> str:
    if tag in profile.actions():
        return table.REMOVE
    return "private" if tag & 0x10000 else "unknown"
