"""Facts 1.2 and 1.13: what a project is told, and who makes projects."""

import pytest

SETTINGS = {
    "project_title": "Another",
    "project_language": "Norwegian",
    "purpose": 1,
    "purpose_other": "testing",
    "project_notes": "notes",
    "custom_record_label": "[name]",
    "secondary_unique_field": "name",
    "is_longitudinal": 0,
    "surveys_enabled": 1,
    "scheduling_enabled": 1,
    "record_autonumbering_enabled": 0,
    "randomization_enabled": 1,
    "project_irb_number": "12",
    "project_grant_number": "34",
    "project_pi_firstname": "Kari",
    "project_pi_lastname": "Nordmann",
    "display_today_now_button": 1,
    "bypass_branching_erase_field_prompt": 1,
}
KEYS = [
    "project_id",
    "project_title",
    "creation_time",
    "production_time",
    "in_production",
    "project_language",
    "purpose",
    "purpose_other",
    "project_notes",
    "custom_record_label",
    "secondary_unique_field",
    "is_longitudinal",
    "has_repeating_instruments_or_events",
    "surveys_enabled",
    "scheduling_enabled",
    "record_autonumbering_enabled",
    "randomization_enabled",
    "ddp_enabled",
    "project_irb_number",
    "project_grant_number",
    "project_pi_firstname",
    "project_pi_lastname",
    "display_today_now_button",
    "missing_data_codes",
    "external_modules",
    "bypass_branching_erase_field_prompt",
]


def test_1_2_all_eighteen_settings_are_taken_and_counted(classic, ask):
    assert ask(classic, "project_settings", SETTINGS).text == "18"
    facts = classic.export_project_info()
    assert list(facts) == KEYS
    assert {name: facts[name] for name in SETTINGS} == SETTINGS


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_1_2_settings_are_taken_in_every_format(classic, ask, form):
    data = {
        "csv": 'project_title,project_notes\n"A title",said\n',
        "xml": "<items><item><project_title>A title</project_title>"
        "<project_notes>said</project_notes></item></items>",
    }[form]
    assert ask(classic, "project_settings", data, format=form).text == "2"
    facts = classic.export_project_info()
    assert (facts["project_title"], facts["project_notes"]) == ("A title", "said")


def test_1_2_what_is_no_setting_is_not_counted(classic, ask):
    before = classic.export_project_info()
    asked = {"project_id": 1, "creation_time": "", "external_modules": "x", "bogus": 1}
    assert ask(classic, "project_settings", asked).text == "0"
    assert classic.export_project_info() == before


def test_1_2_csv_and_xml_of_a_project(classic, ask):
    assert ask(classic, "project", format="csv").text.startswith(",".join(KEYS) + "\n")
    assert (
        "<is_longitudinal><![CDATA[0]]></is_longitudinal>"
        in ask(classic, "project", format="xml").text
    )


@pytest.mark.parametrize(("name", "value"), [("purpose", 5), ("is_longitudinal", "yes")])
def test_1_2_a_wrong_value_changes_nothing(classic, refusal, name, value):
    before = classic.export_project_info()
    status, text = refusal(classic, "project_settings", {"project_notes": "x", name: value})
    assert (status, name in text) == (400, True)
    assert classic.export_project_info() == before


def test_1_8_classic_projects_take_no_mapping(classic, refusal):
    rows = [{"arm_num": 1, "unique_event_name": "event_1_arm_1", "form": "first"}]
    status, text = refusal(classic, "formEventMapping", rows)
    assert (status, text) == (400, "You cannot import form/event mappings for classic projects")


def test_1_13_the_super_token_makes_projects_and_tells_the_version_alone(tracker, send, classic):
    token = tracker.tokens["super"]
    assert (
        send(token=token, content="version").text
        == send(token=classic.token, content="version").text
    )
    for content in ("record", "user", "metadata", "log", "project_xml"):
        response = send(token=token, content=content, format="json")
        assert (response.status_code, "content" in response.json()["error"]) == (400, True)
    response = send(
        token=classic.token, content="project", action="import", format="json", data="{}"
    )
    assert response.status_code == 400
