"""Facts 1.4 and 1.13, project XML written: the same project comes out of it again."""

import contextlib
import tracemalloc
import xml.etree.ElementTree as ET

import pytest
from headgate.tracker import api
from headgate.tracker.storage.database import connect
from headgate.tracker.wire.parameters import Parameters

ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
REDCAP = "{https://projectredcap.org}"
ALL = {"exportFiles": "true", "exportDataAccessGroups": "true"}
CHOICES = "select_choices_or_calculations"
EXTRA = {
    "field_label": "Age <i>in years</i> & months ]]>",
    "section_header": 'A "header" & more',
    "field_note": "line one\nline two",
    "branching_logic": "[age] > 3 and [name] <> ''",
    "required_field": "y",
    "identifier": "y",
    "custom_alignment": "LH",
    "question_number": "4",
    "field_annotation": "@HIDDEN",
    "text_validation_min": "1",
    "text_validation_max": "99",
}


@pytest.fixture
def whole(longitudinal, metadata, ask, upload):
    """A longitudinal project with all there is: repeats, groups, roles, files, odd values."""
    fields = [{**row, **EXTRA} if row["field_name"] == "age" else row for row in metadata]
    longitudinal.import_metadata(fields)
    longitudinal.import_repeating_instruments_events(
        [
            {
                "event_name": "deadline_to_opt_ou_arm_1",
                "form_name": "visits",
                "custom_form_label": "[visit_note]",
            },
            {"event_name": "other_arm_2", "form_name": "", "custom_form_label": ""},
        ]
    )
    ask(longitudinal, "dag", [{"data_access_group_name": "The Ward"}], action="import")
    ask(longitudinal, "userRole", [{"role_label": "R & D", "reports": 1, "forms": {"first": 2}}])
    event = "redcap_event_name"
    longitudinal.import_records(
        [
            {
                "record_id": "1 <&>",
                event: "event_1_arm_1",
                "redcap_data_access_group": "the_ward",
                "name": 'quo"te, é ]]> \t名',
                "age": "7",
                "ticks____4": "1",
                "note": "two\nlines\r\nmore",
                "kind": "a",
            },
            {"record_id": "1 <&>", event: "deadline_to_opt_ou_arm_1", "name": "later"},
            {"record_id": "2", event: "deadline_to_opt_ou_arm_1"},
        ]
    )
    visits = {event: "deadline_to_opt_ou_arm_1", "redcap_repeat_instrument": "visits"}
    others = {event: "other_arm_2", "redcap_repeat_instrument": ""}
    longitudinal.import_records(
        [
            {"record_id": "2", **visits, "redcap_repeat_instance": 1, "visit_note": "v1"},
            {"record_id": "2", **visits, "redcap_repeat_instance": 4, "visit_tick___1": "1"},
            {"record_id": "2", **others, "redcap_repeat_instance": 1, "name": "o1"},
            {"record_id": "2", **others, "redcap_repeat_instance": 2, "name": "o2"},
        ]
    )
    place = {"record": "1 <&>", "field": "paper", "event": "event_1_arm_1"}
    upload(longitudinal, "file", "Bilde.bin", bytes(range(256)), **place)
    return longitudinal


def everything(project, ask):
    """What can be seen of a project, but for what is new in each one."""
    definitions = [
        {**row, CHOICES: "|".join(part.strip() for part in row[CHOICES].split("|"))}
        for row in project.export_metadata()
    ]
    events = [{k: v for k, v in row.items() if k != "event_id"} for row in project.export_events()]
    groups = [row["unique_group_name"] for row in project.export_dags()]
    return {
        "records": ask(project, "record", exportDataAccessGroups="true").json(),
        "blank": ask(project, "record", exportBlankForGrayFormStatus="true").json(),
        "definitions": definitions,
        "events": events,
        "arms": project.export_arms(),
        "mapping": project.export_instrument_event_mappings(),
        "repeating": project.export_repeating_instruments_events(),
        "roles": project.export_user_roles(),
        "groups": groups,
        "file": project.export_file("1 <&>", "paper", event="event_1_arm_1"),
    }


def without_totals(found):
    for row in [*found["records"], *found["blank"]]:
        row.pop("total")
    return found


def test_1_13_an_export_makes_the_same_project_again(whole, ask, restored):
    response = ask(whole, "project_xml", **ALL)
    assert response.headers["Content-Type"].startswith("text/xml")
    again = restored(response.text)
    # Calculated values are not restored.
    assert {row["total"] for row in ask(again, "record").json()} == {""}
    assert without_totals(everything(again, ask)) == without_totals(everything(whole, ask))


def test_1_13_a_row_without_values_is_there_again(longitudinal, ask, restored):
    rows = longitudinal.export_instrument_event_mappings()
    rows[-1]["form"] = "second"
    longitudinal.import_instrument_event_mappings(rows)
    longitudinal.import_records([{"record_id": "9", "redcap_event_name": "other_arm_2"}])
    before = ask(longitudinal, "record").json()
    assert [row["redcap_event_name"] for row in before] == ["other_arm_2"]
    again = restored(ask(longitudinal, "project_xml").text)
    assert ask(again, "record").json() == before


def test_1_13_without_the_flags_files_and_groups_stay_out(whole, ask, restored):
    again = restored(ask(whole, "project_xml").text)
    rows = ask(again, "record", exportDataAccessGroups="true").json()
    assert {row["paper"] for row in rows} == {""}
    assert {row["redcap_data_access_group"] for row in rows} == {""}


