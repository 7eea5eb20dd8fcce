"""The ways in which a name, a number or a date is spelled, as patterns for folded texts."""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from headgate.core.deid.identifiers.text import alphanumeric, fold
from headgate.core.deid.identifiers.vocabulary import is_clinical
from headgate.core.dicom.repertoire import UNDECODED

# Letters as passports spell them; read the other way round, too
TRANSCRIBED = {
    "ø": "oe", "ö": "oe", "ő": "oe", "å": "aa", "ä": "ae", "æ": "ae", "ü": "ue", "ű": "ue",
    "ß": "ss",
}  # fmt: skip
# Letters that people spell by one or two, and long vowels as Katakana and Hiragana have them
PERHAPS_TWO = {
    "う": "[うー]", "お": "[おー]", "ー": "[ーうおいあえ]",
    "ş": "sh?", "š": "sh?", "č": "ch?", "ć": "ch?", "ç": "ch?", "ž": "zh?", "ğ": "gh?",
    "ñ": "n[ny]?",
}  # fmt: skip
UNSURE = frozenset("aeouschdt")  # letters of which one spelling of a name has fewer
DIGRAPHS = frozenset({"ae", "oe", "ue", "aa", "ss", "th"})
PIECES = re.compile("ae|oe|ue|aa|.", re.DOTALL)
OF_ETH = "(?:th|dh|d)"
MONTHS = (
    ("januar", "january", "jan", "januari", "janvier", "enero", "gennaio", "ocak", "января",
     "janeiro", "stycznia", "ledna", "tammikuuta", "ιανουαριου",
     "ianuarie", "ionawr", "eanair", "січня", "sausio"),
    ("februar", "february", "feb", "februer", "februari", "fevrier", "febrero", "subat", "февраля",
     "fevereiro", "lutego", "unora", "helmikuuta", "φεβρουαριου",
     "februarie", "chwefror", "feabhra", "лютого", "vasario"),
    ("mars", "march", "marts", "marz", "maerz", "mar", "mrz", "maart", "marzo", "mart", "марта",
     "marco", "marca", "brezna", "maaliskuuta", "μαρτιου",
     "martie", "marcius", "mawrth", "березня", "kovo"),
    ("april", "apr", "avril", "abril", "aprile", "nisan", "апреля",
     "kwietnia", "dubna", "huhtikuuta", "απριλιου",
     "aprilie", "aprilis", "ebrill", "aibrean", "квітня", "balandzio"),
    ("mai", "may", "maj", "mei", "mayo", "maggio", "mayis", "мая", "maio",
     "maja", "kvetna", "toukokuuta", "μαιου",
     "majus", "bealtaine", "травня", "geguzes"),
    ("juni", "june", "jun", "juin", "junio", "giugno", "haziran", "июня",
     "junho", "czerwca", "cervna", "kesakuuta", "ιουνιου",
     "iunie", "junius", "mehefin", "meitheamh", "червня", "birzelio"),
    ("juli", "july", "jul", "juillet", "julio", "luglio", "temmuz", "июля",
     "julho", "lipca", "cervence", "heinakuuta", "ιουλιου",
     "iulie", "julius", "gorffennaf", "липня", "liepos"),
    ("august", "aug", "augusti", "augustus", "aout", "agosto", "agustos", "августа",
     "sierpnia", "srpna", "elokuuta", "αυγουστου",
     "augusztus", "agust", "awst", "lunasa", "серпня", "rugpjucio"),
    ("september", "sept", "sep", "septembre", "septiembre", "settembre", "eylul", "сентября",
     "setembro", "wrzesnia", "zari", "syyskuuta", "σεπτεμβριου",
     "septembrie", "szeptember", "septembur", "вересня", "rugsejo"),
    ("oktober", "october", "okt", "oct", "octobre", "octubre", "ottobre", "ekim", "октября",
     "outubro", "pazdziernika", "rijna", "lokakuuta", "οκτωβριου",
     "octombrie", "oktobur", "hydref", "жовтня", "spalio"),
    ("november", "nov", "novembre", "noviembre", "kasim", "ноября", "novembro", "listopada",
     "listopadu", "marraskuuta", "νοεμβριου",
     "noiembrie", "novembur", "tachwedd", "samhain", "листопада", "lapkricio"),
    ("desember", "december", "dezember", "des", "dec", "dez", "decembre", "diciembre", "dicembre",
     "aralik", "декабря", "dezembro", "grudnia", "prosince", "joulukuuta", "δεκεμβριου",
     "decembrie", "desembur", "rhagfyr", "nollaig", "грудня", "gruodzio", "abendua"),
)  # fmt: skip
NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
SHORTEST_RUN, DIGITS_OF_PHONE = 6, 8
WORD = re.compile(r"[^\W\d_]{4}")
# National identity numbers of ten digits, with all the digits of the year before them
CENTURY = re.compile(r"(?:19|20)\d\d[01]\d[0-3]\d{5}$")
FEWEST_KEPT, FEWEST_OF_LONG = 4, 12
LONGEST_IS = 12  # PS3.5 Table 6.2-1
PARTS_OF_NUMBER, FILLED, FEWEST_FILLED = re.compile(r"\d+|[^\W\d_]+"), "0{0,6}", 4
# What stands for a letter that a system could not hold
LETTERS_LOST = "?" + UNDECODED
LOST = rf"(?:[^\W\d_]{{0,2}}|[{LETTERS_LOST}_.*#]{{0,2}})"
SIGNS_OF_LOST = r"[\W_]{0,4}"
# ISO/IEC 646 of Norway, Denmark, Sweden and Finland, where capitals and small letters differ
OF_SEVEN_BITS = {
    "æ": r"[{\[]", "ä": r"[{\[]", "ø": r"[|\\]", "ö": r"[|\\]", "å": r"[}\]]",
}  # fmt: skip
MARK = r"[\W_]{0,2}"
# what Chinese, Japanese and Korean write after the numbers of a date, as it is when folded
OF_YEAR, OF_MONTH, OF_DAY = (f"(?:{fold(one)}|{other})" for one, other in ("년年", "월月", "일日"))
BETWEEN_LETTERS = r"[\s._-]{1,3}"
BROKEN = r"(?:[-'`]?\s{0,3}[\r\n]\s{0,3}|[-'`\\])?"
# What names begin with that is also written as a word of its own: O'Hara, Mc Bride, D'Urso, Al Amri
OPENING = re.compile(r"(?:mac|mc|o|d|[ae]l(?=[^\W\d_]{4}))(?=[^\W\d_]{3})")
OF_OPENING = {"mac": "m(?:a?c)?", "mc": "m(?:a?c)?"}
# Arabic's article, which is another one after "to" or "for"
ARTICLE, AFTER_TO, FEWEST_WITH_ARTICLE = "ال", "ا?لل?", 6
FEWEST_OF_CUT, FEWEST_BEGUN = 6, 3
# PS3.5 Table 6.2-1: where a text is as long as SH and CS, or LO, may be, with a blank at its end
END_OF_FIELD = r"(?:(?<=\A.{15})|(?<=\A.{16})|(?<=\A.{63})|(?<=\A.{64}))\Z"
END_OF_WORD = r"(?<=[^\W\d_]{8})(?![^\W\d_])"  # as long as names of users were
ABBREVIATED = r"\.(?![^\W_])"
FIELDS = (16, 12, 64)  # PS3.5 Table 6.2-1: SH and LO; and what is left beside a word


