"""A profile: which options of PS3.15 are on for a project, and what they make of an attribute.

Where an option would clean a value by reading it (allergies, AE titles, descriptors that are not
chosen), the stricter action of the Basic Profile holds.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from headgate.core.deid.rules import options, table
from headgate.core.deid.rules.kinds import KIND_OF
from headgate.core.deid.rules.table import CLEAN, EMPTY, KEEP, NEW_UID, REMOVE, SHIFT
from headgate.core.dicom.dictionary import ENTRIES
from headgate.core.errors import Misconfigured
from headgate.core.hashed import hashed_once
from headgate.core.pixels.regions import Template

MODIFIED, FULL, NONE = "modified", "full", "removed"

# PS3.15 Table E.1-1, column Clean Desc. Opt., those of its rows that are kept when clean
RESEARCH_DESCRIPTORS = (
    0x00081030,  # Study Description
    0x0008103E,  # Series Description
    0x00082111,  # Derivation Description
    0x00180010,  # Contrast/Bolus Agent
    0x00181030,  # Protocol Name
    0x00181400,  # Acquisition Device Processing Description
    0x00189424,  # Acquisition Protocol Description
    0x00321060,  # Requested Procedure Description
    0x00400254,  # Performed Procedure Step Description
    0x30060002,  # Structure Set Label
    0x30060026,  # ROI Name
    0x300A0002,  # RT Plan Label
    0x300A00C3,  # Beam Description
)


# Modalities (PS3.3 C.7.3.1.1.1) whose frames are, or often are, pictures of a screen. XA, RF and CR
# are not: their frames come from a detector, and their text is in overlays, which go; what is
# captured of them is SC, or says so.
PIXEL_MODALITIES = (
    "US", "IVUS", "BDUS",  # ultrasound draws name and number above its sector
    "SC", "OT", "HC", "DOC",  # captured, converted, printed or scanned pictures
    "ES",  # endoscopes mix the patient's name into their video
    "BMD",  # densitometers send their report as a picture
)  # fmt: skip


@hashed_once
@dataclass(frozen=True)
class Profile:
    """The options of PS3.15 E.3 that are on, and what a project keeps, cuts or drops beside them.

    `descriptors` are the tags whose text is kept when clean; `kept_texts` stay as they are;
    `patterns` keep of a tag's text only the named groups of a regular expression; instances of
    `dropped_classes`, or whose Modality is in `dropped_modalities`, do not leave.

    With `clean_pixels`, text burned into frames is blanked where `headgate.core.pixels.policy`
    sees reason to: for `pixel_modalities` among others. `pixel_exclusions` are FIONA's rows of
    rewritepixelexclusions: 1 for Image Comments or 2 for Series Description, and a regular
    expression; what matches keeps its pixels. `pixel_templates` are devices' places of text.

    `features_command` is a program that takes recognizable visual features out of the pixels of
    `features_modalities`: headgate.deidentifying.visualfeatures.
    """

    name: str = "default"
    version: int = 1
    digest: str = ""
    dates: str = MODIFIED
    patient_characteristics: bool = True
    device_identity: bool = True
    institution_identity: bool = False
    uids: bool = False
    safe_private: bool = True
    structured_content: bool = True
    descriptors: tuple[int, ...] = RESEARCH_DESCRIPTORS
    kept_texts: tuple[str, ...] = ()
    patterns: tuple[tuple[int, str], ...] = ()
    dropped_classes: tuple[str, ...] = ()
    dropped_modalities: tuple[str, ...] = ()
    clean_pixels: bool = True
    pixel_modalities: tuple[str, ...] = PIXEL_MODALITIES
    pixel_exclusions: tuple[tuple[int, str], ...] = ()
    pixel_templates: tuple[Template, ...] = ()
    features_command: tuple[str, ...] = ()
    features_modalities: tuple[str, ...] = ("CT", "MR", "PT")

    def __post_init__(self) -> None:
        """Raise Misconfigured where an exclusion names no attribute or is no expression."""
        for column, expression in self.pixel_exclusions:
            if column not in (1, 2):
                raise Misconfigured(f"pixel exclusion {column}: 1 or 2 is an attribute")
            try:
                re.compile(expression)
            except re.error as error:
                raise Misconfigured(f"pixel exclusion {expression!r}: {error}") from error


DEFAULT = Profile()

# UIDs that name a class, a syntax or a code set, not an instance: PS3.15 E.1.1 leaves them
CLASS_UIDS = (
    0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x0008010C, 0x00080117, 0x00080118, 0x0008040E,
    0x00081150, 0x0008115A, 0x00083002, 0x00340003, 0x04000010, 0x04000510, 0x30100052, 0x30100053,
)  # fmt: skip

# DT in form, yet the version of a code set, which is the same for everybody: PS3.3 8.3
CODE_SET_VERSIONS = (0x00080106, 0x00080107)

# Dates and times outside the column Rtn. Long. Modif. Dates Opt.: the Basic Profile holds
BIRTH_AND_PLACE = (0x00100030, 0x00100032, 0x00160077)  # birth date, birth time, GPS time
NOT_LONGITUDINAL = CODE_SET_VERSIONS + BIRTH_AND_PLACE

# Groups that are no part of a data set: command, file meta, directory (PS3.7, PS3.10)
FOREIGN_GROUPS = (0x0000, 0x0002, 0x0004)

# By VR, what happens to a standard attribute that Table E.1-1 does not name
UNNAMED = {"PN": EMPTY, "AE": REMOVE, "UR": REMOVE, "UN": REMOVE, "UI": NEW_UID}


@cache
def actions(profile: Profile = DEFAULT) -> Mapping[int, tuple[str, bytes]]:
    """Given a profile, return for each standard attribute its action and its kind of VR, by tag.

    An attribute that is not among them is unknown and goes.
    """
    basic, chosen = table.basic_actions(), _chosen(profile)
    return {
        tag: (_action(tag, vr, basic, chosen, profile), KIND_OF.get(vr.encode(), vr.encode()))
        for tag, (vr, *_) in ENTRIES.items()
    }


def _chosen(profile: Profile) -> dict[int, str]:
    kept = (
        *(options.PATIENT_CHARACTERISTICS if profile.patient_characteristics else ()),
        *(options.DEVICE_IDENTITY if profile.device_identity else ()),
        *(options.INSTITUTION_IDENTITY if profile.institution_identity else ()),
        *(options.UIDS if profile.uids else ()),
        *CLASS_UIDS,
        *CODE_SET_VERSIONS,
    )
    structured = {} if profile.structured_content else dict.fromkeys(table.STRUCTURED, REMOVE)
    cleaned = (*profile.descriptors, *(tag for tag, _ in profile.patterns))
    return {**dict.fromkeys(kept, KEEP), **dict.fromkeys(cleaned, CLEAN), **structured}


def _action(
    tag: int, vr: str, basic: Mapping[int, str], chosen: Mapping[int, str], profile: Profile
) -> str:
    if tag >> 16 in FOREIGN_GROUPS or tag & 0xFFFF == 0:  # PS3.5 7.2: group lengths are retired
        return REMOVE
    if vr in ("DA", "DT", "TM") and tag not in NOT_LONGITUDINAL:
        if profile.dates == NONE:  # those of devices tell when somebody was there, too
            return basic.get(tag, REMOVE)
        return KEEP if vr == "TM" or profile.dates == FULL else SHIFT
    return chosen.get(tag) or basic.get(tag) or _unnamed(vr, profile)


def _unnamed(vr: str, profile: Profile) -> str:
    if vr in ("DA", "DT", "TM"):
        return REMOVE
    if vr == "UI" and profile.uids:
        return KEEP
    return UNNAMED.get(vr, KEEP)
