"""A project XML, read: what the project is made of, and its records part by part."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from headgate.tracker.odm.definitions import definitions_from
from headgate.tracker.odm.names import own, redcap, tag
from headgate.tracker.odm.picture import Attached, EventPicture, Part, Picture, Role
from headgate.tracker.odm.vocabulary import BY_FORM, RIGHTS, SETTINGS
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.markup import parse_xml

# REDCap's text is not established.
NO_ODM = "The ODM file is not a valid REDCap project XML file."
LEVEL = re.compile(r"\[([a-z][a-z0-9_]*),(\d+)\]")
NUMBER = re.compile(r"[1-9]\d{0,4}", re.ASCII)


def read_project(data: str) -> Picture:
    """Given a project XML, return what it says. Raise Refused if it is none."""
    root = parse_xml(data)
    study = root.find(own("Study"))
    version = study.find(own("MetaDataVersion")) if study is not None else None
    if root.tag != own("ODM") or study is None or version is None:
        raise Refused(NO_ODM)
    variables = study.find(own("GlobalVariables"))
    globals_ = ET.Element("none") if variables is None else variables
    return Picture(
        _settings(globals_),
        definitions_from(version),
        [_event(element) for element in version.iter(own("StudyEventDef"))],
        list(_repeating(globals_)),
        [group.get("group_name", "") for group in globals_.iter(tag("DataAccessGroups"))],
        [_role(role) for role in globals_.iter(tag("UserRoles"))],
        {
            form.get("form_name", ""): form.get("title", "")
            for form in globals_.iter(tag("Surveys"))
        },
        [dict(report.attrib) for report in globals_.iter(tag("Reports"))],
        _parts(root),
    )


def read_parts(data: str) -> Iterator[Part]:
    """Given ODM with records, yield them part by part. Raise Refused if it is no ODM."""
    root = parse_xml(data)
    if root.tag != own("ODM"):
        raise Refused(NO_ODM)
    return _parts(root)


def _settings(variables: ET.Element) -> dict[str, str]:
    found = {
        setting: text
        for element, setting in SETTINGS.items()
        if (text := (variables.findtext(tag(element)) or "").strip())
    }
    name = (variables.findtext(own("StudyName")) or "").strip()
    return found | ({"project_title": name} if name else {})


def _event(element: ET.Element) -> EventPicture:
    unique = redcap(element, "UniqueEventName") or element.get("OID", "").removeprefix("Event.")
    arm = redcap(element, "ArmNum") or "1"
    if not unique or not NUMBER.fullmatch(arm):
        raise Refused(NO_ODM)
    return EventPicture(
        unique,
        redcap(element, "EventName") or element.get("Name", unique),
        int(arm),
        redcap(element, "ArmName") or f"Arm {arm}",
        redcap(element, "CustomEventLabel"),
        tuple(_form(form) for form in element.iter(own("FormRef"))),
    )


def _form(element: ET.Element) -> str:
    return redcap(element, "FormName") or element.get("FormOID", "").removeprefix("Form.")


def _repeating(variables: ET.Element) -> Iterator[tuple[str, str, str]]:
    for event in variables.iter(tag("RepeatingEvent")):
        yield redcap(event, "UniqueEventName"), "", ""
    for form in variables.iter(tag("RepeatingInstrument")):
        label = redcap(form, "CustomLabel")
        yield redcap(form, "UniqueEventName"), redcap(form, "RepeatInstrument"), label


def _role(element: ET.Element) -> Role:
    rights: dict[str, Any] = {
        right: _level(element.get(attribute, "0")) for attribute, right in RIGHTS.items()
    }
    for attribute, name in BY_FORM.items():
        levels = LEVEL.findall(element.get(attribute, ""))
        rights[name] = {form: int(level) for form, level in levels}
    if not rights["forms_export"]:
        # Older files have one level for all forms.
        rights["forms_export"] = {"*": _level(element.get("data_export_tool", "0"))}
    label = element.get("role_name", "")
    return Role(element.get("unique_role_name", ""), label, rights)


def _level(text: str) -> int:
    return int(text) if text in {"0", "1", "2", "3"} else 0


def _parts(root: ET.Element) -> Iterator[Part]:
    for subject in root.iter(own("SubjectData")):
        record = subject.get("SubjectKey", "")
        # In a classic project, no element of an event stands around the forms.
        yield from _forms(subject, record, "", 1)
        for event in subject.iterfind(own("StudyEventData")):
            oid = event.get("StudyEventOID", "").removeprefix("Event.")
            unique = redcap(event, "UniqueEventName") or oid
            yield from _forms(event, record, unique, _number(event, "StudyEventRepeatKey"))


def _forms(around: ET.Element, record: str, event: str, instance: int) -> Iterator[Part]:
    for form in around.iterfind(own("FormData")):
        part = Part(record, event, instance, _form(form), _number(form, "FormRepeatKey"))
        for item in form.iter(own("ItemData")):
            part.values[item.get("ItemOID", "")] = item.get("Value", "")
        for item in form.iter(own("ItemDataBase64Binary")):
            part.files[item.get("ItemOID", "")] = _attached(item)
        yield part


def _number(element: ET.Element, attribute: str) -> int:
    text = element.get(attribute, "1")
    if not NUMBER.fullmatch(text):
        raise Refused(NO_ODM)
    return int(text)


def _attached(item: ET.Element) -> Attached:
    try:
        content = base64.b64decode("".join("".join(item.itertext()).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(NO_ODM) from error
    return Attached(redcap(item, "DocName"), redcap(item, "MimeType"), content)
