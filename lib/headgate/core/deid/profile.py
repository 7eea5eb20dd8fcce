"""Which options of PS3.16 CID 7050 are on, and what they make of each attribute.

On: Retain Modified Dates, Retain Patient Characteristics, Retain Device Identity, Retain Safe
Private, Clean Structured Content, and Clean Descriptors for the few descriptors that research
needs. Where an option would clean a value by reading it (allergies, AE titles, the other
descriptors), the stricter action of the Basic Profile holds.
"""

from functools import cache

from pydicom.datadict import DicomDictionary

from headgate.core.deid import table
from headgate.core.deid.table import CLEAN, EMPTY, KEEP, NEW_UID, REMOVE, SHIFT

# PS3.16 CID 7050, coding scheme DCM
METHODS = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113104", "Clean Structured Content Option"),
    ("113105", "Clean Descriptors Option"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
    ("113109", "Retain Device Identity Option"),
    ("113111", "Retain Safe Private Option"),
)

# PS3.15 Table E.1-1, column Rtn. Pat. Chars. Opt., action K
PATIENT_CHARACTERISTICS = (
    0x00102160, 0x00101010, 0x00100040, 0x00102203, 0x00101020, 0x00101030, 0x001021C0,
    0x0072005F, 0x001021A0, 0x00102161, 0x00102162, 0x00100046, 0x00100047, 0x00100043,
)  # fmt: skip

# PS3.15 Table E.1-1, column Rtn. Dev. Id. Opt., action K
DEVICE_IDENTITY = (
    0x300C0127, 0x0014407E, 0x00181203, 0x0014407C, 0x00181007, 0x00181205, 0x00181200, 0x0018700C,
    0x00181204, 0x00181202, 0x0018700A, 0x00500020, 0x3010002D, 0x00181000, 0x00181002, 0x00181008,
    0x00181005, 0x0016004F, 0x00160050, 0x00160051, 0x0016004E, 0x0018100B, 0x30100043, 0x00203401,
    0x04000563, 0x00404030, 0x00400242, 0x00404028, 0x00181004, 0x00400011, 0x00404027, 0x00400010,
    0x00404025, 0x00321020, 0x300A0216, 0x30080105, 0x00081010, 0x00181201, 0x0018700E, 0x00185011,
    0x300A00B2, 0x0018100A, 0x00181009, 0x00189371, 0x00189373, 0x00189367,
)  # fmt: skip

# PS3.15 Table E.1-1, column Clean Desc. Opt., those of its rows that are kept when clean
DESCRIPTORS = (
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

# VRs that may stand for one another without hiding a text in a number or a date
KINDS = {
    "text": ("AS", "CS", "LO", "LT", "SH", "ST", "UC", "UT"),
    "numbers": (
        "AT", "DS", "FD", "FL", "IS", "OB", "OD", "OF", "OL", "OV", "OW", "SL", "SS", "SV", "UL",
        "US", "UV", "US or SS", "US or OW", "US or SS or OW", "OB or OW",
    ),
    "dates": ("DA", "DT"),
}  # fmt: skip
AMBIGUOUS = {"US or SS": "US", "US or OW": "OW", "US or SS or OW": "OW", "OB or OW": "OW"}
KIND_OF = {vr.encode(): kind.encode() for kind, vrs in KINDS.items() for vr in vrs}
STUDY_INSTANCE_UID = 0x0020000D


def actions() -> dict[int, tuple[str, bytes]]:
    """Return for each standard attribute its action and the kind of VR it must have, by tag.

    An attribute that is not among them is unknown and goes.
    """
    basic = table.basic_actions()
    options = _options()
    result = {}
    for tag, (vr, *_) in DicomDictionary.items():
        action = _action(tag, vr, basic, options)
        result[tag] = (action, KIND_OF.get(vr.encode(), vr.encode()))
    return result


def _options() -> dict[int, str]:
    return {
        **dict.fromkeys(PATIENT_CHARACTERISTICS + DEVICE_IDENTITY, KEEP),
        **dict.fromkeys(DESCRIPTORS, CLEAN),
        **dict.fromkeys(CLASS_UIDS + CODE_SET_VERSIONS, KEEP),
    }


def _action(tag: int, vr: str, basic: dict[int, str], options: dict[int, str]) -> str:
    if tag >> 16 in FOREIGN_GROUPS or tag & 0xFFFF == 0:  # PS3.5 7.2: group lengths are retired
        return REMOVE
    if vr in ("DA", "DT", "TM") and tag not in NOT_LONGITUDINAL:
        return KEEP if vr == "TM" else SHIFT
    return options.get(tag) or basic.get(tag) or UNNAMED.get(vr, KEEP)


@cache
def dictionary_vr(tag: int) -> bytes:
    """Given a tag, return its VR in PS3.6; UN where it has none.

    Of several, the first that numbers of any sign can stand in unchanged.
    """
    entry = DicomDictionary.get(tag)
    vr = entry[0] if entry else "UN"
    return AMBIGUOUS.get(vr, vr).encode()
