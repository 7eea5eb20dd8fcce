"""Fact 1.13, project XML read: a project made of a file as REDCap writes it."""

import pytest

CHOICES = "select_choices_or_calculations"
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
