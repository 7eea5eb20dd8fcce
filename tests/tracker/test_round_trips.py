"""Every type of field, in every format: what was imported is exported, and can be imported again."""

import csv
import io
import json
import re
from xml.etree import ElementTree as ET

import pytest
import requests
from headgate.tracker.model.validation import PATTERNS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CHOICES = "1, One | -4, Minus four | B, Letter"
# Neither of these can stand in XML 1.0, nor be told from its neighbours after an XML parser.
TEXTS = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"
    ),
    min_size=1,
    max_size=40,
)
PRINTABLE = st.characters(codec="ascii", exclude_categories=["Cc"])
DATES = {
    "date": st.dates().map(str),
    "datetime": st.datetimes().map(lambda at: at.isoformat(" ", "minutes")),
    "datetime_seconds": st.datetimes().map(lambda at: at.isoformat(" ", "seconds")),
}
VALUES = {
    ("notes", ""): st.one_of(TEXTS, st.just("two\nlines")),
    ("text", ""): TEXTS,
    ("radio", ""): st.sampled_from(["1", "-4", "B"]),
    ("dropdown", ""): st.sampled_from(["1", "-4", "B"]),
    ("yesno", ""): st.sampled_from("01"),
    ("truefalse", ""): st.sampled_from("01"),
    ("slider", ""): st.integers(0, 100).map(str),
    **{
        ("text", name): st.from_regex(
            re.compile(pattern, re.ASCII), fullmatch=True, alphabet=PRINTABLE
        )
        for name, pattern in PATTERNS.items()
    },
    **{
        ("text", f"{kind}_{order}"): strategy
        for kind, strategy in DATES.items()
        for order in ("ymd", "mdy", "dmy")
    },
}
NAMES = {f"{kind}_{validation}".rstrip("_"): (kind, validation) for kind, validation in VALUES}
BOXES = ("boxes___1", "boxes____4", "boxes___b")
ROWS = st.fixed_dictionaries(
    {},
    optional={
        **{f"f_{name}": VALUES[key] for name, key in NAMES.items()},
        **dict.fromkeys(BOXES, st.sampled_from("01")),
        "every_complete": st.sampled_from("012"),
    },
)


def definition(name, kind, validation=""):
    return {
        "field_name": name,
        "form_name": "every",
        "field_type": kind,
        "field_label": name,
        "select_choices_or_calculations": CHOICES
        if kind in {"radio", "dropdown", "checkbox"}
        else "",
        "text_validation_type_or_show_slider_number": validation,
    }


@pytest.fixture(scope="module")
def every(make):
    fields = [definition("record_id", "text")]
    fields += [definition(f"f_{name}", *key) for name, key in NAMES.items()]
    return make(repeating=(), metadata=[*fields, definition("boxes", "checkbox")])


@pytest.fixture
def call(tracker, every):
    def send(**parameters):
        body = {"token": every.token, "content": "record", **parameters}
        return requests.post(tracker.url, data=body, timeout=60)

    return send


def rows_of(answer, form):
    if form == "json":
        return answer.json()
    if form == "csv":
        return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))
    return [{cell.tag: cell.text or "" for cell in item} for item in ET.fromstring(answer.content)]


def emptied(call):
    names = [row["record_id"] for row in call(format="json", fields="record_id").json()]
    if names:
        answer = call(format="json", action="delete", **{"records[]": names})
        assert answer.text == str(len(names))


@pytest.mark.parametrize("kind", ["flat", "eav"])
@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_what_went_in_comes_out_and_goes_in_again(call, form, kind):
    @SETTINGS
    @given(rows=st.lists(ROWS, min_size=1, max_size=3))
    def holds(rows):
        emptied(call)
        data = [{"record_id": str(number), **row} for number, row in enumerate(rows, start=1)]
        taken = call(format="json", data=json.dumps(data))
        assert taken.json() == {"count": len(rows)}, taken.text
        flat = call(format="json").json()
        assert [
            {name: row[name] for name in sent} for row, sent in zip(flat, data, strict=True)
        ] == data
        exported = call(format=form, type=kind)
        assert {row.get("record", row.get("record_id")) for row in rows_of(exported, form)} == {
            row["record_id"] for row in data
        }
        emptied(call)
        again = call(format=form, type=kind, data=exported.content.decode(), returnFormat="json")
        assert again.json() == {"count": len(rows)}
        assert call(format="json").json() == flat

    holds()


