"""A corpus: real files, identifiers of fictitious patients planted in them, and the key."""

from __future__ import annotations

import copy
import csv
import hashlib
import random
import warnings
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pydicom
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from planting import binaries, keys, places, structures, texts, truth, wrapping, writings
from planting.patients import Patient, make_patients

Planter = Callable[[Dataset, Patient, random.Random], Iterator[keys.Planted]]
PACKAGED = Path(pydicom.__file__).parent / "data"
# Each place of the list, and how often it is chosen
PLANTERS: tuple[tuple[Planter, float], ...] = (
    (texts.descriptors, 0.7),
    (texts.in_wrong_elements, 0.35),
    (texts.wrong_character_set, 0.2),
    (texts.unknown_representation, 0.25),
    (texts.creators_and_labels, 0.25),
    (structures.nested, 0.4),
    (structures.sequence_as_unknown, 0.15),
    (structures.annotations, 0.25),
    (structures.report, 0.25),
    (structures.radiotherapy, 0.25),
    (structures.histories, 0.4),
    (binaries.overlays, 0.25),
    (binaries.curves, 0.2),
    (binaries.icons, 0.25),
    (binaries.documents, 0.03),
    (binaries.remarks, 0.2),
    (binaries.private_headers, 0.4),
    (binaries.numbers, 0.3),
    (places.relatives, 0.3),
    (places.visits, 0.3),
    (places.specimens, 0.15),
    (places.segments, 0.15),
    (places.safe_private, 0.25),
    (places.foreign_private, 0.25),
    (places.waveforms, 0.15),
    (places.issuers, 0.25),
    (places.unnamed_repeating, 0.25),
    (wrapping.meta, 0.4),
)
MAPPED = frozenset(
    [
        "SOPInstanceUID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "FrameOfReferenceUID",
        "ReferencedSOPInstanceUID",
        "ReferencedFrameOfReferenceUID",
        "MediaStorageSOPInstanceUID",
    ]
)
# What named the patient of the source: words that the key cannot know
FORMER = (
    "OtherPatientNames", "OtherPatientIDs", "PatientBirthName", "PatientMotherBirthName",
    "ResponsiblePerson", "PatientAddress", "PatientTelephoneNumbers", "MedicalRecordLocator",
)  # fmt: skip
WHAT_CANNOT_BE_READ = (
    AttributeError, EOFError, KeyError, NotImplementedError, OSError, OverflowError, TypeError,
    ValueError,
)  # fmt: skip


def sources(folders: tuple[Path, ...]) -> list[Path]:
    """Given folders, return the files in them and those that pydicom carries."""
    packaged = [*PACKAGED.glob("test_files/**/*"), *PACKAGED.glob("charset_files/*")]
    found = [one for folder in folders for one in folder.rglob("*")]
    return [one for one in sorted(packaged) + sorted(found) if one.is_file()]


