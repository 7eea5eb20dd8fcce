"""From the bytes of a data set to those of the same without its patient: PS3.15 E.1.1.

What becomes of an element is a pure function of its bytes and its context, so an element that
was seen before in the same context costs a comparison: within a series, nearly all of them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from headgate.core.deid import marks
from headgate.core.deid.context import Context
from headgate.core.deid.following import Judged, Output, Pattern, follow
from headgate.core.deid.identity import Recipe
from headgate.core.deid.kinds import dictionary_vr
from headgate.core.deid.memory import Memory, Result
from headgate.core.deid.patient import Remembered, identifiers_of, is_of, together, without
from headgate.core.deid.reading import place, shown
from headgate.core.deid.refusal import LOOKED_AT, STUDY_INSTANCE_UID, burned_in, exclusion, refusal
from headgate.core.deid.rewriting import Record, leaks_of, level_of, rewritten
from headgate.core.deid.telling import Identifiers
from headgate.core.elements import Data, Element, Encoding, encoded, header_end, walk
from headgate.core.errors import Excluded, Rejected

MANUFACTURER = 0x00080070
SHORT_HEAD = 8  # PS3.5 7.1: bytes before the value of a UI or CS, in every encoding


@dataclass(frozen=True)
class Cleaned:
    """A header without its patient: its elements by tag, each encoded, where a leak is left, and
    the UIDs of the instances and series that it refers to.
    """

    elements: Mapping[int, bytes]
    encoding: Encoding
    leaks: tuple[str, ...]
    references: tuple[str, ...]

    def text(self, tag: int) -> str:
        """Given the tag of a UID or code of the top level, return its value; none: blank."""
        return self.elements.get(tag, b"")[SHORT_HEAD:].decode("ascii").rstrip(" \0")

    def header(self) -> bytes:
        """Return the encoded header."""
        return b"".join(map(self.elements.__getitem__, sorted(self.elements)))


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
        _check(_texts(judged.values(LOOKED_AT)), recipe)
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
        reason = burned_in(_texts(judged.values(LOOKED_AT)))
        if reason is not None:
            raise Rejected(reason)
    common = judged.pattern.outputs.get(are_pixels_cleaned)
    if common is None or record is not None:
        common = _common(judged, memory, record, are_pixels_cleaned)
        judged.pattern.outputs[are_pixels_cleaned] = common
    elements, leaks, references = dict(common.elements), common.leaks, common.references
    context = judged.level.context
    marked = marks.written(context.recipe, context.writing, are_pixels_cleaned)
    for element, result in zip(judged.elements, judged.results, strict=True):
        if element.tag not in marked and result.written is not None:
            elements[element.tag] = result.written
            leaks, references = leaks + result.leaks, references + result.references
    return Cleaned(elements, context.writing, leaks, references)


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
    texts = _texts({one.tag: data[one.value : one.end] for one in elements})
    _check(texts, recipe)
    identifiers = sought(data, elements, encoding, recipe, memory.told)
    study = texts.get(STUDY_INSTANCE_UID, "")
    level = level_of(data, elements, Context(recipe, identifiers, study, encoding, encoding), ())
    pattern = Pattern.of(level, elements, rewritten(level, elements, memory, record))
    return Judged(pattern, level, [], [], len(data))


def _texts(values: Mapping[int, bytes]) -> Mapping[int, str]:
    return {
        tag: value.decode("latin-1").strip(" \0")
        for tag, value in values.items()
        if tag in LOOKED_AT
    }


def _check(texts: Mapping[int, str], recipe: Recipe) -> None:
    """Raise Excluded or Rejected where one of the texts says that it must not leave."""
    unwanted = exclusion(texts, recipe.profile)
    if unwanted is not None:
        raise Excluded(unwanted)
    reason = refusal(texts)
    if reason is not None:
        raise Rejected(reason)


def _common(
    judged: Judged, memory: Memory, record: Record | None, are_pixels_cleaned: bool
) -> Output:
    """Return what leaves of the elements that do not vary, with the marks that are set."""
    likeness, results = judged.pattern.likeness, judged.pattern.results
    found = {likeness.elements[one].tag: results[one] for one in likeness.constant}
    found.update(_marks(judged, memory, record, are_pixels_cleaned))
    return Output(
        {tag: one.written for tag, one in sorted(found.items()) if one.written is not None},
        tuple(leak for one in found.values() for leak in one.leaks),
        tuple(uid for one in found.values() for uid in one.references),
    )


def _marks(
    judged: Judged, memory: Memory, record: Record | None, are_pixels_cleaned: bool
) -> Mapping[int, Result]:
    context = judged.level.context
    new = dict(marks.written(context.recipe, context.writing, are_pixels_cleaned))
    if MANUFACTURER not in judged.level.tags:
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
        before = judged.values(frozenset(new))
        for tag in new:
            text = marks.text_of(tag, context.recipe)
            record(place((tag,)), "written", _shown(judged, tag, before.get(tag)), text)
    return found


def _shown(judged: Judged, tag: int, value: bytes | None) -> str | None:
    if value is None:
        return None
    context = judged.level.context
    vr = next((one.vr for one in judged.pattern.likeness.elements if one.tag == tag), b"")
    return shown(vr or dictionary_vr(tag), value, context.terms, context.reading.order)
