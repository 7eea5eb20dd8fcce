"""Whatever a value looks like, it is a text: for the database, for XML, for JSON, for CSV."""

import pytest

EVIL = [
    "'; DROP TABLE records; --",
    "' OR '1'='1",
    "1; DELETE FROM entries",
    'x" UNION SELECT token FROM tokens --',
    "<script>alert(1)</script>",
    "]]><item>",
    "&lt;b&gt;",
    "=1+1",
    "{{ 7 * 7 }}",
    "%s%n",
    "../../etc/passwd",
    "\\",
    "\u202etxt",
]


@pytest.mark.parametrize("evil", EVIL)
def test_it_comes_back_as_it_was_from_every_field(classic, evil):
    row = {"record_id": evil, "name": evil, "note": evil}
    place = {"redcap_repeat_instrument": "visits", "redcap_repeat_instance": 1}
    classic.import_records([row, {"record_id": evil, **place, "visit_note": evil}])
    first, second = classic.export_records()
    assert {name: first[name] for name in row} == row
    assert second["visit_note"] == evil
    assert len(classic.export_records(records=[evil])) == 2
    assert classic.delete_records([evil]) == 1
    assert classic.export_records() == []


@pytest.mark.parametrize("evil", EVIL)
def test_it_does_nothing_in_names_that_are_asked_for(classic, send, evil):
    classic.import_records([{"record_id": "1", "name": "a"}])
    body = {"token": classic.token, "content": "record", "format": "json"}
    for parameter in ("fields", "forms"):
        assert send(**body, **{f"{parameter}[]": evil}).status_code == 400
    for parameter in ("dateRangeBegin", "filterLogic", "type", "csvDelimiter"):
        assert send(**body, **{parameter: evil}).status_code in {200, 400}
    assert send(token=evil, content="record").status_code == 403
    assert len(classic.export_records()) == 1


@pytest.mark.parametrize("evil", EVIL)
def test_it_is_kept_in_labels_and_titles(make, metadata, evil):
    label = {**metadata[1], "field_label": evil, "field_note": evil}
    project = make(metadata=[metadata[0], label, *metadata[2:]], project_title=evil)
    assert project.export_metadata()[1]["field_label"] == evil
    assert project.export_project_info()["project_title"] == evil
