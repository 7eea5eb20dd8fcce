"""Planters around the data set: file meta information, preamble, padding, names of files."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pydicom.dataset import Dataset

from planting.keys import DEVICE, DIRECT, Planted
from planting.patients import Patient

NO_FILE_NAME = {ord("/"): "-", ord("'"): None}
# Transfer syntaxes that a data set shows without being told: PS3.5 Annex A
PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2")


def meta(dataset: Dataset, patient: Patient, _dice: random.Random) -> Iterator[Planted]:
    """Plant AE titles and private information in the file meta information: PS3.10 7.1."""
    group = dataset.file_meta
    group.SourceApplicationEntityTitle = "FJORDHEIM_CT1"
    group.SendingApplicationEntityTitle = "FJORDHEIM_SND"
    group.ReceivingApplicationEntityTitle = "FJORDHEIM_RCV"
    group.PrivateInformationCreatorUID = "1.2.3.4"
    group.PrivateInformation = patient.email.encode() + bytes(len(patient.email) % 2)
    yield Planted("file meta AE title", DEVICE, "FJORDHEIM_")
    yield Planted("file meta private information", DIRECT, patient.email)


def preamble(file: bytes, patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file, return it with a name in its preamble: PS3.10 7.1."""
    text = f"II*\0{patient.number} {patient.birth_number}".encode()
    return text.ljust(128, b"\0")[:128] + file[128:], [
        Planted("preamble", DIRECT, patient.number),
        Planted("preamble", DIRECT, patient.birth_number),
    ]


def no_preamble(file: bytes, _patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file, return it as old archives have it: it begins with its meta information."""
    return file[132:], []


def no_meta(file: bytes, _patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file in a plain syntax, return its data set alone, as old modalities export it."""
    return file[_start_of_dataset(file) :], []


def no_syntax(file: bytes, _patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file in a plain syntax, return it without its Transfer Syntax UID."""
    start = file.index(b"\x02\0\x10\0UI")
    return file[:start] + file[start + 8 + file[start + 6] :], []


def implicit_meta(file: bytes, _patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file in a plain syntax, return it with meta information in an implicit VR."""
    start = file.index(b"\x02\0\x10\0UI")
    syntax = file[start + 8 : start + 8 + file[start + 6]]
    told = b"\x02\0\x10\0" + len(syntax).to_bytes(4, "little") + syntax
    return file[:132] + told + file[_start_of_dataset(file) :], []


def _start_of_dataset(file: bytes) -> int:
    """Return where the meta information ends: the group's length is its first element."""
    return 144 + int.from_bytes(file[140:144], "little")


def padding(file: bytes, patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file in an explicit VR, return it with a number in its trailing padding."""
    data = f"{patient.birth_number} {patient.email}".encode()
    data += bytes(len(data) % 2)
    head = b"\xfc\xff\xfc\xffOB\0\0" + len(data).to_bytes(4, "little")
    return file + head + data, [
        Planted("trailing padding", DIRECT, patient.birth_number),
        Planted("trailing padding", DIRECT, patient.email),
    ]


def rest(file: bytes, patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file that ends with its pixels, return it with a text behind, as of a larger one."""
    text = f"{patient.birth_number} {patient.email}"
    return file + text.encode(), [Planted("behind the data set", DIRECT, patient.birth_number)]


def zeros(file: bytes, _patient: Patient) -> tuple[bytes, list[Planted]]:
    """Given a file in a plain syntax, return it as tapes leave it: their blocks are filled up."""
    return file + bytes(-len(file) % 512 or 512), []


def file_name(patient: Patient, number: int, dice: random.Random) -> tuple[str, Planted]:
    """Given a patient, return a name for a file, with what it tells."""
    text = dice.choice((patient.family, patient.number, patient.birth_number)).translate(
        NO_FILE_NAME
    )
    if len(text) < 3:
        text = patient.number.translate(NO_FILE_NAME)
    return f"{text}_{number:05d}.dcm", Planted("file name", DIRECT, text)
