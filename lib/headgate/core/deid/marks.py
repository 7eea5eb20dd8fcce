"""What is written into a de-identified data set: PS3.15 E.1.1, and FIONA's places."""

from collections.abc import Callable, Mapping
from functools import lru_cache

from headgate.core.deid.identity import Recipe
from headgate.core.deid.rules.profile import FULL, MODIFIED, NONE, Profile
from headgate.core.dicom.elements import Encoding, encoded, encoded_items
from headgate.core.dicom.repertoire import UNICODE

METHOD = "DICOM PS3.15 Annex E, 2024b"
# PS3.16 CID 7050, coding scheme DCM: code, meaning, whether the profile has it
METHODS: tuple[tuple[str, str, Callable[[Profile], bool]], ...] = (
    ("113100", "Basic Application Confidentiality Profile", lambda _: True),
    ("113104", "Clean Structured Content Option", lambda one: one.structured_content),
    ("113105", "Clean Descriptors Option", lambda one: bool(one.descriptors)),
    (
        "113106",
        "Retain Longitudinal Temporal Information Full Dates Option",
        lambda one: one.dates == FULL,
    ),
    (
        "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
        lambda one: one.dates == MODIFIED,
    ),
    ("113108", "Retain Patient Characteristics Option", lambda one: one.patient_characteristics),
    ("113109", "Retain Device Identity Option", lambda one: one.device_identity),
    ("113110", "Retain UIDs Option", lambda one: one.uids),
    ("113111", "Retain Safe Private Option", lambda one: one.safe_private),
    ("113112", "Retain Institution Identity Option", lambda one: one.institution_identity),
)
# of an instance, not of the profile
CLEAN_PIXELS = ("113101", "Clean Pixel Data Option")
CLEAN_FEATURES = ("113102", "Clean Recognizable Visual Features Option")
CLEAN_GRAPHICS = ("113103", "Clean Graphics Option")
GRAPHICS = 0x00700001  # Graphic Annotation Sequence
CHARACTER_SET, BURNED_IN_ANNOTATION, VISUAL_FEATURES = 0x00080005, 0x00280301, 0x00280302
IDENTITY_REMOVED, METHOD_NAMES, METHOD_CODES = 0x00120062, 0x00120063, 0x00120064
DATES_MODIFIED = 0x00280303
CODE_PARTS = ((0x00080100, b"SH"), (0x00080102, b"SH"), (0x00080104, b"LO"))  # PS3.3 8.8
TOLD_OF_ONE = (METHOD_CODES, VISUAL_FEATURES)
Code = tuple[str, str]
# PS3.3 C.12.1.1: Longitudinal Temporal Information Modified, by what happens to dates
LONGITUDINAL = {MODIFIED: "MODIFIED", FULL: "UNMODIFIED", NONE: "REMOVED"}

# Where the recipe's texts go: tag, VR, attribute of the recipe
WRITTEN = (
    (0x00080080, "LO", "project"),  # Institution Name
    (0x00080090, "PN", "event"),  # Referring Physician's Name
    (0x00100010, "PN", "participant"),  # Patient's Name
    (0x00100020, "LO", "participant"),  # Patient ID
    (0x00120020, "LO", "project"),  # Clinical Trial Protocol ID
    (0x00120021, "LO", "project"),  # Clinical Trial Protocol Name
    (0x00120040, "LO", "participant"),  # Clinical Trial Subject ID
    (0x00120050, "LO", "event"),  # Clinical Trial Time Point ID
    (0x00120051, "ST", "event"),  # Clinical Trial Time Point Description
)
# Clinical Trial Sponsor Name, and by what method and options: nobody is told of in them
SAME_FOR_ALL = frozenset({0x00120010, METHOD_NAMES, METHOD_CODES})
OF_RECIPE = frozenset(tag for tag, *_ in WRITTEN)
DUMMY_CODE = ("REMOVED", "99HEADGATE", "REMOVED")  # value, scheme, meaning
# PS3.3 C.7.1.3 and C.7.2.3: type 2 beside them, which nothing here can fill
LEFT_EMPTY = (
    (0x00120010, "LO", "REMOVED"),  # Clinical Trial Sponsor Name, type 1
    (0x00120030, "LO", ""),  # Clinical Trial Site ID
    (0x00120031, "LO", ""),  # Clinical Trial Site Name
)


@lru_cache(maxsize=256)
def written(
    recipe: Recipe,
    encoding: Encoding,
    are_pixels_cleaned: bool = False,
    also_done: tuple[Code, ...] = (),
) -> Mapping[int, bytes]:
    """Given a recipe, return the encoded elements to set at the top level of its data sets, and
    of those whose pixels were cleaned, or for which more was done.

    The character set is among them where only UTF-8 can hold the recipe's texts.
    """
    profile = recipe.profile
    done = [(value, meaning) for value, meaning, is_on in METHODS if is_on(profile)]
    done += also_done
    texts = [(tag, vr, getattr(recipe, name)) for tag, vr, name in WRITTEN]
    texts += [
        *LEFT_EMPTY,
        (IDENTITY_REMOVED, "CS", "YES"),
        (METHOD_NAMES, "LO", f"{METHOD}\\{method_of(profile)}"),
        (DATES_MODIFIED, "CS", LONGITUDINAL[profile.dates]),
    ]
    if CLEAN_FEATURES in also_done:
        texts.append((VISUAL_FEATURES, "CS", "NO"))
    if are_pixels_cleaned:
        done.append(CLEAN_PIXELS)
        texts.append((BURNED_IN_ANNOTATION, "CS", "NO"))
    if not recipe.is_in_ascii:
        texts.append((CHARACTER_SET, "CS", UNICODE))
    codes = encoded_items(
        (code(one, "DCM", meaning, encoding) for one, meaning in sorted(done)), encoding
    )
    elements = {tag: encoded(tag, vr.encode(), text.encode(), encoding) for tag, vr, text in texts}
    return {**elements, METHOD_CODES: encoded(METHOD_CODES, b"SQ", codes, encoding)}


def method_of(profile: Profile) -> str:
    """Given a profile, return its name, version and hash as one value of at most 64 characters."""
    return f"{profile.name} {profile.version} {profile.digest[:16]}".strip()[:64]


def text_of(tag: int, recipe: Recipe) -> str:
    """Given a tag that is written and a recipe, return the text it gets, if it is one of those."""
    names = {number: name for number, _, name in WRITTEN}
    return str(getattr(recipe, names[tag])) if tag in names else ""


def code(value: str, scheme: str, meaning: str, encoding: Encoding) -> bytes:
    """Given the three parts of a code, return the elements of its item: PS3.3 8.8."""
    parts = zip(CODE_PARTS, (value, scheme, meaning), strict=True)
    return b"".join(encoded(tag, vr, text.encode(), encoding) for (tag, vr), text in parts)
