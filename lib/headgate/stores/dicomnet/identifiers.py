"""The data sets of queries and notifications, in Implicit VR Little Endian."""

import struct
from typing import TYPE_CHECKING

from headgate.core.elements import IMPLICIT
from headgate.core.upperlayer.pdus import ProtocolError

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

# what a broken data set makes pydicom raise
BROKEN = (ValueError, TypeError, KeyError, AttributeError, NotImplementedError, EOFError,
          struct.error)  # fmt: skip


def encode(dataset: "Dataset") -> bytes:
    """Given a data set, return it encoded."""
    from headgate.core.datasets import encoded

    return encoded(dataset, IMPLICIT)


def decode(data: bytes) -> "Dataset":
    """Given an encoded data set, return it. Raise ProtocolError when it is none."""
    from headgate.core.datasets import decoded

    try:
        dataset = decoded(data, IMPLICIT)
        for _ in dataset.iterall():  # elements are decoded when they are looked at
            pass
    except BROKEN as error:
        raise ProtocolError(f"a data set cannot be read ({type(error).__name__})") from error
    return dataset
