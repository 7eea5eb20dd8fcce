"""Dates move together and keep what lies between them."""

from datetime import date, timedelta

import pytest
from headgate.core.deid.dates import offset_days, shift
from headgate.core.deid.identity import Recipe, project_key
from hypothesis import given
from hypothesis import strategies as st

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 1, 1))
OFFSETS = st.integers(-3650, 3650).filter(bool)


def a_recipe(participant="S1", project="P", **more):
    return Recipe(project, participant, "e1", project_key(b"k" * 32, project), **more)


def as_date(text):
    return date(int(text[:4]), int(text[4:6]), int(text[6:8]))


@given(DAYS, DAYS, OFFSETS)
def test_intervals_are_kept(one, other, days):
    moved = [as_date(shift(f"{day:%Y%m%d}", days)) for day in (one, other)]
    assert moved[1] - moved[0] == other - one
    assert moved[0] - one == timedelta(days)


@given(DAYS, OFFSETS)
def test_a_time_stays_with_its_date(day, days):
    moved = shift(f"{day:%Y%m%d}101112.000001+0100", days)
    assert moved == f"{day + timedelta(days):%Y%m%d}101112.000001+0100"


@given(st.text(max_size=20), OFFSETS)
def test_whatever_comes_a_date_or_nothing_leaves(text, days):
    moved = shift(text, days)
    assert set(moved) <= set("0123456789.+-")
    assert not moved or moved != text.strip(" \0")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("20200301", "20200229"),
        ("20200101", "20191231"),
        ("2020.01.01", "20191231"),
        ("2020-01-01", "20191231"),
        ("20200101 ", "20191231"),
        ("202003", "202002"),
        ("2020", "2019"),
        ("20200101-20200301", "20191231-20200229"),
        ("-20200301", "-20200229"),
        ("20200301-", "20200229-"),
        ("2020010110", "2019123110"),
        ("20200101101112-0500", "20191231101112-0500"),
        ("", ""),
        ("unknown", ""),
        ("20201301", ""),
        ("00000000", ""),
        ("00010101", ""),
        ("2020123", ""),
    ],
)
def test_forms_of_dates(before, after):
    assert shift(before, -1) == after


def test_the_offset_is_derived_and_never_nothing():
    offsets = [offset_days(a_recipe(f"S{number}")) for number in range(2000)]
    assert all(-3650 <= days <= -1 for days in offsets)
    assert len(set(offsets)) > 1000
    assert offset_days(a_recipe()) == offset_days(a_recipe())
    assert offset_days(a_recipe(project="A")) != offset_days(a_recipe(project="B"))


def test_a_project_may_have_its_fixed_number_of_days():
    assert offset_days(a_recipe(date_shift_days=42)) == 42
