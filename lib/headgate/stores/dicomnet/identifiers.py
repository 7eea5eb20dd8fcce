"""The data sets of queries and notifications, in Implicit VR Little Endian."""

import struct
from io import BytesIO
from typing import TYPE_CHECKING

from headgate.core.upperlayer.pdus import ProtocolError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# what a broken data set makes pydicom raise
BROKEN = (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, EOFError,
          struct.error)  # fmt: skip


def encode(dataset: "Dataset") -> bytes:
    """Given a data set, return it encoded."""
    from pydicom.filebase import DicomBytesIO
    from pydicom.filewriter import write_dataset

    from headgate.core.leniency import take_values_as_they_are

    take_values_as_they_are()
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = True, True
    write_dataset(stream, dataset)
    return stream.getvalue()


def decode(data: bytes) -> "Dataset":
    """Given an encoded data set, return it. Raise ProtocolError when it is none."""
    from pydicom.filereader import read_dataset

    from headgate.core.leniency import take_values_as_they_are

    take_values_as_they_are()
    try:
        dataset = read_dataset(BytesIO(data), is_implicit_VR=True, is_little_endian=True)
        for _ in dataset.iterall():  # elements are decoded when they are looked at
            pass
    except BROKEN as error:
        raise ProtocolError(f"a data set cannot be read ({type(error).__name__})") from error
    return dataset
