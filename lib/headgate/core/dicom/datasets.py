"""Data sets as pydicom reads and writes them: values of others are taken as they are.

What is wrong with them is not ours to mend, nor to log, as a warning would quote it.
"""

from io import BytesIO
from typing import BinaryIO

from pydicom import config
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import dcmread, read_dataset
from pydicom.filewriter import write_dataset

from headgate.core.dicom.elements import Data, Encoding, Malformed

config.settings.reading_validation_mode = config.IGNORE
config.settings.writing_validation_mode = config.IGNORE


def decoded(data: Data, encoding: Encoding) -> Dataset:
    """Given an encoded data set, return it. Raise what pydicom raises where it is none."""
    dataset = read_dataset(BytesIO(data), encoding.is_implicit, encoding.is_little)
    dataset.set_original_encoding(*encoding, dataset.original_character_set)
    return dataset


def header_of(file: BinaryIO) -> Dataset:
    """Given an open DICOM file, return its data set up to the pixels, with `file_meta`.

    Raise Malformed where it has no preamble, and what pydicom raises where it is broken.
    """
    try:
        return dcmread(file, stop_before_pixels=True)
    except InvalidDicomError as error:
        raise Malformed("it has no preamble") from error


def encoded(dataset: Dataset, encoding: Encoding) -> bytes:
    """Given a data set, return its bytes. Raise what pydicom raises where it has none."""
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = encoding
    write_dataset(stream, dataset)
    return bytes(stream.getvalue())
