"""Shapes of texts that name a person whoever it is: PS3.15 E.3.5 asks for care with free text."""

import re
from collections.abc import Iterator
from datetime import date

from headgate.core.deid.identifiers import dating, matching, people, places
from headgate.core.deid.identifiers.spelling import (
    END_OF_FIELD,
    MONTHS,
    OF_DAY,
    OF_MONTH,
    OF_YEAR,
)

NO_DIGIT_BEFORE, NO_DIGIT_AFTER = r"(?<!\d)", r"(?!\d)"
_AT, _DOT = r"(?:@| ?[(\[]at[)\]] ?)", r"(?:\.| ?[(\[]dot[)\]] ?)"
E_MAIL = rf"(?<![\w.+-])[\w.+-]+{_AT}[\w-]+{_DOT}[\w.-]*\w"
_PHONE = (
    r"(?:tlf|tel|telefono?|téléphone|phone|ph|mob|mobile?|handy|cell|gsm|fax|puh|sími|ffôn|guthán"
    r"|тел|τηλ)"
)
# what stands before a number of a person, and is said of little else
_NUMBERED = (
    r"(?:mrn|nhs|ssn|uhid|nhc|pesel|cpr|bsn|taj|dni|nie|amka|rodné číslo|case|accession|acc"
    r"|pat(?:ient)?[. _-]?id|p?id|hpr|npr|dips|pnr|hetu|kennitala|kt)"
)
# what does so where it says that a number follows: Scandinavian and Finnish
_OF_NUMBER = (
    r"(?:(?:henvisnings|rekv(?:isisjons)?|remiss|undersøkelses|undersøknings|us|journal|fødsels"
    r"|personal?|pers|bestillings|ordre|pas(?:ient)?|pat(?:ient)?|potilas|arkiv|saks?"
    r"|løpe|prøve|ris)[. -]{0,2}n(?:umme|ume)?ro?)"
)
_USER = (
    r"(?:(?:bruker|brukar|användare|user)(?: ?(?:navn|namn|name|id))? ?[:=]|log[io]n[:= ]"
    r"|(?:bruker|brukar|user)(?:navn|namn|name) )"
)
ANYBODY = re.compile(
    r"(?<!\d)\d{6}[ -]?\d{5}(?!\d)"  # national identity numbers of eleven digits
    r"|(?<!\d)\d\d[. ]\d\d[. ]\d\d[ -]?\d{5}(?!\d)"
    r"|(?<!\d)(?:\d\d)?\d{6}[-+]\d{4}(?!\d)"  # national identity numbers of ten digits
    r"|(?<!\d)\d{6}[-+A-FU-Y]\d{3}[0-9A-Y](?!\w)"
    rf"|{E_MAIL}"
    r"|(?:\+|(?<!\d)00)\d[\d ()/-]{6,14}\d"  # telephone numbers with their country
    # and with what is dialled before them within it: of nine digits to eleven
    r"|(?<![\d.,])(?=(?:\d[ /.-]{0,3}){9,11}(?![ /.-]?\d))0\d{1,4}(?:(?: ?[/-] ?|[ .])\d{2,7}){1,4}"
    r"|(?<![\d.,])0\d{9,10}(?![\d.,])"
    r"|(?<!\d)(?:[18][ -])?\(\d{2,4}\) ?\d{3,4}[ -](?:\d\d-\d\d|\d{4})(?!\d)"
    r"|(?<!\d)(?:\d{2} \d{2} \d{2} \d{2}|\d{3} \d{2} \d{3}"
    r"|(?:1[ .-])?\d{3}[ .-]\d{3}[ .-]\d{4}|(?:8-)?\d{3}-\d{3}-(?:\d\d-\d\d|\d{3})"
    r"|\d{3}-\d\d-\d{4})(?!\d)"
    # and where a field cut its end off
    rf"|(?<![\d.,])\d\d \d\d \d\d(?: \d)?{END_OF_FIELD}"
    rf"|(?i:(?<![^\W_]){_PHONE}(?:\.?n(?:umme)?r)?)[.: ]{{1,3}}\+?\(?\d[\d ()/-]{{3,}}\d"
    # of eight digits, after what is done with them, and those of mobiles in Norway alone
    r"|(?i:(?<![^\W_])ring(?:e|te|er|t)?):? \d(?: ?\d){7}(?! ?\d)"
    r"|(?<![\w.,])[49]\d{7}(?!\w|[.,]\d)"
    rf"|(?i:(?<![^\W_])(?:{_NUMBERED}(?:[. -]{{0,2}}(?:n[ro]\.?|number|nummer))?|{_OF_NUMBER}\.?))"
    r"[:#. ]{1,2}(?=[\w/-]*\d{4})[A-Za-z]{0,6}[/-]?\d[\d/-]{3,}(?:(?<=\d{6}) \d{4,5})?"
    r"[A-Za-z]?(?!\w|\.\d)"
    rf"|(?i:(?<![^\W_]){_USER}) ?(?=\w{{5}})[A-Za-z]{{2,8}}\d{{1,6}}(?!\w)"
)
_STREET = (
    r"(?:gata|gaten|gate|gt\.|veien|vegen|vei|veg|vn\.|allé|plassen|kaien|smauet|stien|torget|gränd|vænget|straße|strasse|str\.|gasse|allee|platz|gatan"
    r"|vägen|vej|gade|stræde|plads|straat|laan|gracht|plein|singel|ntie|katu|kuja|polku|tänav"
    r"|maantee|puiestee|iela|gatvė|kalea)"
)
_STREET_BEFORE = (
    r"(?:ulica|ulice|ul\.|al\.|viale|piazza|calle|c/|rue|avenida|avda\.|rua|travessa|carrer"
    r"|strada|bulevardul|náměstí|jalan|улица|ул\.|бул\.|вулиця|вул\.|οδός|heol|ffordd|stryd|sráid"
    r"|bóthar)"
)
_NUMBER_BEFORE = r"(?:rue|avenue|boulevard|quai|heol|ffordd|stryd|sráid|bóthar)"
_CODE = r"(?:\d{4,5}|\d{3} \d\d)"
_TOWN = rf"(?:, ?(?:[A-Z]{{1,2}}-)?{_CODE} [^\W\d_]+)?"  # with its code, as it follows a street
ADDRESS = re.compile(
    rf"(?i:(?<![^\W_])[^\W\d_]+[ -]?{_STREET}) \d+ ?[A-Za-z]?(?![^\W_]){_TOWN}"
    rf"|(?<![^\W_])[A-ZÄÖÜ][^\W\d_]+(?:weg|vegi|vegur|stíg|stígur|götu|gøta|gøtu) "
    rf"\d+[A-Za-z]?(?![^\W_]){_TOWN}"
    r"|(?<!\d)\d+[A-Za-z]? (?:[A-Z][a-z]+ ){1,2}"
    r"(?:Street|St\.?|Road|Rd\.?|Avenue|Ave\.?|Lane|Court|Crescent|Terrace)(?![^\W_])"
    # a place that is called like no street: Solbakken 3, 7010 Trondheim
    rf"|(?<![^\W_])[^\W\d_a-z][^\W\d_]{{3,}} \d+ ?[A-Za-z]?, ?{_CODE} "
    r"[^\W\d_a-z](?:[^\W\d_A-Z]{2}|[^\W\d_]{4})[^\W\d_]*"
    r"|(?<![^\W_])[A-Z][A-Za-z]+ (?i:Street|Road|Avenue|Crescent|Terrace) \d+[A-Za-z]?(?!\w)"
    rf"|(?i:(?<![^\W_]){_STREET_BEFORE}(?: [^\W\d_]+){{1,3}}),? \d+(?:/\d+)?{_TOWN}"
    # what is given via something is written small
    rf"|(?<![^\W_])(?:[Vv]ia(?: [A-Z][a-zà-ÿ]+){{1,3}}|VIA(?: [A-Z]+){{1,3}}),? \d+(?:/\d+)?{_TOWN}"
    rf"|(?<!\d)\d+[A-Za-z]?,? (?i:{_NUMBER_BEFORE})(?: (?:de|la|du|des|y|yr|na))* [^\W\d_]+"
    r"|(?i:(?<![^\W\d_])[^\W\d_]+ (?:caddesi|cad\.|sokak|sokağı|sok\.)) (?:no:? ?)?\d+"
    r"|(?<![^\W_])[^\W\d_a-z][^\W\d_]+(?: [^\W\d_a-z][^\W\d_]*\.?)? (?:utca|út|tér|krt\.) \d+"
    r"|(?i:(?<![^\W_])(?:p\.? ?o\.? ?box|postboks|postfach|pósthólf|skrytka)) \d+"
)
_MONTHS = sorted((name for names in MONTHS for name in names), key=len, reverse=True)
_NAMED = "|".join(_MONTHS)
_WHOLE = "|".join(name for name in _MONTHS if len(name) > 4)  # what is a month and nothing else
_LONG = "|".join(name for name in _MONTHS if len(name) > 3)  # MAR reduces what metal does
# what is a month after an ordinal
_SHORT = "mai|maj|jan|feb|apr|jun|jul|aug|okt|nov|des|" + "|".join(
    name for name in _MONTHS if len(name) == 4
)
# before a year: MAR 2000 could be a measure
_NAMED_ALONE = "|".join(name for name in _MONTHS if name != "mar")
# months where a field cut them short
_CUT_SHORT = "|".join(sorted({one[:end] for one in _MONTHS for end in range(5, len(one))}))
_YEAR = r"(?:19|20)\d\d"
_DAY, _MONTH = r"(?:[12]\d|3[01]|0?[1-9])", r"(?:1[0-2]|0?[1-9])"
_FREE = r"(?<!\d)(?<!\b[bclstv])"  # the 2 of T2 is no day, nor the 4 of L4
DATES = re.compile(
    rf"(?<!\d){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?(?!\d)"
    rf"|(?<![\d.])(?:0[1-9]|[12]\d|3[01]) (?:0[1-9]|1[0-2]) {_YEAR}(?![\d.])"
    rf"|(?<![\d.]){_YEAR} (?:0[1-9]|1[0-2]) (?:0[1-9]|[12]\d|3[01])(?![\d.])"
    rf"|(?<![\d.]){_YEAR}(?P<a>[./_-])\s?{_MONTH}(?P=a)\s?{_DAY}(?!\d|\.\d)"
    rf"|(?<![\d.])(?:{_DAY}(?P<b>[./_-])\s?{_MONTH}|{_MONTH}(?P<c>[./_-])\s?{_DAY})"
    rf"(?:(?P=b)|(?P=c)|-)\s?{_YEAR}(?!\d)"
    rf"|(?<![\d.]){_DAY}[./]\s?{_MONTH}(?:-\s?| -)(?:\d\d)?\d\d(?!\d| ?[cm]?m\b)"
    r"|(?<![\d.])(?:0[1-9]|[12]\d|3[01])(?P<d>[./-])(?:0[1-9]|1[0-2])(?P=d)\d\d(?![\d.])"
    rf"|{_FREE}{_DAY}(?:st|nd|rd|th|:[ae])?(?:\s(?:of|de))?[\s._-]*(?i:{_NAMED})"
    rf"(?:\sde)?[\s.,_-]*(?:{_YEAR}|\d\d)(?!\d)"
    rf"|(?i:(?<![^\W\d_])(?:{_NAMED}))[\s._-]*{_DAY}(?:st|nd|rd|th)?[\s.,_-]+{_YEAR}(?!\d)"
    rf"|(?i:(?<![^\W\d_])(?:{_NAMED_ALONE}))[\s.,_-]*{_YEAR}(?!\w)"
    rf"|(?i:(?<![^\W\d_])(?:{_WHOLE}))[\s._-]*{_DAY}(?![\w])"
    rf"|{_FREE}{_DAY}(?:st|nd|rd|th|\.|:[ae])?(?:\s(?:of|de))?[\s._-]*(?i:(?:{_WHOLE}))(?![^\W\d_])"
    rf"|{_FREE}{_DAY}(?:st|nd|rd|th|\.)?(?:\s(?:of|de))?[\s._-]*(?i:(?:{_CUT_SHORT})\Z)"
    rf"|(?<!\d){_YEAR}\.?\s(?i:{_NAMED})[\s._-]*{_DAY}(?!\d)"
    rf"|(?<![\d.]){_DAY}(?P<e>[./-])(?i:i{{1,3}}|i[vx]|vi{{0,3}}|xi{{0,2}})(?P=e){_YEAR}(?!\d)"
    r"|(?<![\d./])(?:0[1-9]|1[0-2])/(?:0[1-9]|[12]\d|3[01])/\d\d(?![\d./])"
    rf"|(?<!\d)(?:ngay )?{_DAY} thang {_MONTH} nam {_YEAR}(?!\d)"
    r"|(?<![^\W_])(?:dob|d\.o\.b|born|geb|fodt|fodd|f\.d|synt|syntymaaika|fodelsedatum"
    rf"|(?:fodsels|f\.? ?)dato?)[.: ]{{1,3}}(?:{_DAY}[./-]{_MONTH}[./-]\d\d|\d{{6}})(?![\d.])"
    r"|(?<![^\W_])(?:(?:man|tirs|tis|ons|tors|fre|lor|son)dag|den|d\.) ?"
    rf"{_DAY}[./]{_MONTH}(?![\d/])"
    rf"|{dating.SOMEBODYS}|{dating.OF_MONTHS_AND_WEEKS}"
    # after an ordinal a month needs no year, nor a whole one
    rf"|{_FREE}{_DAY}(?:st|nd|rd|th)(?:\sof)?[\s._-]+(?i:{_LONG})(?![^\W\d_])"
    r"(?:[\s.,_-]+\d{1,4}\Z)?"
    rf"|{_FREE}{_DAY}[\s._-]*(?i:{_NAMED})[\s.,_-]*(?:19|20)\d\Z"
    rf"|(?:{_YEAR}|{dating.ERA}\s?\d\d?){OF_YEAR}\s?{_MONTH}{OF_MONTH}\s?{_DAY}{OF_DAY}?"
    # an ordinal before a month is a day, whatever else the month's name is
    rf"|{_FREE}{_DAY}(?:\.|:[ae])\s?(?i:{_SHORT})(?![^\W\d_])"
    rf"|{_FREE}{_DAY}\s?(?i:juni|juli|june|july)(?![^\W\d_])"
    rf"|{_FREE}(?<![./]){_DAY}/{_MONTH} {_YEAR}(?!\d| ?m?[sm]\b)"
)
# Days of the month as they are said, in English, Norwegian and German
_ORDINALS = (
    r"(?:(?:twenty|thirty)[- ]?)?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)"
    r"|tenth|eleventh|twelfth|[a-z]+teenth|twentieth|thirtieth"
    r"|(?:tjue|tretti)?(?:første|andre|annen|tredje|fjerde|femte|sjette|sjuende|åttende|niende)"
    r"|syvende|tiende|ellevte|tolvte|(?:tre|fjor|fem|seks|syt|at|nit)tende|tjuende|tyvende|trettiende"
    r"|(?:erste|zweite|dritte|vierte|fünfte|sechste|siebte|achte|neunte|elfte|zwölfte)[rn]?"
    r"|[a-zäöü]*zehnte[rn]?|[a-zäöü]*(?:zwan|drei)[zß]igste[rn]?"
)
SAID = re.compile(
    rf"(?i:(?<![^\W\d_])(?:{_ORDINALS})(?: dag)?"
    rf"(?:(?: of)? (?:{_WHOLE}|mars|märz|june|juni|july|juli)(?![^\W\d_])(?:,? {_YEAR})?"
    rf"| of may(?![^\W\d_])| ma[iy],? {_YEAR}))"
)
# the folder of a user
HOME = re.compile(
    r"(?i:[\\/](?:users|home|brukere?|brukarar|användare|profiles|documents and settings)[\\/]+)"
    r"([^\\/\s]+)"
)
NUMERIC = re.compile(r"[\d@]|[(\[]at[)\]]")
BIRTH_NUMBER = re.compile(r"(?<!\d)(\d{2})(\d{2})(\d{2})[ -]?(\d{5})(?!\d)")
MAIL = re.compile(E_MAIL)
# PS3.5 9.1: what is shorter is a version, or one of a registry of code sets
UID = re.compile(
    r"(?<![^\W_])(?<!\.)(?!1\.2\.840\.10008\.)(?=[\d.]{26,65}(?![\d.]))"
    r"[0-2](?:\.(?:0|[1-9]\d*))+(?![^\W_])"
)
# What has none of these has none of the three: numbers of images come by the thousand
MAY_BE_CERTAIN = re.compile(r"[@(\[]|\d{6}[ -]?\d{5}|[\d.]{26}")
# Weights of the two check digits of a Norwegian national identity number
WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2, 1), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1))
OF_FOREIGNERS, OF_PATIENTS = 40, 40  # added to the day, and to the month: D and H numbers


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Given a free text, yield where somebody's number, address, name or date stands."""
    yield from people.spans(text)
    yield from places.spans(text)
    yield from (found.span() for found in SAID.finditer(text))
    yield from (found.span(1) for found in HOME.finditer(text))
    if NUMERIC.search(text):
        yield from matching.spans(text, _dates)
        for expression in (ANYBODY, ADDRESS, UID):
            yield from (found.span() for found in expression.finditer(text))


def _dates(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in DATES.finditer(text))


def certain_spans(text: str) -> Iterator[tuple[int, int]]:
    """Given any text, yield where something stands that can be nothing but somebody's.

    For the names and numbers of machines, which look like those of people.
    """
    if not MAY_BE_CERTAIN.search(text):
        return
    for expression in (MAIL, UID):
        yield from (found.span() for found in expression.finditer(text))
    for found in BIRTH_NUMBER.finditer(text):
        if is_birth_number("".join(found.groups())):
            yield found.span()


def is_birth_number(digits: str) -> bool:
    """Given eleven digits, return whether they are a Norwegian national identity number."""
    for weights in WEIGHTS:
        if sum(int(one) * weight for one, weight in zip(digits, weights, strict=False)) % 11:
            return False
    day, month = int(digits[:2]) % OF_FOREIGNERS, int(digits[2:4]) % OF_PATIENTS
    try:
        date(2000, month, day)  # a leap year: which century it is does not matter
    except ValueError:
        return False
    return True
