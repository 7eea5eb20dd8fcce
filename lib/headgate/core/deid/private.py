"""Private elements known to hold no identity: PS3.15 Table E.3.10-1."""

from pydicom import Dataset
from pydicom.tag import BaseTag, Tag

from headgate.core.deid.reading import decoded

# PS3.15 Table E.3.10-1, Safe Private Attributes: creator, group, element in its block, VR
SAFE_PRIVATE = (
    ("SIEMENS MR HEADER", 0x0019, 0x0C, "IS"),  # b value
    ("SIEMENS MR HEADER", 0x0019, 0x0D, "CS"),  # diffusion directionality
    ("SIEMENS MR HEADER", 0x0019, 0x0E, "FD"),  # diffusion gradient direction
    ("SIEMENS MR HEADER", 0x0019, 0x27, "FD"),  # b matrix
    ("Philips Imaging DD 001", 0x2001, 0x03, "FL"),  # diffusion b factor
    ("Philips Imaging DD 001", 0x2001, 0x04, "CS"),  # diffusion direction
    ("Philips MR Imaging DD 001", 0x2005, 0x0D, "FL"),  # scale intercept
    ("Philips MR Imaging DD 001", 0x2005, 0x0E, "FL"),  # scale slope
    ("Philips PET Private Group", 0x7053, 0x00, "DS"),  # SUV factor
    ("Philips PET Private Group", 0x7053, 0x09, "DS"),  # activity concentration factor
    ("GEMS_ACQU_01", 0x0019, 0x23, "DS"),  # table speed
    ("GEMS_ACQU_01", 0x0019, 0x24, "DS"),  # mid scan time
    ("GEMS_ACQU_01", 0x0019, 0x27, "DS"),  # rotation speed
    ("GEMS_ACQU_01", 0x0019, 0x9E, "LO"),  # internal pulse sequence name
    ("GEMS_SERS_01", 0x0025, 0x07, "SL"),  # images in series
    ("GEMS_PARM_01", 0x0043, 0x27, "SH"),  # scan pitch ratio
    ("GEMS_PARM_01", 0x0043, 0x39, "IS"),  # b value
    ("GEMS_PARM_01", 0x0043, 0x6F, "DS"),  # scanner table entry and gradient coil
    ("GEMS_HELIOS_01", 0x0045, 0x01, "SS"),  # number of macro rows in the detector
    ("GEMS_HELIOS_01", 0x0045, 0x02, "FL"),  # macro width at the centre
    ("ELSCINT1", 0x00E1, 0x21, "DS"),  # dose length product
    ("ELSCINT1", 0x01E1, 0x26, "CS"),  # phantom type
    ("ELSCINT1", 0x01E1, 0x50, "DS"),  # acquisition duration
    ("ELSCINT1", 0x01F1, 0x01, "CS"),  # acquisition type
    ("ELSCINT1", 0x01F1, 0x07, "DS"),  # table velocity
    ("ELSCINT1", 0x01F1, 0x26, "DS"),  # pitch
    ("ELSCINT1", 0x01F1, 0x27, "DS"),  # rotation time
)
SAFE = {(creator, group, number): vr for creator, group, number, vr in SAFE_PRIVATE}
SAFE_CREATORS = frozenset(creator for creator, *_ in SAFE_PRIVATE)
SAFE_GROUPS = frozenset(group for _, group, *_ in SAFE_PRIVATE)


Creators = dict[tuple[int, int], str]  # by group and block


def creators(dataset: Dataset) -> Creators:
    """Given one level of a data set, return who made its private blocks: PS3.5 7.8.1.

    Only the groups that hold safe elements are looked at.
    """
    return {
        (tag.group, tag.element): str(decoded(dataset, tag).value).strip(" \0")
        for tag in dataset.keys()  # noqa: SIM118 - iterating would decode every element
        if tag.group in SAFE_GROUPS and _is_creator(tag)
    }


def kept_vr(dataset: Dataset, tag: BaseTag, makers: Creators) -> str | None:
    """Given a private element and the creators beside it, return its VR if it may stay.

    Those may stay that are listed as safe, and the creator of a block that has one.
    """
    if not _is_creator(tag):
        return _safe_vr(tag, makers.get((tag.group, tag.element >> 8), ""))
    creator = makers.get((tag.group, tag.element), "")
    block = range(tag.element << 8, (tag.element << 8) + 0x100)
    beside = (Tag(tag.group, number) for number in block) if creator in SAFE_CREATORS else ()
    return "LO" if any(one in dataset and _safe_vr(one, creator) for one in beside) else None


def _is_creator(tag: BaseTag) -> bool:
    return 0x10 <= tag.element <= 0xFF


def _safe_vr(tag: BaseTag, creator: str) -> str | None:
    return SAFE.get((creator, tag.group, tag.element & 0xFF))
