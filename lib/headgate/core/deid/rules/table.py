"""What the Basic Profile does to each attribute: PS3.15 Table E.1-1.

The basic column is that of edition 2024b, as carried by dicom-anonymizer (BSD licence), and the
rows which edition 2026c has besides: the later ones only add attributes, none has changed.
"""

from types import ModuleType

from headgate.core.datamodules import alone
from headgate.core.dicom.dictionary import vr_of

REMOVE, EMPTY, DUMMY, NEW_UID, KEEP, CLEAN, SHIFT = "X", "Z", "D", "U", "K", "C", "shift"
ENTER = "enter"
WITHIN = "within"  # cleaned by what knows the format of the value

CARRIER, FOLDER = "dicomanonymizer", "dicom_anonymization_databases"
EDITIONS = ("dicomfields_2026c", "dicomfields_2024b")  # what both have, the last one tells
COLUMNS = {  # the constants of dicom-anonymizer, and the action of PS3.15 Table E.1-1a
    "X_TAGS": "X",
    "Z_TAGS": "Z",
    "D_TAGS": "D",
    "U_TAGS": "U",
    "Z_D_TAGS": "Z/D",
    "X_Z_TAGS": "X/Z",
    "X_D_TAGS": "X/D",
    "X_Z_D_TAGS": "X/Z/D",
    "X_Z_U_STAR_TAGS": "X/Z/U*",
}

# The form that is valid whatever the type of the attribute in its module (PS3.3): a value before
# an empty element before none. A sequence has no dummy that were valid in every module, and may
# not be empty where its module asks for an item: it goes, save where it is of type 2.
WEAKEST = {"Z/D": DUMMY, "X/Z": EMPTY, "X/D": DUMMY, "X/Z/D": DUMMY, "X/Z/U*": ENTER}
WEAKEST_SEQUENCE = {"Z/D": EMPTY, "X/Z": REMOVE, "X/D": REMOVE, "X/Z/D": REMOVE, "X/Z/U*": ENTER}

# Sequences that are kept and entered, each item treated like any other data set
ENTERED = {
    0x00400555: "X/Z",  # Acquisition Context Sequence: as the content of a report
    0x00400610: "Z",  # Specimen Preparation Sequence: of content items, too
    0x0040A730: "D",  # Content Sequence: codes and numbers stay, texts and names are dummies
    0x00700001: "D",  # Graphic Annotation Sequence: graphics stay, texts are dummies
    0x0040A073: "D",  # Verifying Observer Sequence: the names in it are dummies
    0x00081111: "X/Z/D",  # Referenced Performed Procedure Step Sequence: its UIDs are mapped
}

# PS3.15 Table E.1-1, column Clean Struct. Cont. Opt.: without it their rows of the Basic Profile
STRUCTURED = (0x00400555, 0x00400610, 0x0040A730)

# Attributes beside Table E.1-1 in which people write, or which speak of what is removed
BESIDE = {
    0x0040A160: DUMMY,  # Text Value, in structured reports and protocol contexts
    0x00100033: REMOVE,  # Patient's Birth Date in Alternative Calendar
    0x00100034: REMOVE,  # Patient's Death Date in Alternative Calendar
    0x00080300: REMOVE,  # Private Data Element Characteristics Sequence
    0x00380044: REMOVE,  # Discharge Diagnosis Code Sequence
    0x00080051: REMOVE,  # Issuer of Accession Number Sequence, and other names of organizations
    0x00100024: REMOVE,  # Issuer of Patient ID Qualifiers Sequence
    0x00181803: REMOVE,  # NTP Source Address
    0x00400026: REMOVE,  # Order Placer Identifier Sequence
    0x00400027: REMOVE,  # Order Filler Identifier Sequence
    0x00400036: REMOVE,  # Assigning Facility Sequence
    0x00400039: REMOVE,  # Assigning Jurisdiction Code Sequence
    0x0040003A: REMOVE,  # Assigning Agency or Department Code Sequence
    0x00401006: REMOVE,  # Placer Order Number / Procedure (retired)
    0x00401007: REMOVE,  # Filler Order Number / Procedure (retired)
    0x0040A992: REMOVE,  # Uniform Resource Locator (Trial)
    0x0040E001: DUMMY,  # HL7 Instance Identifier
    0x0074100C: REMOVE,  # Contact Display Name
    0x21000160: REMOVE,  # Owner ID
    0x00400400: REMOVE,  # Comments on the Scheduled Procedure Step
    0x00402006: REMOVE,  # Placer Order Number / Imaging Service Request (retired)
    0x00402007: REMOVE,  # Filler Order Number / Imaging Service Request (retired)
    0x00420010: EMPTY,  # Document Title
    0x04000500: REMOVE,  # Encrypted Attributes Sequence
    0x4FFE0001: REMOVE,  # MAC Parameters Sequence
    0x00102297: EMPTY,  # Responsible Person, and Organization: of type 2 beside an animal
    0x00102299: EMPTY,
    0x00880130: REMOVE,  # Storage Media File-set ID
    0x0040A028: REMOVE,  # Documenting Organization Identifier Code Sequence (Trial)
    0x0040A068: REMOVE,  # Document Author Identifier Code Sequence (Trial)
    0x0040A076: REMOVE,  # Documenting Observer Identifier Code Sequence (Trial)
    0x00720008: DUMMY,  # Hanging Protocol Creator, type 1
    0x0072000E: EMPTY,  # Hanging Protocol User Identification Code Sequence, type 2
    0x00720010: REMOVE,  # Hanging Protocol User Group Name
    0x00102294: EMPTY,  # Breed Registration Sequence: the number of an animal, type 2
    0x40101047: REMOVE,  # OOI Owner Sequence, and what else tells of a traveller
    0x4010101A: REMOVE,  # Boarding Pass ID
    0x40101051: REMOVE,  # Itinerary ID
}


def basic_column() -> dict[int, str]:
    """Return the basic column of Table E.1-1 as its rows say it, by tag."""
    several = [_rows(alone(CARRIER, FOLDER, edition)) for edition in EDITIONS]
    return {tag: written for rows in several for tag, written in rows.items()}


def resolved(tag: int, written: str, vr: str) -> str:
    """Given a row of Table E.1-1 and the VR of its attribute, return the one action to take."""
    if tag in ENTERED:
        return ENTER
    return (WEAKEST_SEQUENCE if vr == "SQ" else WEAKEST).get(written, written)


def basic_actions() -> dict[int, str]:
    """Return the one action of the Basic Profile for each attribute it names, by tag."""
    rows = basic_column().items()
    return {**{tag: resolved(tag, written, vr_of(tag)) for tag, written in rows}, **BESIDE}


def _rows(edition: ModuleType) -> dict[int, str]:
    # rows of four numbers are the repeating groups 50xx and 60xx, which the engine drops whole
    return {
        row[0] << 16 | row[1]: written
        for name, written in COLUMNS.items()
        for row in getattr(edition, name)
        if len(row) == 2
    }
