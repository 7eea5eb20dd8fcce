"""The protocol data units of PS3.8 9.3, read and written."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from headgate.core.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from headgate.core.errors import HeadgateError

# PS3.8 9.3.1: types of PDU
ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
# PS3.8 9.3.2 and Annex D: types of item
APPLICATION_CONTEXT, CONTEXT_RQ, CONTEXT_AC = 0x10, 0x20, 0x21
ABSTRACT_SYNTAX, TRANSFER_SYNTAX, USER_INFORMATION = 0x30, 0x40, 0x50
MAXIMUM_LENGTH, CLASS_UID, ROLE, VERSION_NAME = 0x51, 0x52, 0x54, 0x55
DICOM_APPLICATION = b"1.2.840.10008.3.1.1.1"  # PS3.7 A.2.1
PROTOCOL_VERSION = 1
HEAD_BYTES, VALUE_HEAD_BYTES = 6, 6
FIXED_BYTES, AE_BYTES = 68, 16
# PS3.8 9.3.5.1: of a presentation data value
IS_COMMAND, IS_LAST = 1, 2
# PS3.8 9.3.8: source of an abort, and why
BY_PROVIDER = 2
UNEXPECTED_PDU, INVALID_PARAMETER = 2, 6
DEFAULT_LENGTH = 16384  # for who tells none

_head, _value, _item = struct.Struct(">BxL"), struct.Struct(">LBB"), struct.Struct(">BxH")


class ProtocolError(HeadgateError):
    """A peer sent what PS3.8 does not allow."""


class Proposal(NamedTuple):
    """A presentation context that a peer proposes: PS3.8 9.3.2.2."""

    number: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


class Accepted(NamedTuple):
    """An answer to a proposal: PS3.8 9.3.3.2; `result` 0 is acceptance."""

    number: int
    result: int
    transfer_syntax: str


class Role(NamedTuple):
    """Whether a peer would be SCU, SCP of a SOP class: PS3.7 D.3.3.4."""

    sop_class: str
    is_user: bool
    is_provider: bool


@dataclass(frozen=True)
class AssociateRequest:
    """Who asks whom for an association, with what."""

    called: str
    calling: str
    proposals: tuple[Proposal, ...]
    maximum_length: int = DEFAULT_LENGTH
    class_uid: str = ""
    version_name: str = ""
    roles: tuple[Role, ...] = field(default=())


def read_head(data: bytes | memoryview) -> tuple[int, int]:
    """Given the first six bytes of a PDU, return its type and how many bytes follow."""
    kind, length = _head.unpack_from(data)
    return int(kind), int(length)


def read_value_head(data: bytes | memoryview) -> tuple[int, int, int]:
    """Given the first six bytes of a presentation data value, return how many bytes of it follow,
    its presentation context's number, and its control header.
    """
    length, number, control = _value.unpack_from(data)
    return length - 2, number, control


def read_associate_request(body: bytes | memoryview) -> AssociateRequest:
    """Given what follows the head of an A-ASSOCIATE-RQ, return it. Raise ProtocolError."""
    data = bytes(body)
    if len(data) < FIXED_BYTES:
        raise ProtocolError("an A-ASSOCIATE-RQ is cut short")
    called, calling = data[4:20], data[20:36]
    proposals: list[Proposal] = []
    user: dict[int, list[bytes]] = {}
    for kind, value in items(data, FIXED_BYTES):
        if kind == CONTEXT_RQ:
            proposals.append(_proposal(value))
        elif kind == USER_INFORMATION:
            for inner, content in items(value, 0):
                user.setdefault(inner, []).append(content)
    return AssociateRequest(
        read_text(called),
        read_text(calling),
        tuple(proposals),
        maximum(user.get(MAXIMUM_LENGTH, [])),
        read_text(*user.get(CLASS_UID, [b""])[:1]),
        read_text(*user.get(VERSION_NAME, [b""])[:1]),
        tuple(_role(one) for one in user.get(ROLE, [])),
    )


def associate_accept(
    request: AssociateRequest,
    answers: list[Accepted],
    maximum_length: int,
    roles: tuple[Role, ...] = (),
) -> bytes:
    """Given a request and the answers to its proposals, return the A-ASSOCIATE-AC."""
    contexts = b"".join(
        item(CONTEXT_AC, bytes((one.number, 0, one.result, 0)) + syntax_item(one.transfer_syntax))
        for one in answers
    )
    user = [
        item(MAXIMUM_LENGTH, struct.pack(">L", maximum_length)),
        item(CLASS_UID, IMPLEMENTATION_CLASS_UID.encode("ascii")),
        *map(role_item, roles),
        item(VERSION_NAME, IMPLEMENTATION_VERSION.encode("ascii")),
    ]
    titles = title(request.called) + title(request.calling)
    body = struct.pack(">HH", PROTOCOL_VERSION, 0) + titles + bytes(32)
    body += item(APPLICATION_CONTEXT, DICOM_APPLICATION) + contexts
    return pdu(ASSOCIATE_AC, body + item(USER_INFORMATION, b"".join(user)))


def associate_reject(result: int, source: int, reason: int) -> bytes:
    """Given result, source and reason (PS3.8 9.3.4), return the A-ASSOCIATE-RJ."""
    return pdu(ASSOCIATE_RJ, bytes((0, result, source, reason)))


def release_response() -> bytes:
    """Return the A-RELEASE-RP."""
    return pdu(RELEASE_RP, bytes(4))


def abort(reason: int) -> bytes:
    """Given why (PS3.8 9.3.8), return the A-ABORT of a service provider."""
    return pdu(ABORT, bytes((0, 0, BY_PROVIDER, reason)))


def data(number: int, message: bytes, *, is_command: bool, maximum_length: int) -> Iterator[bytes]:
    """Given a context's number and a message's part, yield the P-DATA-TF PDUs that carry it.

    `maximum_length` is what the peer takes; 0: any.
    """
    room = (maximum_length or DEFAULT_LENGTH) - VALUE_HEAD_BYTES
    for start in range(0, max(len(message), 1), room):
        piece = message[start : start + room]
        control = IS_COMMAND * is_command | IS_LAST * (start + room >= len(message))
        yield pdu(DATA, _value.pack(len(piece) + 2, number, control) + piece)


def items(body: bytes, position: int) -> Iterator[tuple[int, bytes]]:
    """Given bytes and where items begin, yield the type and value of each. Raise ProtocolError."""
    while position < len(body):
        if position + 4 > len(body):
            raise ProtocolError("an item ends within its head")
        kind, length = _item.unpack_from(body, position)
        position += 4
        if position + length > len(body):
            raise ProtocolError("an item is longer than what it is in")
        yield kind, body[position : position + length]
        position += length


def _proposal(value: bytes) -> Proposal:
    if len(value) < 4:
        raise ProtocolError("a presentation context is cut short")
    abstract, transfer = "", []
    for kind, content in items(value, 4):
        if kind == ABSTRACT_SYNTAX:
            abstract = read_text(content)
        elif kind == TRANSFER_SYNTAX:
            transfer.append(read_text(content))
    return Proposal(value[0], abstract, tuple(transfer))


def _role(value: bytes) -> Role:
    if len(value) < 4 or int.from_bytes(value[:2], "big") + 4 != len(value):
        raise ProtocolError("a role selection is cut short")
    return Role(read_text(value[2:-2]), bool(value[-2]), bool(value[-1]))


def role_item(role: Role) -> bytes:
    """Given a role, return the item that proposes or accepts it: PS3.7 D.3.3.4."""
    uid = role.sop_class.encode("latin-1")
    return item(ROLE, struct.pack(">H", len(uid)) + uid + bytes((role.is_user, role.is_provider)))


def maximum(values: list[bytes]) -> int:
    """Given the maximum lengths that a peer tells, return how long its PDUs may be.

    Raise ProtocolError.
    """
    if not values:
        return DEFAULT_LENGTH
    if len(values[0]) != 4:
        raise ProtocolError("a maximum length is no number")
    length = int.from_bytes(values[0], "big")
    if 0 < length <= VALUE_HEAD_BYTES:
        raise ProtocolError("a maximum length leaves no room for data")
    return length


def read_text(data: bytes) -> str:
    """Given a padded UID or AE title, return it."""
    return data.decode("latin-1").strip(" \0")


def title(text: str) -> bytes:
    """Given an AE title, return it padded: PS3.8 9.3.2."""
    return text.encode("latin-1")[:AE_BYTES].ljust(AE_BYTES)


def syntax_item(uid: str) -> bytes:
    """Given a transfer syntax, return its sub-item."""
    return item(TRANSFER_SYNTAX, uid.encode("latin-1"))


def item(kind: int, value: bytes) -> bytes:
    """Given a type and a value, return the item."""
    return _item.pack(kind, len(value)) + value


def pdu(kind: int, body: bytes) -> bytes:
    """Given a type and what follows the head, return the PDU."""
    return _head.pack(kind, len(body)) + body
