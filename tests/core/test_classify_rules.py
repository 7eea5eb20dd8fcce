"""The rule format: every operator, negation, references, and what is refused when loaded."""

import pytest
from headgate.core.classify.rules import classify, load_rules
from headgate.core.errors import Misconfigured


def one(**condition):
    return [{"type": "t", "rules": [{"tag": ["Key"], **condition}]}]


def holds(found, **condition):
    header = {} if found is ABSENT else {"Key": found}
    return classify(load_rules(one(**condition)), header, {}) == ["t"]


ABSENT = object()
ORIENTATION = [1, 0, 0, 0, 1, 0]


@pytest.mark.parametrize(
    ("value", "operator", "expected", "result"),
    [
        ("GE MEDICAL SYSTEMS", "regexp", "^GE", True),
        ("xGE", "regexp", "^GE", False),
        (["0", "256", "256", "0"], "regexp", "0, 256, 256, 0", True),
        (["ORIGINAL", "PRIMARY"], "regexp", "^PRIMARY$", True),
        (["ORIGINAL", "MOSAIC"], "contains", "MOSAIC", True),
        ("A.B", "contains", "AxB", False),
        ("256", "==", "256.0", True),
        (256, "==", "256", True),
        (255.9, "==", "256", False),
        ("CT", "==", "CT", True),
        ("CTA", "==", "CT", False),
        ([1, 2], "==", "2", True),
        ([1, 2], "==", [1, 2], True),
        ([1, 2], "==", [2, 1], False),
        ("3", "!=", "4", True),
        ("3", "!=", "3.0", False),
        ([3, 4], "!=", "4", False),
        ("3", "<", "4", True),
        ("4", "<", "4", False),
        ([3, 5], "<", "4", False),
        ("5", ">", "4", True),
        ("word", ">", "4", False),
        ("word", "<", "4", False),
        ("4", "exists", None, True),
        ("", "exists", None, False),
        (0, "exist", None, True),
        ([], "notexist", None, True),
        ("4", "notexist", None, False),
        ([1, 0, 0, 0, 1.00005, 0], "approx", ORIENTATION, True),
        ([1, 0, 0, 0, 1.2, 0], "approx", ORIENTATION, False),
        ([1, 0, 0], "approx", ORIENTATION, False),
    ],
)
def test_operators(value, operator, expected, result):
    given = {} if expected is None else {"value": expected}
    assert holds(value, operator=operator, **given) is result
    assert holds(value, operator=operator, negate="yes", **given) is not result


def test_regexp_is_the_default_and_the_level_can_be_given():
    assert holds("SIEMENS", value="^S.E")
    assert holds(1.4, value=1, operator="approx", approxLevel="0.5")


@pytest.mark.parametrize("operator", ["regexp", "contains", "==", "!=", "<", ">", "approx"])
@pytest.mark.parametrize("nothing", [ABSENT, None, "", []])
def test_R14_a_comparison_on_an_absent_tag_is_never_a_match(operator, nothing):
    assert not holds(nothing, value="0", operator=operator)


@pytest.mark.parametrize("operator", ["exists", "notexist", "exist"])
def test_R15_the_operators_of_existence_work(operator):
    assert holds(ABSENT, operator=operator) is (operator == "notexist")


@pytest.mark.parametrize(
    ("values", "types"),
    [
        ({"A": "1", "B": "1"}, ["both"]),
        ({"A": "1", "B": "2"}, ["not both"]),
        ({"A": "2", "B": "1"}, ["not both"]),
        ({}, ["not both"]),
    ],
)
def test_R15_notrule_negates_the_rule_as_a_whole(values, types):
    data = [
        {"type": "both", "id": "BOTH", "rules": [
            {"tag": ["A"], "value": "1", "operator": "=="},
            {"tag": ["B"], "value": "1", "operator": "=="},
        ]},
        {"type": "not both", "rules": [{"notrule": "BOTH"}]},
    ]  # fmt: skip
    assert classify(load_rules(data), values, {}) == types


