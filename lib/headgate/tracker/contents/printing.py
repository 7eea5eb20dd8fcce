"""Forms as PDF: blank ones to be filled in by hand, or those of records.

The fonts that every PDF reader has know Latin letters only (ISO 8859-1): a character outside is
shown as a question mark.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headgate.tracker.model.call import Call
from headgate.tracker.model.dictionary import Field
from headgate.tracker.model.documents import document_names
from headgate.tracker.model.entries import Entry, groups_of, read_batches
from headgate.tracker.model.rights import may_export
from headgate.tracker.wire.answers import Answer, Refused, file_answer
from headgate.tracker.wire.parameters import Parameters

if TYPE_CHECKING:
    from fpdf import FPDF

FONT, LINE = "Helvetica", 5
LARGE, MIDDLE, SMALL = 14, 11, 9


@dataclass(frozen=True)
class Asked:
    """Which forms, of which event and instance; blank: all."""

    forms: Sequence[str]
    event_id: int | None
    instance: str
    compact: bool


def export_pdf(call: Call) -> Answer:
    """Given a record, or none for blank forms, return the forms as PDF. Raise Refused."""
    asked, sent = _asked(call), call.parameters
    # Imported for the first PDF: it costs every other command a quarter of a second.
    from fpdf import FPDF

    document = FPDF()
    document.add_page()
    _write(document, call.project.title, LARGE, bold=True)
    record = sent.text("record")
    if sent.flag("allRecords") or record:
        if record:
            _all_there(call, record)
        names = None if sent.flag("allRecords") else [record]
        _print_records(document, call, asked, names)
    else:
        _print_blank(document, call, asked)
    return file_answer(f"{_file_name(call, sent)}.pdf", "application/pdf", bytes(document.output()))


def _asked(call: Call) -> Asked:
    sent, project = call.parameters, call.project
    form, event = sent.text("instrument"), sent.text("event")
    # REDCap's texts for these two are not established.
    if form and form not in project.dictionary.forms:
        raise Refused(f"The instrument '{form}' does not exist.")
    if event and event not in project.event_names:
        raise Refused(f"The event '{event}' does not exist.")
    return Asked(
        [form] if form else list(project.dictionary.forms),
        project.event_names[event].event_id if event else None,
        sent.text("repeat_instance"),
        sent.flag("compactDisplay"),
    )


def _all_there(call: Call, record: str) -> None:
    groups = groups_of(call.connection, call.project_id, [record])
    own = call.caller.group_id
    # What is another data access group's does not exist for this person.
    if not any(own in {None, group_id} for group_id in groups.values()):
        raise Refused(f'The record "{record}" does not exist')


def _file_name(call: Call, sent: Parameters) -> str:
    parts = (sent.text("instrument") or call.project.title, sent.text("record"))
    return "_".join("".join(filter(str.isalnum, part)) for part in parts if part) or "forms"


def _print_blank(document: "FPDF", call: Call, asked: Asked) -> None:
    forms = call.project.dictionary.forms
    for form in asked.forms:
        if asked.event_id is not None and not call.project.has_form(asked.event_id, form):
            continue
        _write(document, forms[form], MIDDLE, bold=True)
        for field in _fields(call, form):
            choices = ", ".join(label for _, label in field.choices)
            _write(document, f"{field.label}: {choices or '_' * 30}", SMALL)


def _print_records(
    document: "FPDF", call: Call, asked: Asked, records: Iterable[str] | None
) -> None:
    batches = read_batches(call.connection, call.project, records, None, call.caller.group_id)
    first = True
    for batch in batches:
        numbers = {
            value
            for entry in batch
            for name, value in entry.values.items()
            if (column := call.project.dictionary.columns.get(name)) and column.field.kind == "file"
        }
        names = document_names(call.connection, numbers) if numbers else {}
        record = ""
        for entry in batch:
            if entry.record != record:
                record = entry.record
                if not first:
                    document.add_page()
                first = False
                _write(document, f"Record {record}", LARGE, bold=True)
            _print_entry(document, call, asked, entry, names)


def _print_entry(
    document: "FPDF", call: Call, asked: Asked, entry: Entry, names: dict[str, str]
) -> None:
    project = call.project
    if asked.event_id not in {None, entry.event_id}:
        return
    if asked.instance and entry.instance and str(entry.instance) != asked.instance:
        return
    event = f" - {project.event_ids[entry.event_id].name}" if project.longitudinal else ""
    instance = f" #{entry.instance}" if entry.instance else ""
    for form in asked.forms:
        if not project.holds(entry.event_id, entry.instrument, form):
            continue
        lines = [
            f"{field.label}: {shown}"
            for field in _fields(call, form)
            if (shown := _shown(field, entry, names)) or not asked.compact
        ]
        if lines:
            title = f"{project.dictionary.forms[form]}{event}{instance}"
            _write(document, title, MIDDLE, bold=True)
            for line in lines:
                _write(document, line, SMALL)


def _fields(call: Call, form: str) -> list[Field]:
    dictionary = call.project.dictionary
    return [
        field
        for field in dictionary.fields.values()
        if field.form == form
        and may_export(call.caller.rights, field, field.name == dictionary.record_field)
    ]


def _shown(field: Field, entry: Entry, names: dict[str, str]) -> str:
    if field.kind == "checkbox":
        labels = dict(field.choices)
        ticked = [c.code for c in field.columns if entry.values.get(c.name) == "1" and c.code]
        return ", ".join(labels[code] for code in ticked)
    value = entry.values.get(field.name, "")
    return names.get(value, "") if field.kind == "file" else dict(field.choices).get(value, value)


def _write(document: "FPDF", text: str, size: int, bold: bool = False) -> None:
    document.set_font(FONT, "B" if bold else "", size)
    # Line breaks stay; what the font has no picture of becomes a question mark.
    safe = text.replace("\r\n", "\n").encode("latin-1", "replace").decode("latin-1")
    document.multi_cell(0, LINE, safe, new_x="LMARGIN", new_y="NEXT")
