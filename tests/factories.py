"""Studies made up: data sets, files, series, with a patient of whom nothing may leave."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from headgate.core.dicom.filemeta import file_head
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

CT, MR, SC = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.7",
)
PATIENT_NAME, PATIENT_ID, BIRTH_DATE = "Nordmann^Kjersti Åse", "01020312345", "19590302"
ACCESSION = "ACC0001042"
# none of these may appear in a log, a metric, a process title, or a path outside the data tree
PLANTED = ("Nordmann", "Kjersti", PATIENT_ID, BIRTH_DATE, ACCESSION)


def uid(*words: object) -> str:
    """Given words, return a UID that stands for them."""
    number = int(hashlib.sha256(repr(words).encode()).hexdigest()[:24], 16)
    return f"1.2.826.0.1.3680043.10.1234.{number}"


@dataclass(frozen=True)
class Study:
    """A study made up: its name makes its UIDs."""

    name: str = "one"
    modality: str = "CT"
    accession: str = ACCESSION
    patient_id: str = PATIENT_ID
    patient_name: str = PATIENT_NAME

    @property
    def uid(self) -> str:
        return uid("study", self.name)

    def series_uid(self, series: int = 1) -> str:
        return uid("series", self.name, series)

    def instance(self, number: int = 1, series: int = 1, **values: object) -> Dataset:
        """Return one instance, 8 by 8 pixels; values by keyword come before the usual ones."""
        sop_class = {"CT": CT, "MR": MR, "SC": SC}[self.modality]
        dataset = Dataset()
        usual = {
            "SpecificCharacterSet": "ISO_IR 100",
            "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
            "SOPClassUID": sop_class,
            "SOPInstanceUID": uid("instance", self.name, series, number),
            "StudyDate": "20240312",
            "SeriesDate": "20240312",
            "ContentDate": "20240312",
            "StudyTime": "101010",
            "SeriesTime": "101112",
            "AccessionNumber": self.accession,
            "Modality": self.modality,
            "Manufacturer": "SIEMENS",
            "InstitutionName": "Haukeland",
            "ReferringPhysicianName": "Ås^Øystein",
            "StudyDescription": "Thorax",
            "SeriesDescription": f"Serie {series}",
            "PatientName": self.patient_name,
            "PatientID": self.patient_id,
            "PatientBirthDate": BIRTH_DATE,
            "PatientSex": "F",
            "PatientAge": "065Y",
            "StudyInstanceUID": self.uid,
            "SeriesInstanceUID": self.series_uid(series),
            "FrameOfReferenceUID": uid("frame", self.name),
            "StudyID": "1",
            "SeriesNumber": series,
            "InstanceNumber": number,
            "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
            "ImagePositionPatient": [0, 0, number],
            "SamplesPerPixel": 1,
            "PhotometricInterpretation": "MONOCHROME2",
            "Rows": 8,
            "Columns": 8,
            "PixelSpacing": [1, 1],
            "BitsAllocated": 16,
            "BitsStored": 12,
            "HighBit": 11,
            "PixelRepresentation": 0,
            "PixelData": bytes([number % 256, 0]) * 64,
        }
        for keyword, value in {**usual, **values}.items():
            if value is not None:
                setattr(dataset, keyword, value)
        dataset["PixelData"].VR = "OW"
        return with_meta(dataset)

    def instances(self, count: int = 3, series: int = 1) -> Iterator[Dataset]:
        """Yield the first instances of a series."""
        yield from (self.instance(number, series) for number in range(1, count + 1))


def with_meta(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> Dataset:
    """Given a data set, give it the file meta information of a file."""
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def save(datasets: Iterator[Dataset] | list[Dataset], folder: Path) -> list[Path]:
    """Given data sets, save each as a file; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, dataset in enumerate(datasets):
        path = folder / f"IM{number:05d}"
        dataset.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def encoded(dataset: Dataset) -> tuple[bytes, bytes]:
    """Given a data set, return the head of its file, and the encoded data set itself."""
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    whole = stream.getvalue()
    body = BytesIO()
    dataset_only = Dataset(dataset)
    dataset_only.save_as(body, implicit_vr=False, little_endian=True)
    return whole[: len(whole) - len(body.getvalue())], body.getvalue()


def head(sop_class: str, sop_instance: str, syntax: str) -> bytes:
    """Given what a file says of itself, return its preamble and file meta information."""
    return file_head(sop_class, sop_instance, syntax)