def make(files: list[Path], folder: Path, seed: int, count: int) -> list[keys.Answer]:
    """Given source files, write as many instances into a folder's `input`, and their key.

    The same seed gives the same corpus. Without a number, each file is used once. A file that
    pydicom cannot write again is left out.
    """
    dice = random.Random(seed)
    usable = list(_readable(files))
    count = count or len(usable)
    patients = make_patients(dice, max(2, min(36, count // 6)))
    dice.shuffle(usable)
    (folder / "input").mkdir(parents=True)
    (folder / "plain").mkdir()
    answers: list[keys.Answer] = []
    number = 0
    most = count if count == len(usable) else 3 * count
    while usable and len(answers) < count and number < most:
        path = usable[number % len(usable)]
        patient = patients[number // 3 % len(patients)]
        own = random.Random(f"{seed} {number}")
        answer = _instance(path, patient, own, folder / "input", number, answers)
        answers += [answer] if answer else []
        number += 1
    keys.write(answers, folder / "key.json")
    _write_couplings(patients, folder / "couplings.csv")
    return answers


def _readable(files: list[Path]) -> Iterator[Path]:
    for path in files:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if path.suffix != ".csv" and dcmread(path, force=True).get("SOPClassUID"):
                    yield path
        except (*WHAT_CANNOT_BE_READ, pydicom.errors.InvalidDicomError):
            continue


def _instance(
    path: Path,
    patient: Patient,
    dice: random.Random,
    folder: Path,
    number: int,
    before: list[keys.Answer],
) -> keys.Answer | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = dcmread(path, force=True)
            _prepare(dataset, patient, number)
            planted = list(texts.demographics(dataset, patient, dice))
            phrases = _plant_phrases(dataset, dice)
            for planter, likelihood in PLANTERS:
                if dice.random() < likelihood:
                    planted += planter(dataset, patient, dice)
            references = _plant_reference(dataset, patient, dice, before)
            stream = BytesIO()
            dataset.save_as(stream, enforce_file_format=True)
            written = dcmread(BytesIO(stream.getvalue()))
            # what a planter wrote over, or its character set cannot hold, is no phrase any more
            phrases = {name: text for name, text in phrases.items() if written.get(name) == text}
            answer = keys.Answer(
                file="", source=path.name, participant=patient.participant,
                words=words_of(patient), planted=planted, clinical=truth.clinical(written),
                phrases=phrases, dates=truth.dates(written), references=references,
                pixels=_pixels(written, planted), instance=str(dataset.SOPInstanceUID),
                may_be_refused=_refusable(written),
            )  # fmt: skip
        except WHAT_CANNOT_BE_READ:
            return None
    file = _wrap(stream.getvalue(), dataset, patient, dice, planted)
    answer.file, named = wrapping.file_name(patient, number, dice)
    planted.append(named)
    (folder / answer.file).write_bytes(file)
    # what dciodvfy can read, whatever the file's meta information has become
    (folder.parent / "plain" / answer.file).write_bytes(stream.getvalue())
    return answer


def _pixels(written: Dataset, planted: list[keys.Planted]) -> str:
    are_changed = any(one.place == binaries.BESIDE_PIXELS for one in planted)
    return "" if are_changed else truth.pixels(written)


def _prepare(dataset: Dataset, patient: Patient, number: int) -> None:
    """Decode every value, so that it can be written in the patient's character set."""
    dataset.decode()
    for keyword in FORMER:
        if keyword in dataset:
            del dataset[keyword]
    for element in dataset.iterall():
        if element.keyword in MAPPED and element.value:
            element.value = _uid(patient.participant, element.value)
    dataset.SOPInstanceUID = _uid("instance", number)
    if "TransferSyntaxUID" not in dataset.file_meta:
        is_implicit, is_little = dataset.original_encoding
        plain = ImplicitVRLittleEndian if is_implicit else ExplicitVRLittleEndian
        dataset.file_meta.TransferSyntaxUID = plain if is_little else ExplicitVRBigEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.StudyInstanceUID = dataset.get("StudyInstanceUID") or _uid("study", patient.participant)
    if dataset.get("SOPClassUID", "").startswith("1.2.840.10008.5.1.4.39"):
        del dataset.StudyInstanceUID
    for item in [dataset, *_items(dataset)]:
        if "SpecificCharacterSet" in item:
            del item.SpecificCharacterSet
    if patient.charset:
        charset = patient.charset
        dataset.SpecificCharacterSet = list(charset) if isinstance(charset, tuple) else charset


def _items(dataset: Dataset) -> Iterator[Dataset]:
    for element in dataset:
        if element.VR == "SQ":
            for item in element.value:
                yield item
                yield from _items(item)


def _plant_phrases(dataset: Dataset, dice: random.Random) -> dict[str, str]:
    names = dice.sample(texts.DESCRIPTORS[:5], 3)
    phrases = dict(zip(names, dice.sample(writings.CLINICAL, 3), strict=False))
    for keyword, text in phrases.items():
        setattr(dataset, keyword, text)
    return phrases


def _plant_reference(
    dataset: Dataset, patient: Patient, dice: random.Random, before: list[keys.Answer]
) -> dict[str, str]:
    others = [one for one in before if one.participant == patient.participant]
    if not others:
        return {}
    other = dice.choice(others)
    one = structures.item(
        ReferencedSOPClassUID=structures.CT, ReferencedSOPInstanceUID=other.instance
    )
    dataset.ReferencedImageSequence = Sequence([copy.deepcopy(one)])
    return {"ReferencedImageSequence[0].ReferencedSOPInstanceUID": other.instance}


def _wrap(
    file: bytes,
    dataset: Dataset,
    patient: Patient,
    dice: random.Random,
    planted: list[keys.Planted],
) -> bytes:
    syntax = dataset.file_meta.TransferSyntaxUID
    wrappers = [wrapping.preamble] if dice.random() < 0.4 else []
    if dice.random() < 0.3 and (syntax == ExplicitVRLittleEndian or syntax.is_compressed):
        wrappers += [wrapping.padding] if not syntax.is_deflated else []
    elif dice.random() < 0.3 and syntax in wrapping.PLAIN:
        wrappers.append(wrapping.rest if "PixelData" in dataset else wrapping.zeros)
    if dice.random() < 0.2:
        bare = [wrapping.no_meta, wrapping.no_syntax, wrapping.implicit_meta]
        can_be_told = syntax in wrapping.PLAIN
        wrappers.append(dice.choice([wrapping.no_preamble, *(bare if can_be_told else [])]))
    for wrapper in wrappers:
        file, more = wrapper(file, patient)
        planted += more
    return file


def words_of(patient: Patient) -> list[str]:
    """Given a patient, return what tells of the patient wherever it stands."""
    return [
        *patient.words, patient.number, patient.birth_number, patient.accession, patient.email,
        patient.birth_date,
    ]  # fmt: skip


def _refusable(dataset: Dataset) -> str:
    """Return why it is right to refuse an instance, if it is: nobody can judge its content."""
    if "EncapsulatedDocument" in dataset:
        return "a document"
    if not str(dataset.SOPClassUID).startswith("1.2.840.10008.5.1.4."):
        return "a class of a manufacturer"
    if _is_lost(str(dataset.get("PatientName", ""))):
        return "a name whose letters a character set could not hold"
    return "" if _are_pixels_decoded(dataset) else "pixels that cannot be decoded"


def _is_lost(name: str) -> bool:
    return name.count("?") > sum(map(str.isalpha, name)) // 2


def _are_pixels_decoded(dataset: Dataset) -> bool:
    if "PixelData" not in dataset:
        return True
    try:
        return dataset.pixel_array.size > 0
    except (AttributeError, NotImplementedError, RuntimeError, ValueError):
        return False


def _uid(*words: object) -> str:
    number = int(hashlib.sha256(repr(words).encode()).hexdigest()[:24], 16)
    return f"1.2.826.0.1.3680043.10.1234.{number}"


def _write_couplings(patients: list[Patient], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("patient_id", "participant", "event"))
        rows.writerows((one.number, one.participant, "E1") for one in patients)
