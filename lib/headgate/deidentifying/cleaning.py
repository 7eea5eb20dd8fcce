"""One instance: de-identified, encoded as it was stored, and searched for what must not leave."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from headgate.core.deid import marks
from headgate.core.deid.engine import Cleaned, Record, cleaned, judge, sought
from headgate.core.deid.following import Judged
from headgate.core.deid.identity import Recipe
from headgate.core.deid.memory import Memory
from headgate.core.deid.rules.profile import Profile
from headgate.core.dicom.elements import DEFLATED, Encoding, encoded
from headgate.core.dicom.filemeta import file_head
from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid
from headgate.core.pixels import policy, remarks
from headgate.core.pixels.stored import (
    LOSSY,
    NATIVE,
    UNCOMPRESSED,
    has_frames,
    written_syntaxes,
)
from headgate.deidentifying import visualfeatures
from headgate.stores.dicomfiles import Instance, deflate, understanding

if TYPE_CHECKING:
    from headgate.stores.pixeldata import Written

SOP_CLASS, SOP_INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
FRAME_OF_REFERENCE = 0x00200052
PHOTOMETRIC_INTERPRETATION, PLANAR_CONFIGURATION = 0x00280004, 0x00280006
LOSSY_IMAGE_COMPRESSION = 0x00282110
NAMES = {
    SOP_INSTANCE: "SOPInstanceUID", STUDY: "StudyInstanceUID", SERIES: "SeriesInstanceUID",
}  # fmt: skip
# What this process has seen: the next instance of a series is mostly the same.
MEMORY = Memory()


@dataclass(frozen=True)
class Clean:
    """What may leave: a header, the pixels as they were stored or without the text that was
    burned into them, and how both are encoded. `source` is what it was made of: the header and the
    pixel elements as they were stored.
    """

    header: Cleaned
    pixels: Sequence[bytes | memoryview]
    encoding: Encoding
    transfer_syntax: str
    source: Sequence[bytes | memoryview]

    @cached_property
    def parts(self) -> list[bytes | memoryview]:
        """The header and the pixel elements, not deflated."""
        return [self.header.header(), *self.pixels]

    @property
    def buffers(self) -> list[bytes | memoryview]:
        """The encoded data set, in parts that are written one after the other."""
        if self.transfer_syntax in DEFLATED:
            return [deflate(b"".join(self.parts))]
        return self.parts

    @property
    def dataset(self) -> bytes:
        """The whole encoded data set."""
        return b"".join(self.buffers)

    @property
    def file(self) -> list[bytes | memoryview]:
        """A file that holds it, in parts: PS3.10."""
        return [file_head(self.sop_class, self.sop_instance, self.transfer_syntax), *self.buffers]

    @property
    def sop_class(self) -> str:
        return self._uid(SOP_CLASS)

    @property
    def sop_instance(self) -> str:
        return self._uid(SOP_INSTANCE)

    @property
    def series(self) -> str:
        return self._uid(SERIES)

    @property
    def frame_of_reference(self) -> str:
        return self._uid(FRAME_OF_REFERENCE)

    @property
    def study(self) -> str:
        return self._uid(STUDY)

    def _uid(self, tag: int) -> str:
        return self.header.text(tag)


def clean(instance: Instance, recipe: Recipe, record: Record | None = None) -> Clean:
    """Given an instance and how it is de-identified, return what may leave; `record` is told of
    every element that changes.

    Raise Rejected, with places and never with values, when it cannot be told that it is clean.
    """
    memory = MEMORY if record is None else Memory()
    with understanding():
        judged = judge(instance.dataset, instance.encoding, recipe, memory, record)
        pixels = instance.pixels_from(judged.found.end)
        decision = _decision(judged, has_frames(pixels, instance.transfer_syntax))
        header = cleaned(judged, memory, record, decision.is_cleaned)
    if header.leaks:
        places = ", ".join(sorted(set(header.leaks))[:5])
        raise Rejected(f"identifiers of the patient are left in {places}")
    _check_uids(header)
    source = [instance.dataset[: judged.found.end], *pixels]
    result = Clean(header, pixels, instance.encoding, instance.transfer_syntax, source)
    if decision.is_cleaned:
        result = _without_text(result, instance, recipe)
    if not decision.is_cleaned or result.pixels is instance.pixels:  # as they were stored
        result = _without_remarks(result, judged)
    also_done: tuple[marks.Code, ...] = ()
    if header.has(marks.GRAPHICS):  # kept, and cleaned: PS3.15 E.3.3
        also_done += (marks.CLEAN_GRAPHICS,)
    if visualfeatures.is_wanted(instance, recipe.profile):
        featureless = visualfeatures.without_features(result.file, recipe.profile)
        result, also_done = replace(result, pixels=featureless), (*also_done, marks.CLEAN_FEATURES)
    if record is not None and result.pixels is not pixels:
        record("PixelData", _why_changed(decision, also_done), None, None)
    return _telling(result, recipe, decision.is_cleaned, also_done) if also_done else result


def _check_uids(header: Cleaned) -> None:
    """A profile may keep UIDs; what stands in their place may be anything, and names files."""
    for tag in (SOP_INSTANCE, STUDY, SERIES):
        uid = header.text(tag)
        if uid and not is_uid(uid):
            raise Rejected(f"{NAMES[tag]} is no UID")


def _without_text(result: Clean, instance: Instance, recipe: Recipe) -> Clean:
    from headgate.deidentifying.pixels import clean_pixels

    with understanding():
        patient = sought(instance.head, instance.elements, instance.encoding, recipe, {})
    written = clean_pixels(instance, recipe.profile, patient)
    return replace(
        result,
        header=result.header.with_elements(_described(written, instance)),
        pixels=written.pixels,
        transfer_syntax=written.transfer_syntax,
    )


def _why_changed(decision: policy.Decision, also_done: tuple[marks.Code, ...]) -> str:
    if decision.is_cleaned:
        return decision.reason
    is_featureless = marks.CLEAN_FEATURES in also_done
    return "its visual features are cleaned" if is_featureless else "a text beside its frames"


def _without_remarks(result: Clean, judged: Judged) -> Clean:
    size = remarks.size_of(judged.told(remarks.LOOKED_AT), result.encoding)
    if result.transfer_syntax in NATIVE and not remarks.may_follow(result.pixels, size):
        return result
    patient = judged.pattern.level.context.identifiers
    with understanding():
        pixels = remarks.without_remarks(result.pixels, result.encoding, size, patient)
    return result if pixels is result.pixels else replace(result, pixels=pixels)


def _telling(
    result: Clean, recipe: Recipe, are_pixels_cleaned: bool, also_done: tuple[marks.Code, ...]
) -> Clean:
    """Return what may leave with the codes of what was done for it alone."""
    told = marks.written(recipe, result.encoding, are_pixels_cleaned, also_done)
    elements = {tag: told[tag] for tag in marks.TOLD_OF_ONE if tag in told}
    return replace(result, header=result.header.with_elements(elements))


def _decision(judged: Judged, has_some: bool) -> policy.Decision:
    profile = judged.pattern.level.context.recipe.profile
    if not profile.clean_pixels:  # nothing has to be looked at
        return policy.LEFT
    return _decided(judged.told(policy.LOOKED_AT), has_some, profile)


@lru_cache(maxsize=64)
def _decided(
    values: frozenset[tuple[int, bytes]], has_some: bool, profile: Profile
) -> policy.Decision:
    return policy.decide(policy.facts_of(dict(values)), has_some, profile)


def may_leave_as(instance_class: str, transfer_syntax: str) -> set[tuple[str, str]]:
    """Given an instance's SOP class and how it is stored, return the SOP class with each transfer
    syntax in which it may leave: the last ones where a PACS refuses the others.
    """
    syntaxes = {transfer_syntax, *written_syntaxes(transfer_syntax), *UNCOMPRESSED}
    return {(instance_class, syntax) for syntax in syntaxes}


def _described(written: "Written", instance: Instance) -> dict[int, bytes]:
    """Return the elements that describe the pixels, those that encoding them anew changed."""
    if written.pixels is instance.pixels:
        return {}
    image, encoding = written.image, instance.encoding
    new = {PHOTOMETRIC_INTERPRETATION: (b"CS", image.photometric.encode())}
    if image.samples > 1:
        planar = struct.pack(f"{encoding.order}H", image.is_planar)
        new[PLANAR_CONFIGURATION] = b"US", planar
    if instance.transfer_syntax in LOSSY:
        new[LOSSY_IMAGE_COMPRESSION] = b"CS", b"01"
    return {tag: encoded(tag, *one, encoding) for tag, one in new.items()}
