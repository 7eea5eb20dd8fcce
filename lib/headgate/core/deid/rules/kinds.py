"""Value representations: which may stand for one another, and what PS3.6 says of a tag."""

from functools import cache

from headgate.core.dicom.dictionary import keyword_of, vr_of

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


@cache
def dictionary_vr(tag: int) -> bytes:
    """Given a tag, return its VR in PS3.6; UN where it has none.

    Of several, the first that numbers of any sign can stand in unchanged.
    """
    vr = vr_of(tag)
    return AMBIGUOUS.get(vr, vr).encode()


@cache
def may_have_sign(tag: int) -> bool:
    """Given a tag, return whether Pixel Representation tells if its numbers have a sign."""
    return vr_of(tag).startswith("US or SS")


# PS3.6: how the keywords end of short texts that people write and no machine
WRITTEN = (
    "Comment", "Comments", "Description", "DescriptionTrial", "Explanation", "Label", "Notes",
    "BeamName", "PlanName", "SetupName", "SiteName", "SourceName", "TextValue", "Reason", "History",
    "RTImageName", "TemplateName", "AcquisitionProtocolName", "TreatmentProtocols", "TrackingID",
    "InstructionText", "Rationale", "Guidance", "PlanningInformation", "ReasonsForProcedure",
    "PatientAdditionalPosition", "HangingProtocolName", "DataSetName", "ConfigurationName",
)  # fmt: skip
FREE_VRS = frozenset({b"LT", b"ST"})


@cache
def is_free_text(tag: int, vr: bytes) -> bool:
    """Given a tag and its VR, return whether people write in it as they like."""
    return vr in FREE_VRS or keyword_of(tag).endswith(WRITTEN)
