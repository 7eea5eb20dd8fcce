"""From the bytes of a data set to those of the same without its patient: PS3.15 E.1.1.

What becomes of an element is a pure function of its bytes and its context, so an element that
was seen before in the same context costs a comparison: within a series, nearly all of them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from headgate.core.deid import marks, private, profile, table
from headgate.core.deid.changing import CHANGES, without_items
from headgate.core.deid.context import Context
from headgate.core.deid.gate import find_leaks
from headgate.core.deid.grammar import VRS, is_whole, padded
from headgate.core.deid.identity import Recipe
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.patient import CHARACTER_SET, identifiers_of
from headgate.core.deid.profile import KIND_OF, dictionary_vr
from headgate.core.deid.reading import Path, place, shown
from headgate.core.deid.refusal import LOOKED_AT, refusal
from headgate.core.deid.repertoire import UNICODE, terms_of
from headgate.core.elements import (
    ITEM,
    Data,
    Element,
    Encoding,
    head,
    inner_encoding,
    items,
    walk,
)
from headgate.core.errors import Rejected

Record = Callable[[str, str, object, object], None]
Creators = Mapping[tuple[int, int], str]

ACTIONS = profile.actions()
MANUFACTURER = 0x00080070
GONE = (table.REMOVE, b"")
NOTHING = Result(None)


@dataclass(frozen=True)
class Cleaned:
    """A header without its patient: its elements by tag, each encoded, and where a leak is left."""

    elements: Mapping[int, bytes]
    encoding: Encoding
    leaks: tuple[str, ...]

    def text(self, tag: int) -> str:
        """Given the tag of a UID or code of the top level, return its value; none: blank."""
        written = self.elements.get(tag)
        if written is None:
            return ""
        (element,) = walk(written, self.encoding)
        return written[element.value :].decode("ascii").rstrip(" \0")

    def header(self) -> bytes:
        """Return the encoded header."""
        return b"".join(self.elements[tag] for tag in sorted(self.elements))


class _Level(NamedTuple):
    """Where elements stand: in what context, beside which private creators, at which path."""

    data: Data
    context: Context
    creators: Creators
    tags: frozenset[int]
    path: Path


def deidentify(
    data: Data, encoding: Encoding, recipe: Recipe, memory: Memory, record: Record | None = None
) -> Cleaned:
    """Given an encoded header and a recipe, return it without the patient's identity.

    The observer, where given, is told of every element that changes: its place, the rule, the
    value before and the value after (None: no element). Raise Rejected, naming what was found
    and no value, where the data set cannot be judged.
    """
    memory.trim()
    elements = list(walk(data, encoding))
    texts = {
        one.tag: bytes(data[one.value : one.end]).decode("latin-1").strip(" \0")
        for one in elements
        if one.tag in LOOKED_AT
    }
    reason = refusal(texts)
    if reason is not None:
        raise Rejected(reason)
    identifiers = identifiers_of(data, encoding, memory.told)
    study = texts.get(profile.STUDY_INSTANCE_UID, "")
    context = Context(recipe, identifiers, study, encoding, encoding)
    found = dict(_rewritten(data, elements, context, (), memory, record))
    terms = _terms(data, elements, context)
    _write_marks(found, context.within(terms, encoding), memory, record)
    leaks = tuple(leak for result in found.values() for leak in result.leaks)
    written = {tag: one.written for tag, one in found.items() if one.written is not None}
    return Cleaned(written, encoding, leaks)


def _rewritten(
    data: Data,
    elements: Iterable[Element],
    around: Context,
    path: Path,
    memory: Memory,
    record: Record | None,
) -> Iterable[tuple[int, Result]]:
    """Yield the tag of each element that stays, and what it became."""
    elements = list(elements)
    context = around.within(_terms(data, elements, around), around.reading)
    tags = frozenset(element.tag for element in elements)
    level = _Level(data, context, _creators(data, elements), tags, path)
    remembered = memory.of(context, is_nested=bool(path))
    for element in elements:
        key = _key(level, element)
        result = remembered.get(key)
        if result is None or record is not None:
            result = _element(level, element, memory, record)
            remembered[key] = result
        if result.written is not None:
            yield element.tag, result


def _key(level: _Level, element: Element) -> bytes:
    raw = bytes(level.data[element.start : element.end])
    if not element.tag & 0x10000:
        return raw
    if private.is_creator(element.tag):
        # Whether a creator stays depends on what stands in its block.
        block = (element.tag >> 16, element.tag & 0xFF)
        keeps = private.keeps_block(level.creators.get(block, ""), *block, level.tags)
        return raw + (b"\1" if keeps else b"\0")
    return raw + b"\\" + level.creators.get(private.block_of(element.tag), "").encode()


def _element(level: _Level, element: Element, memory: Memory, record: Record | None) -> Result:
    context, here = level.context, (*level.path, element.tag)
    action, kind = _rule(level, element.tag)
    value = bytes(level.data[element.value : element.end])
    if action == table.REMOVE:
        _tell(record, here, _why_gone(element.tag), element.vr, value, None, context)
        return NOTHING
    vr = _vr(level, element)
    if vr not in VRS or not is_whole(vr, value) or (element.is_open and vr != b"SQ"):
        raise Rejected(f"{place(here)} cannot be decoded")
    if kind and kind not in (vr, KIND_OF.get(vr)):
        _tell(record, here, "unexpected value representation", vr, value, None, context)
        return NOTHING
    if vr == b"SQ":
        written = _sequence(level, element, action, memory, record)
    else:
        changed = CHANGES[action](element.tag, vr, value, context)
        if changed != value:
            _tell(record, here, action, vr, value, changed, context)
        written = None if changed is None else _encoded(element.tag, vr, changed, context)
    if element.tag == CHARACTER_SET and context.is_in_unicode:
        written = None  # the top level has its own, which its items inherit
    if written is None:
        return NOTHING
    return Result(written, () if level.path else _leaks(written, context))


def _sequence(
    level: _Level, element: Element, action: str, memory: Memory, record: Record | None
) -> bytes | None:
    context = level.context
    content: bytes | None
    if action in (table.KEEP, table.ENTER):
        content = _items(level, element, memory, record)
    else:
        content = without_items(action, context.writing)
    if content is None:
        return None
    return head(element.tag, b"SQ", len(content), context.writing) + content


def _items(level: _Level, element: Element, memory: Memory, record: Record | None) -> bytes:
    context = level.context
    inner = context.within(context.terms, inner_encoding(element, context.reading))
    written = []
    for number, (start, end) in enumerate(items(level.data, element, inner.reading)):
        elements = walk(level.data, inner.reading, start, end)
        path = (*level.path, element.tag, number)
        found = dict(_rewritten(level.data, elements, inner, path, memory, record))
        item = b"".join(found[tag].written or b"" for tag in sorted(found))
        written.append(head(ITEM, b"", len(item), context.writing) + item)
    return b"".join(written)


def _encoded(tag: int, vr: bytes, value: bytes, context: Context) -> bytes:
    whole = padded(vr, value)
    return head(tag, vr, len(whole), context.writing) + whole


def _rule(level: _Level, tag: int) -> tuple[str, bytes]:
    known = ACTIONS.get(tag)
    if known is not None:
        return known
    if not tag & 0x10000:
        return GONE
    if private.is_creator(tag):
        block = (tag >> 16, tag & 0xFF)
        keeps = private.keeps_block(level.creators.get(block, ""), *block, level.tags)
        return (table.KEEP, KIND_OF[b"LO"]) if keeps else GONE
    vr = private.safe_vr(tag, level.creators.get(private.block_of(tag), ""))
    return (table.KEEP, KIND_OF.get(vr, vr)) if vr else GONE


def _vr(level: _Level, element: Element) -> bytes:
    """Return the VR of an element: as it is written, or that of the dictionaries."""
    if element.vr and element.vr != b"UN":
        return element.vr
    if not element.tag & 0x10000:
        return dictionary_vr(element.tag)
    if private.is_creator(element.tag):
        return b"LO"
    return private.safe_vr(element.tag, level.creators.get(private.block_of(element.tag), ""))


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


def _write_marks(
    found: dict[int, Result], context: Context, memory: Memory, record: Record | None
) -> None:
    new = dict(marks.written(context.recipe, context.writing))
    if MANUFACTURER not in found:  # type 2 in the module that Institution Name belongs to
        new[MANUFACTURER] = _encoded(MANUFACTURER, b"LO", b"", context)
    remembered = memory.of(context, is_nested=False)
    for tag, written in new.items():
        key = b"written" + written
        if key not in remembered:
            remembered[key] = Result(written, _leaks(written, context))
        found[tag] = remembered[key]
        if record is not None:
            record(place((tag,)), "written", None, marks.text_of(tag, context.recipe))


def _leaks(written: bytes, context: Context) -> tuple[str, ...]:
    terms = (UNICODE,) if context.is_in_unicode else context.terms
    return tuple(find_leaks(written, context.writing, context.identifiers, terms))


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
    if tag in ACTIONS:
        return table.REMOVE
    return "private" if tag & 0x10000 else "unknown"