@lru_cache(maxsize=1024)
def of_name(name: str) -> str:
    """Given a name, return the pattern of its spellings: Møller, Moeller and Moller are one."""
    if any(letter in name for letter in LETTERS_LOST):
        return "".join(LOST if one in LETTERS_LOST else re.escape(one) for one in fold(name))
    if name.startswith(ARTICLE) and len(name) >= FEWEST_WITH_ARTICLE:
        return AFTER_TO + "".join(_letters(name.removeprefix(ARTICLE)))
    if (opening := OPENING.match(name.lower())) is not None:
        opened = OF_OPENING.get(opening[0], opening[0])
        return f"{opened}[ '`-]?{''.join(_letters(name[opening.end() :]))}"
    return "".join(_letters(name))


def of_parted(name: str) -> str:
    """Given a name, return the pattern of it with its letters set apart, M U E L L E R, or broken
    at the end of a line, of a value, or with a hyphen.
    """
    forms = [
        gap.join(one for one in _letters(name, gap) if any(map(_is_written, one)))
        for gap in (BETWEEN_LETTERS, BROKEN)
    ]
    return f"(?:{'|'.join(forms)})"


def _is_written(letter: str) -> bool:
    """Return whether a letter is one, or a vowel that is a sign beside one, as in Tamil."""
    return letter.isalnum() or unicodedata.category(letter) == "Mc"


