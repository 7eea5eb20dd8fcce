"""Fact 1.9, forms as PDF."""

import re
import zlib

import pytest


def text_of(content):
    """The texts of a PDF in the order they are drawn."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", content, re.DOTALL)
    drawn = b"\n".join(zlib.decompress(part) for part in streams)
    return b" ".join(re.findall(rb"\(((?:\\.|[^\\)])*)\) Tj", drawn)).decode("latin-1")


@pytest.fixture
def filled(classic):
    visit = {"redcap_repeat_instrument": "visits", "visit_note": "seen"}
    classic.import_records(
        [
            {"record_id": "one", "name": "Ågot", "kind": "2", "ticks___b": "1", "note": "a\nb"},
            {"record_id": "two", "name": "Other"},
        ]
    )
    classic.import_records(
        [{"record_id": "one", "redcap_repeat_instance": n, **visit} for n in (1, 2)]
    )
    return classic


@pytest.fixture
def print_pdf(ask):
    def read(project, **parameters):
        response = ask(project, "pdf", action="export", **parameters)
        assert response.headers["Content-Type"].startswith('application/pdf; name="')
        assert response.content.startswith(b"%PDF-1.3")
        return text_of(response.content)

    return read


def test_1_9_blank_forms_have_fields_and_choices(filled, print_pdf):
    text = print_pdf(filled)
    assert "First" in text
    assert "Kind: One, Two, Letter" in text
    assert "Visit_Note: ____" in text
    assert "got" not in text
    assert "Name" not in print_pdf(filled, instrument="second")


def test_1_9_a_record_shows_labels_and_values(filled, print_pdf):
    text = print_pdf(filled, record="one")
    assert "Record one" in text
    assert "Name: Ågot" in text
    assert "Kind: Two" in text
    assert "Ticks: Green" in text
    assert "Visits #1" in text
    assert "Visits #2" in text
    assert "Other" not in text


def test_1_9_a_form_and_an_instance_are_chosen(filled, print_pdf):
    text = print_pdf(filled, record="one", instrument="visits", repeat_instance="2")
    assert "#2" in text
    assert "#1" not in text
    assert "got" not in text


def test_1_9_compact_display_leaves_out_what_is_blank(filled, print_pdf):
    assert "Age:" in print_pdf(filled, record="two")
    assert "Age:" not in print_pdf(filled, record="two", compactDisplay="true")


def test_1_9_all_records(filled, print_pdf):
    text = print_pdf(filled, allRecords="true")
    assert text.index("Record one") < text.index("Record two")


def test_1_9_an_event_is_chosen(longitudinal, print_pdf):
    rows = [
        {"record_id": 1, "redcap_event_name": event, "name": name}
        for event, name in (("event_1_arm_1", "early"), ("other_arm_2", "late"))
    ]
    longitudinal.import_records(rows)
    assert "early" in print_pdf(longitudinal, record="1")
    text = print_pdf(longitudinal, record="1", event="other_arm_2")
    assert "late" in text
    assert "early" not in text
    assert "Visits" not in print_pdf(longitudinal, event="other_arm_2")


def test_1_9_signs_that_the_font_lacks_are_replaced(classic, print_pdf):
    classic.import_records([{"record_id": 1, "name": "Имя 名"}])
    assert "Name: ??? ?" in print_pdf(classic, record="1")


@pytest.mark.parametrize("asked", [{"record": "-1"}, {"instrument": "bogus"}, {"event": "bogus"}])
def test_1_9_what_is_not_there_is_400(filled, refusal, asked):
    assert refusal(filled, "pdf", **asked)[0] == 400


def test_1_9_rights_and_groups_hold_here_too(filled, ask, person, print_pdf, refusal):
    token = person(filled, "u", forms_export={"first": 0})
    assert "got" not in print_pdf(filled, token=token, record="one")
    ask(filled, "dag", [{"data_access_group_name": "Ward"}], action="import")
    member = person(filled, "nurse", group="ward")
    assert (
        refusal(filled, "pdf", token=member, record="one")[1] == 'The record "one" does not exist'
    )
    assert "Record" not in print_pdf(filled, token=member, allRecords="true")
    assert refusal(filled, "pdf", token=person(filled, "v", api_export=0))[0] == 403
