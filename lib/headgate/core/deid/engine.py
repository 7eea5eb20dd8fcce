"""From the bytes of a data set to those of the same without its patient: PS3.15 E.1.1.

What becomes of an element is a pure function of its bytes and its context, so an element that
was seen before in the same context costs a comparison: within a series, nearly all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from headgate.core.deid import marks
from headgate.core.deid.context import Context
from headgate.core.deid.following import Judged, Output, Pattern, Told, follow
from headgate.core.deid.identifiers.patient import (
    Remembered,
    identifiers_of,
    is_of,
    together,
    without,
)
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identity import Recipe
from headgate.core.deid.levels import level_of
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.reading import place, shown
from headgate.core.deid.rewriting import Record, leaks_of, rewritten
from headgate.core.deid.rules.kinds import dictionary_vr
from headgate.core.deid.rules.profile import Profile
from headgate.core.deid.rules.refusal import (
    LOOKED_AT,
    NAMELESS,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    burned_in,
    exclusion,
    refusal,
)
from headgate.core.dicom.elements import Data, Element, Encoding, encoded, header_end, walk
from headgate.core.dicom.likeness import Followed
from headgate.core.errors import Excluded, Rejected

MANUFACTURER = 0x00080070
SHORT_HEAD = 8  # PS3.5 7.1: bytes before the value of a UI or CS, in every encoding


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A header without its patient: its encoded elements, those that it has in common with others
    and its own by tag, where a leak is left, and the UIDs of the instances and series that it
    refers to.
    """

    common: Output
    own: Mapping[int, bytes]
    encoding: Encoding
    leaks: tuple[str, ...]
    references: tuple[str, ...]

    @property
    def elements(self) -> dict[int, bytes]:
        """All elements by tag."""
        return {**self.common.elements, **self.own}

    def has(self, tag: int) -> bool:
        """Given a tag, return whether there is such an element."""
        return tag in self.own or tag in self.common.elements

    def text(self, tag: int) -> str:
        """Given the tag of a UID or code of the top level, return its value; none: blank."""
        element = self.own.get(tag) or self.common.elements.get(tag, b"")
        return element[SHORT_HEAD:].decode("ascii").rstrip(" \0")

    def with_elements(self, elements: Mapping[int, bytes]) -> "Cleaned":
        """Given further encoded elements by tag, return the header with these in it."""
        return self.made_of({**self.elements, **elements}, self.encoding)

    def made_of(self, elements: Mapping[int, bytes], encoding: Encoding) -> "Cleaned":
        """Given all its elements by tag and how they are encoded, return the header in them."""
        ordered = {tag: elements[tag] for tag in sorted(elements)}
        whole = Output(ordered, self.leaks, self.references)
        return replace(self, common=whole, own={}, encoding=encoding)

    def header(self) -> bytes:
        """Return the encoded header."""
        return self.common.joined(self.own)


def deidentify(
    dataset: Data, encoding: Encoding, recipe: Recipe, memory: Memory, record: Record | None = None
) -> Cleaned:
    """Given an encoded data set and a recipe, return its header without the patient's identity,
    for pixels that are left as they are. Raise what `judge` and `cleaned` raise.
    """
    return cleaned(judge(dataset, encoding, recipe, memory, record), memory, record)


def judge(
    dataset: Data, encoding: Encoding, recipe: Recipe, memory: Memory, record: Record | None = None
) -> Judged:
    """Given an encoded data set and a recipe, return what becomes of the elements of its header.

    The observer, where given, is told of every element that changes: its place, the rule, the
    value before and the value after (None: no element). Raise Rejected, naming what was found
    and no value, where the data set cannot be judged; Excluded where it is not wanted.
    """
    memory.trim()
    pattern = memory.previous.get((recipe, encoding)) if record is None else None
    judged = follow(pattern, dataset, memory) if pattern is not None else None
    if judged is None:
        judged = _anew(dataset, encoding, recipe, memory, record)
    else:
        _check(judged.told(LOOKED_AT), recipe.profile)
        _check_instance(judged.found.value(SOP_INSTANCE_UID))
    memory.previous[recipe, encoding] = judged.pattern
    return judged


def cleaned(
    judged: Judged, memory: Memory, record: Record | None = None, are_pixels_cleaned: bool = False
) -> Cleaned:
    """Given what was judged, return the header that leaves. `are_pixels_cleaned`, where no text
    burned into the pixels goes with it, is told in it.

    Raise Rejected where pixels that are left as they are name somebody.
    """
    if not are_pixels_cleaned:
        _check_pixels(judged.told(LOOKED_AT))
    common = judged.pattern.outputs.get(are_pixels_cleaned)
    if common is None or record is not None:
        common = _common(judged, memory, record, are_pixels_cleaned)
        judged.pattern.outputs[are_pixels_cleaned] = common
    own, leaks, references = {}, common.leaks, common.references
    for tag, result in zip(common.varying, judged.results, strict=True):
        if result.written is not None and tag not in common.marked:
            own[tag] = result.written
            if result.leaks or result.references:
                leaks, references = leaks + result.leaks, references + result.references
    return Cleaned(common, own, judged.pattern.level.context.writing, leaks, references)


