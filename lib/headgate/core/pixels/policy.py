"""Whether an instance's pixels are cleaned, left as they are, or refused: told by its header."""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from headgate.core.deid.rules.profile import Profile
from headgate.core.dicom.repertoire import DEFAULT, decode, terms_of

CHARACTER_SET, IMAGE_TYPE, SOP_CLASS = 0x00080005, 0x00080008, 0x00080016
MODALITY, CONVERSION_TYPE, SERIES_DESCRIPTION = 0x00080060, 0x00080064, 0x0008103E
IMAGE_COMMENTS, BURNED_IN_ANNOTATION = 0x00204000, 0x00280301
TOLD_BY = frozenset({
    CHARACTER_SET, IMAGE_TYPE, SOP_CLASS, MODALITY, CONVERSION_TYPE, SERIES_DESCRIPTION,
    IMAGE_COMMENTS, BURNED_IN_ANNOTATION,
})  # fmt: skip
# PS3.3 C.9.2: where a plane lies in bits of the pixels, and the plane where it has its own
OVERLAYS = {group << 16 | 0x0102: group << 16 | 0x3000 for group in range(0x6000, 0x6020, 2)}
LOOKED_AT = TOLD_BY | frozenset(OVERLAYS) | frozenset(OVERLAYS.values())
# FIONA's rewritepixelexclusions: the first column of a row names the attribute
EXCLUDED_BY = {1: IMAGE_COMMENTS, 2: SERIES_DESCRIPTION}
# PS3.4 Table B.5-1: Secondary Capture, its multi-frame kinds, ultrasound with its retired kinds
CAPTURE_CLASSES = "1.2.840.10008.5.1.4.1.1.7."
ULTRASOUND_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.3",
    "1.2.840.10008.5.1.4.1.1.3.1",
    "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.6.1",
)
# words of Image Type (PS3.3 C.7.6.1.1.2, value 3 and on) that vendors give to pictures of a screen
SCREENSHOTS = re.compile(r"SCREEN ?(SAVE|SHOT|CAP)|CAPTURE|DOSE_?INFO|REPORT")


class Decision(NamedTuple):
    """Whether the pixels are cleaned, and why: a reason that holds no value."""

    is_cleaned: bool
    reason: str


LEFT = Decision(False, "the profile leaves pixels as they are")


class Facts(NamedTuple):
    """What the policy looks at: texts by tag, and whether overlays stand in bits of the pixels."""

    texts: Mapping[int, str]
    has_overlay_in_pixels: bool = False


def facts_of(values: Mapping[int, bytes]) -> Facts:
    """Given the values of those elements of LOOKED_AT that a header has, return the facts."""
    terms = terms_of(values[CHARACTER_SET]) if CHARACTER_SET in values else DEFAULT
    texts = {
        tag: decode(value, terms).strip(" \0") for tag, value in values.items() if tag in TOLD_BY
    }
    in_pixels = any(
        any(values.get(position, b"")) and plane not in values
        for position, plane in OVERLAYS.items()
    )
    return Facts(texts, in_pixels)


def decide(facts: Facts, has_frames: bool, profile: Profile) -> Decision:
    """Given an instance's facts and a profile, return whether its pixels are cleaned. Numbers in
    floating point make no frames: they hold a measure, and nobody draws into it.

    Where they are not, and the instance says itself that text is burned in, it is refused:
    `headgate.core.deid.rules.refusal`.
    """
    if not has_frames:
        return Decision(False, "it has no frames")
    if not profile.clean_pixels:
        return LEFT
    if is_excluded(facts.texts, profile):
        return Decision(False, "the project excludes it from pixel cleaning")
    why = next((reason for reason, holds in REASONS if holds(facts, profile)), None)
    return Decision(True, why) if why else Decision(False, "nothing calls for it")


def is_excluded(texts: Mapping[int, str], profile: Profile) -> bool:
    """Given an instance's texts and a profile, return whether a row of its exclusions matches."""
    return any(
        _pattern(expression).search(texts.get(EXCLUDED_BY[column], "")) is not None
        for column, expression in profile.pixel_exclusions
    )


def _says_burned_in(facts: Facts, _: Profile) -> bool:
    return facts.texts.get(BURNED_IN_ANNOTATION, "").upper() not in ("", "NO")


def _is_capture(facts: Facts, _: Profile) -> bool:
    # PS3.3 C.8.6.1: Conversion Type is of secondary capture equipment alone
    is_of_class = f"{facts.texts.get(SOP_CLASS, '')}.".startswith(CAPTURE_CLASSES)
    return is_of_class or bool(facts.texts.get(CONVERSION_TYPE))


def _draws_text(facts: Facts, profile: Profile) -> bool:
    is_of_class = facts.texts.get(SOP_CLASS, "") in ULTRASOUND_CLASSES
    return is_of_class or facts.texts.get(MODALITY, "").upper() in profile.pixel_modalities


def _is_screenshot(facts: Facts, _: Profile) -> bool:
    return SCREENSHOTS.search(facts.texts.get(IMAGE_TYPE, "").upper()) is not None


def _has_overlay(facts: Facts, _: Profile) -> bool:
    return facts.has_overlay_in_pixels


# Why pixels may name somebody, whatever the rest of the header says: NO in Burned In Annotation
# is not believed of those kinds whose frames are a screen's.
REASONS: tuple[tuple[str, Callable[[Facts, Profile], bool]], ...] = (
    ("Burned In Annotation is not NO", _says_burned_in),
    ("it is a secondary capture", _is_capture),
    ("its modality draws text into its frames", _draws_text),
    ("its Image Type is that of a screenshot", _is_screenshot),
    ("an overlay stands in bits of its pixels", _has_overlay),
)


@lru_cache(maxsize=256)
def _pattern(expression: str) -> re.Pattern[str]:
    return re.compile(expression)
