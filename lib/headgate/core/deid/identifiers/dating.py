"""Days in short forms, and years of birth beside words that tell of it. For folded texts."""

from collections.abc import Iterable, Iterator

from headgate.core.deid.identifiers.spelling import MONTHS
from headgate.core.deid.identifiers.text import fold

NO_DIGIT_BEFORE, NO_DIGIT_AFTER = r"(?<!\d)(?<!\d[.,])", r"(?![.,]?\d)"
NO_WEIGHTING_BEFORE = r"(?<!\b[bclstv])"  # the 2 of T2 is no day, nor the 4 of L4
NO_WORD_BEFORE, NO_LETTER_AFTER = r"(?<![^\W_])", r"(?![^\W\d_])"
NO_MONTHS = frozenset({"mar", "may", "mai", "maj", "mei", "des", "sep"})  # other words
# Words that tell of a birth and of nothing else, before and after a year
BORN = (
    "d\\.?o\\.?b|y\\.?o\\.?b|(?:year|date) of birth|birth ?(?:year|date)|born"
    "|fodt|fodd|fodselsar|fodelsear|faedd(?:ur)?|geb|geboren|geburtsjahr|geboortejaar"
    "|nee? (?:en|le)|annee de naissance|nat[oa] (?:nel|il)|anno di nascita"
    "|nacid[oa]|ano de naci?mi?ento|nascid[oa]|ano de nascimento|nascut[oa]?"
    "|urodz(?:on[ya])?|rok urodzenia|narozena?|rok narozeni|syntynyt|syntymavuosi|sundinud"
    "|szul(?:etett)?|dzim(?:is|usi)|gimes|gimusi|рожд(?:ен(?:ия|а)?)?|народж(?:ен(?:ня|ии|а)?)?"
    "|γεννηθ(?:εισ|εισα|ηκε)|г\\.? ?р\\.?|dogum(?: (?:tarihi|yili))?|argang"
)
BORN_AFTER = rf"г\.? ?р\b\.?|年出?生|{fold('년생')}|dogumlu|рожд(?:ения)?\b|р\.? ?н\b"
# what may stand between them and the year
BETWEEN = (
    r"[.:, ]{1,3}(?:(?:i|in|im|en|em|ar|el|v|w|u|r|nel|the year|jahre?|roku?|году|году:?) ){0,2}"
)
# Words that tell of other things, too, and signs: before the patient's own year alone
PERHAPS = (
    r"\*|f|ne|nee|ur|nar|roc|rocznik|synt|jg|jahrgang|argang|arg|vuosimalli|γεν|р"
    r"|kvinne|kvinna|kvinde|mann?|frau|woman|male|female|pas|pat"
)
OFTEN = "born|dob|yob|fodt|fodd|geb|geboren|jg|jahrgang|argang"  # of two digits, too
LETTERS, MEASURED = "|b|s|n|k|m|w", 50  # which b values and windows are multiples of
YEAR = r"(?:19|20)\d\d"
ERA = "(?:明治|大正|昭和|平成|令和)"
# Japan's eras by what they are written as, and the year before each of them began
ERAS = {"(?:s|昭和?)": 1925, "(?:h|平成?)": 1988, "(?:r|令和?)": 2018}
MOST_OF_ERA = 65
REPUBLIC_AND_BUDDHIST = (-1911, 543)  # Taiwan's and Thailand's years
APART = "[._/年月-]{1,2} ?"
SOMEBODYS = (
    rf"{NO_WORD_BEFORE}(?:{BORN}){BETWEEN}{YEAR}{NO_DIGIT_AFTER}"
    rf"|(?:(?<!\d){YEAR}|{ERA} ?\d\d?) ?(?:{BORN_AFTER})"
    rf"|{NO_WORD_BEFORE}f\. ?19\d\d{NO_DIGIT_AFTER}"
    rf"|{NO_WORD_BEFORE}(?:{BORN}|f(?=\.))[.:, ]{{0,3}}['`-]\d\d{NO_DIGIT_AFTER}"
)
# Finnish months as they are bent; months with two digits of a year, and weeks of one
_BENT = "(?:tammi|helmi|maalis|huhti|touko|kesa|heina|elo|syys|loka|marras|joulu)kuu[a-z]{0,4}"
_LONG = "|".join(sorted({one for names in MONTHS for one in map(fold, names) if len(one) > 3}))
WEEKS = "uke|veke|vecka|uge|viikko|vika|week|woche|kw|vk"
OF_MONTHS_AND_WEEKS = (
    rf"{NO_WORD_BEFORE}(?:[0-3]?\d\. ?)?{_BENT}[ .,]{{0,2}}{YEAR}{NO_DIGIT_AFTER}"
    rf"|{NO_WORD_BEFORE}(?:{_LONG}) ?['`-]\d\d(?!\w)"
    rf"|{NO_WORD_BEFORE}(?:{WEEKS})[ .]{{0,2}}\d\d?(?:[ /,.-]{{1,3}}| in? ){YEAR}{NO_DIGIT_AFTER}"
)


