"""The studies of the demonstration: real files of pydicom's, and some made up."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom.data
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

SLICES = 200
SIZE = 128
# PS3.4 Table B.5-1
CT, SC = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.7"
RTDOSE, RTSTRUCT, RTPLAN = (f"1.2.840.10008.5.1.4.1.1.481.{number}" for number in (2, 3, 5))
PATIENTS = ("Solberg^Ingrid Marie", "Haugen^Olav", "Berntsen^Åse")


def packaged() -> list[Path]:
    """Return the DICOM files that pydicom's package carries."""
    folder = Path(pydicom.data.__file__).parent / "test_files"
    return sorted(path for path in folder.glob("*.dcm") if path.is_file())


def generated(folder: Path) -> list[Path]:
    """Given a folder, make a CT study, a radiotherapy set and screenshots there."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, dataset in enumerate([*ct_study(), *_rt_set(), *_screenshots()]):
        paths.append(folder / f"made-{number:04d}.dcm")
        dataset.save_as(paths[-1], enforce_file_format=True)
    return paths


def ct_study(slices: int = SLICES, size: int = SIZE) -> Iterator[Dataset]:
    """Given how many slices and their width in pixels, yield a CT study of noise."""
    study, series, frame = (generate_uid(entropy_srcs=["ct", word]) for word in "abc")
    random = np.random.default_rng(1)
    for number in range(1, slices + 1):
        dataset = _common(0, study, series, CT, f"ct{number}", "CT")
        dataset.FrameOfReferenceUID = frame
        dataset.StudyDescription, dataset.SeriesDescription = "CT Thorax", "Thorax 1.0 B30f"
        dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        dataset.InstanceNumber = number
        dataset.KVP, dataset.ConvolutionKernel = "120", "B30f"
        _geometry(dataset, number)
        _pixels(dataset, random.integers(0, 4095, (size, size), dtype=np.uint16))
        yield dataset


def _rt_set() -> Iterator[Dataset]:
    study, frame = (generate_uid(entropy_srcs=["rt", word]) for word in "ab")
    series = {
        name: generate_uid(entropy_srcs=["rt", name]) for name in ("ct", "set", "plan", "dose")
    }
    images = []
    for number in range(1, 4):
        image = _common(1, study, series["ct"], CT, f"rtct{number}", "CT")
        image.FrameOfReferenceUID, image.InstanceNumber = frame, number
        image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        _geometry(image, number)
        _pixels(image, np.full((SIZE, SIZE), 100 * number, dtype=np.uint16))
        images.append(image)
    structures = _common(1, study, series["set"], RTSTRUCT, "set", "RTSTRUCT")
    structures.StructureSetLabel, structures.StructureSetDate = "Prostata", "20240312"
    structures.StructureSetTime = "101500"
    structures.ReferencedFrameOfReferenceSequence = Sequence([_frame_reference(frame, images)])
    structures.StructureSetROISequence = Sequence(
        [_region(1, "PTV", frame), _region(2, "Rectum", frame)]
    )
    plan = _common(1, study, series["plan"], RTPLAN, "plan", "RTPLAN")
    plan.RTPlanLabel, plan.RTPlanDate, plan.RTPlanTime = "Plan1", "20240312", "110000"
    plan.RTPlanGeometry = "PATIENT"
    plan.ReferencedStructureSetSequence = Sequence([_reference(structures)])
    dose = _common(1, study, series["dose"], RTDOSE, "dose", "RTDOSE")
    dose.FrameOfReferenceUID, dose.InstanceNumber = frame, 1
    dose.DoseUnits, dose.DoseType, dose.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    dose.DoseGridScaling = "0.001"
    dose.ReferencedRTPlanSequence = Sequence([_reference(plan)])
    _geometry(dose, 1)
    _pixels(dose, np.full((SIZE, SIZE), 2000, dtype=np.uint16))
    yield from (*images, structures, plan, dose)


def _screenshots() -> Iterator[Dataset]:
    study, series = (generate_uid(entropy_srcs=["sc", word]) for word in "ab")
    for number, burned in enumerate(("NO", "YES"), 1):
        dataset = _common(2, study, series, SC, f"sc{number}", "OT")
        dataset.ConversionType, dataset.InstanceNumber = "WSD", number
        dataset.BurnedInAnnotation = burned
        _pixels(dataset, np.full((SIZE, SIZE), 7 * number, dtype=np.uint16))
        yield dataset


def _common(
    patient: int, study: str, series: str, sop_class: str, name: str, modality: str
) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.SOPClassUID = UID(sop_class)
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["instance", name])
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = "20240312"
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = "101010"
    dataset.AccessionNumber = f"HG{20240000 + patient}"
    dataset.Modality, dataset.Manufacturer = modality, "Headgate demonstration"
    dataset.InstitutionName, dataset.ReferringPhysicianName = "Sykehuset", "Lie^Kari"
    dataset.PatientName, dataset.PatientID = PATIENTS[patient], f"1203580{patient:04d}"
    dataset.PatientBirthDate, dataset.PatientSex = "19580312", "O"
    dataset.OtherPatientIDs = f"MRN{77000 + patient}"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = UID(study), UID(series)
    dataset.StudyID, dataset.SeriesNumber = "1", 1
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return dataset


def _geometry(dataset: Dataset, number: int) -> None:
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [0, 0, number]
    dataset.PixelSpacing, dataset.SliceThickness = [1, 1], 1


def _pixels(dataset: Dataset, pixels: np.ndarray) -> None:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 0
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"


def _reference(target: Dataset) -> Dataset:
    reference = Dataset()
    reference.ReferencedSOPClassUID = target.SOPClassUID
    reference.ReferencedSOPInstanceUID = target.SOPInstanceUID
    return reference


def _frame_reference(frame: str, images: list[Dataset]) -> Dataset:
    series = Dataset()
    series.SeriesInstanceUID = images[0].SeriesInstanceUID
    series.ContourImageSequence = Sequence([_reference(image) for image in images])
    study = Dataset()
    study.ReferencedSOPClassUID = "1.2.840.10008.3.1.2.3.1"
    study.ReferencedSOPInstanceUID = images[0].StudyInstanceUID
    study.RTReferencedSeriesSequence = Sequence([series])
    reference = Dataset()
    reference.FrameOfReferenceUID = frame
    reference.RTReferencedStudySequence = Sequence([study])
    return reference


def _region(number: int, name: str, frame: str) -> Dataset:
    region = Dataset()
    region.ROINumber, region.ROIName = number, name
    region.ReferencedFrameOfReferenceUID = frame
    region.ROIGenerationAlgorithm = "MANUAL"
    return region
