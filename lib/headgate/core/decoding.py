"""What pydicom raises on bytes that are no value of their VR."""

import struct

from pydicom.errors import BytesLengthException

UNDECODABLE = (
    ArithmeticError,
    AttributeError,
    BytesLengthException,
    LookupError,
    NotImplementedError,
    TypeError,
    ValueError,
    struct.error,
)