def of_beginning(name: str) -> str:
    """Given a name, return the pattern of its beginning, of three letters at least."""
    return _begun(list(_letters(name)), FEWEST_BEGUN)


def _begun(letters: list[str], fewest: int) -> str:
    rest = letters[fewest:]
    return "".join(letters[:fewest]) + "".join(f"(?:{one}" for one in rest) + ")?" * len(rest)


def of_name_cut_short(name: str) -> str:
    """Given a name, return the pattern of its beginning where a field's end cut it, or where it is
    long; none: blank.
    """
    letters = list(_letters(name))
    if len(letters) <= FEWEST_OF_CUT or any(one in name for one in LETTERS_LOST):
        return ""
    return _begun(letters[:-1], FEWEST_OF_CUT) + f"(?:{END_OF_FIELD}|{END_OF_WORD}|{ABBREVIATED})"


def _letters(name: str, gap: str = "") -> Iterator[str]:
    """Yield the pattern of each letter of a name, or of two that stand for one, a gap between."""
    for piece in PIECES.findall(unicodedata.normalize("NFC", name.lower())):
        spelled = TRANSCRIBED.get(piece) or fold(piece)
        if piece == "ð":
            yield OF_ETH
        elif (form := PERHAPS_TWO.get(piece) or PERHAPS_TWO.get(spelled)) is not None:
            yield form
        elif spelled in DIGRAPHS:
            yield f"(?:{spelled[0]}(?:{gap})?{spelled[1]}|{spelled[0]})"
        else:
            yield re.escape(spelled)


def of_lost(name: str) -> str:
    """Given a name, return the pattern of it without its letters that ASCII lacks; none: blank."""
    kept = [letter for letter in name.lower() if letter.isascii()]
    if len(kept) == len(name) or sum(map(str.isalpha, kept)) < FEWEST_KEPT:
        return ""
    return "".join(re.escape(one) if one.isascii() else SIGNS_OF_LOST for one in name.lower())


def of_seven_bits(name: str) -> str:
    """Given a name, return the pattern of it in the Nordic sets of seven bits, whose letters are in
    the places of brackets: Bj|rn; blank where it has none of these letters, or is short.
    """
    letters = unicodedata.normalize("NFC", name.lower())
    if len(letters) < FEWEST_BEGUN or not any(one in OF_SEVEN_BITS for one in letters):
        return ""
    return "".join(OF_SEVEN_BITS.get(one) or re.escape(fold(one)) for one in letters)


def of_two_words(name: str) -> str:
    """Given a name, return the pattern of it as two words, as syllables of Chinese and Korean names
    are: Xiaodong, Xiao Dong; blank where it is short, or both are of the field.
    """
    letters = list(_letters(name))
    if len(letters) < FEWEST_OF_CUT or not name.isalpha():
        return ""
    several = (
        "".join(letters[:end]) + "[ _]" + "".join(letters[end:])
        for end in range(2, len(letters) - 1)
        if not (is_clinical(name[:end]) and is_clinical(name[end:]))
    )
    return f"(?:{'|'.join(several)})"


def of_cut_short(text: str) -> str:
    """Given the name of a place, return the pattern of it, also where a field cut it short."""
    whole = of_name(text)
    shortened = {text[:length].rstrip() for length in FIELDS if len(text) > length}
    return "|".join([f"(?:{whole}", *sorted(map(of_name, shortened), key=len, reverse=True)]) + ")"


def of_long_number(number: str) -> str:
    """Given a number of some length, return the pattern that finds it with marks in between, and
    with more or fewer zeros that fill its parts up.
    """
    first, *rest = PARTS_OF_NUMBER.findall(fold(number)) or [""]
    bare = [part.lstrip("0") or part for part in rest if part[:1].isdigit()]
    if sum(map(len, bare)) + len(first) < FEWEST_FILLED:
        return MARK.join(map(re.escape, alphanumeric(number)))
    return MARK.join([*map(re.escape, first), *map(_filled, rest)])


def _filled(part: str) -> str:
    """Return the pattern of a part of a number, with any zeros before it where it has digits."""
    bare = part.lstrip("0") if part[:1].isdigit() else ""
    return MARK.join(map(re.escape, part)) if not bare else FILLED + MARK.join(bare)


