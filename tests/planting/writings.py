"""How people write a patient's identifiers into texts, and what they write there beside them."""

from __future__ import annotations

import random
import re
import unicodedata
from base64 import b64encode
from datetime import date
from urllib.parse import quote

from planting.keys import DIRECT, INSTITUTION, PERSON, QUASI
from planting.patients import Patient

# Series, study and protocol descriptions as scanners have them: none of it names anybody
CLINICAL = (
    "CT Thorax 1.0 B30f", "T1 tse tra", "T2_FLAIR_SAG", "MR Caput", "ep2d_diff_3scan_trace_p2_ADC",
    "PET AC 3D", "WB MAC", "Abdomen venøs fase", "Becken ap", "US Lever", "Knie rechts",
    "PAT SUPINE", "Dr. Bragg peak", "Schädel nativ", "MPRAGE sag iso 1.0", "Thorax PA",
    "AX DWI b1000", "Localizer", "Topogram 0.6 T20s", "Hode uten kontrast", "LWS sagittal",
    "Angio Hals arteriell", "Mammografi MLO høyre", "RTOG 0617", "SPINE L-SPINE LAT",
    "t1_mprage_sag_p2_iso_1.0", "MR Cervicalcolumna", "Dose 60Gy/30fx", "Lunge HR 1,5 mm",
    "Prof. Hounsfield scale", "Head First Supine", "PET/CT FDG 350 MBq", "Carotis li", "Gallenblase",
    "CTA 512x512 0.75mm", "Ganzkörper 3 min/Bett", "Rygg frontal", "Scout 12/24", "Patient prone",
    "Mr. 3 recon", "Serie 1/2", "VIBE fs tra dyn 20 sec", "TRA 3.0 x 3.0", "Axial 2.5mm",
)  # fmt: skip
MONTHS = {
    "no": "januar februar mars april mai juni juli august september oktober november desember",
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
}
AFTER_LETTERS = re.compile(r"(?<=[^\W\d_])(?=\d{4})")  # where numbers are filled up
TITLES = ("Dr", "Dr.", "Prof.", "Herr", "Frau", "Overlege", "Prof. Dr.", "dr.")
CALLED = ("Pat.", "Pat", "Pasient", "Patient:", "pas.", "Herr", "Fru", "Frau", "Mrs.", "Mr.")


def folded(text: str) -> str:
    """Given a text, return it without diacritics, as old systems print it."""
    spelled = text.translate(str.maketrans("æøåÆØÅßłŁ", "aoaAOAslL"))
    parts = unicodedata.normalize("NFKD", spelled)
    return "".join(part for part in parts if not unicodedata.combining(part))


def transcribed(text: str) -> str:
    """Given a text, return it with its letters spelled out, as passports do."""
    spelled = dict(
        zip(
            "æøåäöüßÆØÅÄÖÜ",
            ("ae", "oe", "aa", "ae", "oe", "ue", "ss", "Ae", "Oe", "Aa", "Ae", "Oe", "Ue"),
            strict=False,
        )
    )
    return "".join(spelled.get(letter, letter) for letter in text)


def html_of(text: str) -> str:
    """Given a text, return it as pages of the web have it."""
    return text.encode("ascii", "xmlcharrefreplace").decode()