def test_tags_are_found_by_number_by_keyword_and_by_place():
    header = {"0008,0008": ["ORIGINAL", "PRIMARY", "AXIAL"], "Modality": "CT"}
    for tag in (["0x08", "0x08", "2"], ["0x0008", "0x0008"]):
        data = [{"type": "t", "rules": [{"tag": tag, "value": "AXIAL"}]}]
        assert classify(load_rules(data), header, {}) == ["t"]
    data = [{"type": "t", "rules": [{"tag": ["0x08", "0x08", "7"], "operator": "exists"}]}]
    assert classify(load_rules(data), header, {}) == []


def test_series_rules_look_at_the_series_alone():
    condition = {"tag": ["NumFiles"], "value": "10", "operator": ">"}
    rules = load_rules([
        {"type": "many", "check": "SeriesLevel", "rules": [condition]},
        {"type": "also", "rules": [condition]},
    ])  # fmt: skip
    assert classify(rules, {"NumFiles": 99}, {"NumFiles": 2}) == ["also"]
    assert classify(rules, {"NumFiles": 2}, {"NumFiles": 99}) == ["many"]
    assert classify(rules, {}, {"NumFiles": 99}) == ["many", "also"]


def test_types_given_before_are_seen_and_none_is_given_twice():
    rules = load_rules([
        {"type": "a", "rules": [{"tag": ["X"], "operator": "exists"}]},
        {"type": "a", "rules": [{"tag": ["X"], "operator": "exists"}]},
        {"type": "b", "check": "SeriesLevel", "rules": [
            {"tag": ["ClassifyType"], "value": "a", "operator": "contains"}]},
        {"type": "c", "rules": [{"tag": ["ClassifyType"], "value": "z", "operator": "contains"}]},
    ])  # fmt: skip
    assert classify(rules, {"X": 1}, {}) == ["a", "b"]
    assert classify(rules, {}, {"ClassifyType": ["z"]}) == ["c"]


def cycle(*identities):
    following = [*identities[1:], identities[0]]
    return [
        {"type": "t", "id": identity, "rules": [{"rule": other}]}
        for identity, other in zip(identities, following, strict=True)
    ]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (cycle("A"), "'A'"),
        (cycle("A", "B", "C"), "'A'"),
        ([{"type": "t", "id": "A", "rules": [{"rule": "NONE"}]}], "'NONE'"),
        ([{"type": "t", "id": "A", "rules": [{"notrule": "NONE"}]}], "'NONE'"),
        ([{"type": "t", "id": "A", "rules": [{"tag": ["X"], "operator": "exists"}]}] * 2, "'A'"),
        ([{"type": "t", "id": "A", "rules": [{"tag": ["X"], "value": "("}]}], "'A'"),
        ([{"type": "t", "id": "A", "rules": [{"tag": ["X"]}]}], "'A'"),
        ([{"type": "t", "id": "A", "rules": []}], "'A'"),
        ([{"id": "A", "rules": [{"tag": ["X"], "operator": "exists"}]}], "'A'"),
        ([{"type": "t", "id": "A", "rules": [{"tag": ["zz", "1"], "value": "1"}]}], "'A'"),
        ([{"type": "t", "id": "A", "rules": [{"tag": "X", "value": "1"}]}], "'A'"),
        ([{"type": "t", "id": "A", "check": "Once", "rules": [{"rule": "A"}]}], "'A'"),
        ([{"type": "t", "id": "A", "rule": [], "rules": [{"rule": "A"}]}], "'A'"),
        (one(value="x", operator="=~"), "=~"),
        (one(value="x", operator="<"), "'x'"),
        (one(value=["x"], operator="approx"), "approx"),
        (one(value="1", operator="approx", approxLevel="small"), "approxLevel"),
        (one(value="1", operater="=="), "operater"),
        ({"type": "t"}, "list"),
    ],
)
def test_what_cannot_be_applied_is_refused_when_loaded(data, names):
    with pytest.raises(Misconfigured, match=names):
        load_rules(data)
