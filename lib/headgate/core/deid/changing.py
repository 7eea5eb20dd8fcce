"""What each action makes of the value of an element: PS3.15 Table E.1-1a, on bytes."""

from collections.abc import Callable
from itertools import pairwise

from headgate.core.deid import binary, clean, coding, dates, gate, marks, uids
from headgate.core.deid.context import Context
from headgate.core.deid.identifiers import matching
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identifiers.text import fold
from headgate.core.deid.rules import csa, options, profile, table
from headgate.core.deid.rules.kinds import is_free_text
from headgate.core.deid.rules.terms import is_defined
from headgate.core.dicom import repertoire
from headgate.core.dicom.elements import Encoding, encoded_items
from headgate.core.dicom.values import CODE, COUNTS, SINGLE, TEXTS, is_grammatical

BASIC = table.basic_actions()

# Dummy values for action D, by VR: PS3.15 Table E.1-1a
DUMMIES = {
    b"AE": b"REMOVED", b"AS": b"000Y", b"CS": b"REMOVED", b"DS": b"0", b"IS": b"0",
    b"DA": b"19000101", b"DT": b"19000101000000", b"TM": b"000000", b"LO": b"REMOVED",
    b"LT": b"REMOVED", b"PN": b"REMOVED", b"SH": b"REMOVED", b"ST": b"REMOVED", b"UC": b"REMOVED",
    b"UR": b"about:blank", b"UT": b"REMOVED", b"OB": bytes(2), b"OW": bytes(2), b"UN": bytes(2),
    b"FD": bytes(8), b"FL": bytes(4), b"SL": bytes(4), b"SS": bytes(2), b"UL": bytes(4),
    b"US": bytes(2),
}  # fmt: skip

MANUFACTURER = 0x00080070

Change = Callable[[int, bytes, bytes, Context], bytes | None]


def change_of(action: str, vr: bytes) -> Change:
    """Given an action and the VR that a value is read under, return what the action does to it:
    given an element, it returns the value without the patient; None: it cannot stay.
    """
    return KEPT.get(vr, _kept) if action == table.KEEP else CHANGES[action]


def of_code(code: coding.Code, change: Change) -> Change:
    """Given the code that an element is part of and the change of its value, return the one that
    leaves it where the code is public.
    """

    def changed(tag: int, vr: bytes, value: bytes, context: Context) -> bytes | None:
        found = change(tag, vr, value, context)
        is_cut = found != value
        is_left = is_cut and coding.is_public(tag, value, code, context.identifiers)
        return value if is_left else found

    return changed


def as_it_came(_tag: int, _vr: bytes, value: bytes, _context: Context) -> bytes:
    """Given the value of an element that names nobody, return it."""
    return value


def _kept(_tag: int, vr: bytes, value: bytes, _context: Context) -> bytes:
    # what is no value goes; the attribute may be of type 2
    return value if is_grammatical(vr, value) else b""


def _kept_text(tag: int, vr: bytes, value: bytes, context: Context) -> bytes | None:
    cut = _cutter(tag, vr)
    found = _rewritten(vr, value, context, lambda text: cut(text, context.identifiers))
    # a value that was nothing but an identifier may be of type 1
    return dummied(tag, vr, value, context) if _is_lost(found, context) else found


def _kept_date(tag: int, vr: bytes, value: bytes, context: Context) -> bytes:
    is_full = tag in profile.CODE_SET_VERSIONS or context.recipe.profile.dates == profile.FULL
    return (_kept if is_full else shifted)(tag, vr, value, context)


def _kept_number(tag: int, vr: bytes, value: bytes, context: Context) -> bytes | None:
    text = value.decode("latin-1")
    several = [one.strip(" \0") for one in text.split("\\")]
    own = matching.long_numbers(context.identifiers)
    if not own.isdisjoint(several) or clean.is_certain(text):
        return dummied(tag, vr, value, context)
    return _kept(tag, vr, value, context)


def _kept_binary(_tag: int, vr: bytes, value: bytes, context: Context) -> bytes:
    return binary.without_numbers(vr, value, context.identifiers)


def _kept_uid(tag: int, vr: bytes, value: bytes, context: Context) -> bytes | None:
    own = matching.long_numbers(context.identifiers)
    is_free = context.recipe.profile.uids  # then the person who chose it answers for UIDs
    if not is_free and any(not own.isdisjoint(uid.split(".")) for uid in _uids(value)):
        return dummied(tag, vr, value, context)
    return _kept(tag, vr, value, context)


def _cutter(tag: int, vr: bytes) -> Callable[[str, Identifiers], str]:
    # some hospitals are called like those who make their machines
    if tag in options.INSTITUTION_IDENTITY or tag == MANUFACTURER:
        return clean.cut_patient
    return clean.cut_anybody if is_free_text(tag, vr) else clean.cut


def _kept_code(_tag: int, _vr: bytes, value: bytes, context: Context) -> bytes | None:
    """Return codes with those replaced that name the patient: a whole one, since none is a text."""
    text = repertoire.decode(value, context.terms)
    codes = text.split("\\")
    if repertoire.UNDECODED in text:
        return DUMMIES[b"CS"]
    is_named = [_names_patient(one, context) for one in codes]
    if not any(is_named):
        return value
    pairs = zip(codes, is_named, strict=True)
    dummy = DUMMIES[b"CS"].decode()
    codes = [dummy if named else one for one, named in pairs]
    return repertoire.encode("\\".join(codes), context.written_terms)


def _names_patient(text: str, context: Context) -> bool:
    if is_defined(text):
        return False
    if matching.staff_in_codes(context.identifiers).finds(fold(text)):
        return True
    if matching.code_pattern(context.identifiers).finds(fold(text)) or clean.is_certain(text):
        return True
    if CODE.fullmatch(text):
        return False
    patterns = matching.pattern(context.identifiers), matching.wide_pattern(context.identifiers)
    return any(pattern.finds(fold(text)) for pattern in patterns)


