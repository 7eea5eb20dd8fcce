"""What the rules say of an element, whatever its value: what is done, and how its value is read."""

from typing import NamedTuple

from headgate.core.deid import coding
from headgate.core.deid.changing import Change, as_it_came, change_of, of_code
from headgate.core.deid.levels import Level, creator_of, keeps_creator
from headgate.core.deid.rules import private, table
from headgate.core.deid.rules.kinds import KIND_OF, dictionary_vr, may_have_sign
from headgate.core.dicom.elements import VRS
from headgate.core.dicom.private import is_creator
from headgate.core.dicom.values import GRAMMAR, NUMBERS, TEXTS, is_grammatical

GONE = (table.REMOVE, b"")
BYTES = frozenset({b"UN", b"OB", b"OW"})
UNDECODABLE = "cannot be decoded"
UNEXPECTED = "unexpected value representation"


class Ruling(NamedTuple):
    """What becomes of an element: the action and what it does to a value; the VR that the value is
    read under, that it is written under, and that it has to whoever reads the output; why nothing
    can be made of it (blank: something can); and whether it is a private one that holds no text.
    """

    action: str
    change: Change
    vr: bytes
    written_vr: bytes
    shown_vr: bytes
    why_not: str
    is_measure: bool


def ruling_of(level: Level, tag: int, vr: bytes, value: bytes, is_open: bool) -> Ruling:
    """Given an element of a level, return what becomes of it; `vr` is as it is written there, and
    `is_open` whether its length is undefined.
    """
    action, kind = _rule(level, tag)
    read = _read_vr(level, tag, vr, value)
    written = _written_vr(tag, vr, read)
    if read not in VRS or (is_open and read != b"SQ"):
        why_not = UNDECODABLE
    else:
        why_not = "" if not kind or kind in (read, KIND_OF.get(read)) else UNEXPECTED
    shown = dictionary_vr(tag) if level.context.writing.is_implicit else written
    is_measure = bool(tag & 0x10000) and not is_creator(tag)
    change = as_it_came if private.is_listed(tag, value) else change_of(action, read)
    if level.code.value and tag in coding.PARTS and action == table.KEEP:
        change = of_code(level.code, change)
    return Ruling(action, change, read, written, shown, why_not, is_measure)


def is_told_by_value(vr: bytes) -> bool:
    """Given the VR of an element as it is written, return whether its value has a say in what
    becomes of it.
    """
    return vr in TEXTS


def _rule(level: Level, tag: int) -> tuple[str, bytes]:
    known = level.context.actions.get(tag)
    if known is not None:
        return known
    if not tag & 0x10000 or not level.context.recipe.profile.safe_private:
        return GONE
    if is_creator(tag):
        return (table.KEEP, KIND_OF[b"LO"]) if keeps_creator(level, tag) else GONE
    creator = creator_of(level, tag)
    vr = private.safe_vr(tag, creator)
    action = table.WITHIN if private.is_csa(tag, creator) else table.KEEP
    return (action, KIND_OF.get(vr, vr)) if vr else GONE


def _read_vr(level: Level, tag: int, vr: bytes, value: bytes) -> bytes:
    """Return the VR of an element: as it is written, or that of the dictionaries, also where what
    is a number is written as mere bytes, or a number, date or UID as a text.
    """
    if vr and vr not in BYTES and vr not in TEXTS:
        return vr
    known = _known_vr(level, tag)
    if vr in TEXTS:
        return known if known in GRAMMAR and is_grammatical(known, value) else vr
    is_said = vr in (b"OB", b"OW") and known not in NUMBERS
    return vr if is_said else known


def _written_vr(tag: int, vr: bytes, read: bytes) -> bytes:
    """Return under which VR a value is written: as it came where nothing here tells its sign."""
    is_signed = vr in (b"UN", b"") and read == b"US" and may_have_sign(tag)
    return b"UN" if is_signed else read


def _known_vr(level: Level, tag: int) -> bytes:
    if not tag & 0x10000:
        return dictionary_vr(tag)
    if is_creator(tag):
        return b"LO"
    return private.safe_vr(tag, creator_of(level, tag))