def of_birth(date: str) -> Iterator[str]:
    """Given a day of birth as YYYYMMDD, yield the patterns of it in six digits and in the years of
    other calendars, and of its year beside what tells of a birth.
    """
    yield from _in_six_digits(date)
    yield from _in_other_years(int(date[:4]), date[4:6], date[6:])
    year, named = date[:4], _months(date)
    if named:
        yield rf"{NO_WORD_BEFORE}(?:{named})[ ._'-]{{0,2}}(?:{year[:2]})?{year[2:]}{NO_DIGIT_AFTER}"
    short = f"(?:{year[:2]}|['`])?{year[2:]}"
    yield rf"{NO_WORD_BEFORE}(?:{OFTEN})[.:]? ?{short}{NO_DIGIT_AFTER}"
    perhaps = PERHAPS if int(year) % MEASURED == 0 else PERHAPS + LETTERS
    yield rf"{NO_WORD_BEFORE}(?:{perhaps})[.:]? ?(?:{year}|['`]{year[2:]}){NO_DIGIT_AFTER}"


def of_study(dates: Iterable[str]) -> Iterator[str]:
    """Given days of studies as YYYYMMDD, yield the patterns of them in six digits, in the years of
    other calendars, and without their year.
    """
    for date in dates:
        yield from _in_six_digits(date)
        yield from _in_other_years(int(date[:4]), date[4:6], date[6:])
        if named := _months(date):
            day = _bare(date[6:])
            yield rf"(?<!\d){day}(?:st|nd|rd|th|\.)?[ ._/-]?(?:{named}){NO_LETTER_AFTER}"
            yield rf"{NO_WORD_BEFORE}(?:{named})[ ._/-]{{1,2}}{day}{NO_DIGIT_AFTER}"


def _in_six_digits(date: str) -> Iterator[str]:
    """Yield the patterns of a day with two digits of the year, with all of them where they are set
    apart, and of its month.
    """
    year = date[2:4], f"(?:{date[:2]})?{date[2:4]}"
    month, day = ((one, _bare(one)) for one in (date[4:6], date[6:]))
    for order in ((year, month, day), (day, month, year), (month, day, year)):
        joined, apart = "".join(one for one, _ in order), APART.join(one for _, one in order)
        spaced = " ".join(one for one, _ in order)
        yield f"{NO_DIGIT_BEFORE}(?:{joined}|{NO_WEIGHTING_BEFORE}{apart}|{spaced}){NO_DIGIT_AFTER}"
    yield f"{NO_DIGIT_BEFORE}{day[1]}[./]{month[1]} {date[:4]}{NO_DIGIT_AFTER}"
    of_month = f"{month[1]}[./-]{date[:4]}|{date[:4]}[./-]{month[0]}"
    yield f"{NO_DIGIT_BEFORE}(?:{of_month}){NO_DIGIT_AFTER}"


def _months(date: str) -> str:
    """Return the pattern of the names of a date's month, those that are nothing else."""
    number = int(date[4:6])
    names = set(map(fold, MONTHS[number - 1])) if 1 <= number <= len(MONTHS) else set()
    return "|".join(sorted(names - NO_MONTHS, key=lambda one: (-len(one), one)))


def _in_other_years(year: int, month: str, day: str) -> Iterator[str]:
    for years in REPUBLIC_AND_BUDDHIST:
        other = f"0?{year + years}"
        apart = [(other, _bare(month), _bare(day)), (_bare(day), _bare(month), other)]
        several = "|".join([other + month + day, *map(APART.join, apart)])
        yield f"{NO_DIGIT_BEFORE}(?:{several}){NO_DIGIT_AFTER}"
    for era, before in ERAS.items():
        if 0 < year - before < MOST_OF_ERA:
            short = APART.join((str(year - before), _bare(month), _bare(day)))
            yield f"{NO_WORD_BEFORE}{era}[. ]?0?{short}{NO_DIGIT_AFTER}"


def _bare(number: str) -> str:
    return f"0?{number[1]}" if number.startswith("0") else number
