"""What this de-identification cannot judge, and so does not pass."""

from collections.abc import Mapping

from headgate.core.deid.rules.profile import Profile

STORAGE_CLASSES = "1.2.840.10008.5.1.4."  # PS3.4 Annex B
PALETTE_STORAGE = "1.2.840.10008.5.1.4.39."

# PS3.4 Table B.5-1: objects whose content is outside the data set, or is a voice
REFUSED_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.104.1": "an encapsulated PDF, whose text cannot be judged",
    "1.2.840.10008.5.1.4.1.1.104.2": "an encapsulated CDA, whose text cannot be judged",
    "1.2.840.10008.5.1.4.1.1.104.3": "an encapsulated STL, whose content cannot be judged",
    "1.2.840.10008.5.1.4.1.1.104.4": "an encapsulated OBJ, whose content cannot be judged",
    "1.2.840.10008.5.1.4.1.1.104.5": "an encapsulated MTL, whose content cannot be judged",
    "1.2.840.10008.5.1.4.1.1.9.4.1": "a recording of a voice",
    "1.2.840.10008.5.1.4.1.1.9.4.2": "a recording of sound",
}
MODALITY = 0x00080060
SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
STUDY_INSTANCE_UID = 0x0020000D
BURNED_IN_ANNOTATION = 0x00280301
ENCAPSULATED_DOCUMENT = 0x00420011

REQUIRED = {  # PS3.3 C.12.1.1 and C.7.2.1, type 1
    SOP_CLASS_UID: "SOP Class UID",
    STUDY_INSTANCE_UID: "Study Instance UID",
}
NAMELESS = "it has no SOP Instance UID"  # type 1 as well, and another in each instance
LOOKED_AT = frozenset({*REQUIRED, MODALITY, BURNED_IN_ANNOTATION, ENCAPSULATED_DOCUMENT})


def refusal(texts: Mapping[int, str]) -> str | None:
    """Given a data set's texts by tag, of those of LOOKED_AT that it has, return why it cannot
    be de-identified, or None where it can be. The reason names what was found and holds no value.
    """
    sop_class = texts.get(SOP_CLASS_UID, "")
    for tag, name in REQUIRED.items():
        if not texts.get(tag) and not (tag == STUDY_INSTANCE_UID and _is_shared(sop_class)):
            return f"it has no {name}"
    if not sop_class.startswith(STORAGE_CLASSES):
        return "its SOP class is not one of the standard's storage classes"
    if sop_class in REFUSED_CLASSES:
        return f"it is {REFUSED_CLASSES[sop_class]}"
    if ENCAPSULATED_DOCUMENT in texts:
        return "it holds an encapsulated document, whose text cannot be judged"
    return None


def exclusion(texts: Mapping[int, str], profile: Profile) -> str | None:
    """Given an instance's texts and a project's profile, return why it is not wanted, or None."""
    if texts.get(SOP_CLASS_UID, "") in profile.dropped_classes:
        return "the profile drops its SOP class"
    if texts.get(MODALITY, "") in profile.dropped_modalities:
        return "the profile drops its modality"
    return None


def _is_shared(sop_class: str) -> bool:
    # color palettes belong to no study: PS3.3 A.58
    return sop_class.startswith(PALETTE_STORAGE)


def burned_in(texts: Mapping[int, str]) -> str | None:
    """Given an instance's texts, return why its pixels cannot be left as they are, or None."""
    answer = texts.get(BURNED_IN_ANNOTATION, "")
    if answer == "YES":
        return "Burned In Annotation is YES: its pixels name somebody"
    if answer not in ("", "NO"):
        return "Burned In Annotation is neither YES nor NO"
    return None
