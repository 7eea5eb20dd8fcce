"""The data dictionary: fields, forms, choices, and the columns they have in an export."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

COLUMNS = {
    "field_name": "Variable / Field Name",
    "form_name": "Form Name",
    "section_header": "Section Header",
    "field_type": "Field Type",
    "field_label": "Field Label",
    "select_choices_or_calculations": "Choices, Calculations, OR Slider Labels",
    "field_note": "Field Note",
    "text_validation_type_or_show_slider_number": "Text Validation Type OR Show Slider Number",
    "text_validation_min": "Text Validation Min",
    "text_validation_max": "Text Validation Max",
    "identifier": "Identifier?",
    "branching_logic": "Branching Logic (Show field only if...)",
    "required_field": "Required Field?",
    "custom_alignment": "Custom Alignment",
    "question_number": "Question Number (surveys only)",
    "matrix_group_name": "Matrix Group Name",
    "matrix_ranking": "Matrix Ranking?",
    "field_annotation": "Field Annotation",
}
CHOICE_KINDS = {"radio", "dropdown", "checkbox"}
KINDS = CHOICE_KINDS | {
    *("text", "notes", "calc", "file", "yesno", "truefalse", "slider", "descriptive", "sql")
}
FIXED_CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "yesno": (("1", "Yes"), ("0", "No")),
    "truefalse": (("1", "True"), ("0", "False")),
}
STATUS_CHOICES = (("0", "Incomplete"), ("1", "Unverified"), ("2", "Complete"))


@dataclass(frozen=True)
class Field:
    """A field of a form; `status` marks the form's own `_complete` field."""

    name: str
    form: str
    kind: str
    label: str
    choices: tuple[tuple[str, str], ...] = ()
    validation: str = ""
    status: bool = False
    calculation: str = ""
    identifier: bool = False

    @property
    def is_number(self) -> bool:
        """Whether the values are numbers that may have decimals."""
        return self.kind == "calc" or self.validation.startswith("number")

    @cached_property
    def columns(self) -> tuple["Column", ...]:
        """The columns of the field in an export: one, or one for each option of a checkbox."""
        if self.kind == "descriptive":
            return ()
        if self.kind != "checkbox":
            return (Column(self.name, self),)
        return tuple(
            Column(checkbox_column(self.name, code), self, code) for code, _ in self.choices
        )


@dataclass(frozen=True)
class Column:
    """A column of an export; `code` is the option of a checkbox."""

    name: str
    field: Field
    code: str | None = None


@dataclass(frozen=True)
class Dictionary:
    """The fields of a project, ordered by form, each form's status field last in it."""

    definitions: tuple[Mapping[str, str], ...]

    @cached_property
    def forms(self) -> dict[str, str]:
        """The forms and their labels, in order."""
        return {row["form_name"]: form_label(row["form_name"]) for row in self.definitions}

    @cached_property
    def fields(self) -> dict[str, Field]:
        """All fields by name, the status fields among them."""
        parts: dict[str, list[Field]] = {form: [] for form in self.forms}
        for row in self.definitions:
            parts[row["form_name"]].append(field_from(row))
        for form, fields in parts.items():
            name = f"{form}_complete"
            fields.append(Field(name, form, "dropdown", "Complete?", STATUS_CHOICES, status=True))
        return {field.name: field for fields in parts.values() for field in fields}

    @cached_property
    def columns(self) -> dict[str, Column]:
        """All columns by name, in the order of an export."""
        return {column.name: column for field in self.fields.values() for column in field.columns}

    @property
    def record_field(self) -> str:
        """The name of the field that holds the record's identifier: the first one."""
        return self.definitions[0]["field_name"] if self.definitions else ""


def field_from(row: Mapping[str, str]) -> Field:
    """Given a row of metadata, return the field."""
    kind = row["field_type"]
    choices = FIXED_CHOICES.get(kind, ())
    if kind in CHOICE_KINDS:
        choices = tuple(parse_choices(row["select_choices_or_calculations"]))
    validation = row["text_validation_type_or_show_slider_number"] if kind == "text" else ""
    return Field(
        row["field_name"],
        row["form_name"],
        kind,
        row["field_label"],
        choices,
        validation,
        calculation=row["select_choices_or_calculations"] if kind == "calc" else "",
        identifier=row["identifier"] == "y",
    )


def parse_choices(text: str) -> Iterable[tuple[str, str]]:
    """Given choices as stored (`1, One | 2, Two`), yield each code with its label."""
    for part in text.split("|"):
        code, _, label = part.partition(",")
        if code.strip():
            yield code.strip(), label.strip()


def checkbox_column(field: str, code: str) -> str:
    """Given a checkbox and a code, return the column's name: `-4` of `f` is `f____4`."""
    return f"{field}___{re.sub(r'[^a-z0-9_]', '_', code.lower())}"


def form_label(form: str) -> str:
    """Given a form's name, return its label: words with capitals, as REDCap makes them."""
    return " ".join(word.capitalize() for word in form.split("_") if word)
