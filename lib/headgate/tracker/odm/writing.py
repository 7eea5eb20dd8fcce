"""A project XML, written: what the project is made of. Its records are in `clinical`."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headgate.tracker.model.dictionary import Field, parse_choices
from headgate.tracker.model.projects import Event, Project
from headgate.tracker.odm.definitions import CHOICES, VALIDATION
from headgate.tracker.odm.markup import attributes, text
from headgate.tracker.odm.vocabulary import (
    ATTRIBUTES,
    BY_FORM,
    CHOICE_ATTRIBUTES,
    DATA_TYPES,
    KINDS_OUT,
    LIMITS,
    ODM,
    REDCAP,
    RIGHTS,
    SETTINGS,
    VALIDATIONS_OUT,
)
from headgate.tracker.wire.answers import XML_HEAD

SCHEMA = f"{ODM} schema/odm/ODM1-3-1.xsd"
STATUS = {"field_type": "dropdown", "field_label": "Complete?", "section_header": "Form Status"}


@dataclass(frozen=True)
class People:
    """Groups, roles and reports that go into the file, as this server stores them."""

    groups: Sequence[str] = ()
    roles: Sequence[Mapping[str, Any]] = ()
    reports: Sequence[Mapping[str, str]] = field(default_factory=tuple)


@dataclass(frozen=True)
class Source:
    """Who writes the file: the version, and the moment in ISO 8601."""

    version: str
    moment: str


def slug(project: Project) -> str:
    """Given a project, return what its identifiers in the file are made of."""
    return re.sub(r"[^A-Za-z0-9]", "", project.title) or "Project"


def head(
    project: Project, fields: Sequence[Field], people: People, source: Source
) -> Iterator[str]:
    """Given a project, the fields to describe, people and source, yield the file up to its data."""
    yield XML_HEAD + "\n"
    names = {
        "xmlns": ODM,
        "xmlns:ds": "http://www.w3.org/2000/09/xmldsig#",
        "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
        "xmlns:redcap": REDCAP,
        "xsi:schemaLocation": SCHEMA,
        "ODMVersion": "1.3.1",
        "FileOID": "000-00-0000",
        "FileType": "Snapshot",
        "Description": project.title,
        "AsOfDateTime": source.moment,
        "CreationDateTime": source.moment,
        "SourceSystem": "REDCap",
        "SourceSystemVersion": source.version,
    }
    yield f"<ODM{attributes(names)}>\n"
    yield f"<Study{attributes({'OID': f'Project.{slug(project)}'})}>\n"
    yield from _variables(project, people)
    about = {
        "OID": f"Metadata.{slug(project)}",
        "Name": project.title,
        "redcap:RecordIdField": project.dictionary.record_field,
    }
    yield f"<MetaDataVersion{attributes(about)}>\n"
    yield from _events(project)
    yield from _forms(project, fields)
    yield "</MetaDataVersion>\n</Study>\n"


def _variables(project: Project, people: People) -> Iterator[str]:
    title = text(project.title)
    yield "<GlobalVariables>\n"
    yield f"\t<StudyName>{title}</StudyName>\n"
    yield f'\t<StudyDescription>The REDCap project "{title}".</StudyDescription>\n'
    yield f"\t<ProtocolName>{title}</ProtocolName>\n"
    for element, setting in SETTINGS.items():
        value = project.settings.get(setting, "")
        yield f"\t<redcap:{element}>{text(str(value))}</redcap:{element}>\n"
    yield from _repeating(project)
    lists: tuple[tuple[str, Iterable[Mapping[str, str]]], ...] = (
        ("DataAccessGroups", ({"group_name": name} for name in people.groups)),
        ("Surveys", ({"form_name": f, "title": title} for f, title in project.surveys.items())),
        ("UserRoles", (_role(role) for role in people.roles)),
        ("Reports", people.reports),
    )
    for element, rows in lists:
        lines = [f"\t\t<redcap:{element}{attributes(row)}/>\n" for row in rows]
        if lines:
            yield f"\t<redcap:{element}Group>\n{''.join(lines)}\t</redcap:{element}Group>\n"
    yield "</GlobalVariables>\n"


def _repeating(project: Project) -> Iterator[str]:
    if not project.repeating:
        return
    yield "\t<redcap:RepeatingInstrumentsAndEvents>\n"
    forms = []
    for (event_id, form), label in project.repeating.items():
        if event_id not in project.event_ids:
            continue
        names = {"redcap:UniqueEventName": project.event_ids[event_id].unique_name}
        if form:
            names |= {"redcap:RepeatInstrument": form, "redcap:CustomLabel": label}
            forms.append(f"\t\t\t<redcap:RepeatingInstrument{attributes(names)}/>\n")
        else:
            yield f"\t\t<redcap:RepeatingEvent{attributes(names)}/>\n"
    if forms:
        body = "".join(forms)
        yield f"\t\t<redcap:RepeatingInstruments>\n{body}\t\t</redcap:RepeatingInstruments>\n"
    yield "\t</redcap:RepeatingInstrumentsAndEvents>\n"


def _role(role: Mapping[str, Any]) -> dict[str, str]:
    found = {"role_name": role["role_label"], "unique_role_name": role["unique_role_name"]}
    rights = role["rights"]
    found |= {attribute: str(rights.get(right, 0)) for attribute, right in RIGHTS.items()}
    for attribute, name in BY_FORM.items():
        levels = rights.get(name, {})
        found[attribute] = "".join(f"[{form},{level}]" for form, level in levels.items())
    return found


def _events(project: Project) -> Iterator[str]:
    if not project.longitudinal:
        return
    yield "\t<Protocol>\n"
    for place, event in enumerate(project.events, start=1):
        names = {"StudyEventOID": f"Event.{event.unique_name}", "OrderNumber": str(place)}
        yield f'\t\t<StudyEventRef{attributes(names)} Mandatory="No"/>\n'
    yield "\t</Protocol>\n"
    for event in project.events:
        yield f"\t<StudyEventDef{attributes(_event(project, event))}>\n"
        designated = [f for f in project.dictionary.forms if project.has_form(event.event_id, f)]
        for place, form in enumerate(designated, start=1):
            names = {"FormOID": f"Form.{form}", "OrderNumber": str(place), "Mandatory": "No"}
            yield f"\t\t<FormRef{attributes(names | {'redcap:FormName': form})}/>\n"
        yield "\t</StudyEventDef>\n"


def _event(project: Project, event: Event) -> dict[str, str]:
    arm = project.arms.get(event.arm_num, f"Arm {event.arm_num}")
    return {
        "OID": f"Event.{event.unique_name}",
        "Name": f"{event.name} (Arm {event.arm_num}: {arm})",
        "Type": "Common",
        "Repeating": "Yes" if project.repeats(event.event_id, "") else "No",
        "redcap:EventName": event.name,
        "redcap:CustomEventLabel": event.custom_label,
        "redcap:UniqueEventName": event.unique_name,
        "redcap:ArmNum": str(event.arm_num),
        "redcap:ArmName": arm,
        # This server keeps no schedule.
        "redcap:DayOffset": "0",
        "redcap:OffsetMin": "0",
        "redcap:OffsetMax": "0",
    }


def _forms(project: Project, fields: Sequence[Field]) -> Iterator[str]:
    rows = {row["field_name"]: row for row in project.dictionary.definitions}
    forms = list(dict.fromkeys(item.form for item in fields))
    for form in forms:
        names = {"OID": f"Form.{form}", "Name": project.dictionary.forms[form], "Repeating": "No"}
        yield f"\t<FormDef{attributes(names | {'redcap:FormName': form})}>\n"
        yield f'\t\t<ItemGroupRef{attributes({"ItemGroupOID": form})} Mandatory="No"/>\n'
        yield "\t</FormDef>\n"
    for form in forms:
        names = {"OID": form, "Name": project.dictionary.forms[form], "Repeating": "No"}
        yield f"\t<ItemGroupDef{attributes(names)}>\n"
        for item in fields:
            for name in oids(item) if item.form == form else ():
                row = {"ItemOID": name, "Mandatory": "No", "redcap:Variable": item.name}
                yield f"\t\t<ItemRef{attributes(row)}/>\n"
        yield "\t</ItemGroupDef>\n"
    for item in fields:
        for name in oids(item):
            yield from _item(item, name, rows.get(item.name, STATUS))
    for item in fields:
        for name in oids(item):
            yield from _codes(item, name, rows.get(item.name, {}))


def oids(item: Field) -> list[str]:
    """Given a field, return its identifiers in the file: one, or one for each option."""
    return [column.name for column in item.columns] or [item.name]


def _item(item: Field, name: str, row: Mapping[str, str]) -> Iterator[str]:
    validation = row.get(VALIDATION, "")
    names = {
        "OID": name,
        "Name": name,
        "DataType": "boolean" if item.kind == "checkbox" else _data_type(item, validation),
        "Length": "1" if item.choices else "999",
        "redcap:Variable": item.name,
        "redcap:FieldType": KINDS_OUT.get(item.kind, item.kind),
        "redcap:TextValidationType": VALIDATIONS_OUT.get(validation, validation),
        **{f"redcap:{word}": row.get(column, "") for word, column in ATTRIBUTES.items()},
    }
    if item.kind in CHOICE_ATTRIBUTES:
        names[f"redcap:{CHOICE_ATTRIBUTES[item.kind]}"] = row.get(CHOICES, "")
    yield f"\t<ItemDef{attributes(names, blank=False)}>\n"
    label = text(row.get("field_label", ""))
    yield f"\t\t<Question><TranslatedText>{label}</TranslatedText></Question>\n"
    if item.choices:
        yield f"\t\t<CodeListRef{attributes({'CodeListOID': f'{name}.choices'})}/>\n"
    for comparator, column in LIMITS.items():
        if limit := row.get(column, ""):
            check = attributes({"Comparator": comparator, "SoftHard": "Soft"})
            yield f"\t\t<RangeCheck{check}><CheckValue>{text(limit)}</CheckValue></RangeCheck>\n"
    yield "\t</ItemDef>\n"


def _data_type(item: Field, validation: str) -> str:
    if item.kind in {"yesno", "truefalse"}:
        return "boolean"
    if item.kind in {"calc", "slider"}:
        return {"calc": "float", "slider": "integer"}[item.kind]
    return next((kind for start, kind in DATA_TYPES if validation.startswith(start)), "text")


def _codes(item: Field, name: str, row: Mapping[str, str]) -> Iterator[str]:
    if not item.choices:
        return
    names = {"OID": f"{name}.choices", "Name": name, "redcap:Variable": item.name}
    codes: Iterable[tuple[str, str]] = item.choices
    if item.kind == "checkbox":
        whole = "|".join(f"{code}, {label}" for code, label in parse_choices(row.get(CHOICES, "")))
        names["redcap:CheckboxChoices"] = whole
        codes = (("1", "Checked"), ("0", "Unchecked"))
    kind = "boolean" if item.kind in {"checkbox", "yesno", "truefalse"} else "text"
    yield f"\t<CodeList{attributes(names | {'DataType': kind})}>\n"
    for code, label in codes:
        decoded = f"<Decode><TranslatedText>{text(label)}</TranslatedText></Decode>"
        yield f"\t\t<CodeListItem{attributes({'CodedValue': code})}>{decoded}</CodeListItem>\n"
    yield "\t</CodeList>\n"
