"""Private elements known to hold no identity, and those that hold none once they are cleaned."""

from collections.abc import Iterable

from headgate.core.dicom.private import block_of, is_creator

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
# Numbers of the vendors' own that diffusion and mosaics need beside those
VENDORS = (
    # Siemens, SYNGO MR conformance statement: private data dictionary
    ("SIEMENS MR HEADER", 0x0019, 0x0A, "US"),  # images in the mosaic
    ("SIEMENS MR HEADER", 0x0019, 0x0B, "DS"),  # slice measurement duration
    ("SIEMENS MR HEADER", 0x0019, 0x28, "FD"),  # bandwidth per pixel, phase encode
    ("SIEMENS MR HEADER", 0x0019, 0x29, "FD"),  # acquisition times of the mosaic's slices
    # GE, Signa conformance statement: user data 20 to 22 of diffusion are the gradient
    ("GEMS_ACQU_01", 0x0019, 0xBB, "DS"),
    ("GEMS_ACQU_01", 0x0019, 0xBC, "DS"),
    ("GEMS_ACQU_01", 0x0019, 0xBD, "DS"),
    # Philips, MR conformance statement: diffusion direction RL, AP, FH
    ("Philips MR Imaging DD 001", 0x2005, 0xB0, "FL"),
    ("Philips MR Imaging DD 001", 0x2005, 0xB1, "FL"),
    ("Philips MR Imaging DD 001", 0x2005, 0xB2, "FL"),
)
# Siemens, SYNGO MR conformance statement; what is within: headgate.core.deid.rules.csa
CSA = (
    ("SIEMENS CSA HEADER", 0x0029, 0x10, "OB"),  # image header
    ("SIEMENS CSA HEADER", 0x0029, 0x20, "OB"),  # series header
)
LISTED = (*SAFE_PRIVATE, *VENDORS, *CSA)
SAFE = {(creator, group, number): vr.encode() for creator, group, number, vr in LISTED}
SAFE_CREATORS = frozenset(creator for creator, *_ in LISTED)
# as older releases of Philips write theirs: in capitals
NAMES = {creator.upper(): creator for creator in SAFE_CREATORS}
SAFE_GROUPS = frozenset(group for _, group, *_ in LISTED)
CSA_HEADERS = frozenset((creator, group, number) for creator, group, number, _ in CSA)


def name_of(creator: str) -> str:
    """Given who created a block, return it as it is listed, whatever its capitals."""
    return NAMES.get(creator.upper(), creator)


def is_listed(tag: int, value: bytes) -> bool:
    """Given a tag and its value, return whether it names a creator that is listed here."""
    if not tag & 0x10000 or not is_creator(tag):
        return False
    return name_of(value.decode("latin-1").strip(" \0")) in SAFE_CREATORS


def safe_vr(tag: int, creator: str) -> bytes:
    """Given a private element's tag and its creator, return its VR if it is safe, else blank."""
    return SAFE.get((creator, tag >> 16, tag & 0xFF), b"")


def is_csa(tag: int, creator: str) -> bool:
    """Given a private element's tag and its creator, return whether it is a CSA header."""
    return (creator, tag >> 16, tag & 0xFF) in CSA_HEADERS


def keeps_block(creator: str, group: int, block: int, tags: Iterable[int]) -> bool:
    """Given a creator, its block and the tags beside it, return whether one of them is safe."""
    return creator in SAFE_CREATORS and any(
        block_of(tag) == (group, block) and safe_vr(tag, creator) for tag in tags
    )
