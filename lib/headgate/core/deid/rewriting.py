"""What becomes of each element of a level: a rule by its tag, a change of its value.

A level is a data set or an item of a sequence; items are entered to any depth.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from headgate.core.deid import private, profile, table
from headgate.core.deid.changing import CHANGES, without_items
from headgate.core.deid.context import Context
from headgate.core.deid.gate import find_leaks, names_somebody
from headgate.core.deid.grammar import (
    GRAMMAR,
    NUMBERS,
    SIZES,
    TEXTS,
    is_grammatical,
    is_text,
    is_whole,
)
from headgate.core.deid.kinds import KIND_OF, dictionary_vr, may_have_sign
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.patient import CHARACTER_SET
from headgate.core.deid.reading import Path, place, shown
from headgate.core.deid.references import references_in
from headgate.core.deid.repertoire import terms_of
from headgate.core.elements import (
    VRS,
    Data,
    Element,
    element_at,
    encoded,
    encoded_items,
    inner_encoding,
    items,
    walk,
)
from headgate.core.errors import Rejected

Record = Callable[[str, str, object, object], None]
Creators = Mapping[tuple[int, int], str]

GONE = (table.REMOVE, b"")
NOTHING = Result(None)
BYTES = frozenset({b"UN", b"OB", b"OW"})
UNDECODABLE = "cannot be decoded"


class Level(NamedTuple):
    """Where elements stand: in what context, beside which private creators, at which path."""

    data: Data
    context: Context
    creators: Creators
    tags: frozenset[int]
    path: Path


def level_of(data: Data, elements: Sequence[Element], around: Context, path: Path) -> Level:
    """Given the elements of a data set or item and the context around it, return their level."""
    context = around.within(_terms(data, elements, around), around.reading)
    tags = frozenset(element.tag for element in elements)
    return Level(data, context, _creators(data, elements), tags, path)


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
    level: Level, several: Iterable[bytes], endings: Iterable[bytes], memory: Memory
) -> list[Result]:
    """Given the bytes of elements of a level, each with what `beside_bytes` says of its tag, return
    what each became.
    """
    remembered = memory.of(level.context, is_nested=bool(level.path))
    results = []
    for raw, ending in zip(several, endings, strict=True):
        key = raw + ending if ending else raw
        result = remembered.get(key)
        if result is None:
            alone = Level(raw, level.context, level.creators, level.tags, level.path)
            element = element_at(raw, 0, level.context.reading)
            result = remembered[key] = _element(alone, element, memory, None)
        results.append(result)
    return results


def beside_bytes(level: Level, tag: int) -> bytes:
    """Given a tag of a level, return what decides what becomes of its element, beside its bytes and
    the context.
    """
    if not tag & 0x10000:
        return b""
    if private.is_creator(tag):
        # Whether a creator stays depends on what stands in its block.
        block = (tag >> 16, tag & 0xFF)
        keeps = private.keeps_block(level.creators.get(block, ""), *block, level.tags)
        return b"\1" if keeps else b"\0"
    return b"\\" + level.creators.get(private.block_of(tag), "").encode()


def _element(level: Level, element: Element, memory: Memory, record: Record | None) -> Result:
    context, here = level.context, (*level.path, element.tag)
    action, kind = _rule(level, element.tag)
    value = bytes(level.data[element.value : element.end])
    if action == table.REMOVE:
        _tell(record, here, _why_gone(element.tag), element.vr, value, None, context)
        return NOTHING
    vr = _vr(level, element)
    why_not = _unusable(element, vr, kind, value, context.reading.order)
    if why_not == UNDECODABLE and not element.tag & 0x10000:
        raise Rejected(f"{place(here)} {why_not}")
    if why_not:  # a private one may be anybody's, under the name of a creator that is known
        _tell(record, here, why_not, vr, value, None, context)
        return NOTHING
    if vr == b"SQ":
        return _sequence(level, element, action, memory, record)
    changed = CHANGES[action](element.tag, vr, value, context)
    if changed != value:
        _tell(record, here, action, vr, value, changed, context)
    if changed is None or (element.tag == CHARACTER_SET and context.is_in_unicode):
        return NOTHING  # the top level has a character set of its own, which its items inherit
    vr_written = _written_vr(element, vr)
    # what else stands in a sequence is searched with it
    is_measure = bool(element.tag & 0x10000) and not private.is_creator(element.tag)
    is_searched = is_measure or not level.path
    is_leak = is_searched and _names_patient(element.tag, vr_written, changed, context)
    if is_leak and is_measure:
        _tell(record, here, "names the patient", vr, value, None, context)
        return NOTHING
    written = encoded(element.tag, vr_written, changed, context.writing)
    return Result(written, (place(here),) if is_leak else ())


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


def _unusable(element: Element, vr: bytes, kind: bytes, value: bytes, order: str) -> str:
    """Return why nothing can be made of a value; blank: something can."""
    if vr not in VRS or (element.is_open and vr != b"SQ"):
        return UNDECODABLE
    if vr in SIZES:
        if not is_whole(vr, value):
            return UNDECODABLE
        if is_text(vr, value, order):
            return "a text in place of a number"
    return "" if not kind or kind in (vr, KIND_OF.get(vr)) else "unexpected value representation"


def _names_patient(tag: int, vr: bytes, value: bytes, context: Context) -> bool:
    """Return whether an element of the output names the patient, as the gate reads it."""
    read = dictionary_vr(tag) if context.writing.is_implicit else vr
    return names_somebody(tag, read, value, context.identifiers, context.written_terms)


def _rule(level: Level, tag: int) -> tuple[str, bytes]:
    known = level.context.actions.get(tag)
    if known is not None:
        return known
    if not tag & 0x10000 or not level.context.recipe.profile.safe_private:
        return GONE
    if private.is_creator(tag):
        block = (tag >> 16, tag & 0xFF)
        keeps = private.keeps_block(level.creators.get(block, ""), *block, level.tags)
        return (table.KEEP, KIND_OF[b"LO"]) if keeps else GONE
    creator = level.creators.get(private.block_of(tag), "")
    vr = private.safe_vr(tag, creator)
    action = table.WITHIN if private.is_csa(tag, creator) else table.KEEP
    return (action, KIND_OF.get(vr, vr)) if vr else GONE


def _vr(level: Level, element: Element) -> bytes:
    """Return the VR of an element: as it is written, or that of the dictionaries, also where what
    is a number is written as mere bytes, or a number, date or UID as a text.
    """
    if element.vr and element.vr not in BYTES and element.vr not in TEXTS:
        return element.vr
    known = _known_vr(level, element.tag)
    if element.vr in TEXTS:
        value = bytes(level.data[element.value : element.end])
        return known if known in GRAMMAR and is_grammatical(known, value) else element.vr
    is_said = element.vr in (b"OB", b"OW") and known not in NUMBERS
    return element.vr if is_said else known


def _written_vr(element: Element, vr: bytes) -> bytes:
    """Return under which VR a value is written: as it came where nothing here tells its sign."""
    is_signed = element.vr in (b"UN", b"") and vr == b"US" and may_have_sign(element.tag)
    return b"UN" if is_signed else vr


def _known_vr(level: Level, tag: int) -> bytes:
    if not tag & 0x10000:
        return dictionary_vr(tag)
    if private.is_creator(tag):
        return b"LO"
    return private.safe_vr(tag, level.creators.get(private.block_of(tag), ""))


def _terms(data: Data, elements: Iterable[Element], context: Context) -> tuple[str, ...]:
    for one in elements:
        if one.tag == CHARACTER_SET:
            return terms_of(bytes(data[one.value : one.end]))
        if one.tag > CHARACTER_SET:
            break
    return context.terms


def _creators(data: Data, elements: Iterable[Element]) -> Creators:
    return {
        (one.tag >> 16, one.tag & 0xFF): bytes(data[one.value : one.end])
        .decode("latin-1")
        .strip(" \0")
        for one in elements
        if one.tag >> 16 in private.SAFE_GROUPS and private.is_creator(one.tag)
    }


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
