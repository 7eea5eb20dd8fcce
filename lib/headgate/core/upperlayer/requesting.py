"""The requestor's side: associations asked for, and messages in PDUs without a copy of them."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from headgate.core.dicom.implementation import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION
from headgate.core.upperlayer import pdus
from headgate.core.upperlayer.negotiation import ACCEPTANCE
from headgate.core.upperlayer.pdus import AssociateRequest, ProtocolError, item, items, pdu

REJECTED_FOR_NOW = 2  # PS3.8 9.3.4: result rejected-transient
BY_USER = 0
MOST_AT_ONCE = 1 << 17  # for who takes PDUs of any length
Buffer = bytes | memoryview

_value_head = struct.Struct(">BxLLBB")


@dataclass(frozen=True)
class Agreement:
    """What a peer accepts: transfer syntaxes by presentation context, how long a PDU may be."""

    syntaxes: Mapping[int, str]
    maximum_length: int


def associate_request(request: AssociateRequest) -> bytes:
    """Given who asks whom for what, return the A-ASSOCIATE-RQ: PS3.8 9.3.2."""
    contexts = b"".join(
        item(
            pdus.CONTEXT_RQ,
            bytes((one.number, 0, 0, 0))
            + item(pdus.ABSTRACT_SYNTAX, one.abstract_syntax.encode("latin-1"))
            + b"".join(map(pdus.syntax_item, one.transfer_syntaxes)),
        )
        for one in request.proposals
    )
    user = [
        item(pdus.MAXIMUM_LENGTH, struct.pack(">L", request.maximum_length)),
        item(pdus.CLASS_UID, IMPLEMENTATION_CLASS_UID.encode("ascii")),
        *map(pdus.role_item, request.roles),
        item(pdus.VERSION_NAME, IMPLEMENTATION_VERSION.encode("ascii")),
    ]
    titles = pdus.title(request.called) + pdus.title(request.calling)
    body = struct.pack(">HH", pdus.PROTOCOL_VERSION, 0) + titles + bytes(32)
    body += item(pdus.APPLICATION_CONTEXT, pdus.DICOM_APPLICATION) + contexts
    return pdu(pdus.ASSOCIATE_RQ, body + item(pdus.USER_INFORMATION, b"".join(user)))


def read_associate_accept(body: bytes | memoryview) -> Agreement:
    """Given what follows the head of an A-ASSOCIATE-AC, return it. Raise ProtocolError."""
    data = bytes(body)
    if len(data) < pdus.FIXED_BYTES:
        raise ProtocolError("an A-ASSOCIATE-AC is cut short")
    syntaxes: dict[int, str] = {}
    lengths: list[bytes] = []
    for kind, value in items(data, pdus.FIXED_BYTES):
        if kind == pdus.CONTEXT_AC:
            syntaxes.update(_accepted(value))
        elif kind == pdus.USER_INFORMATION:
            lengths = [
                content for inner, content in items(value, 0) if inner == pdus.MAXIMUM_LENGTH
            ]
    return Agreement(syntaxes, pdus.maximum(lengths))


def read_rejection(body: bytes | memoryview) -> tuple[int, int, int]:
    """Given what follows the head of an A-ASSOCIATE-RJ, return result, source and reason.

    Raise ProtocolError.
    """
    if len(body) != 4:
        raise ProtocolError("an A-ASSOCIATE-RJ is not of its length")
    return body[1], body[2], body[3]


def release_request() -> bytes:
    """Return the A-RELEASE-RQ."""
    return pdu(pdus.RELEASE_RQ, bytes(4))


def abort() -> bytes:
    """Return the A-ABORT of a service user: PS3.8 9.3.8."""
    return pdu(pdus.ABORT, bytes((0, 0, BY_USER, 0)))


def message(
    number: int, command: bytes, parts: Iterable[Buffer], maximum_length: int
) -> Iterator[Buffer]:
    """Given a context's number, a command set and the parts of its data set, yield what goes onto
    the wire, in order; the parts are cut and never copied. No parts: no data set.

    `maximum_length` is what the peer takes; 0: any.
    """
    room = (maximum_length or MOST_AT_ONCE) - pdus.VALUE_HEAD_BYTES
    yield from pdus.data(number, command, is_command=True, maximum_length=maximum_length)
    several = [memoryview(part) for part in parts if len(part)]
    left = sum(map(len, several))
    vacant = 0
    for part in several:
        position = 0
        while position < len(part):
            if not vacant:
                vacant = min(room, left)
                left -= vacant
                control = 0 if left else pdus.IS_LAST
                length = vacant + pdus.VALUE_HEAD_BYTES
                yield _value_head.pack(pdus.DATA, length, vacant + 2, number, control)
            piece = part[position : position + vacant]
            yield piece
            position += len(piece)
            vacant -= len(piece)


def _accepted(value: bytes) -> Mapping[int, str]:
    if len(value) < 4:
        raise ProtocolError("the answer to a presentation context is cut short")
    if value[2] != ACCEPTANCE:
        return {}
    found = [content for kind, content in items(value, 4) if kind == pdus.TRANSFER_SYNTAX]
    if len(found) != 1:
        raise ProtocolError("a presentation context was accepted without a transfer syntax")
    return {value[0]: pdus.read_text(found[0])}
