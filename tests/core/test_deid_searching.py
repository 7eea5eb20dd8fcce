"""Patterns that are made ready when they are needed find what they find all together."""

import re

import pytest
from headgate.core.deid.identifiers import matching
from headgate.core.deid.identifiers.searching import Search, needed
from headgate.core.deid.identifiers.telling import Identifiers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PATIENT = Identifiers(
    names=("Møller-Næss", "Åse", "Bo", "O'Hara", "王小东", "Ёлкина", "Kjersti"),
    numbers=("00471100", "MRN-12.34", "01015012345", "A7", "B[1]2(3)|4"),
    birth_dates=("19520319", "20010101"),
    encodings=("utf-8", "latin-1"),
    persons=(("Møller-Næss", "Åse", "Kjersti"), ("Bo", "Li")),
    others=("Haukeland universitetssjukehus", "Strandgaten 10", "Dr. Who (retired)"),
    staff=(("Vogt", "Per"), ("al-Rashidi", "Nadia")),
)
SEARCHES = (
    matching.pattern, matching.wide_pattern, matching.exact_pattern, matching.code_pattern,
)  # fmt: skip
PATTERNS = [one for search in SEARCHES for one in search(PATIENT).patterns]


@pytest.mark.parametrize(
    ("pattern", "letters"),
    [
        ("hansen", "hanse"),
        ("(?<![a-z])ha(?:ns|sn)en(?:['’]?s)?(?!x)", "hanse"),
        (r"m(?:oe|o)ll?er", "moler"),
        (r"\d{2}a?b*c{0,2}d+e{1,3}", "de"),
        (r"4[\W_]{0,2}7[(|)]?1", "471"),
        ("abc|cba|b", "b"),
        ("(?:ab(?:c|cd)|acb)", "abc"),
        ("a{2}(?:b3){1,4}(?:c){0,1}", "ab3"),
        ("(?:ab)?(?:cd){0,2}(?:ef)*(?:gh)+", "gh"),
        (r"a\(b\)c\.d\?", "abcd"),
        (r"[]|)(x]y", "y"),
        (r"a\[b[c\]d]e\]f", "abef"),
        (r"a\\[bc]d", "ad"),
        ("", ""),
    ],
)
def test_what_a_pattern_needs_are_the_letters_that_nothing_it_finds_lacks(pattern, letters):
    re.compile(pattern)
    assert needed([pattern, "xyz"]) == [frozenset(letters), frozenset("xyz")]


def test_a_pattern_that_holds_the_mark_between_patterns_needs_nothing():
    assert needed(["a\x1eb", "c"]) == [frozenset(), frozenset()]


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_a_patients_pattern_finds_has_the_letters_that_it_needs(data):
    number = data.draw(st.integers(0, len(PATTERNS) - 1))
    text = data.draw(st.from_regex(PATTERNS[number], fullmatch=True))
    assert needed(PATTERNS)[number] <= set(text)


WORDS = st.sampled_from([
    "moeller", "naess", "møller", "ase", "åse", "kjersti", "bo", "li", "o'hara", "00471100",
    "471100", "mrn", "12.34", "1952", "19", "mars", "19.3.52", "haukeland", "strandgaten 10",
    "vogt", "per", "p.", "t1", "axial", "lung", "-", ",", "^", ".", " ",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=12), st.sampled_from([" ", "", "^", ", "]))
def test_a_search_finds_where_its_patterns_together_find(words, mark):
    text = mark.join(words)
    for search in SEARCHES:
        found = search(PATIENT)
        whole = re.compile("|".join(found.patterns)).search(text)
        assert found.finds(text) == (whole is not None)
        assert whole is None or whole.span()[0] == min(start for start, _ in found.spans(text))


def test_nothing_is_made_ready_for_a_text_that_lacks_the_letters():
    search = Search.of(["hansen", "kari", "han(?:s|z)en"])
    assert not search.finds("t1 ax")
    assert not any("expression" in vars(group) for group in search.groups)
    assert set(search.spans("hansen")) == {(0, 6)}
    assert ["expression" in vars(group) for group in search.groups].count(True) == 2
