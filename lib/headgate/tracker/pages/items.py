"""The fields of a form as a page shows them: labels, choices, values, marks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headgate.tracker.logic.meaning import meaning_of
from headgate.tracker.logic.scope import Scope, by_place
from headgate.tracker.logic.values import truth
from headgate.tracker.model.dictionary import STATUS_CHOICES, Field
from headgate.tracker.model.entries import Entry
from headgate.tracker.model.projects import Project
from headgate.tracker.pages.fillings import Filling
from headgate.tracker.wire.answers import Refused

# Values of these are never typed.
UNTYPED = {"calc", "file", "descriptive"}
MARKUP = re.compile(r"<[^<>]*>")
HINTS = {
    "date": "YYYY-MM-DD",
    "datetime": "YYYY-MM-DD HH:MM",
    "datetime_seconds": "YYYY-MM-DD HH:MM:SS",
    "time": "HH:MM",
    "integer": "a whole number",
    "number": "a number",
    "email": "an e-mail address",
}


@dataclass(frozen=True)
class Item:
    """A field of a form; `condition` is its branching logic where that is false now."""

    field: Field
    label: str
    header: str
    hint: str
    is_required: bool
    is_readonly: bool
    is_hidden: bool
    condition: str

    @property
    def name(self) -> str:
        """The name of the field."""
        return self.field.name

    @property
    def is_typed(self) -> bool:
        """Whether a person may give the value."""
        return not self.is_readonly and self.field.kind not in UNTYPED


def items_of(filling: Filling) -> list[Item]:
    """Given a filling, return the fields of its form in order, but not the record's name."""
    project = filling.project
    rows = {row["field_name"]: row for row in project.dictionary.definitions}
    scope = Scope(project, filling.entry, by_place([*filling.entries, filling.entry]))
    return [
        _item(scope, field, rows.get(field.name, {}))
        for field in project.dictionary.fields.values()
        if field.form == filling.form and field.name != project.dictionary.record_field
    ]


def shown(field: Field, values: Mapping[str, str]) -> str:
    """Given a field and the values of a row, return the field's value as people read it."""
    if field.kind == "checkbox":
        boxes = zip(field.columns, field.choices, strict=True)
        return ", ".join(label for column, (_, label) in boxes if values.get(column.name) == "1")
    value = values.get(field.name, "")
    return dict(field.choices).get(value, value)


def plain(text: str) -> str:
    """Given a label, which may hold the markup of a designer, return its words."""
    return MARKUP.sub("", text).strip() if "<" in text else text


def status_word(project: Project, entry: Entry, form: str) -> str:
    """Given a row, return the status of a form in it: a code of STATUS_CHOICES; blank: no data."""
    value = entry.values.get(f"{form}_complete", "")
    return value if value in dict(STATUS_CHOICES) and form in project.dictionary.forms else ""


def piped(text: str, project: Project, entry: Entry) -> str:
    """Given a text with [fields] in it, return it with the values of the row in their places."""

    def value(match: re.Match[str]) -> str:
        field = project.dictionary.fields.get(match[1])
        return shown(field, entry.values) if field else match[0]

    return re.sub(r"\[(\w+)\]", value, text)


def annotated(row: Mapping[str, str], tag: str) -> bool:
    """Given a row of metadata and an action tag, return whether the field has it."""
    return tag in re.findall(r"@[A-Z0-9_-]+", row.get("field_annotation", ""))


def _item(scope: Scope, field: Field, row: Mapping[str, str]) -> Item:
    return Item(
        field=field,
        label=plain(row.get("field_label", field.label)) or field.name,
        header=plain(row.get("section_header", "")),
        hint=_hint(field, row),
        is_required=row.get("required_field", "") == "y",
        is_readonly=annotated(row, "@READONLY"),
        is_hidden=annotated(row, "@HIDDEN"),
        condition=_unmet(scope, row.get("branching_logic", "")),
    )


def _hint(field: Field, row: Mapping[str, str]) -> str:
    name = field.validation.removesuffix("_ymd").removesuffix("_dmy").removesuffix("_mdy")
    least, most = row.get("text_validation_min", ""), row.get("text_validation_max", "")
    parts: Sequence[str] = (
        plain(row.get("field_note", "")),
        HINTS.get(name, name),
        f"at least {least}" if least and field.kind == "text" else "",
        f"at most {most}" if most and field.kind == "text" else "",
    )
    return "; ".join(part for part in parts if part)


def _unmet(scope: Scope, logic: str) -> str:
    """Return branching logic that is false for what is stored; blank: the field is to be shown."""
    if not logic.strip():
        return ""
    try:
        return "" if truth(meaning_of(logic, scope.project)(scope)) else logic
    except Refused:
        # What cannot be evaluated hides nothing.
        return ""