def of_reversed(word: str) -> str:
    """Given a name or number, return the pattern of it the other way round; none: blank."""
    plain = alphanumeric(word)
    is_long = len(plain) > SHORTEST_RUN and plain.isascii()
    return rf"(?<![^\W_]){plain[::-1]}(?![^\W_])" if is_long else ""


def of_decimal(digits: str) -> Iterator[str]:
    """Given a number, yield how values of DS and IS spell it: PS3.5 Table 6.2-1."""
    yield from (digits + nought for nought in (".0", ".00", ".000", ".000000"))
    yield from (digits.zfill(length) for length in range(len(digits) + 1, LONGEST_IS + 1))
    yield "+" + digits
    yield from (f"{int(digits):{kind}}" for kind in "eE")


def is_number(text: str) -> bool:
    """Given what tells of somebody, return whether it is a number rather than words."""
    return sum(map(str.isdigit, text)) >= FEWEST_KEPT and WORD.search(text) is None


def of_number_cut_short(number: str) -> str:
    """Given a number, return the pattern of it where a field cut its end off; none: blank."""
    letters = list(map(re.escape, alphanumeric(number)))
    if len(letters) <= FEWEST_OF_LONG:
        return ""
    end = "".join(f"(?:{MARK}{one}" for one in letters[FEWEST_OF_LONG:])
    return MARK.join(letters[:FEWEST_OF_LONG]) + end + ")?" * (len(letters) - FEWEST_OF_LONG)


def runs(number: str) -> Iterator[str]:
    """Given an identifying number, yield its runs of digits that tell as much without the rest,
    and all of its digits where it has no words.
    """
    joined = [] if WORD.search(number) else [re.sub(r"\D", "", number)]
    for digits in dict.fromkeys(re.findall(r"\d+", number) + joined):
        if len(digits) >= SHORTEST_RUN:
            yield digits
        if len(bare := digits.lstrip("0")) >= (FEWEST_KEPT if digits == number else SHORTEST_RUN):
            yield bare


def of_number_without_prefix(number: str) -> str:
    """Given a number that begins with a country's or a century, return the pattern of it with
    another one, or none; none: blank.
    """
    digits = re.sub(r"\D", "", number)
    if number.startswith(("+", "0")) and len(digits) >= FEWEST_OF_LONG - 2:
        # T2 before a number is no country
        return rf"(?:(?<![^\W_])\d{{1,4}}{MARK})?" + of_long_number(digits[-DIGITS_OF_PHONE:])
    if CENTURY.match(digits):
        return of_long_number(digits[2:])
    return ""


def of_date(digits: str) -> Iterator[str]:
    """Given a date as YYYYMMDD, yield the patterns of the ways in which people write it."""
    year, month, day = digits[:4], digits[4:6], digits[6:]
    number = f"0?{int(day)}" if day[0] == "0" else day
    numeral = f"0?{int(month)}" if month[0] == "0" else month
    short = f"(?:{year[:2]}|')?{year[2:]}"
    separator = r"\s?[./:|,_-]\s?"
    yield from (f"{year}{month}{day}", f"{day}{month}{year}", f"{month}{day}{year}")
    yield f"{year}(?:{separator}| ){numeral}(?:{separator}| ){number}"
    yield f"{number}(?:{separator}| ){numeral}(?:{separator}| ){short}"
    yield f"{numeral}(?:{separator}| ){number}(?:{separator}| ){short}"
    yield f"'?{year[2:]}[./-]{numeral}[./-]{number}"
    yield f"{year}[年년]\\s?{numeral}[月월]\\s?{number}[日일]?"
    if 1 <= int(month) <= len(MONTHS):
        months = (*MONTHS[int(month) - 1], NUMERALS[int(month) - 1])
        named = "|".join(sorted(map(fold, months), key=len, reverse=True))
        yield (
            f"{number}(?:st|nd|rd|th)?(?:\\s(?:of|de))?[\\s./_-]*(?:{named})"
            f"(?:\\sde)?[\\s.,/_-]*{short}"
        )
        yield f"(?:{named})[\\s._-]*{number}(?:st|nd|rd|th)?[\\s.,_-]*{short}"
        yield f"{year}[\\s._-]*(?:{named})[\\s._-]*{number}"