def of_name(patient: Patient, dice: random.Random) -> str:
    """Given a patient, return the name in one of the ways it is written."""
    family, given = patient.family, patient.given
    first = given.split()[0]
    capital = next((letter for letter in family if letter.isupper()), family[0])
    forms = [
        f"{family}^{given}", f"{family}, {given}", f"{given} {family}", f"{family} {first}",
        f"{first} {family}".upper(), f"{family},{first}".lower(), f"{family}_{first}",
        f"{first[0]}. {family}", f"{family} {first[0]}.",
        folded(f"{family} {given}"), transcribed(f"{given} {family}"),
        f"{dice.choice(CALLED)} {family}", f"{dice.choice(CALLED)} {first} {family}",
        f"{first[0]}.{capital}.", f"{family}{first}", f"{family.upper()}, {first}",
        f"{first}{family}", f"{first}.{family}", f"{family}-{first}", f"{family}s us", f"({family})",
        f"{family}/{first}", f"{given} {family[0]}.",
        f"{family}{first}".replace(" ", "").lower(), f"/arkiv/{first}_{family}/ct",
        f"{quote(family)}+{quote(first)}", html_of(f"{family} {first}"),
        b64encode(f"{family}, {given}".encode()).decode(), family[:-2] + "-" + family[-2:],
        f"{family.upper()} {first.upper()}",
        f"{family}={first}", f"{first[0]} {family}", f"{family}1", f"_{family}_", f"{family}^{first}^^",
    ]  # fmt: skip
    forms += [patient.bent] * 3 if patient.bent else []
    if len(family) > 6 and family.isalpha() and family.isascii():
        machine = f"{family} {first}".encode()
        forms += [machine.hex(), b64encode(machine).decode().rstrip("="), family[::-1]]
    if len(family) < 3:
        forms = forms[:4] + forms[10:13]
    if patient.ideographic:
        forms += ["".join(patient.ideographic), " ".join(patient.ideographic)]
    return dice.choice(forms)


def of_date(day: date, dice: random.Random, *, is_wide: bool = False) -> str:
    """Given a date, return it in one of the ways it is written."""
    year, month, number = f"{day:%Y}", day.month - 1, day.day
    norwegian, english, german = (MONTHS[name].split()[month] for name in ("no", "en", "de"))
    return dice.choice([
        f"{day:%Y%m%d}", f"{day:%d.%m.%Y}", f"{day:%d/%m/%Y}", f"{day:%m/%d/%Y}", f"{day:%Y-%m-%d}",
        f"{number}.{day.month}.{year}", f"{day:%d.%m.%y}", f"{day:%d-%m-%Y}", f"{day:%Y/%m/%d}",
        f"{number}. {norwegian} {year}", f"{english} {number}, {year}", f"{number} {english} {year}",
        f"{number}. {german} {year}", f"{number:02d}-{english[:3].upper()}-{year}",
        f"{number:02d}{english[:3]}{year}", f"{number}.{norwegian[:3]} {year}", f"{number}/{day.month}-{year}",
        f"{day:%Y.%m.%d}", f"{day:%Y-%m-%d}T10:11:12", f"{day:%Y%m%d}101112", f"{number}th of {english} {year}",
        f"{english[:3]} {number} {year}", f"{day:%d %m %Y}", f"{day:%Y %m %d}", f"{number}. {german[:3]}. {year}",
        f"{year}年{day.month}月{number}日" if is_wide else f"{day:%d.%m.%Y}",
    ])  # fmt: skip


def of_number(number: str, dice: random.Random) -> str:
    """Given an identifying number, return it in one of the ways it is written."""
    if len(number) == 11 and number.isdigit():
        return dice.choice([number, f"{number[:6]} {number[6:]}", f"{number[:6]}-{number[6:]}"])
    bare = number.translate(dict.fromkeys(map(ord, " -/."), None))
    return dice.choice([
        number, number.lower(), number.replace("-", " "), f"00{number}", f"#{number}", bare, f"ID:{number}",
        f"{number}_2", f"nr.{bare}", f"{bare[:4]} {bare[4:]}", f"{bare[:3]}-{bare[3:]}",
        AFTER_LETTERS.sub("0", bare),
    ])  # fmt: skip


def identifier(patient: Patient, dice: random.Random) -> tuple[str, str]:
    """Given a patient, return a text of one of the identifiers, and its category."""
    staff = dice.choice((patient.referring, patient.operator)).split("^")[0]
    return dice.choice([
        *[(of_name(patient, dice), DIRECT) for _ in range(6)],
        (of_date(patient.born, dice), DIRECT),
        (of_number(patient.birth_number, dice), DIRECT),
        (of_number(patient.number, dice), DIRECT),
        (of_number(patient.accession, dice), DIRECT),
        (dice.choice(["tlf {}", "mob. {}", "Tel. {}", "tel: {}"]).format(patient.phone), DIRECT),
        (patient.email, DIRECT),
        (patient.street, DIRECT),
        (f"{dice.choice(TITLES)} {staff}", PERSON),
        (of_date(patient.examined, dice), QUASI),
        (patient.hospital, INSTITUTION),
    ])  # fmt: skip
