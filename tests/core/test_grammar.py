import pytest
from headgate.core.grammar import FOLDER_NAME_LENGTH, is_ae_title, is_uid, safe_name
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize("text", ["1.2.3", "2.25.0", "1.2.840.10008.1.2", "1." + "2" * 62])
def test_what_is_a_uid(text):
    assert is_uid(text)


@pytest.mark.parametrize(
    "text",
    ["", ".", "1..2", "1.2.", "../1", "1/2", "1.2\n", "1.2 ", "a.b", "1." + "2" * 63, "1.２"],
)
def test_what_is_no_uid(text):
    assert not is_uid(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("FIONA", True), ("A,B", True), ("A/B C", True), ("", False), ("   ", False),
     ("A\\B", False), ("A" * 17, False), ("A\nB", False), ("Å", False)],
)  # fmt: skip
def test_what_is_an_ae_title(text, expected):
    assert is_ae_title(text) is expected


@given(st.text())
def test_a_safe_name_stays_in_its_folder(text):
    name = safe_name(text)
    assert "/" not in name
    assert "\0" not in name
    assert not name.startswith(".")
    assert len(name) <= FOLDER_NAME_LENGTH
    assert name.isascii()


@given(st.text(min_size=1), st.text(min_size=1))
def test_safe_names_of_two_texts_differ(one, other):
    if one.strip() != other.strip():
        assert safe_name(one) != safe_name(other)
