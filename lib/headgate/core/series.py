"""What is told of a series: the values of its JSON, taken from the headers of its instances."""

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset

# key of the series JSON: keyword of PS3.6; an optional value that is missing is absent
IDENTIFICATION = (
    "StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "PatientID", "PatientName",
    "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyDescription", "StudyID",
    "AccessionNumber", "ReferringPhysicianName", "InstitutionName", "SeriesNumber", "SeriesDate",
    "SeriesTime", "SeriesDescription", "Modality", "BodyPartExamined", "ProtocolName",
)  # fmt: skip
ACQUISITION = (
    "Manufacturer", "ManufacturerModelName", "SoftwareVersions", "ImageType", "SequenceName",
    "ScanningSequence", "SequenceVariant", "ScanOptions", "MRAcquisitionType", "RepetitionTime",
    "EchoTime", "InversionTime", "FlipAngle", "EchoTrainLength", "MagneticFieldStrength",
    "SliceThickness", "SpacingBetweenSlices", "PixelBandwidth", "PercentPhaseFieldOfView",
    "InPlanePhaseEncodingDirection", "AcquisitionMatrix", "Rows", "Columns", "PixelSpacing",
    "ImageOrientationPatient", "NumberOfFrames", "KVP", "ConvolutionKernel",
    "ContrastBolusAgent", "Exposure", "Units", "Radiopharmaceutical", "DiffusionBValue",
)  # fmt: skip
CONNECTION = {  # key of the series JSON: keyword in the file meta information
    "AETitleCaller": "SourceApplicationEntityTitle",
    "AETitleCalled": "ReceivingApplicationEntityTitle",
    "CallerIP": "SendingPresentationAddress",
}
NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
TAGS = (*IDENTIFICATION, *ACQUISITION, "SOPInstanceUID", "SpecificCharacterSet")


def describe(header: Dataset) -> dict[str, Any]:
    """Given an instance's header, return what it tells of its series, in types that JSON knows."""
    told: dict[str, Any] = {}
    for keyword in (*IDENTIFICATION, *ACQUISITION):
        value = _plain(header.get(keyword))
        if value not in (None, "", []):
            told[keyword] = value
    meta = getattr(header, "file_meta", Dataset())
    told["IncomingConnection"] = {
        key: str(meta.get(keyword, "")).removeprefix("dicom://")
        for key, keyword in CONNECTION.items()
    }
    return told


def merge(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Given what was told of a series and what an instance tells now, return both.

    The first instance's values stay, so that a series is told the same however often it comes.
    """
    return {**now, **before}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, list | tuple) or type(value).__name__ == "MultiValue":
        return [_plain(one) for one in value]
    text = str(value)
    try:
        return float(text) if type(value).__name__.startswith("DS") else text
    except ValueError:
        return text
