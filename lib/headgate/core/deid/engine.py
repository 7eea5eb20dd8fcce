"""From the bytes of a data set to those of the same without its patient: PS3.15 E.1.1.

What becomes of an element is a pure function of its bytes and its context, so an element that
was seen before in the same context costs a comparison: within a series, nearly all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.core.deid import marks
from headgate.core.deid.context import Context
from headgate.core.deid.following import Previous, follow
from headgate.core.deid.identity import Recipe
from headgate.core.deid.kinds import dictionary_vr
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.patient import identifiers_of
from headgate.core.deid.reading import place, shown
from headgate.core.deid.refusal import (
    LOOKED_AT,
    MODALITY,
    SOP_CLASS_UID,
    STUDY_INSTANCE_UID,
    exclusion,
    refusal,
)
from headgate.core.deid.rewriting import Record, encoded, leaks_of, level_of, rewritten
from headgate.core.elements import Data, Element, Encoding, walk
from headgate.core.errors import Excluded, Rejected

MANUFACTURER = 0x00080070


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


def deidentify(
    data: Data,
    encoding: Encoding,
    recipe: Recipe,
    memory: Memory,
    record: Record | None = None,
    are_pixels_cleaned: bool = False,
) -> Cleaned:
    """Given an encoded header and a recipe, return it without the patient's identity.
    `are_pixels_cleaned`, where no text burned into the pixels goes with it, is told in it.

    The observer, where given, is told of every element that changes: its place, the rule, the
    value before and the value after (None: no element). Raise Rejected, naming what was found
    and no value, where the data set cannot be judged; Excluded where it is not wanted.
    """
    memory.trim()
    header = bytes(data)
    before = memory.previous.get((recipe, encoding)) if record is None else None
    now = follow(before, header, memory) if before is not None else None
    if now is None:
        now = _anew(header, encoding, recipe, memory, record, are_pixels_cleaned)
    _check(header, now.elements, recipe, are_pixels_cleaned)
    memory.previous[recipe, encoding] = now
    found = dict(zip(now.tags, now.results, strict=True))
    found.update(_marks(now, memory, record, are_pixels_cleaned))
    written = {tag: one.written for tag, one in found.items() if one.written is not None}
    return Cleaned(written, encoding, tuple(leak for one in found.values() for leak in one.leaks))


def _anew(
    data: bytes,
    encoding: Encoding,
    recipe: Recipe,
    memory: Memory,
    record: Record | None,
    are_pixels_cleaned: bool,
) -> Previous:
    elements = list(walk(data, encoding))
    texts = _check(data, elements, recipe, are_pixels_cleaned)
    identifiers = identifiers_of(data, elements, encoding, memory.told)
    study = texts.get(STUDY_INSTANCE_UID, "")
    level = level_of(data, elements, Context(recipe, identifiers, study, encoding, encoding), ())
    return Previous(level, elements, rewritten(level, elements, memory, record))


def _check(
    data: bytes, elements: Iterable[Element], recipe: Recipe, are_pixels_cleaned: bool
) -> Mapping[int, str]:
    """Return the texts that were looked at, by tag.

    Raise Excluded or Rejected where one says that it must not leave.
    """
    texts = {
        one.tag: data[one.value : one.end].decode("latin-1").strip(" \0")
        for one in elements
        if one.tag in LOOKED_AT
    }
    sop_class, modality = (texts.get(tag, "") for tag in (SOP_CLASS_UID, MODALITY))
    unwanted = exclusion(sop_class, modality, recipe.profile)
    if unwanted is not None:
        raise Excluded(unwanted)
    reason = refusal(texts, are_pixels_cleaned)
    if reason is not None:
        raise Rejected(reason)
    return texts


def _marks(
    now: Previous, memory: Memory, record: Record | None, are_pixels_cleaned: bool
) -> Mapping[int, Result]:
    context = now.level.context
    new = dict(marks.written(context.recipe, context.writing, are_pixels_cleaned))
    if MANUFACTURER not in now.tags:  # type 2 in the module that Institution Name belongs to
        new[MANUFACTURER] = encoded(MANUFACTURER, b"LO", b"", context)
    remembered = memory.of(context, is_nested=False)
    found = {}
    for tag, written in new.items():
        key = b"written" + written
        if key not in remembered:
            # what is the same for everybody tells of nobody, whatever somebody is called
            is_own = tag in marks.OF_RECIPE
            remembered[key] = Result(written, leaks_of(written, context) if is_own else ())
        found[tag] = remembered[key]
    if record is not None:
        for tag in new:
            text = marks.text_of(tag, context.recipe)
            record(place((tag,)), "written", _text_before(now, tag), text)
    return found


def _text_before(now: Previous, tag: int) -> str | None:
    for one in now.elements:
        if one.tag == tag:
            value = bytes(now.level.data[one.value : one.end])
            context = now.level.context
            return shown(one.vr or dictionary_vr(tag), value, context.terms, context.reading.order)
    return None
