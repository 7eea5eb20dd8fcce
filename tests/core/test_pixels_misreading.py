"""An identifier is recognised though a reader mistook a letter of it."""

import pytest
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.pixels.misreading import is_like_part, names_patient

PATIENT = Identifiers(
    names=("Nordmann", "Kjersti", "Åse", "Li"), numbers=("01020312345", "4711"),
    birth_dates=("19590302",),
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "NORDMANN", "N0RDMANN", "NORDMANM", "NORDMAN", "NORDMANNN", "Mrs NOR DMANN", "Kjerst1",
        "ID:O1O2O3l2345", "010203-12345", "no 4711", "02.03.1959", "DOB 1959-03-02", "ASE", "LI",
    ],
)  # fmt: skip
def test_what_names_the_patient_is_seen(text):
    assert names_patient(text, PATIENT)


@pytest.mark.parametrize("text", ["", "NORMAL", "120 kV", "4712", "2019-03-12", "ALI", "CASE", "R"])
def test_what_does_not_is_left(text):
    assert not names_patient(text, PATIENT)


def test_a_part_may_have_an_error_for_every_six_letters():
    assert is_like_part("nordmann", "xxnordmxnnxx")
    assert not is_like_part("nordmann", "xxnxrdmxnnxx")
    assert is_like_part("kari", "xkarix")
    assert not is_like_part("kari", "kxri")
