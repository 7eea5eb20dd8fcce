"""Planters of bytes: overlays, curves, icons, documents, private headers."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_fragments
from pydicom.sequence import Sequence

from planting.keys import DIRECT, INSTITUTION, PERSON, Planted
from planting.patients import Patient

BESIDE_PIXELS = "beside the pixels"
CSA_VRS = {"PatientsName": "PN", "B_value": "IS", "SliceMeasurementDuration": "DS"}


def even(data: bytes) -> bytes:
    """Given bytes, return them of even length."""
    return data + bytes(len(data) % 2)


def ascii_name(patient: Patient) -> str:
    """Given a patient, return a name or number that ASCII holds, for bytes without character set."""
    is_long = len(patient.family) > 3 and patient.family.isascii()
    return patient.family if is_long else patient.number


def overlays(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant an overlay whose bits and labels tell the name: PS3.3 C.9.2."""
    text = ascii_name(patient)
    for tag, vr, value in (
        (0x60000010, "US", 8), (0x60000011, "US", 64), (0x60000022, "LO", f"overlay {text}"),
        (0x60000040, "CS", "G"), (0x60000050, "SS", [1, 1]), (0x60000100, "US", 1),
        (0x60000102, "US", 0), (0x60001500, "LO", text), (0x60004000, "LT", f"overlay {text}"),
        (0x60003000, "OW", f"{text:<64}".encode()),
    ):  # fmt: skip
        dataset[tag] = DataElement(tag, vr, value)
    yield Planted("overlay label", DIRECT, text)
    yield Planted("overlay data", DIRECT, text)


def curves(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant a curve, long retired: PS3.3-2004 C.10.2."""
    text = ascii_name(patient)
    for tag, vr, value in (
        (0x50000005, "US", 1), (0x50000010, "US", 4), (0x50000020, "CS", "ECG"),
        (0x50000022, "LO", text), (0x50002500, "LO", text), (0x50003000, "OW", f"{text:<32}".encode()),
    ):  # fmt: skip
        dataset[tag] = DataElement(tag, vr, value)
    yield Planted("curve", DIRECT, text)


def icons(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant an icon whose pixels spell the name: PS3.3 C.7.6.1.1.6."""
    text, icon = ascii_name(patient), Dataset()
    icon.SamplesPerPixel, icon.PhotometricInterpretation = 1, "MONOCHROME2"
    icon.Rows, icon.Columns, icon.BitsAllocated, icon.BitsStored = 8, 8, 8, 8
    icon.HighBit, icon.PixelRepresentation = 7, 0
    icon[0x7FE00010] = DataElement(0x7FE00010, "OB", f"{text:<64}".encode()[:64])
    dataset.IconImageSequence = Sequence([icon])
    yield Planted("icon image", DIRECT, text)


def remarks(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant a comment into a stream of JPEG, and a text after frames that are not compressed."""
    if "PixelData" not in dataset or not isinstance(dataset.PixelData, bytes):
        return
    text = f"Patient {ascii_name(patient)} {patient.birth_number}".encode()
    if not dataset.file_meta.TransferSyntaxUID.is_compressed:
        dataset.PixelData += even(text)
    elif dataset.get("NumberOfFrames", 1) == 1:
        stream = b"".join(generate_fragments(dataset.PixelData))
        if not stream.startswith(b"\xff\xd8\xff"):
            return
        comment = b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text
        dataset.PixelData = encapsulate([even(stream[:2] + comment + stream[2:])])
        dataset["PixelData"].is_undefined_length = True
    yield Planted(BESIDE_PIXELS, DIRECT, ascii_name(patient))
    yield Planted(BESIDE_PIXELS, DIRECT, patient.birth_number)


def documents(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant an encapsulated document: PS3.3 C.24.2. The engine may refuse the instance."""
    dataset.DocumentTitle = f"Epikrise {patient.number}"
    dataset[0x00420011] = DataElement(0x00420011, "OB", even(f"%PDF {patient.email}".encode()))
    yield Planted("encapsulated document", DIRECT, patient.email)


def private_headers(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant binary and text elements of manufacturers."""
    text = ascii_name(patient)
    csa = dataset.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    csa.add_new(0x08, "CS", "IMAGE NUM 4")
    csa.add_new(0x10, "OB", csa_header({
        "PatientsName": [text], "B_value": [1000], "SliceMeasurementDuration": ["512.5"],
        "UsedPatientName": [patient.number], "ReferringPhysician": [patient.referring],
    }))  # fmt: skip
    csa.add_new(0x20, "OB", even(b'SV10\4\3\2\1tPatientName = "' + text.encode() + b'"'))
    yield Planted("CSA image header", DIRECT, text)
    yield Planted("CSA image header", DIRECT, patient.number)
    yield Planted("CSA series header", DIRECT, text)
    yield Planted("CSA image header", PERSON, patient.referring)
    creator, group = dice.choice((
        ("GEMS_PATI_01", 0x0011), ("Philips Imaging DD 001", 0x2001), ("SPI-P Release 1", 0x0019),
        (patient.number, 0x0033), ("TOSHIBA_MEC_CT3", 0x7005),
    ))  # fmt: skip
    block = dataset.private_block(group, creator, create=True)
    block.add_new(0x70, "LO", f"navn {text}")
    block.add_new(0x71, "UN", even(text.encode("utf-16-le")))
    inner = Dataset()
    inner.PatientID, inner.InstitutionName = patient.number, patient.hospital
    block.add_new(0x72, "SQ", Sequence([inner]))
    yield Planted(f"private of group {group:04x}", DIRECT, text)
    yield Planted("private sequence", DIRECT, patient.number)
    yield Planted("private sequence", INSTITUTION, patient.hospital)


def numbers(dataset: Dataset, patient: Patient, dice: random.Random) -> Iterator[Planted]:
    """Plant the patient's numbers as numbers of the machine."""
    digits = [one for one in (patient.birth_number, patient.birth_date) if one[0] != "0"]
    for tag, vr, most in ((0x00189052, "FD", 2**53), (0x00186016, "UL", 2**32)):
        several = [one for one in digits if int(one) < most]
        if several and tag not in dataset:
            text = dice.choice(several)
            dataset[tag] = DataElement(tag, vr, int(text))
            yield Planted(f"a number as {vr}", DIRECT, text)


def csa_header(values: dict[str, list[object]]) -> bytes:
    """Given values by Siemens' names, return a CSA2 header of them."""
    data = b"SV10\4\3\2\1" + struct.pack("<2I", len(values), 77)
    for name, items in values.items():
        vr = CSA_VRS.get(name, "LO").encode()
        data += struct.pack("<64si4siii", name.encode(), len(items), vr, 6, 6, 77)
        for number in range(6):
            text = f"{items[number]}".encode() + b"\0" if number < len(items) else b""
            data += struct.pack("<4i", len(text), len(text), 77, len(text))
            data += text + bytes(-len(text) % 4)
    return even(data)
