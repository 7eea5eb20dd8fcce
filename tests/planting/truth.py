"""What must hold of an instance: clinical values, dates, references, pixels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

# Numbers and codes that research needs: PS3.3 C.7.6 to C.8, by keyword
CLINICAL = frozenset(
    [
        "SOPClassUID",
        "Modality",
        "ImageOrientationPatient",
        "ImagePositionPatient",
        "PixelSpacing",
        "SliceThickness",
        "SpacingBetweenSlices",
        "SliceLocation",
        "Rows",
        "Columns",
        "NumberOfFrames",
        "BitsAllocated",
        "BitsStored",
        "HighBit",
        "PixelRepresentation",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "RescaleSlope",
        "RescaleIntercept",
        "RescaleType",
        "WindowCenter",
        "WindowWidth",
        "KVP",
        "XRayTubeCurrent",
        "ExposureTime",
        "Exposure",
        "CTDIvol",
        "DataCollectionDiameter",
        "ReconstructionDiameter",
        "GantryDetectorTilt",
        "TableHeight",
        "RotationDirection",
        "RepetitionTime",
        "EchoTime",
        "InversionTime",
        "FlipAngle",
        "EchoTrainLength",
        "MagneticFieldStrength",
        "ImagingFrequency",
        "NumberOfAverages",
        "PixelBandwidth",
        "AcquisitionMatrix",
        "InPlanePhaseEncodingDirection",
        "ScanningSequence",
        "SequenceVariant",
        "ScanOptions",
        "MRAcquisitionType",
        "DiffusionBValue",
        "DiffusionGradientOrientation",
        "EffectiveEchoTime",
        "TriggerTime",
        "PatientPosition",
        "PatientSex",
        "PatientAge",
        "PatientSize",
        "PatientWeight",
        "InstanceNumber",
        "SeriesNumber",
        "TemporalPositionIdentifier",
        "Units",
        "CountsSource",
        "CorrectedImage",
        "DecayCorrection",
        "DecayFactor",
        "DoseCalibrationFactor",
        "FrameReferenceTime",
        "ActualFrameDuration",
        "RadionuclideTotalDose",
        "RadionuclideHalfLife",
        "RadiopharmaceuticalVolume",
        "RadionuclidePositronFraction",
        "RadiopharmaceuticalStartTime",
        "RadiopharmaceuticalStopTime",
        "SUVType",
        "DoseUnits",
        "DoseType",
        "DoseSummationType",
        "DoseGridScaling",
        "GridFrameOffsetVector",
        "ContourData",
        "ContourGeometricType",
        "NumberOfContourPoints",
        "ROINumber",
        "ReferencedROINumber",
        "BeamNumber",
        "BeamType",
        "RadiationType",
        "NominalBeamEnergy",
        "ControlPointIndex",
        "GantryAngle",
        "BeamMeterset",
        "NumberOfBeams",
        "SegmentNumber",
        "SegmentAlgorithmType",
        "RecommendedDisplayCIELabValue",
        "NumericValue",
        "FloatingPointValue",
        "CodeValue",
        "CodingSchemeDesignator",
        "GraphicData",
        "GraphicType",
        "ImageLaterality",
        "Laterality",
        "PhysicalDeltaX",
        "PhysicalDeltaY",
        "RegionSpatialFormat",
        "StudyTime",
        "SeriesTime",
        "AcquisitionTime",
        "ContentTime",
        "Manufacturer",
        "BurnedInAnnotation",
        "LossyImageCompression",
        "PresentationLUTShape",
    ]
)
# Sequences that are kept with their items, whatever the profile
ENTERED = frozenset(
    [
        "SharedFunctionalGroupsSequence",
        "PerFrameFunctionalGroupsSequence",
        "PixelMeasuresSequence",
        "PlanePositionSequence",
        "PlaneOrientationSequence",
        "FrameVOILUTSequence",
        "MREchoSequence",
        "MRDiffusionSequence",
        "DiffusionGradientDirectionSequence",
        "PixelValueTransformationSequence",
        "MRTimingAndRelatedParametersSequence",
        "FrameContentSequence",
        "MRImagingModifierSequence",
        "RadiopharmaceuticalInformationSequence",
        "RadionuclideCodeSequence",
        "ROIContourSequence",
        "ContourSequence",
        "BeamSequence",
        "ControlPointSequence",
        "FractionGroupSequence",
        "ReferencedBeamSequence",
        "SegmentSequence",
        "SegmentedPropertyTypeCodeSequence",
        "AnatomicRegionSequence",
        "SequenceOfUltrasoundRegions",
        "StructureSetROISequence",
        "DoseReferenceSequence",
    ]
)
GRAMMAR = {
    "AS": re.compile(r"\d{3}[DWMY]"), "IS": re.compile(r" *[+-]?\d+ *"),
    "DS": re.compile(r" *[+-]?[\d.]+([eE][+-]?\d+)? *"),
}  # fmt: skip
NOT_SHIFTED = frozenset({"PatientBirthDate", "ContextGroupVersion", "ContextGroupLocalVersion"})


def walked(dataset: Dataset, path: str = "") -> Iterator[tuple[str, DataElement]]:
    """Given a data set, yield its elements of kept sequences at every depth, with their paths."""
    for element in dataset:
        here = f"{path}{element.keyword or element.tag}"
        if element.VR != "SQ":
            yield here, element
        elif element.keyword in ENTERED:
            for number, item in enumerate(element.value):
                yield from walked(item, f"{here}[{number}].")


def clinical(dataset: Dataset) -> dict[str, str]:
    """Given a data set, return its clinical values by path."""
    return {
        path: str(element.value)
        for path, element in walked(dataset)
        if element.keyword in CLINICAL and str(element.value) and is_value(element)
    }


def is_value(element: DataElement) -> bool:
    """Given an element, return whether it is what its VR may hold: PS3.5 Table 6.2-1."""
    grammar = GRAMMAR.get(element.VR)
    values = element.value if element.VM > 1 else [element.value]
    return grammar is None or all(grammar.fullmatch(str(one)) for one in values)


def dates(dataset: Dataset) -> dict[str, str]:
    """Given a data set, return its dates that are whole and move, by path."""
    return {
        path: str(element.value)
        for path, element in walked(dataset)
        if element.VR in ("DA", "DT")
        and element.keyword
        and element.keyword not in NOT_SHIFTED
        and day_of(str(element.value)) is not None
    }


def day_of(text: str) -> datetime | None:
    """Given a DA or DT, return its day; None where it has none."""
    try:
        return datetime.strptime(
            text.replace(".", "")[:8] if text[4:5] == "." else text[:8], "%Y%m%d"
        )
    except ValueError:
        return None


def pixels(dataset: Dataset) -> str:
    """Given a data set, return the hash of its pixels as they are stored; none: blank."""
    for keyword in ("PixelData", "FloatPixelData", "DoubleFloatPixelData"):
        if keyword in dataset:
            return hashlib.sha256(dataset.get_item(keyword).value or b"").hexdigest()
    return ""
