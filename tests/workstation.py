"""A workstation: it fetches a research copy, and makes a segmentation and a picture of it."""

from __future__ import annotations

import highdicom
import numpy as np
from factories import with_meta
from highdicom.content import AlgorithmIdentificationSequence
from highdicom.sc import SCImage
from highdicom.seg import (
    SegmentAlgorithmTypeValues,
    SegmentationTypeValues,
    SegmentDescription,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

MAKER = {"manufacturer": "Workstations Inc", "manufacturer_model_name": "W1"}


def copy_of(pacs, study: str) -> list[Dataset]:
    """Given a PACS and a study, return its instances, in their order."""
    found = [one for one in pacs.instances() if one.StudyInstanceUID == study]
    return sorted(found, key=lambda one: str(one.SOPInstanceUID))


def segmentation(source: list[Dataset], **values: object) -> Dataset:
    """Given a series, return a segmentation of it."""
    images = sorted(source, key=lambda one: one.ImagePositionPatient[2])
    for one in images:
        one.SliceThickness = one.get("SliceThickness") or 1
    mask = np.zeros((len(images), 8, 8), dtype=bool)
    mask[:, 2:5, 2:5] = True
    description = SegmentDescription(
        segment_number=1,
        segment_label="Liver",
        segmented_property_category=codes.SCT.Organ,
        segmented_property_type=codes.SCT.Liver,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name="Segmenter", version="1", family=codes.DCM.ArtificialIntelligence
        ),
    )
    made = highdicom.seg.Segmentation(
        source_images=images,
        pixel_array=mask,
        segmentation_type=SegmentationTypeValues.BINARY,
        segment_descriptions=[description],
        series_instance_uid=highdicom.UID(),
        series_number=100,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        software_versions="1",
        device_serial_number="1",
        series_description="Liver",
        **MAKER,
    )
    return _with(made, values)


def picture(source: list[Dataset], **values: object) -> Dataset:
    """Given a series, return a secondary capture made of its first image, which it names."""
    first = source[0]
    made = SCImage.from_ref_dataset(
        ref_dataset=first,
        pixel_array=np.full((32, 32, 3), 90, dtype=np.uint8),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        series_instance_uid=highdicom.UID(),
        series_number=101,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        pixel_spacing=(1, 1),
        patient_orientation=("L", "P"),
        manufacturer=MAKER["manufacturer"],
    )
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = (
        first.SOPClassUID,
        first.SOPInstanceUID,
    )
    made.SourceImageSequence = [item]
    return _with(made, values)


def _with(dataset: Dataset, values: dict[str, object]) -> Dataset:
    made = with_meta(Dataset(dataset))
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made
