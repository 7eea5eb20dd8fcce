"""What holds for any data: what goes in comes out, and what is refused changes nothing."""

import json

import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SETTINGS = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=30)
names = st.text("abcXYZ0123456789.-_ æ'\"", min_size=1, max_size=12).map(str.strip).filter(bool)
values = st.fixed_dictionaries(
    {},
    optional={
        "name": texts,
        "note": texts,
        "age": st.integers().map(str),
        "day": st.dates().map(str),
        "kind": st.sampled_from(["1", "2", "a"]),
        "ticks____4": st.sampled_from(["0", "1"]),
        "second_complete": st.sampled_from(["0", "1", "2"]),
    },
)
records = st.dictionaries(names, values, min_size=1, max_size=5)
wrong = st.sampled_from(
    [
        {"age": "x"},
        {"kind": "9"},
        {"day": "2024-13-01"},
        {"bogus": "1"},
        {"redcap_repeat_instance": "1"},
        {"visit_note": "x"},
        {"record_id": ""},
    ]
)


def call(tracker, project, **parameters):
    body = {"token": project.token, "content": "record", "format": "json", **parameters}
    return requests.post(tracker.url, data=body, timeout=30)


def emptied(tracker, project):
    found = call(tracker, project, fields="record_id").json()
    names = {row["record_id"] for row in found}
    if names:
        call(tracker, project, action="delete", **{"records[]": sorted(names)})
    return project


@SETTINGS
@given(data=records)
def test_what_is_imported_is_exported(tracker, classic, data):
    emptied(tracker, classic)
    rows = [{"record_id": name, **row} for name, row in data.items()]
    answer = call(tracker, classic, data=json.dumps(rows), returnContent="ids")
    assert answer.json() == list(data)
    exported = call(tracker, classic).json()
    assert {row["record_id"] for row in exported} == set(data)
    for row in exported:
        sent = data[row["record_id"]]
        assert {name: row[name] for name in sent} == sent


@SETTINGS
@given(data=records)
def test_csv_comes_back_as_it_went(tracker, classic, data):
    emptied(tracker, classic)
    rows = [{"record_id": name, **row} for name, row in data.items()]
    call(tracker, classic, data=json.dumps(rows))
    before = call(tracker, classic, format="csv").content.decode()
    emptied(tracker, classic)
    assert call(tracker, classic, format="csv", data=before).text == str(len(data))
    assert call(tracker, classic, format="csv").content.decode() == before


@SETTINGS
@given(data=records, more=records, wrong=wrong, place=st.integers(0, 10))
def test_a_refused_import_changes_nothing(tracker, classic, data, more, wrong, place):
    emptied(tracker, classic)
    call(tracker, classic, data=json.dumps([{"record_id": n, **row} for n, row in data.items()]))
    before = call(tracker, classic).json()
    rows = [{"record_id": name, **row} for name, row in more.items()]
    rows.insert(place, {"record_id": "wrong", **wrong})
    answer = call(tracker, classic, data=json.dumps(rows), overwriteBehavior="overwrite")
    assert answer.status_code == 400
    assert "error" in answer.json()
    assert call(tracker, classic).json() == before
