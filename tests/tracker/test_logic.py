"""Fact 1.4, filterLogic: the grammar and what it means, as a table."""

import pytest

VALUES = {
    "record_id": "1.20",
    "name": "Ann Lee",
    "age": "7",
    "day": "2024-02-01",
    "weight": "1.5",
    "kind": "a",
    "ticks____4": "1",
}
TABLE = [
    ("[name] = 'Ann Lee'", True),
    ('[name]="Ann Lee"', True),
    ("[name]='ann lee'", False),
    ("[age] = 7", True),
    ("[age] = '7'", True),
    ("[age] <> 7", False),
    ("[age] != 8", True),
    ("[age] >= 7 and [age] <= 7", True),
    ("[age] > 7 or [age] < 7", False),
    ("[age] > '10'", False),
    ("[weight] < 10", True),
    ("[record_id] = '1.20'", True),
    ("[record_id] = '1.2'", False),
    ("[note] = ''", True),
    ("[note] <> ''", False),
    ("[note] < 5", False),
    ("[day] > '2024-01-31'", True),
    ("[ticks(-4)] = '1'", True),
    ("[ticks(1)] = '0'", True),
    ("[ticks(1)] = 0", True),
    ("[second_complete] = '0'", True),
    ("not ([age] = 7)", False),
    ("not not [age] = 7", True),
    ("!([age] = 8)", True),
    ("[age] = 8 or [age] = 7 and [kind] = 'a'", True),
    ("([age] = 8 or [age] = 7) and [kind] = 'b'", False),
    ("[AGE] = 7 AND [kind] = 'a'", True),
    ("[age] + 3 * 2 = 13", True),
    ("([age] + 3) * 2 = 20", True),
    ("[age] - 3 - 2 = 2", True),
    ("[age] / 2 = 3.5", True),
    ("[age] % 4 = 3", True),
    ("-[age] = -7", True),
    ("[age] / 0 = ''", True),
    ("[name] + 1 = ''", True),
    ("if([age] > 5, 'x', 'y') = 'x'", True),
    ("isblankormissingcode([note])", True),
    ("isblankormissingcode([age])", False),
    ("contains([name], 'LEE')", True),
    ("contains([name], 'x')", False),
    ("round([weight]) = 2", True),
    ("round(2.345, 2) = 2.35", True),
    ("sum([age], [weight], 1) = 9.5", True),
    ("datediff([day], '2024-02-11', 'd') = 10", True),
    ("datediff('2024-02-11', [day], 'd', true) = -10", True),
    ("datediff('2024-02-11', [day], 'd', 'ymd', 1) = -10", True),
    ("datediff([note], [day], 'd') = ''", True),
]
REFUSED = [
    "[name] =",
    "[name = 'x'",
    "name = 'x'",
    "[name] = 'x",
    "[bogus] = 1",
    "[bogus_arm_1][age] = 1",
    "[ticks(77)] = 1",
    "[age][1] = 1",
    "bogus([age])",
    "round()",
    "contains([name])",
    "[age] = 1 [age] = 2",
    "(" * 50 + "1" + ")" * 50,
    "1 + " * 10_000 + "1",
    "__import__('os')",
]


@pytest.fixture(scope="module")
def person(make):
    project = make()
    project.import_records([VALUES])
    return project


@pytest.mark.parametrize(("logic", "holds"), TABLE, ids=[logic for logic, _ in TABLE])
def test_1_4_logic_holds_or_not(person, logic, holds):
    assert len(person.export_records(filter_logic=logic)) == int(holds)


@pytest.mark.parametrize("logic", REFUSED, ids=[logic[:30] for logic in REFUSED])
def test_1_4_what_is_no_logic_is_400(person, error_of, logic):
    status, text = error_of(person, content="record", filterLogic=logic)
    assert status == 400
    assert text.startswith("The filter logic")


def test_1_4_logic_is_evaluated_for_each_row(classic):
    def visit(number, text):
        place = {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": number}
        return {"record_id": 1, **place, "visit_note": text}

    classic.import_records([{"record_id": 1, "name": "x"}, visit(1, "a"), visit(2, "b")])

    def kept(logic):
        rows = classic.export_records(filter_logic=logic)
        return [row["redcap_repeat_instance"] for row in rows]

    assert kept('[visit_note]="b"') == [2]
    assert kept('[visit_note]=""') == [""]
    assert kept("[name]='x' and [visit_note]<>''") == [1, 2]


def test_1_4_logic_looks_into_other_events(longitudinal):
    longitudinal.import_records(
        [
            {"record_id": 1, "redcap_event_name": "event_1_arm_1", "name": "a"},
            {"record_id": 1, "redcap_event_name": "other_arm_2", "name": "b"},
            {"record_id": 2, "redcap_event_name": "other_arm_2", "name": "b"},
        ]
    )

    def kept(logic):
        rows = longitudinal.export_records(filter_logic=logic)
        return [(row["record_id"], row["redcap_event_name"]) for row in rows]

    assert kept("[name]='a'") == [("1", "event_1_arm_1")]
    assert kept("[event_1_arm_1][name]='a'") == [("1", "event_1_arm_1"), ("1", "other_arm_2")]
