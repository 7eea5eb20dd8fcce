"""De-identification of data sets made in memory: the engine works on their bytes."""

from __future__ import annotations

from io import BytesIO

from headgate.core.deid import gate, marks
from headgate.core.deid.engine import deidentify as deidentify_bytes
from headgate.core.deid.identifiers import patient
from headgate.core.deid.memory import Memory
from headgate.core.dicom.elements import Encoding, encoding_of, walk
from headgate.core.dicom.filemeta import file_head
from headgate.core.dicom.header import Header
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

PIXELS = 0x7FE00000


def deidentify(dataset, recipe, record=None, memory=None) -> Dataset:
    """Given a data set and a recipe, return the data set that may leave, with its meta group."""
    syntax, header = syntax_of(dataset), header_of(dataset)
    encoding = encoding_of(syntax)
    cleaned = deidentify_bytes(header, encoding, recipe, memory or Memory(), record)
    result = dataset_of(cleaned.header(), encoding)
    result.update({tag: dataset[tag] for tag in dataset.keys() if tag >= PIXELS})  # noqa: SIM118
    head = file_head(cleaned.text(0x00080016), cleaned.text(0x00080018), syntax)
    result.file_meta = dcmread(BytesIO(head)).file_meta
    return result


def leaks_of(dataset, recipe) -> tuple[str, ...]:
    """Given a data set and a recipe, return where the gate finds the patient in the output."""
    encoding = encoding_of(syntax_of(dataset))
    return deidentify_bytes(header_of(dataset), encoding, recipe, Memory()).leaks


def identifiers_of(dataset) -> patient.Identifiers:
    """Given a data set, return its patient's identifiers."""
    header, encoding = header_of(dataset), encoding_of(syntax_of(dataset))
    return patient.identifiers_of(header, walk(header, encoding), encoding, {})


def find_leaks(dataset, identifiers) -> list[str]:
    """Given a data set that would leave, return where the identifiers are."""
    return gate.find_leaks(header_of(dataset), encoding_of(syntax_of(dataset)), identifiers)


def judged(cleaned) -> bytes:
    """Given a header that may leave, return its elements but those that are the same for all."""
    same = marks.SAME_FOR_ALL
    return b"".join(data for tag, data in sorted(cleaned.elements.items()) if tag not in same)


def syntax_of(dataset) -> UID:
    """Given a data set, return its transfer syntax; without one, Explicit VR Little Endian."""
    meta = getattr(dataset, "file_meta", None) or {}
    return meta.get("TransferSyntaxUID", ExplicitVRLittleEndian)


def header_of(dataset) -> bytes:
    """Given a data set, return the encoded elements before its pixels."""
    encoding = encoding_of(syntax_of(dataset))
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = encoding
    write_dataset(stream, dataset[:PIXELS])
    return stream.getvalue()


def plain_header(dataset) -> Header:
    """Given a data set, return its header as plain values."""
    return Header(header_of(dataset), encoding_of(syntax_of(dataset)))


def dataset_of(header: bytes, encoding: Encoding) -> Dataset:
    """Given an encoded header, return its data set."""
    result = Dataset(read_dataset(BytesIO(header), encoding.is_implicit, encoding.is_little))
    result.set_original_encoding(*encoding, result.original_character_set)
    return result