def test_1_0_records_in_xml_stand_in_cdata_in_a_root_of_their_name(call):
    emptied(call)
    call(format="json", data=json.dumps([{"record_id": "1", "f_text": "<b>&]]>"}]))
    answer = call(format="xml", fields="record_id,f_text")
    assert answer.text == (
        '<?xml version="1.0" encoding="UTF-8" ?><records><item>'
        "<record_id><![CDATA[1]]></record_id>"
        "<f_text><![CDATA[<b>&]]]]><![CDATA[>]]></f_text></item></records>"
    )
    assert ET.fromstring(answer.content)[0][1].text == "<b>&]]>"


def test_1_0_other_delimiters_go_both_ways(call, every):
    emptied(call)
    for sign, name in ((",", ","), ("\t", "tab"), (";", ";"), ("|", "|"), ("^", "^")):
        data = sign.join(["record_id", "f_text"]) + "\n" + sign.join(["7", f'"a{sign}b"']) + "\n"
        assert call(format="csv", data=data, csvDelimiter=name).text == "1"
        [row] = every.export_records(fields=["record_id", "f_text"])
        assert row == {"record_id": "7", "f_text": f"a{sign}b"}
        answer = call(format="csv", csvDelimiter=name, fields="record_id,f_text")
        assert answer.text == data
    assert call(format="csv", csvDelimiter="/").status_code == 400


def test_1_0_what_xml_cannot_hold_does_not_break_an_answer(call):
    emptied(call)
    call(format="json", data=json.dumps([{"record_id": "1", "f_text": "a\x01b\ufffec"}]))
    assert ET.fromstring(call(format="xml", fields="f_text").content)[0][0].text == "abc"


def test_1_5_values_of_each_type_that_do_not_fit_are_refused(call):
    emptied(call)
    wrong = {
        "f_radio": "2",
        "f_dropdown": "One",
        "f_yesno": "yes",
        "f_truefalse": "2",
        "f_slider": "101",
        "f_text_integer": "1.0",
        "f_text_number": "1,5",
        "f_text_number_1dp": "22",
        "f_text_email": "a@b",
        "f_text_zipcode": "1234",
        "f_text_ssn": "123456789",
        "f_text_alpha_only": "a1",
        "f_text_mrn_11d": "123",
        "f_text_date_ymd": "2024-02-30",
        "f_text_date_dmy": "01-02-2024",
        "f_text_datetime_ymd": "2024-02-01",
        "f_text_datetime_seconds_ymd": "2024-02-01 10:00",
        "f_text_time": "24:00",
        "f_text_phone": "12",
        "boxes___1": "2",
        "f_notes": "x" * 65_000,
        "every_complete": "3",
    }
    for name, value in wrong.items():
        answer = call(format="json", data=json.dumps([{"record_id": "1", name: value}]))
        assert answer.status_code == 400, name
        assert answer.json()["error"].startswith(f'"1","{name}"'), name
    assert call(format="json").json() == []


def test_1_5_decimals_are_shown_with_the_sign_asked_for(call):
    emptied(call)
    row = {"record_id": "1", "f_text_number": "1.5", "f_text_number_comma_decimal": "2,5"}
    call(format="json", data=json.dumps([{**row, "f_text": "3.5"}]))
    fields = "f_text_number,f_text_number_comma_decimal,f_text"

    def shown(**style):
        [found] = call(format="json", fields=fields, **style).json()
        return [found[name] for name in fields.split(",")]

    assert shown() == ["1.5", "2,5", "3.5"]
    assert shown(decimalCharacter=",") == ["1,5", "2,5", "3.5"]
    assert shown(decimalCharacter=".") == ["1.5", "2.5", "3.5"]
    assert call(format="json", decimalCharacter="x").status_code == 400
