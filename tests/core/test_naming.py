"""Names by a project's pattern, and which of two writers keeps one."""

import random
import re

import pytest
from headgate.core import autoid
from headgate.core.errors import Rejected
from headgate.core.naming import names_of

CHOOSE = random.Random(1).randrange


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("P-[0-9]{3}", 1000),
        ("^P-\\d{3}$", 1000),
        ("(AB|CD|AB)[0-9]{2}", 200),
        ("[A-Z]{2}_?[0-9]{1,2}", 26 * 26 * 2 * 110),
        ("P[^0-9]{2}", (52 + 4) ** 2),
        ("X.{2}[/]?", 66**2),
    ],
)
def test_every_name_of_a_pattern_can_be_drawn_and_fits_it(pattern, count):
    names = names_of(pattern, "P")
    assert names.count == count
    some = {names.at(index) for index in range(0, count, max(1, count // 2000))}
    assert len(some) >= min(count, 2000)
    assert all(re.fullmatch(pattern, name) for name in some)
    assert re.fullmatch(pattern, names.draw(set(), CHOOSE))


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "blank"),
        ("P-.*", "without end"),
        ("P-[0-9]+", "without end"),
        ("[A-Z]{65}", "longer than 64"),
        ("P-[0-9]", "allows 10 names"),
        ("nothing/[0-9]{4}", "allows 0 names"),
        ("P-([0-9]{4}", "no expression"),
        ("(?=P)P-[0-9]{4}", "no expression"),
        ("((a{60}){60}){60}", "repeats too much"),
    ],
)
def test_a_pattern_that_names_cannot_be_drawn_from_is_refused(pattern, words):
    with pytest.raises(Rejected, match=words) as refusal:
        names_of(pattern, "PROJECT")
    assert "PROJECT" in str(refusal.value)


def test_all_names_are_given_before_it_is_used_up_and_none_twice():
    names, taken = names_of("P-[0-9]{2}", "P"), set()
    for _ in range(100):
        name = names.draw(taken, CHOOSE)
        assert name.casefold() not in taken
        taken.add(name.casefold())
    assert names.draw(taken, CHOOSE) is None
    assert names.used(taken) == 1


def test_names_that_differ_in_capitals_alone_are_one():
    names = names_of("[aA]-[0-9]{2}", "P")
    taken = {names.at(index).casefold() for index in range(100)}
    drawn = names.draw(taken, CHOOSE)
    assert drawn is None or drawn.casefold() not in taken


def row(record, person, name, project="P"):
    return autoid.coupling_row(record, project, person, name)


def test_the_lowest_record_keeps_the_name_in_whatever_order_rows_come():
    rows = [row("10", "b", "X"), row("9", "a", "x"), row("11", "a", "Y"), row("12", "c", "X", "Q")]
    for _ in range(5):
        random.shuffle(rows)
        books = autoid.read_books(rows)
        assert books["P"].names == {"a": "x"}
        assert sorted(books["P"].lost) == ["10", "11"]
        assert books["Q"].names == {"c": "X"}


def test_a_number_that_lacks_among_the_new_ones_may_be_one_being_written():
    before = [row("3", "a", "x")]
    assert not autoid.may_hide_another(before, [*before, row("4", "b", "y")])
    assert autoid.may_hide_another(before, [*before, row("5", "b", "y")])
    assert not autoid.may_hide_another([], [row("1", "b", "y")])
