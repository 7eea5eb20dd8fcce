"""Fact 1.13, project XML: written, read, and the same project again."""

import json
import xml.etree.ElementTree as ET

import pytest
from redcap import Project

ODM = "{http://www.cdisc.org/ns/odm/v1.3}"
REDCAP = "{https://projectredcap.org}"
ALL = {"exportFiles": "true", "exportDataAccessGroups": "true"}
CHOICES = "select_choices_or_calculations"
EXTRA = {
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
# Each type of field, as REDCap's own files have it.
ITEMS = """
<ItemDef OID="id" redcap:Variable="id" redcap:FieldType="text">
  <Question><TranslatedText>The id</TranslatedText></Question></ItemDef>
<ItemDef OID="story" redcap:Variable="story" redcap:FieldType="textarea" redcap:FieldNote="two
lines"/>
<ItemDef OID="size" redcap:Variable="size" redcap:FieldType="text" redcap:TextValidationType="float">
  <RangeCheck Comparator="GE" SoftHard="Soft"><CheckValue>1.5</CheckValue></RangeCheck>
  <RangeCheck Comparator="LE" SoftHard="Soft"><CheckValue>9</CheckValue></RangeCheck></ItemDef>
<ItemDef OID="count" redcap:Variable="count" redcap:FieldType="text" redcap:TextValidationType="int"/>
<ItemDef OID="pick" redcap:Variable="pick" redcap:FieldType="select"><CodeListRef CodeListOID="p"/></ItemDef>
<ItemDef OID="tick___1" redcap:Variable="tick" redcap:FieldType="checkbox"><CodeListRef CodeListOID="t"/></ItemDef>
<ItemDef OID="tick___2" redcap:Variable="tick" redcap:FieldType="checkbox"><CodeListRef CodeListOID="t"/></ItemDef>
<ItemDef OID="sum" redcap:Variable="sum" redcap:FieldType="calc" redcap:Calculation="[size]*2"/>
<ItemDef OID="mood" redcap:Variable="mood" redcap:FieldType="slider" redcap:SliderLabels="Low | High"/>
<ItemDef OID="scan" redcap:Variable="scan" redcap:FieldType="file"/>
<ItemDef OID="f_timestamp" redcap:Variable="f_timestamp"/>
<ItemDef OID="f_complete" redcap:Variable="f_complete" redcap:FieldType="select"/>
<CodeList OID="p"><CodeListItem CodedValue="0"><Decode><TranslatedText>Female</TranslatedText></Decode>
</CodeListItem><CodeListItem CodedValue="1"><Decode><TranslatedText>Male</TranslatedText></Decode>
</CodeListItem></CodeList>
<CodeList OID="t" redcap:CheckboxChoices="1, One|2, Two"/>
"""
NAMES = [
    "id",
    "story",
    "size",
    "count",
    "pick",
    "tick___1",
    "tick___2",
    "sum",
    "mood",
    "scan",
    "f_timestamp",
    "f_complete",
]
DATA = """
<SubjectData SubjectKey="7"><FormData FormOID="Form.f" FormRepeatKey="1"><ItemGroupData>
<ItemData ItemOID="id" Value="7"/><ItemData ItemOID="redcap_data_access_group" Value="the_ward"/>
<ItemData ItemOID="size" Value="3"/><ItemData ItemOID="sum" Value="6"/>
<ItemData ItemOID="count" Value="many"/><ItemData ItemOID="f_timestamp" Value="2024-01-01 10:00:00"/>
<ItemData ItemOID="tick___1" Value="1"/><ItemData ItemOID="tick___2" Value="0"/>
<ItemDataBase64Binary ItemOID="scan" redcap:DocName="a.txt" redcap:MimeType="text/plain">
<![CDATA[aGVsbG8=]]></ItemDataBase64Binary><ItemData ItemOID="f_complete" Value="2"/>
</ItemGroupData></FormData></SubjectData>
"""
VARIABLES = """
<StudyName>From the file</StudyName><redcap:Purpose>2</redcap:Purpose>
<redcap:RecordAutonumberingEnabled>0</redcap:RecordAutonumberingEnabled>
<redcap:DataAccessGroupsGroup><redcap:DataAccessGroups group_name="The Ward"/>
</redcap:DataAccessGroupsGroup>
<redcap:SurveysGroup><redcap:Surveys form_name="f" title="F"/></redcap:SurveysGroup>
<redcap:UserRolesGroup>
<redcap:UserRoles role_name="New" unique_role_name="U-942MC93HH8" data_logging="1" graphical="1"
  data_entry="[f,2]" data_export_instruments="[f,3]"/>
<redcap:UserRoles role_name="Old" unique_role_name="U-573AEYRNR8" data_export_tool="2"
  data_entry="[f,1]" record_create="1"/>
</redcap:UserRolesGroup>
<redcap:ReportsGroup><redcap:Reports title="R" redcap_reports_fields="id,size"
  advanced_logic="[size] > 2"/></redcap:ReportsGroup>
"""


def odm(items=ITEMS, data=DATA, variables=VARIABLES, head=""):
    references = "".join(f'<ItemRef ItemOID="{name}"/>' for name in NAMES)
    return (
        '<?xml version="1.0" encoding="UTF-8" ?>'
        '<ODM xmlns="http://www.cdisc.org/ns/odm/v1.3" xmlns:redcap="https://projectredcap.org">'
        f"<Study><GlobalVariables>{variables}</GlobalVariables><MetaDataVersion>{head}"
        '<FormDef OID="Form.f" redcap:FormName="f"><ItemGroupRef ItemGroupOID="g"/></FormDef>'
        f'<ItemGroupDef OID="g">{references}</ItemGroupDef>{items}</MetaDataVersion></Study>'
        f"<ClinicalData>{data}</ClinicalData></ODM>"
    )


@pytest.fixture
def create(tracker, send):
    """Makes a project of a project XML, and returns the response."""

    def post(text, **about):
        data = json.dumps({"project_title": "New", **about})
        return send(
            token=tracker.tokens["super"], content="project", format="json", data=data, odm=text
        )

    return post


@pytest.fixture
def restored(tracker, create):
    def project(text, **about):
        response = create(text, **about)
        assert len(response.text) == 32, response.text
        return Project(tracker.url, response.text, timeout=30)

    return project


def test_1_13_the_dictionary_has_this_servers_words(restored):
    rows = {row["field_name"]: row for row in restored(odm()).export_metadata()}
    assert list(rows) == ["id", "story", "size", "count", "pick", "tick", "sum", "mood", "scan"]
    assert {row["form_name"] for row in rows.values()} == {"f"}
    kinds = {name: row["field_type"] for name, row in rows.items()}
    assert (kinds["story"], kinds["pick"], kinds["mood"]) == ("notes", "dropdown", "slider")
    validation = "text_validation_type_or_show_slider_number"
    assert (rows["size"][validation], rows["count"][validation]) == ("number", "integer")
    assert (rows["size"]["text_validation_min"], rows["size"]["text_validation_max"]) == (
        "1.5",
        "9",
    )
    assert rows["pick"][CHOICES] == "0, Female|1, Male"
    assert rows["tick"][CHOICES] == "1, One|2, Two"
    assert rows["sum"][CHOICES] == "[size]*2"
    assert rows["mood"][CHOICES] == "Low | High"
    assert rows["id"]["field_label"] == "The id"


def test_1_13_line_breaks_in_attributes_become_blanks(restored):
    rows = {row["field_name"]: row for row in restored(odm()).export_metadata()}
    assert rows["story"]["field_note"] == "two lines"


def test_1_13_records_come_without_calculated_values_and_times(restored, ask):
    project = restored(odm(), surveys_enabled=1)
    rows = ask(project, "record", type="eav").json()
    found = {row["field_name"]: row["value"] for row in rows}
    number = found.pop("scan")
    assert number.isdecimal()
    # What the file holds is taken as it is, also where a value is none by its validation.
    assert found == {"id": "7", "size": "3", "count": "many", "tick": "1", "f_complete": "2"}
    assert project.export_file("7", "scan") == (b"hello", {"name": "a.txt", "charset": "UTF-8"})
    row = ask(project, "record", exportDataAccessGroups="true").json()[0]
    assert row["redcap_data_access_group"] == "the_ward"


def test_1_13_people_surveys_and_reports_are_restored(restored, ask):
    project = restored(odm())
    new, old = project.export_user_roles()
    assert (new["role_label"], new["unique_role_name"]) == ("New", "U-942MC93HH8")
    assert (new["logging"], new["stats_and_charts"], new["design"]) == ("1", "1", "0")
    assert (new["forms"], new["forms_export"]) == ({"f": 2}, {"f": 3})
    assert (old["forms"], old["forms_export"], old["record_create"]) == ({"f": 1}, {"f": 2}, "1")
    assert [row["unique_group_name"] for row in project.export_dags()] == ["the_ward"]
    assert "?s=" in ask(project, "surveyLink", record="7", instrument="f").text
    assert [user["username"] for user in project.export_users()] == ["administrator"]


def test_1_13_the_data_go_before_the_file(restored):
    facts = restored(odm(), purpose=3).export_project_info()
    assert (facts["project_title"], facts["purpose"]) == ("New", 3)
    assert facts["record_autonumbering_enabled"] == 0
    facts = restored(odm()).export_project_info()
    assert (facts["purpose"], facts["is_longitudinal"]) == (2, 0)


def test_1_13_classic_projects_call_their_event_event_1(restored, ask):
    variables = (
        "<redcap:RepeatingInstrumentsAndEvents><redcap:RepeatingInstruments>"
        '<redcap:RepeatingInstrument redcap:UniqueEventName="event_1_arm_1" '
        'redcap:RepeatInstrument="f" redcap:CustomLabel="[size]"/>'
        "</redcap:RepeatingInstruments></redcap:RepeatingInstrumentsAndEvents>"
    )
    data = "".join(
        f'<SubjectData SubjectKey="1"><FormData FormOID="Form.f" FormRepeatKey="{n}"><ItemGroupData>'
        f'<ItemData ItemOID="size" Value="{n}"/></ItemGroupData></FormData></SubjectData>'
        for n in (1, 3)
    )
    project = restored(odm(data=data, variables=variables))
    assert project.export_repeating_instruments_events() == [
        {"form_name": "f", "custom_form_label": "[size]"}
    ]
    rows = ask(project, "record").json()
    assert [(row["redcap_repeat_instance"], row["size"]) for row in rows] == [
        ("", ""),
        (1, "1"),
        (3, "3"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "no xml",
        "<ODM/>",
        '<!DOCTYPE ODM [<!ENTITY x "y">]><ODM/>',
        odm().replace("ClinicalData>", "Data>", 1),
        odm(items=ITEMS.replace('FieldType="slider"', 'FieldType="bogus"')),
        odm(data='<SubjectData SubjectKey=""><FormData FormOID="Form.f"/></SubjectData>'),
        odm(data=DATA.replace("the_ward", "bogus")),
        odm(data=DATA.replace("aGVsbG8=", "!!!")),
        odm(data=DATA.replace('FormRepeatKey="1"', 'FormRepeatKey="0"')),
        odm(
            data='<SubjectData SubjectKey="1"><StudyEventData redcap:UniqueEventName="bogus">'
            '<FormData FormOID="Form.f"/></StudyEventData></SubjectData>'
        ),
        odm(head='<StudyEventDef OID="Event.a_arm_1"/><StudyEventDef OID="Event.a_arm_1"/>'),
        odm(head='<StudyEventDef OID="Event.a_arm_1" redcap:ArmNum="x"/>'),
    ],
)
def test_1_13_what_cannot_be_read_makes_no_project(tracker, create, send, text):
    import contextlib
    import sqlite3

    def projects():
        with contextlib.closing(sqlite3.connect(tracker.database)) as connection:
            return connection.execute("SELECT COUNT(*) FROM projects").fetchone()[0]

    before = projects()
    response = create(text)
    assert response.status_code == 400
    assert response.json()["error"]
    assert projects() == before


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
    token = person(whole, "u", forms_export={"first": 2})
    root = ET.fromstring(ask(whole, "project_xml", token=token, **ALL).text)
    assert not {"name", "age"} & {item.get("ItemOID") for item in root.iter(f"{ODM}ItemData")}
    assert root.find(f".//{ODM}ItemDataBase64Binary") is None
    assert refusal(whole, "project_xml", token=person(whole, "v", api_export=0))[0] == 403