def test_1_13_the_definitions_alone(whole, ask, restored):
    text = ask(whole, "project_xml", returnMetadataOnly="true").text
    assert "ClinicalData" not in text
    again = restored(text)
    assert ask(again, "record").json() == []
    assert len(again.export_events()) == 3


def test_1_13_records_events_and_logic_choose_the_data(whole, ask):
    def keys(**asked):
        root = ET.fromstring(ask(whole, "project_xml", **asked).text)
        return [
            (subject.get("SubjectKey"), event.get(f"{REDCAP}UniqueEventName"))
            for subject in root.iter(f"{ODM}SubjectData")
            for event in subject.iter(f"{ODM}StudyEventData")
        ]

    assert {name for name, _ in keys(records="2")} == {"2"}
    assert keys(events="event_1_arm_1") == [("1 <&>", "event_1_arm_1")]
    assert keys(filterLogic="[name] = 'later'") == [("1 <&>", "deadline_to_opt_ou_arm_1")]


def test_1_13_fields_choose_the_data(whole, ask):
    root = ET.fromstring(ask(whole, "project_xml", fields="record_id,name").text)
    shown = {item.get("ItemOID") for item in root.iter(f"{ODM}ItemData")}
    assert shown == {"record_id", "name"}
    assert root.find(f".//{ODM}ItemDef[@OID='age']") is not None


def test_1_13_the_file_is_odm_as_redcap_writes_it(whole, ask):
    root = ET.fromstring(ask(whole, "project_xml", **ALL).text)
    assert root.tag == f"{ODM}ODM"
    assert (root.get("ODMVersion"), root.get("SourceSystem")) == ("1.3.1", "REDCap")
    event = root.find(f".//{ODM}StudyEventDef[@OID='Event.deadline_to_opt_ou_arm_1']")
    assert event.get(f"{REDCAP}EventName") == "Deadline to opt out of study"
    forms = [form.get(f"{REDCAP}FormName") for form in event]
    assert forms == ["first", "visits"]
    item = root.find(f".//{ODM}ItemDef[@OID='kind']")
    assert item.get(f"{REDCAP}FieldType") == "select"
    age = root.find(f".//{ODM}ItemDef[@OID='age']")
    assert (age.get(f"{REDCAP}TextValidationType"), age.get("DataType")) == ("int", "integer")
    attached = root.find(f".//{ODM}ItemDataBase64Binary")
    assert attached.get(f"{REDCAP}DocName") == "Bilde.bin"


def test_1_4_records_come_and_go_as_odm(whole, ask, restored):
    empty = restored(ask(whole, "project_xml", returnMetadataOnly="true").text)
    response = ask(whole, "record", format="odm", exportDataAccessGroups="true")
    assert ET.fromstring(response.text).tag == f"{ODM}ODM"
    told = ask(empty, "record", response.text, format="odm", returnFormat="json")
    assert told.json() == {"count": 2}
    before, after = (ask(project, "record").json() for project in (whole, empty))
    for row in before:
        row["paper"] = ""
    assert after == before


def test_1_4_odm_of_records_is_checked_as_other_imports(whole, ask, refusal):
    text = ask(whole, "record", format="odm").text
    wrong = text.replace('ItemOID="age" Value="7"', 'ItemOID="age" Value="old"')
    response = ask(whole, "record", wrong, format="odm", returnFormat="json")
    assert response.status_code == 400
    assert "could not be validated" in response.json()["error"]
    assert ask(whole, "record", "<x/>", format="odm", returnFormat="json").status_code == 400


def test_1_13_rights_and_groups_hold_here_too(whole, ask, person, refusal):
    token = person(whole, "nurse", group="the_ward", user_rights=0)
    text = ask(whole, "project_xml", token=token, **ALL).text
    keys = {item.get("SubjectKey") for item in ET.fromstring(text).iter(f"{ODM}SubjectData")}
    assert keys == {"1 <&>"}
    assert "UserRoles" not in text
    assert "DataAccessGroups" not in text
    assert 'ItemOID="redcap_data_access_group"' not in text
    token = person(whole, "u", forms_export={"first": 2})
    root = ET.fromstring(ask(whole, "project_xml", token=token, **ALL).text)
    assert not {"name", "age"} & {item.get("ItemOID") for item in root.iter(f"{ODM}ItemData")}
    assert root.find(f".//{ODM}ItemDataBase64Binary") is None
    assert refusal(whole, "project_xml", token=person(whole, "v", api_export=0))[0] == 403


def test_1_13_records_are_written_as_they_are_read(tracker, classic, project_id):
    number = project_id(classic)
    with contextlib.closing(connect(tracker.database)) as connection:
        query = "SELECT event_id FROM events WHERE project_id = ?"
        event_id = connection.execute(query, (number,)).fetchone()[0]
        content = '{"note": "' + "x" * 1000 + '"}'
        names = [f"r{place}" for place in range(10_000)]
        connection.execute("BEGIN")
        connection.executemany(
            "INSERT INTO records (project_id, record, modified) VALUES (?, ?, '2024-01-01')",
            ((number, name) for name in names),
        )
        connection.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, '', 0, ?)",
            ((number, name, event_id, content) for name in names),
        )
        connection.execute("COMMIT")
        asked = {"token": classic.token, "content": "project_xml"}
        with contextlib.ExitStack() as opened:
            tracemalloc.start()
            answer = api.answer(connection, Parameters(asked), opened)
            size = sum(len(chunk) for chunk in answer.body)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert size > 10_000_000
    assert peak < 5_000_000
