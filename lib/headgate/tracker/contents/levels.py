"""Rights as a client sends them, and as an export shows them: of users and of roles alike."""

from collections.abc import Collection, Mapping
from typing import Any

from headgate.tracker.model.call import Call
from headgate.tracker.model.rights import EDIT, FULL, REFUSALS, RIGHTS
from headgate.tracker.wire.answers import Refused
from headgate.tracker.wire.incoming import Row

FLAG = frozenset({"0", "1"})
# What a right may be, where it is more than a flag: before REDCap 15.6, as this server is.
LEVELS: Mapping[str, frozenset[str]] = {
    "user_rights": frozenset({"0", "1", "2"}),
    "lock_records": frozenset({"0", "1", "2"}),
}
BY_FORM: Mapping[str, frozenset[str]] = {
    "forms": frozenset({"0", "1", "2", "3"}),
    "forms_export": frozenset({"0", "1", "2", "3"}),
}
# A form that was made later than the person has these, as `Rights` takes it.
LATER = {"forms": EDIT, "forms_export": FULL}


def need_to_manage_people(call: Call) -> None:
    """Given a call, do nothing if the caller may change people's rights. Raise Refused (403)."""
    # The level 2 of this right is to see the others' rights, not to change them.
    if call.caller.rights.get("user_rights") != 1:
        raise Refused(REFUSALS["user_rights"], 403)


def sent_rights(row: Row, forms: Collection[str]) -> dict[str, Any]:
    """Given a row of an import, return the rights it brings; blanks bring none. Raise Refused."""
    sent = {name: row[name].strip() for name in RIGHTS if row.get(name, "").strip()}
    wrong = [name for name, text in sent.items() if text not in LEVELS.get(name, FLAG)]
    if wrong:
        # REDCap's text is not established.
        raise Refused(f"The values of the following rights are not valid: {', '.join(wrong)}")
    found: dict[str, Any] = {name: int(text) for name, text in sent.items()}
    for name in BY_FORM:
        if row.get(name, "").strip():
            found[name] = _by_form(name, row[name], forms)
    return found


def _by_form(name: str, text: str, forms: Collection[str]) -> dict[str, int]:
    found = {}
    for pair in text.split(","):
        form, _, level = (part.strip() for part in pair.partition(":"))
        # REDCap's texts for these two are not established.
        if form not in forms:
            raise Refused(f"The instrument '{form}' in '{name}' does not exist.")
        if level not in BY_FORM[name]:
            raise Refused(f"The value of '{name}' for the instrument '{form}' is not valid.")
        found[form] = int(level)
    return found


def merged(before: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Given the rights there are and those sent, return what they are together."""
    maps = {name: {**before.get(name, {}), **sent.get(name, {})} for name in BY_FORM}
    return {**before, **sent, **{name: levels for name, levels in maps.items() if levels}}


def no_rights(forms: Collection[str]) -> dict[str, Any]:
    """Given the forms, return what somebody has of whom nothing was said: no right at all."""
    return dict.fromkeys(RIGHTS, 0) | {name: dict.fromkeys(forms, 0) for name in BY_FORM}


def shown_by_form(rights: Mapping[str, Any], forms: Collection[str]) -> dict[str, dict[str, int]]:
    """Given rights, return their two maps with every form that there is, and no other."""
    return {
        name: {form: int(rights.get(name, {}).get(form, LATER[name])) for form in forms}
        for name in BY_FORM
    }
