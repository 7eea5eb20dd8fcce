"""What research computes from images is the same before and after: volumes, b-values, SUV, DVH."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import factories
import nibabel
import numpy as np
import pydicom
import pydicom.dicomio
import pytest
from headgate.demo.processes import script
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

# dicompyler-core still asks for the name that pydicom 3 dropped
pydicom.dicomio.read_file = pydicom.dcmread
from dicompylercore import dvhcalc

WHO = ["--project", "P", "--participant", "P-001", "--event", "E1"]
ROWS, COLUMNS, SLICES = 16, 20, 5
B_VALUES = (0, 700, 1400)
DIRECTIONS = ((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.6, 0.8))
HALF_LIFE, DOSE, WEIGHT = 6586.2, 3.7e8, 71.5


@pytest.fixture
def anonymized(tmp_path):
    """Saves data sets, de-identifies them, and returns both folders."""

    def run(datasets):
        factories.save(datasets, tmp_path / "before")
        command = [*script("anonymize"), tmp_path / "before", tmp_path / "after", *WHO]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done
        return tmp_path / "before", tmp_path / "after"

    return run


def image(number, modality, sop_class, position, **more):
    dataset = factories.Study("values").instance(number, Modality=modality)
    del dataset.PixelData
    pixels = np.random.default_rng(number).integers(0, 4000, (ROWS, COLUMNS), dtype=np.uint16)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.PixelSpacing, dataset.SliceThickness = [1.5, 1.25], 3.0
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 0.8, 0.6]
    dataset.ImagePositionPatient = [-10.0, 7.5 - 1.8 * position, 2.4 * position]
    dataset.InstanceNumber = dataset.AcquisitionNumber = number
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OW"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    return dataset


def converted(folder: Path):
    """Return what dcm2niix makes of a folder: the volume, and the texts beside it by ending."""
    target = folder.with_name(f"{folder.name}-nifti")
    target.mkdir()
    program = Path(sys.executable).with_name("dcm2niix")
    command = [program, "-b", "n", "-f", "out", "-o", target, folder]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done
    (volume,) = target.glob("*.nii")
    texts = {path.suffix: path.read_text() for path in target.iterdir() if path != volume}
    return nibabel.load(volume), texts


def diffusion():
    for place, (b_value, direction) in enumerate(zip(B_VALUES, DIRECTIONS, strict=True)):
        for position in range(SLICES):
            dataset = image(
                *(place * SLICES + position + 1, "MR", factories.MR, position),
                Manufacturer="SIEMENS",
                SequenceName=f"ep_b{b_value}",
                EchoTime=90.0,
                RepetitionTime=4000.0,
                MagneticFieldStrength=3.0,
                AcquisitionTime=f"1012{place:02}.000000",
                SeriesNumber=1,
            )
            dataset.AcquisitionNumber = place + 1
            block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
            block.add_new(0x0C, "IS", str(b_value))
            if b_value:
                block.add_new(0x0E, "FD", list(direction))
            yield dataset


def test_dcm2niix_makes_the_same_volume_and_geometry(anonymized):
    before, after = anonymized(
        [image(n + 1, "CT", factories.CT, n, RescaleSlope=2.0, RescaleIntercept=-1024.0)
         for n in range(SLICES)]
    )  # fmt: skip
    (old, _), (new, _) = converted(before), converted(after)
    assert old.shape == (COLUMNS, ROWS, SLICES)
    assert np.array_equal(old.get_fdata(), new.get_fdata())
    assert np.array_equal(old.affine, new.affine)


def test_dcm2niix_finds_the_same_b_values_and_directions(anonymized):
    before, after = anonymized(list(diffusion()))
    (old, old_texts), (new, new_texts) = converted(before), converted(after)
    assert old.shape == (COLUMNS, ROWS, SLICES, len(B_VALUES))
    assert np.array_equal(old.get_fdata(), new.get_fdata())
    assert old_texts[".bval"].split() == [str(b_value) for b_value in B_VALUES]
    assert new_texts == old_texts


def suv_factor(dataset):
    """Return the factor from activity to SUV by body weight: the dose decayed to the scan."""
    (radiopharmaceutical,) = dataset.RadiopharmaceuticalInformationSequence
    scan = moment(dataset.AcquisitionDate, dataset.AcquisitionTime)
    injected = str(radiopharmaceutical.RadiopharmaceuticalStartDateTime)
    seconds = (scan - moment(injected[:8], injected[8:])).total_seconds()
    half_life = float(radiopharmaceutical.RadionuclideHalfLife)
    dose = float(radiopharmaceutical.RadionuclideTotalDose)
    return dose * 2 ** (-seconds / half_life) / (float(dataset.PatientWeight) * 1000)


def moment(date, time):
    return datetime.strptime(f"{date}{str(time)[:6]}", "%Y%m%d%H%M%S")


def test_the_uptake_of_a_pet_is_the_same(anonymized):
    item = Dataset()
    # before midnight, while the scan is after it
    item.RadiopharmaceuticalStartDateTime = "20240229233000.000000"
    item.RadiopharmaceuticalStartTime = "233000.000000"
    item.RadionuclideTotalDose, item.RadionuclideHalfLife = DOSE, HALF_LIFE
    times = {"AcquisitionDate": "20240301", "AcquisitionTime": "003015.000000"}
    pet = image(
        *(1, "PT", "1.2.840.10008.5.1.4.1.1.128", 0),
        **times,
        PatientWeight=WEIGHT,
        DecayCorrection="START",
        RadiopharmaceuticalInformationSequence=Sequence([item]),
    )
    before, after = anonymized([pet])
    (old,), (new,) = ([pydicom.dcmread(one) for one in files(at)] for at in (before, after))
    assert suv_factor(new) == pytest.approx(suv_factor(old), rel=1e-12)
    assert suv_factor(old) == pytest.approx(DOSE * 2 ** (-3615 / HALF_LIFE) / WEIGHT / 1000)
    assert new.AcquisitionDate != old.AcquisitionDate
    assert new.PixelData == old.PixelData


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def structures(reference):
    item = Dataset()
    item.ReferencedROINumber = 1
    item.ContourSequence = Sequence([contour_at(height) for height in (0.0, 3.0, 6.0, 9.0)])
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ROIGenerationAlgorithm = 1, "Heart", "MANUAL"
    roi.ReferencedFrameOfReferenceUID = reference
    observation = Dataset()
    observation.ObservationNumber, observation.ReferencedROINumber = 1, 1
    observation.RTROIInterpretedType, observation.ROIInterpreter = "ORGAN", ""
    frame = Dataset()
    frame.FrameOfReferenceUID = reference
    dataset = bare(1, "RTSTRUCT", "1.2.840.10008.5.1.4.1.1.481.3")
    dataset.StructureSetLabel = "plan"
    dataset.ReferencedFrameOfReferenceSequence = Sequence([frame])
    dataset.StructureSetROISequence = Sequence([roi])
    dataset.ROIContourSequence = Sequence([item])
    dataset.RTROIObservationsSequence = Sequence([observation])
    return dataset


def contour_at(height):
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    points = np.stack([30 + 12 * np.cos(angles), 30 + 9 * np.sin(angles), angles * 0 + height])
    contour = Dataset()
    contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(angles)
    contour.ContourData = [f"{value:.3f}" for value in points.T.ravel()]
    return contour


def doses(reference):
    dataset = bare(2, "RTDOSE", "1.2.840.10008.5.1.4.1.1.481.2")
    grid = np.random.default_rng(7).integers(0, 60_000, (4, 30, 30), dtype=np.uint16)
    dataset.FrameOfReferenceUID = reference
    dataset.ImagePositionPatient, dataset.PixelSpacing = [0.0, 0.0, 0.0], [2.0, 2.0]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.GridFrameOffsetVector, dataset.NumberOfFrames = [0.0, 3.0, 6.0, 9.0], 4
    dataset.FrameIncrementPointer = 0x3004000C
    dataset.DoseUnits, dataset.DoseType, dataset.DoseSummationType = "GY", "PHYSICAL", "PLAN"
    dataset.DoseGridScaling = 0.001
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = 30, 30, 1
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation, dataset.PhotometricInterpretation = 0, "MONOCHROME2"
    dataset.PixelData = grid.tobytes()
    dataset["PixelData"].VR = "OW"
    return dataset


def bare(number, modality, sop_class):
    dataset = factories.Study("doses").instance(number, series=number, Modality=modality)
    for keyword in ("PixelData", "Rows", "Columns", "PixelSpacing", "ImagePositionPatient"):
        dataset.pop(keyword, None)
    dataset.SOPClassUID = sop_class
    return factories.with_meta(dataset, ExplicitVRLittleEndian)


def volume_histogram(folder):
    by_modality = {pydicom.dcmread(path).Modality: str(path) for path in files(folder)}
    return dvhcalc.get_dvh(by_modality["RTSTRUCT"], by_modality["RTDOSE"], 1)


def test_the_dose_to_an_organ_is_the_same(anonymized):
    reference = factories.uid("frame")
    before, after = anonymized([structures(reference), doses(reference)])
    old, new = volume_histogram(before), volume_histogram(after)
    assert old.volume > 1
    assert (new.volume, new.mean, new.max) == (old.volume, old.mean, old.max)
    assert np.array_equal(new.counts, old.counts)
    assert new.name == old.name == "Heart"