def cleaned(tag: int, vr: bytes, value: bytes, context: Context) -> bytes | None:
    """Given a descriptor, return it without the patient and anybody's numbers."""
    found = _rewritten(vr, value, context, lambda text: _described(tag, text, context))
    is_read = found == value and _is_read_by_a_person(value, context)
    if not is_read and _is_lost(found, context):
        return CHANGES[BASIC[tag]](tag, vr, value, context)
    return found


def _is_lost(found: bytes | None, context: Context) -> bool:
    """Return whether nothing of a text is left, or its bytes name the patient as no text does."""
    return found is None or gate.is_within(found, context.identifiers)


def _is_read_by_a_person(value: bytes, context: Context) -> bool:
    texts = repertoire.decode(value, context.terms).split("\\")
    return not set(texts).isdisjoint(context.recipe.profile.kept_texts)


def _described(tag: int, text: str, context: Context) -> str:
    own = context.recipe.profile
    if text in own.kept_texts:
        # A person has read it and says that it names nobody; the gate reads it all the same.
        return text
    for chosen, pattern in own.patterns:
        if chosen == tag:
            text = clean.named_groups(text, pattern)
    return clean.cut_anybody(text, context.identifiers)


def shifted(_tag: int, _vr: bytes, value: bytes, context: Context) -> bytes:
    """Given dates, return them moved."""
    texts = value.decode("latin-1").split("\\")
    return "\\".join(dates.shift(text, context.days) for text in texts).encode("ascii")


def renamed(_tag: int, vr: bytes, value: bytes, context: Context) -> bytes | None:
    """Given UIDs, return those that stand for them; None: they are none."""
    if vr != b"UI":
        return None
    if context.recipe.profile.uids and not is_grammatical(vr, value):
        return None
    return "\\".join(_new_uid(uid, context) for uid in _uids(value)).encode("ascii")


def emptied(_tag: int, _vr: bytes, _value: bytes, _context: Context) -> bytes:
    """Given any value, return none."""
    return b""


def dummied(tag: int, vr: bytes, value: bytes, context: Context) -> bytes | None:
    """Given a value, return a dummy of its VR; None: there is none."""
    if vr in (b"DA", b"DT") and context.recipe.profile.dates != profile.NONE:
        return shifted(tag, vr, value, context)
    if vr == b"UI":
        return renamed(tag, vr, value, context)
    return DUMMIES.get(vr)


def removed(_tag: int, _vr: bytes, _value: bytes, _context: Context) -> None:
    """Given any value, return that it goes."""


def cleaned_within(_tag: int, _vr: bytes, value: bytes, context: Context) -> bytes | None:
    """Given a CSA header, return it with what names nobody alone; None: nothing of it stays."""
    return csa.rewritten(value, lambda one: gate.is_within(one, context.identifiers))


# What of a value stays where its attribute does, by VR; of any other VR: what is a value of it
KEPT: dict[bytes, Change] = {
    **dict.fromkeys(TEXTS, _kept_text),
    **dict.fromkeys(COUNTS, _kept_number),
    **dict.fromkeys(binary.VRS, _kept_binary),
    b"AE": emptied,
    b"CS": _kept_code,
    b"DA": _kept_date,
    b"DT": _kept_date,
    b"PN": emptied,
    b"UI": _kept_uid,
    b"UN": removed,
}
CHANGES: dict[str, Change] = {
    table.CLEAN: cleaned,
    table.SHIFT: shifted,
    table.NEW_UID: renamed,
    table.EMPTY: emptied,
    table.DUMMY: dummied,
    table.REMOVE: removed,
    table.WITHIN: cleaned_within,
    table.ENTER: removed,  # no sequence
}


def without_items(action: str, writing: Encoding) -> bytes | None:
    """Given an action on a sequence, return the content it gets in place of its own; None: it goes.

    Emptied it has no item, dummied one of a code that says nothing.
    """
    if action == table.EMPTY:
        return b""
    if action == table.DUMMY:
        return encoded_items([marks.code(*marks.DUMMY_CODE, writing)], writing)
    return None


def _rewritten(
    vr: bytes, value: bytes, context: Context, change: Callable[[str], str]
) -> bytes | None:
    """Return the text's bytes after the change; None: nothing of it is left, or can be read."""
    text = repertoire.decode(value, context.terms)
    if repertoire.UNDECODED in text:
        return None
    parts = [text] if vr in SINGLE else _unbroken(text.split("\\"), context)
    after = "\\".join(change(part) if part else "" for part in parts)
    if after == text and not context.is_in_unicode:
        return value
    if text and not after.strip("\\"):
        return None
    return repertoire.encode(after, context.written_terms)


def _unbroken(parts: list[str], context: Context) -> list[str]:
    """Return the values of a text without those that name the patient only one after the other."""
    pattern = matching.pattern(context.identifiers)
    for place, (one, other) in enumerate(pairwise(parts)):
        whole = fold(one.rstrip(" -") + other.lstrip())
        if pattern.finds(whole) and not any(pattern.finds(fold(part)) for part in (one, other)):
            parts[place : place + 2] = "", ""
    return parts


def _uids(value: bytes) -> list[str]:
    return [uid.strip(" \0") for uid in value.decode("latin-1").split("\\")]


def _new_uid(uid: str, context: Context) -> str:
    if uid == context.study:  # also where a sequence refers to the study as an instance
        return uids.replace_study_uid(uid, context.recipe)
    return uids.replace_uid(uid, context.recipe)
