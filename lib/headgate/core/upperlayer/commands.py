"""Command sets: PS3.7 6.3 and Annex E, always in Implicit VR Little Endian."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass

from headgate.core.upperlayer.pdus import ProtocolError

# PS3.7 E.1-1: elements of group 0000
AFFECTED_CLASS, REQUESTED_CLASS, FIELD = 0x0002, 0x0003, 0x0100
MESSAGE_ID, RESPONDED_ID, PRIORITY = 0x0110, 0x0120, 0x0700
DATA_SET_TYPE, STATUS = 0x0800, 0x0900
AFFECTED_INSTANCE, REQUESTED_INSTANCE = 0x1000, 0x1001
EVENT_TYPE, ACTION_TYPE = 0x1002, 0x1008
MOVE_DESTINATION = 0x0600
# PS3.7 E.1-1: values of Command Field
C_STORE_RQ, C_FIND_RQ, C_ECHO_RQ, C_CANCEL_RQ = 0x0001, 0x0020, 0x0030, 0x0FFF
C_GET_RQ, C_MOVE_RQ = 0x0010, 0x0021
N_EVENT_REPORT_RQ, N_SET_RQ, N_ACTION_RQ, N_CREATE_RQ = 0x0100, 0x0120, 0x0130, 0x0140
RESPONSE = 0x8000
NO_DATA_SET, SOME_DATA_SET = 0x0101, 0x0001
# PS3.7 Annex C
SUCCESS, PROCESSING_FAILURE, OUT_OF_RESOURCES = 0x0000, 0x0110, 0xA700
UNRECOGNIZED_OPERATION = 0x0211
CANNOT_UNDERSTAND = 0xC000  # PS3.4 B.2.3

_element = struct.Struct("<HHL")


@dataclass(frozen=True)
class Command:
    """A command set, by the numbers of its elements in group 0000."""

    values: Mapping[int, bytes]

    def number(self, element: int) -> int:
        """Given an element of two bytes, return its value. Raise ProtocolError without it."""
        value = self.values.get(element, b"")
        if len(value) != 2:
            raise ProtocolError(f"a command without element (0000,{element:04x})")
        return int.from_bytes(value, "little")

    def uid(self, element: int) -> str:
        """Given an element, return the UID in it; none: blank."""
        return self.values.get(element, b"").decode("latin-1").strip(" \0")

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows."""
        return self.number(DATA_SET_TYPE) != NO_DATA_SET


def read_command(data: bytes) -> Command:
    """Given an encoded command set, return it. Raise ProtocolError."""
    values, position = {}, 0
    while position < len(data):
        if position + _element.size > len(data):
            raise ProtocolError("a command set ends within an element")
        group, number, length = _element.unpack_from(data, position)
        position += _element.size
        if group or length > len(data) - position:
            raise ProtocolError("a command set holds what is none of its elements")
        values[number] = data[position : position + length]
        position += length
    return Command(values)


def response(to: Command, status: int, *, has_data_set: bool = False) -> bytes:
    """Given a request and a status, return the encoded response to it."""
    sop_class = to.values.get(AFFECTED_CLASS) or to.values.get(REQUESTED_CLASS)
    instance = to.values.get(AFFECTED_INSTANCE) or to.values.get(REQUESTED_INSTANCE)
    parts = {
        AFFECTED_CLASS: sop_class,
        FIELD: encoded(to.number(FIELD) | RESPONSE),
        RESPONDED_ID: to.values.get(MESSAGE_ID, bytes(2)),
        DATA_SET_TYPE: encoded(SOME_DATA_SET if has_data_set else NO_DATA_SET),
        STATUS: encoded(status),
        AFFECTED_INSTANCE: instance,
        EVENT_TYPE: to.values.get(EVENT_TYPE),
        ACTION_TYPE: to.values.get(ACTION_TYPE),
    }
    return written({number: value for number, value in parts.items() if value is not None})


def request(
    field: int, message_id: int, values: Mapping[int, str | int], *, has_data_set: bool = False
) -> bytes:
    """Given a command field, a message's id and more elements, UIDs and numbers, return the
    encoded request.
    """
    several = {
        number: encoded(value) if isinstance(value, int) else value.encode("latin-1")
        for number, value in values.items()
    }
    kind = SOME_DATA_SET if has_data_set else NO_DATA_SET
    own = {FIELD: field, MESSAGE_ID: message_id, DATA_SET_TYPE: kind}
    return written(several | {number: encoded(value) for number, value in own.items()})


def written(values: Mapping[int, bytes]) -> bytes:
    """Given elements of group 0000, return the encoded command set, its group length first."""
    body = b"".join(
        _element.pack(0, number, len(value) + len(value) % 2) + value + bytes(len(value) % 2)
        for number, value in sorted(values.items())
    )
    return _element.pack(0, 0, 4) + struct.pack("<L", len(body)) + body


def encoded(value: int) -> bytes:
    """Given a number of two bytes, return it as the value of an element."""
    return struct.pack("<H", value)
