"""XML both ways for the setup contents (section 1.8), and imports that no parser chokes on."""

import pytest
import requests

BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x><item><name>&b;</name></item></x>'


def post(project, **parameters):
    return requests.post(project.url, data={"token": project.token, **parameters}, timeout=30)


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_what_repeats_makes_the_round_trip_in_every_format(classic, form):
    before = classic.export_repeating_instruments_events(format_type=form)
    answer = classic.import_repeating_instruments_events(before, import_format=form)
    assert str(answer) == "1"
    assert classic.export_repeating_instruments_events(format_type=form) == before


@pytest.mark.parametrize("form", ["json", "csv", "xml"])
def test_metadata_make_the_round_trip_in_every_format(classic, form):
    before = classic.export_metadata(format_type=form)
    count = len(classic.export_metadata())
    assert classic.import_metadata(before, import_format=form) == count
    assert classic.export_metadata(format_type=form) == before


def test_records_are_imported_from_xml(classic):
    data = (
        '<?xml version="1.0" encoding="UTF-8" ?>\n<records><item><record_id>1</record_id>'
        "<name><![CDATA[a <b> & ]]>\u00e5</name><age/></item></records>"
    )
    assert classic.import_records(data, import_format="xml") == {"count": 1}
    row = classic.export_records(records=["1"])[0]
    assert (row["name"], row["age"]) == ("a <b> & \u00e5", "")


@pytest.mark.parametrize("data", ["", "<", "<x>", "text", BOMB, "<x>\x00</x>", "<x/>" * 2])
def test_xml_that_is_none_or_defines_entities_is_refused(classic, data):
    answer = post(classic, content="metadata", format="xml", data=data, returnFormat="json")
    assert answer.status_code == 400
    assert answer.json()["error"] == "The data being imported is not formatted correctly."
    assert len(classic.export_metadata()) > 1
