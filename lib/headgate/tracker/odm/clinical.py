"""The records in a project XML, written one after the other."""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from headgate.tracker.model.dictionary import Field
from headgate.tracker.model.documents import Document
from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project
from headgate.tracker.odm.markup import attributes
from headgate.tracker.odm.writing import slug
from headgate.tracker.records.rendering import GROUP

Find = Callable[[str], Document | None]


@dataclass(frozen=True)
class Records:
    """What to write of each row: the fields, in order, and where their files are found."""

    project: Project
    fields: Sequence[Field]
    find: Find


def data(
    records: Records, batches: Iterable[tuple[Sequence[Entry], Mapping[str, str]]]
) -> Iterator[str]:
    """Given rows in whole records, with the group of each record, yield the file's data and end."""
    names = {
        "StudyOID": f"Project.{slug(records.project)}",
        "MetaDataVersionOID": f"Metadata.{slug(records.project)}",
    }
    yield f"<ClinicalData{attributes(names)}>\n"
    for entries, groups in batches:
        for record, rows in groupby(entries, key=lambda entry: entry.record):
            yield "".join(_subject(records, record, rows, groups.get(record, "")))
    yield "</ClinicalData>\n</ODM>\n"


def _subject(records: Records, record: str, rows: Iterable[Entry], group: str) -> Iterator[str]:
    project = records.project
    names = {"SubjectKey": record, "redcap:RecordIdField": project.dictionary.record_field}
    yield f"\t<SubjectData{attributes(names)}>\n"
    for entry in rows:
        forms = "".join(_forms(records, entry, group))
        # The group stands once, with the record's first row.
        group = "" if forms else group
        if not project.longitudinal:
            yield forms
            continue
        unique = project.event_ids[entry.event_id].unique_name
        instance = 1 if entry.instrument else max(entry.instance, 1)
        event = {
            "StudyEventOID": f"Event.{unique}",
            "StudyEventRepeatKey": str(instance),
            "redcap:UniqueEventName": unique,
        }
        yield f"\t\t<StudyEventData{attributes(event)}>\n{forms}\t\t</StudyEventData>\n"
    yield "\t</SubjectData>\n"


def _forms(records: Records, entry: Entry, group: str) -> Iterator[str]:
    project = records.project
    held = [
        (form, list(fields))
        for form, fields in groupby(records.fields, key=lambda item: item.form)
        if project.holds(entry.event_id, entry.instrument, form)
    ]
    extra = _value(GROUP, group) if group else ""
    # In a classic project, nothing but the form could say the instance.
    counted = entry.instance and (entry.instrument or not project.longitudinal)
    key = str(entry.instance) if counted else "1"
    written = False
    for form, fields in held:
        items = "".join(_items(records, entry, fields))
        if items:
            yield _form(form, key, extra + items)
            extra, written = "", True
    if held and not written:
        # A row without values is a row all the same.
        yield _form(held[0][0], key, extra)


def _form(form: str, key: str, items: str) -> str:
    outer = attributes({"FormOID": f"Form.{form}", "FormRepeatKey": key})
    inner = attributes({"ItemGroupOID": form, "ItemGroupRepeatKey": "1"})
    return (
        f"\t\t\t<FormData{outer}>\n\t\t\t\t<ItemGroupData{inner}>\n"
        f"{items}\t\t\t\t</ItemGroupData>\n\t\t\t</FormData>\n"
    )


def _items(records: Records, entry: Entry, fields: Iterable[Field]) -> Iterator[str]:
    record_field = records.project.dictionary.record_field
    for item in fields:
        if item.name == record_field:
            yield _value(item.name, entry.record)
        elif item.kind == "file":
            document = records.find(entry.values.get(item.name, ""))
            if document is not None:
                yield _file(item.name, document)
        elif any(entry.values.get(column.name) for column in item.columns):
            for column in item.columns:
                value = entry.values.get(column.name, "0" if column.code is not None else "")
                yield _value(column.name, value)


def _value(name: str, value: str) -> str:
    return f"\t\t\t\t\t<ItemData{attributes({'ItemOID': name, 'Value': value})}/>\n"


def _file(name: str, document: Document) -> str:
    names = {
        "ItemOID": name,
        "redcap:DocName": document.name,
        "redcap:MimeType": document.media_type,
    }
    content = base64.b64encode(document.content).decode()
    element = "ItemDataBase64Binary"
    return f"\t\t\t\t\t<{element}{attributes(names)}><![CDATA[{content}]]></{element}>\n"