def sought(
    data: Data,
    elements: Iterable[Element],
    encoding: Encoding,
    recipe: Recipe,
    remembered: Remembered,
) -> Identifiers:
    """Given a data set, its elements and a recipe, return the identifiers that must not leave.

    Raise Rejected where it was made of a copy and is of somebody else.
    """
    several = list(elements)
    found = identifiers_of(data, several, encoding, remembered)
    if recipe.mapped and not is_of(data, several, recipe.participant):
        raise Rejected("it came back under another PatientID or PatientName than the participant's")
    return together([beside_given(found, recipe), recipe.known])


def beside_given(found: Identifiers, recipe: Recipe) -> Identifiers:
    """Given what a data set tells of its patient, return that without the words that a copy was
    given, where it was made of one: they are not the patient's.
    """
    if not recipe.mapped:
        return found
    return without(found, {tag: str(getattr(recipe, name)) for tag, _, name in marks.WRITTEN})


def _anew(
    dataset: Data, encoding: Encoding, recipe: Recipe, memory: Memory, record: Record | None
) -> Judged:
    data = bytes(dataset[: header_end(dataset, encoding)])
    elements = list(walk(data, encoding))
    values = {one.tag: data[one.value : one.end] for one in elements}
    _check(frozenset((tag, values[tag]) for tag in LOOKED_AT if tag in values), recipe.profile)
    _check_instance(values.get(SOP_INSTANCE_UID, b""))
    identifiers = sought(data, elements, encoding, recipe, memory.told)
    study = _text(values.get(STUDY_INSTANCE_UID, b""))
    level = level_of(data, elements, Context(recipe, identifiers, study, encoding, encoding), ())
    pattern = Pattern.of(level, elements, rewritten(level, elements, memory, record))
    return Judged(pattern, Followed(pattern.likeness, [], len(data)), [])


def _text(value: bytes) -> str:
    return value.decode("latin-1").strip(" \0")


@lru_cache(maxsize=1024)
def _check(told: Told, profile: Profile) -> None:
    """Raise Excluded or Rejected where one of the values says that it must not leave."""
    texts = {tag: _text(value) for tag, value in told}
    unwanted = exclusion(texts, profile)
    if unwanted is not None:
        raise Excluded(unwanted)
    reason = refusal(texts)
    if reason is not None:
        raise Rejected(reason)


def _check_instance(uid: bytes) -> None:
    if not uid.strip(b" \0"):
        raise Rejected(NAMELESS)


@lru_cache(maxsize=1024)
def _check_pixels(told: Told) -> None:
    """Raise Rejected where one of the values says that pixels as they are must not leave."""
    reason = burned_in({tag: _text(value) for tag, value in told})
    if reason is not None:
        raise Rejected(reason)


def _common(
    judged: Judged, memory: Memory, record: Record | None, are_pixels_cleaned: bool
) -> Output:
    """Return what leaves of the elements that do not vary, with the marks that are set."""
    likeness, results = judged.pattern.likeness, judged.pattern.results
    found = {likeness.elements[one].tag: results[one] for one in likeness.constant}
    marked = _marks(judged, memory, record, are_pixels_cleaned)
    found.update(marked)
    return Output(
        {tag: one.written for tag, one in sorted(found.items()) if one.written is not None},
        tuple(leak for one in found.values() for leak in one.leaks),
        tuple(uid for one in found.values() for uid in one.references),
        frozenset(marked),
        likeness.tags,
    )


def _marks(
    judged: Judged, memory: Memory, record: Record | None, are_pixels_cleaned: bool
) -> Mapping[int, Result]:
    context = judged.pattern.level.context
    new = dict(marks.written(context.recipe, context.writing, are_pixels_cleaned))
    if MANUFACTURER not in judged.pattern.level.tags:
        # type 2 in the module that Institution Name belongs to
        new[MANUFACTURER] = encoded(MANUFACTURER, b"LO", b"", context.writing)
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
        before = dict(judged.told(frozenset(new)))
        for tag in new:
            text = marks.text_of(tag, context.recipe)
            record(place((tag,)), "written", _shown(judged, tag, before.get(tag)), text)
    return found


def _shown(judged: Judged, tag: int, value: bytes | None) -> str | None:
    if value is None:
        return None
    context = judged.pattern.level.context
    vr = next((one.vr for one in judged.pattern.likeness.elements if one.tag == tag), b"")
    return shown(vr or dictionary_vr(tag), value, context.terms, context.reading.order)
