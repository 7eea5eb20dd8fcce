"""The ways in which a name, a number or a date is spelled, as patterns for folded texts."""

import re
from collections.abc import Iterator

from headgate.core.deid.repertoire import UNDECODED
from headgate.core.deid.text import alphanumeric, fold

# Letters as passports spell them; read the other way round, too
TRANSCRIBED = {"ø": "oe", "ö": "oe", "å": "aa", "ä": "ae", "æ": "ae", "ü": "ue", "ß": "ss"}
DIGRAPHS = frozenset({"ae", "oe", "ue", "aa", "ss"})
PIECES = re.compile("ae|oe|ue|aa|.", re.DOTALL)
MONTHS = (
    ("januar", "january", "jan", "januari", "janvier", "enero", "gennaio", "ocak", "января"),
    ("februar", "february", "feb", "februer", "februari", "fevrier", "febrero", "subat", "февраля"),
    ("mars", "march", "marz", "maerz", "mar", "mrz", "maart", "marzo", "mart", "марта"),
    ("april", "apr", "avril", "abril", "aprile", "nisan", "апреля"),
    ("mai", "may", "maj", "mei", "mayo", "maggio", "mayis", "мая"),
    ("juni", "june", "jun", "juin", "junio", "giugno", "haziran", "июня"),
    ("juli", "july", "jul", "juillet", "julio", "luglio", "temmuz", "июля"),
    ("august", "aug", "augusti", "augustus", "aout", "agosto", "agustos", "августа"),
    ("september", "sept", "sep", "septembre", "septiembre", "settembre", "eylul", "сентября"),
    ("oktober", "october", "okt", "oct", "octobre", "octubre", "ottobre", "ekim", "октября"),
    ("november", "nov", "novembre", "noviembre", "kasim", "ноября"),
    ("desember", "december", "dezember", "des", "dec", "dez", "decembre", "diciembre", "dicembre",
     "aralik", "декабря"),
)  # fmt: skip
LONGEST_RUN = 6
FEWEST_KEPT = 4
# What stands for a letter that a system could not hold
LETTERS_LOST = "?" + UNDECODED
LOST = rf"(?:[^\W\d_]{{0,2}}|[{LETTERS_LOST}_.*#]{{0,2}})"
MARK = r"[\s.\-_/()]{0,2}"
FIELDS = (16, 12, 64)  # PS3.5 Table 6.2-1: SH and LO; and what is left beside a word


def of_name(name: str) -> str:
    """Given a name, return the pattern of its spellings: Møller, Moeller and Moller are one."""
    if any(letter in name for letter in LETTERS_LOST):
        return "".join(LOST if one in LETTERS_LOST else re.escape(one) for one in fold(name))
    pieces = []
    for piece in PIECES.findall(name.lower()):
        spelled = TRANSCRIBED.get(piece) or fold(piece)
        is_two = spelled in DIGRAPHS
        pieces.append(f"(?:{spelled}|{spelled[0]})" if is_two else re.escape(spelled))
    return "".join(pieces)


def of_lost(name: str) -> str:
    """Given a name, return the pattern of it without its letters that ASCII lacks; none: blank."""
    kept = [letter for letter in name.lower() if letter.isascii()]
    if len(kept) == len(name) or sum(map(str.isalpha, kept)) < FEWEST_KEPT:
        return ""
    lost = rf"[{LETTERS_LOST}_.*# ]{{0,4}}"
    return "".join(re.escape(one) if one.isascii() else lost for one in name.lower())


def of_cut_short(text: str) -> str:
    """Given the name of a place, return the pattern of it, also where a field cut it short."""
    whole = of_name(text)
    shortened = {text[:length].rstrip() for length in FIELDS if len(text) > length}
    return "|".join([f"(?:{whole}", *sorted(map(of_name, shortened), key=len, reverse=True)]) + ")"


def of_long_number(number: str) -> str:
    """Given a number of some length, return the pattern that finds it with marks in between."""
    return MARK.join(map(re.escape, alphanumeric(number)))


def runs(number: str) -> Iterator[str]:
    """Given an identifying number, yield its runs of digits that tell as much without the rest."""
    for digits in re.findall(r"\d+", number):
        for run in (digits, digits.lstrip("0")):
            if len(run) >= LONGEST_RUN:
                yield run


def of_date(digits: str) -> Iterator[str]:
    """Given a date as YYYYMMDD, yield the patterns of the ways in which people write it."""
    year, month, day = digits[:4], digits[4:6], digits[6:]
    number = f"0?{int(day)}" if day[0] == "0" else day
    numeral = f"0?{int(month)}" if month[0] == "0" else month
    short = f"(?:{year[:2]})?{year[2:]}"
    separator = r"\s?[./-]\s?"
    yield from (f"{year}{month}{day}", f"{day}{month}{year}", f"{month}{day}{year}")
    yield f"{year}(?:{separator}| ){numeral}(?:{separator}| ){number}"
    yield f"{number}(?:{separator}| ){numeral}(?:{separator}| ){short}"
    yield f"{numeral}(?:{separator}| ){number}(?:{separator}| ){short}"
    yield f"{year}[年년]\\s?{numeral}[月월]\\s?{number}[日일]?"
    if 1 <= int(month) <= len(MONTHS):
        named = "|".join(sorted(MONTHS[int(month) - 1], key=len, reverse=True))
        yield f"{number}(?:st|nd|rd|th)?(?:\\s(?:of|de))?[\\s._-]*(?:{named})[\\s.,_-]*{short}"
        yield f"(?:{named})[\\s._-]*{number}(?:st|nd|rd|th)?[\\s.,_-]*{short}"
        yield f"{year}[\\s._-]*(?:{named})[\\s._-]*{number}"
