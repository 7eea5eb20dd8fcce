"""The data dictionary in a project XML: an ItemDef for each field, or option of a checkbox."""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

from headgate.tracker.model.dictionary import CHOICE_KINDS, COLUMNS
from headgate.tracker.odm.names import own, redcap
from headgate.tracker.odm.vocabulary import (
    ATTRIBUTES,
    CHOICE_ATTRIBUTES,
    KINDS,
    LIMITS,
    VALIDATIONS,
)

CHOICES = "select_choices_or_calculations"
VALIDATION = "text_validation_type_or_show_slider_number"


def definitions_from(version: ET.Element) -> list[dict[str, str]]:
    """Given the element MetaDataVersion, return the rows of the dictionary, form by form."""
    forms = _forms_of_items(version)
    lists = {item.get("OID", ""): item for item in version.iterfind(own("CodeList"))}
    found: dict[str, dict[str, str]] = {}
    for item in version.iterfind(own("ItemDef")):
        name = redcap(item, "Variable") or item.get("OID", "")
        form = forms.get(item.get("OID", ""), "")
        # Without a type, it is no field: a group, a survey's time. A form's status is always there.
        if not redcap(item, "FieldType") or not form or name == f"{form}_complete":
            continue
        if name not in found:
            found[name] = _definition(item, name, form, lists)
    order = list(dict.fromkeys(forms.values()))
    return sorted(found.values(), key=lambda row: order.index(row["form_name"]))


def _forms_of_items(version: ET.Element) -> dict[str, str]:
    """Return the form of each ItemDef, in the order of the forms."""
    groups = {group.get("OID", ""): group for group in version.iterfind(own("ItemGroupDef"))}
    found: dict[str, str] = {}
    for form in version.iterfind(own("FormDef")):
        name = redcap(form, "FormName") or form.get("OID", "").removeprefix("Form.")
        for reference in form.iterfind(own("ItemGroupRef")):
            group = groups.get(reference.get("ItemGroupOID", ""))
            for item in () if group is None else group.iterfind(own("ItemRef")):
                found.setdefault(item.get("ItemOID", ""), name)
    return found


def _definition(
    item: ET.Element, name: str, form: str, lists: Mapping[str, ET.Element]
) -> dict[str, str]:
    word = redcap(item, "FieldType")
    kind = KINDS.get(word, word)
    validation = redcap(item, "TextValidationType")
    row = dict.fromkeys(COLUMNS, "") | {
        "field_name": name,
        "form_name": form,
        "field_type": kind,
        "field_label": _label(item),
        VALIDATION: VALIDATIONS.get(validation, validation),
    }
    row |= {column: redcap(item, attribute) for attribute, column in ATTRIBUTES.items()}
    for check in item.iterfind(own("RangeCheck")):
        if column := LIMITS.get(check.get("Comparator", "")):
            row[column] = (check.findtext(own("CheckValue")) or "").strip()
    if kind in CHOICE_ATTRIBUTES:
        row[CHOICES] = redcap(item, CHOICE_ATTRIBUTES[kind])
    if kind in CHOICE_KINDS:
        row[CHOICES] = _choices(item, lists)
    return row


def _label(item: ET.Element) -> str:
    question = item.find(own("Question"))
    if question is None:
        return ""
    # A label with markup has it in an element of REDCap's, behind the one for everybody.
    texts = ["".join(element.itertext()) for element in question]
    return texts[-1] if texts else ""


def _choices(item: ET.Element, lists: Mapping[str, ET.Element]) -> str:
    reference = item.find(own("CodeListRef"))
    codes = None if reference is None else lists.get(reference.get("CodeListOID", ""))
    if codes is None:
        return ""
    if whole := redcap(codes, "CheckboxChoices"):
        return whole
    return "|".join(
        f"{code.get('CodedValue', '')}, {''.join(code.itertext()).strip()}"
        for code in codes.iterfind(own("CodeListItem"))
    )
