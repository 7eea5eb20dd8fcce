"""What a requestor says, as PS3.8 has it, and as our acceptor reads it."""

import pytest
from headgate.core.upperlayer import commands, negotiation, pdus, requesting
from headgate.core.upperlayer.pdus import AssociateRequest, Proposal, ProtocolError
from hypothesis import given
from hypothesis import strategies as some

CT, EXPLICIT, IMPLICIT = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2",
)
PRINTING = "1.2.840.10008.5.1.1.9"
REQUEST = AssociateRequest(
    "RESEARCH", "HEADGATE", (Proposal(1, CT, (EXPLICIT,)), Proposal(3, PRINTING, (IMPLICIT,))), 4096
)


def body_of(data):
    kind, length = pdus.read_head(data)
    assert len(data) == length + pdus.HEAD_BYTES
    return kind, data[pdus.HEAD_BYTES :]


def test_an_acceptor_reads_what_is_asked_for():
    kind, body = body_of(requesting.associate_request(REQUEST))
    assert kind == pdus.ASSOCIATE_RQ
    read = pdus.read_associate_request(body)
    assert (read.called, read.calling, read.proposals) == (
        REQUEST.called,
        REQUEST.calling,
        REQUEST.proposals,
    )
    assert read.maximum_length == 4096


def test_what_was_refused_is_not_agreed_on():
    answers = negotiation.answers(REQUEST, frozenset())
    _, body = body_of(pdus.associate_accept(REQUEST, answers, 20000))
    agreement = requesting.read_associate_accept(body)
    assert agreement.syntaxes == {1: EXPLICIT}
    assert agreement.maximum_length == 20000


@given(some.binary(max_size=300))
def test_an_answer_that_is_none_breaks_the_protocol_and_nothing_else(noise):
    _, whole = body_of(
        pdus.associate_accept(REQUEST, negotiation.answers(REQUEST, frozenset()), 20000)
    )
    for body in (noise, whole[:68] + noise, whole[: len(noise)], whole + noise):
        for read in (requesting.read_associate_accept, requesting.read_rejection):
            try:
                found = read(body)
            except ProtocolError:
                continue
            is_rejection = read is requesting.read_rejection
            assert isinstance(found, tuple if is_rejection else requesting.Agreement)
            assert not is_rejection or found == tuple(body[1:])


@given(
    some.lists(some.binary(max_size=90), min_size=1, max_size=6).filter(any),
    some.integers(min_value=7, max_value=64),
)
def test_a_data_set_in_parts_arrives_whole_in_pdus_that_fit(parts, maximum):
    command = commands.request(commands.C_STORE_RQ, 7, {}, has_data_set=True)
    stream = b"".join(requesting.message(5, command, parts, maximum))
    found = {True: b"", False: b""}
    ends = []
    while stream:
        kind, length = pdus.read_head(stream)
        assert kind == pdus.DATA
        assert length <= maximum
        body, stream = stream[6 : 6 + length], stream[6 + length :]
        count, number, control = pdus.read_value_head(body)
        assert (number, count) == (5, length - pdus.VALUE_HEAD_BYTES)
        found[bool(control & pdus.IS_COMMAND)] += body[pdus.VALUE_HEAD_BYTES :]
        ends.append(bool(control & pdus.IS_LAST))
    assert found == {True: command, False: b"".join(parts)}
    assert ends.count(True) == 2
    assert ends[-1]


def test_what_is_sent_is_what_was_given_and_no_copy():
    pixels = memoryview(bytearray(100_000))
    pieces = [
        one
        for one in requesting.message(1, b"command", [b"header", pixels], 16384)
        if isinstance(one, memoryview) and one.obj is pixels.obj
    ]
    assert sum(map(len, pieces)) == len(pixels)


def test_a_request_says_what_it_is_about():
    data = commands.request(commands.C_FIND_RQ, 3, {commands.AFFECTED_CLASS: CT})
    command = commands.read_command(data)
    assert command.number(commands.FIELD) == commands.C_FIND_RQ
    assert command.number(commands.MESSAGE_ID) == 3
    assert command.uid(commands.AFFECTED_CLASS) == CT
    assert not command.has_data_set
    with pytest.raises(ProtocolError):
        command.number(commands.STATUS)
