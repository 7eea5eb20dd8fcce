"""What people tell of a whole-slide image: whose it is, and of what."""

import re
from collections.abc import Mapping
from datetime import date

from headgate.core.errors import Rejected
from headgate.core.grammar import is_uid

SUFFIXES = (".svs", ".tif", ".tiff", ".ndpi")
LONGEST = 64  # PS3.5 Table 6.2-1: LO and a component group of PN
SHORT = 16  # SH
DATE = re.compile(r"\d{8}")
TEXT = re.compile(r"[^\\\x00-\x1f\x7f]*")
FIELDS = {  # name: how long it may be; 0: a grammar of its own
    "patient_id": LONGEST,
    "patient_name": LONGEST,
    "birth_date": 0,
    "sex": 0,
    "accession_number": SHORT,
    "study_uid": 0,
    "study_date": 0,
    "study_description": LONGEST,
    "series_description": LONGEST,
    "slide_id": LONGEST,
}
DATES = ("birth_date", "study_date")


def checked(values: Mapping[str, object]) -> dict[str, str]:
    """Given what is told of a slide, return it without blanks. Raise Rejected, with no value."""
    if unknown := sorted(set(values) - set(FIELDS)):
        known = ", ".join(FIELDS)
        raise Rejected(f"what is told of it has {len(unknown)} unknown names: known are {known}")
    found = {name: str(one).strip() for name, one in values.items() if one is not None}
    found = {name: one for name, one in found.items() if one}
    wrong = [name for name, one in found.items() if not _is_good(name, one)]
    if wrong:
        raise Rejected(f"what is told of it is no value for {', '.join(sorted(wrong))}: mend it")
    if "patient_id" not in found:
        raise Rejected("nobody tells its patient_id: put NAME.json beside it, or a row with its "
                       "file's name into slides.coupling_list")  # fmt: skip
    return found


def _is_good(name: str, text: str) -> bool:
    if name in DATES:
        return _is_date(text)
    if name == "sex":
        return text in ("M", "F", "O")
    if name == "study_uid":
        return is_uid(text)
    return len(text) <= FIELDS[name] and TEXT.fullmatch(text) is not None


def _is_date(text: str) -> bool:
    if not DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
