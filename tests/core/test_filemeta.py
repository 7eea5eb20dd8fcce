"""What stands before a data set in a file: PS3.10 7.1."""

import random

import pytest
from damaging import damaged
from headgate.core.dicom.elements import IMPLICIT, Malformed, encoded
from headgate.core.dicom.filemeta import (
    PREAMBLE,
    SOP_CLASS,
    SOP_INSTANCE,
    TRANSFER_SYNTAX,
    file_head,
    read_meta,
)
from headgate.core.dicom.filling import filled

TOLD = {SOP_CLASS: "1.2.3", SOP_INSTANCE: "1.2.4.56", TRANSFER_SYNTAX: "1.2.840.10008.1.2.1"}
DATASET = b"\x08\0\x05\0CS\x0a\0ISO_IR 100"


def head():
    return file_head(TOLD[SOP_CLASS], TOLD[SOP_INSTANCE], TOLD[TRANSFER_SYNTAX])


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_it_is_read_as_it_was_written(kind):
    assert read_meta(kind(head() + DATASET)) == (TOLD, len(head()))


def test_no_more_is_told_than_is_wanted():
    assert read_meta(head(), frozenset({TRANSFER_SYNTAX}))[0] == {
        TRANSFER_SYNTAX: TOLD[TRANSFER_SYNTAX]
    }


def test_files_without_preamble_or_with_an_implicit_vr_are_read():
    bare = head()[PREAMBLE + 4 :]
    assert read_meta(bare + DATASET) == (TOLD, len(bare))
    implicit = b"".join(encoded(tag, b"UI", uid.encode(), IMPLICIT) for tag, uid in TOLD.items())
    assert read_meta(implicit + DATASET) == (TOLD, len(implicit))
    assert read_meta(DATASET) == ({}, 0)


def test_what_ends_within_an_element_is_told_and_never_taken_for_a_data_set():
    whole, ends = head(), set()
    for end in range(PREAMBLE + 5, len(whole)):
        try:
            found, position = read_meta(whole[:end])
        except Malformed:
            continue
        assert position == end
        assert found.items() <= TOLD.items()
        ends.add(end)
    assert len(ends) == 6  # after each element but the last


@pytest.mark.parametrize("seed", range(20))
def test_what_is_taken_from_the_file_before_is_what_is_read_element_by_element(seed):
    """Without its preamble a file is read element by element."""
    dice, last = random.Random(seed), PREAMBLE + 4
    for number in range(100):
        whole = file_head(TOLD[SOP_CLASS], f"1.2.{number}", TOLD[TRANSFER_SYNTAX])
        if number % 2:
            whole = filled(whole, len(whole) + dice.randrange(0, 400, 2), 512)
        whole += DATASET

        def more(before):
            return dice.choice([dice.randbytes(2), before[12:], b"\2\0\2\1OB\0\0" + bytes(4)])

        data = damaged(whole, dice, last, dice.randint(0, 3), more)
        assert outcome(data, last) == outcome(data[last:], 0)


def test_what_fills_a_file_up_is_passed_over():
    for blank in range(2, 400, 2):
        whole = filled(head(), len(head()) + blank, 512)
        assert len(whole) % 512 == -blank % 512
        assert read_meta(whole + DATASET) == (TOLD, len(whole))


def outcome(data, last):
    try:
        told, position = read_meta(data)
    except Malformed:
        return None
    return told, position - last
