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
    ("datediff('10:30', '12:00', 'h') = 1.5", True),
    ("datediff('2024-02-01 10:00', '2024-02-01 10:45:30', 's') = 2730", True),
    ("datediff('2024-02-01', 'today', 'y') > 1", True),
    ("datediff([day], 'bogus', 'd') = ''", True),
    ("year([day]) = 2024 and month([day]) = 2 and day([day]) = 1", True),
    ("year([name]) = ''", True),
    ("2 ^ 3 = 8", True),
    ("([age])^(2) = 49", True),
    ("2 * 3 ^ 2 = 18", True),
    ("(-8) ^ 0.5 = ''", True),
    ("roundup(1.21, 1) = 1.3", True),
    ("rounddown(1.29, 1) = 1.2", True),
    ("round(-2.5) = -3", True),
    ("min(3, [age], 5) = 3 and max(3, [age], 5) = 7", True),
    ("mean([age], [note], 1) = 4", True),
    ("median(1, 2, 10) = 2", True),
    ("stdev(1, 3) > 1.41 and stdev(1, 3) < 1.42", True),
    ("stdev([age]) = ''", True),
    ("sum([note], [name]) = ''", True),
    ("sqrt(49) = [age]", True),
    ("sqrt(-1) = ''", True),
    ("abs(-7) = [age]", True),
    ("exponential(0) = 1", True),
    ("log(100, 10) = 2 and log(1) = 0", True),
    ("log(0) = '' and log(5, 1) = ''", True),
    ("mod([age], 4) = 3", True),
    ("mod([age], 0) = ''", True),
    ("isnumber([weight]) and not isnumber([name])", True),
    ("isinteger([age]) and not isinteger([weight])", True),
    ("not_contain([name], 'x') and not not_contain([name], 'lee')", True),
    ("starts_with([name], 'ann') and ends_with([name], 'LEE')", True),
    ("starts_with([name], 'lee') or ends_with([name], 'ann')", False),
    ("left([name], 3) = 'Ann' and right([name], 3) = 'Lee'", True),
    ("mid([name], 5, 2) = 'Le'", True),
    ("right([name], 0) = ''", True),
    ("length([name]) = 7", True),
    ("find('lee', [name]) = 5 and find('x', [name]) = 0", True),
    ("upper([name]) = 'ANN LEE' and lower([name]) = 'ann lee'", True),
    ("trim('  a ') = 'a'", True),
    ("concat([name], '-', [age]) = 'Ann Lee-7'", True),
    ("concat_ws('/', [name], [note], [age]) = 'Ann Lee/7'", True),
    ("replace_text([name], 'Ann', 'Bo') = 'Bo Lee'", True),
    ("replace_text([name], '', 'x') = [name]", True),
    ("[age][1] = 7", True),
    ("[age][2] = ''", True),
    ("[record-name] = '1.20'", True),
    ("[event-name] = 'event_1_arm_1' and [arm-number] = 1", True),
    ("ismissingcode([note])", False),
]
REFUSED = [
    "[name] =",
    "[name = 'x'",
    "name = 'x'",
    "[name] = 'x",
    "[bogus] = 1",
    "[bogus_arm_1][age] = 1",
    "[ticks(77)] = 1",
    "[age][0] = 1",
    "[age][1.5] = 1",
    "isblankormissingcode()",
    "ismissingcode([age], [name])",
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


def test_1_4_logic_looks_into_other_instances(classic):
    def visit(number, text):
        place = {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": number}
        return {"record_id": 1, **place, "visit_note": text}

    classic.import_records([visit(1, "a"), visit(2, "b")])
    rows = classic.export_records(filter_logic="[visit_note][2]='b' and [current-instance]='1'")
    assert [row["visit_note"] for row in rows] == ["a"]


def test_codes_for_missing_data_stand_in_any_field(make, send):
    project = make(missing_data_codes="-99, Unknown | NA, Not applicable")
    project.import_records(
        [{"record_id": 1, "day": "NA", "kind": "-99"}, {"record_id": 2, "day": ""}]
    )

    def kept(logic):
        return [row["record_id"] for row in project.export_records(filter_logic=logic)]

    assert kept("ismissingcode([day])") == ["1"]
    assert kept("isblanknotmissingcode([day])") == ["2"]
    assert kept("isblankormissingcode([day])") == ["1", "2"]


def test_calculated_fields_are_worked_out_at_each_import(make, metadata):
    calculated = {"form_name": "first", "field_type": "calc", "field_label": "x"}
    more = [
        {**calculated, "field_name": "half", "select_choices_or_calculations": "[total]/4"},
        {**calculated, "field_name": "odd", "select_choices_or_calculations": "unheard_of([age])"},
    ]
    project = make(metadata=[metadata[0], *more, *metadata[1:]])

    def now():
        [row] = project.export_records()
        return row["total"], row["half"], row["odd"]

    project.import_records([{"record_id": 1, "age": "7", "total": "99"}])
    assert now() == ("14", "3.5", "")
    project.import_records([{"record_id": 1, "age": "8"}])
    assert now() == ("16", "4", "")
    project.import_records([{"record_id": 1, "age": ""}], overwrite="overwrite")
    assert now() == ("", "", "")
