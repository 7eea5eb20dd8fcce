"""Fictitious patients, of many languages: their names, numbers and addresses."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from planting.languages import LANGUAGES

STAFF = ("Gjerstad", "Tollefsrud", "Brandmeier", "Oppegaard", "Whitcombe", "Skjelbreid")
FIRST_NAMES = ("Arnfinn", "Solfrid", "Gunnvor", "Dietlinde", "Rosalind", "Oddvar")
TOWNS = ("Sandnessjøen", "Kongsvinger", "Lillestrøm", "Moss")
HOSPITALS = ("Fjordheim sykehus", "Bergli Universitetsklinikk", "Saint Ormond Infirmary")
# Norwegian national identity numbers: weights of the two check digits
PARTICLES = ("van", "der", "von", "de", "la", "ter", "mac")
# How Patient's Name is filled in: PS3.5 6.2.1, and as people do who type it
NAME_FORMS = (
    "{family}^{given}",
    "{family}^{given}",
    "{family}^{given}",
    "{family}^{given}^^^",
    "{given} {family}",
    "{family}, {given}",
    "{family}^{given}^^Dr^",
    "{family} ^{given} ",
    "^{given}^^^{family}",
)
# Numbers of patients and orders, as hospitals form them
NUMBERS = ("PAS{}", "{}", "H-{}", "MRN{}", "00{}", "{}-7", "A{}", "KH/{}", "0000{}", "{}X")
ORDERS = ("ACC{}", "RIS{}", "{}", "NO-{}", "20{}", "000{}", "{}-1", "R.{}")
PHONES = (
    "{} {} {} {}",
    "{}{}{}{}",
    "+47{}{}{}{}",
    "+47 {} {} {} {}",
    "0{}/{}{}{}",
    "(0{}) {}-{}{}",
    "0047 {} {}{} {}",
    "+49-{}-{}{}{}",
)
WEIGHTS = ((3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2))


@dataclass(frozen=True)
class Patient:
    """One fictitious patient, and who was about."""

    language: str
    family: str
    given: str
    ideographic: tuple[str, str] | tuple[()]
    charset: str | tuple[str, ...]
    number: str
    birth_number: str
    accession: str
    phone: str
    email: str
    street: str
    town: str
    born: date
    sex: str
    referring: str
    operator: str
    hospital: str
    examined: date
    participant: str
    form: str
    bent: str

    @property
    def birth_date(self) -> str:
        return f"{self.born:%Y%m%d}"

    @property
    def name(self) -> str:
        """The value of Patient's Name: PS3.5 6.2.1."""
        alphabetic = self.form.format(family=self.family, given=self.given.replace(" ", "^"))
        return "=".join(
            [alphabetic, "^".join(self.ideographic)] if self.ideographic else [alphabetic]
        )

    @property
    def telling(self) -> str:
        """The family name, or the whole name where that is a word of every text."""
        return self.family if len(self.family) > 2 else f"{self.family} {self.given}"

    @property
    def words(self) -> list[str]:
        """The parts of the name that tell on their own."""
        parts = [*self.family.split(), *self.given.split(), *self.ideographic]
        told = [part for part in parts if len(part) > 2 or part in self.ideographic]
        return [part for part in told if part.lower() not in PARTICLES]


def make_patients(dice: random.Random, count: int) -> list[Patient]:
    """Given dice and how many, return as many patients, the languages taking turns."""
    names = list(LANGUAGES)
    dice.shuffle(names)
    return [_patient(dice, names[number % len(names)], number) for number in range(count)]


def _patient(dice: random.Random, name: str, number: int) -> Patient:
    language = LANGUAGES[name]
    place = dice.randrange(len(language.families))
    born = date(1931, 1, 1) + timedelta(dice.randrange(28_000))
    ideographic = language.ideographic[place] if language.ideographic else ()
    given = language.givens[place] if ideographic else dice.choice(language.givens)
    staff = dice.sample(STAFF, 2)
    mailbox = dice.choice(("privat", "post", "meg"))
    return Patient(
        language=name,
        family=language.families[place],
        given=given,
        ideographic=ideographic,
        charset=dice.choice(language.charsets),
        number=_of_form(dice.choice(NUMBERS), dice.randrange(10**6, 10**8), dice),
        birth_number=birth_number(born, dice),
        accession=dice.choice(ORDERS).format(dice.randrange(10**7, 10**9)),
        phone=dice.choice(PHONES).format(*(dice.randrange(20, 99) for _ in range(4))),
        email=f"{mailbox}.{dice.randrange(100, 999)}@{dice.choice(('epost.example', 'mail.test'))}",
        street=f"{dice.choice(language.streets)} {dice.randrange(2, 180)}",
        town=f"{dice.randrange(1000, 9900)} {dice.choice(TOWNS)}",
        born=born,
        sex=dice.choice("FMO"),
        referring=f"{staff[0]}^{dice.choice(FIRST_NAMES)}",
        operator=f"{staff[1]}^{dice.choice(FIRST_NAMES)}",
        hospital=dice.choice(HOSPITALS),
        examined=date(2011, 1, 1) + timedelta(dice.randrange(5000)),
        participant=f"SUBJ-{number:03d}",
        form=dice.choice(NAME_FORMS) if not ideographic else NAME_FORMS[0],
        bent=dice.choice(language.bent[place].split()) if language.bent else "",
    )


def _of_form(form: str, number: int, dice: random.Random) -> str:
    """Return a number in a form of its own or parted by blanks or dashes, as people write it."""
    digits = f"{number}"
    mark = dice.choice(("", "", "", " ", "-"))
    return form.format(
        mark.join((digits[:3], digits[3:6], digits[6:])).strip(mark) if mark else digits
    )


def birth_number(born: date, dice: random.Random) -> str:
    """Given a birth date, return a national identity number whose check digits are valid."""
    while True:
        digits = f"{born:%d%m%y}{dice.randrange(1000):03d}"
        for weights in WEIGHTS:
            rest = (
                -sum(int(one) * weight for one, weight in zip(digits, weights, strict=False)) % 11
            )
            digits += str(rest)
        if len(digits) == 11:
            return digits
