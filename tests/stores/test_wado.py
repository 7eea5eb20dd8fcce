"""WADO-RS answers: taken apart the same, in whatever pieces they come."""

import pytest
from headgate.core.errors import Unavailable
from headgate.stores.dicomweb.wado import _Parts

PARTS = [b"first \r\n--bound not the end\r\n", b"", b"\r\n--", bytes(range(256)) * 3]
HEAD = b"Content-Type: application/dicom\r\nContent-Length: 9\r\n\r\n"


def body(parts, start=b""):
    return (
        start
        + b"".join(b"--boundary\r\n" + HEAD + one + b"\r\n" for one in parts)
        + b"--boundary--\r\n"
    )


def taken(data, size):
    parts = _Parts((data[at : at + size] for at in range(0, len(data), size)), b"boundary")
    found = []
    while parts.has_next():
        found.append(b"".join(parts.body()))
    return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 13, 64, 1 << 16])
@pytest.mark.parametrize("start", [b"", b"\r\n", b"a preamble\r\n"])
def test_parts_are_what_was_sent(size, start):
    assert taken(body(PARTS, start), size) == PARTS


@pytest.mark.parametrize("size", [1, 64])
def test_an_answer_that_breaks_off_is_no_answer(size):
    whole = body(PARTS)
    for end in (10, 60, 150, len(whole) - 6):
        with pytest.raises(Unavailable):
            taken(whole[:end], size)


def test_a_head_without_an_end_is_not_gathered_for_ever():
    with pytest.raises(Unavailable):
        taken(b"--boundary\r\n" + b"x" * 100_000, 1000)
