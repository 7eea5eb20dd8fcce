"""What is told of a series: the values of its JSON, taken from the headers of its instances."""

from typing import Any

from headgate.core.dicom import filemeta
from headgate.core.dicom.header import Header

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
CONNECTION = {  # key of the series JSON: tag in the file meta information
    "AETitleCaller": filemeta.SOURCE_TITLE,
    "AETitleCalled": filemeta.RECEIVING_TITLE,
    "CallerIP": filemeta.SENDING_ADDRESS,
}
NEEDED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
TAGS = (*IDENTIFICATION, *ACQUISITION, "SOPInstanceUID", "SpecificCharacterSet")


def describe(header: Header) -> dict[str, Any]:
    """Given an instance's header, return what it tells of its series, in types that JSON knows."""
    found = {keyword: header.get(keyword) for keyword in (*IDENTIFICATION, *ACQUISITION)}
    told = {keyword: value for keyword, value in found.items() if value is not None}
    told["IncomingConnection"] = {
        key: header.meta.get(tag, "").removeprefix("dicom://") for key, tag in CONNECTION.items()
    }
    return told
