"""Fictitious patients, of many languages: their names, numbers and addresses."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Language:
    """Names of a language, the character sets they are written in, and streets."""

    families: tuple[str, ...]
    givens: tuple[str, ...]
    charsets: tuple[str | tuple[str, ...], ...]
    streets: tuple[str, ...]
    ideographic: tuple[tuple[str, str], ...] = ()


LATIN = ("ISO_IR 100", "ISO_IR 192")
# PS3.3 C.12.1.1.2: character sets that hold the names beside them
LANGUAGES = {
    "norwegian": Language(
        ("Bråthen", "Sørbøen", "Ærøskjær", "Kvålsvoll", "Østensjø"),
        ("Åshild", "Bjørnar", "Sølvi Marie", "Kåre", "Ragnhild"),
        LATIN, ("Fjellgata", "Solbergveien", "Nygårdsgaten"),
    ),
    "german": Language(
        ("Weißhäuptl", "Grünwälder", "Strößner", "Müllenbrück", "Königshöfer"),
        ("Jürgen", "Käthe", "Götz Ulrich", "Wolfgang", "Brünhild"),
        LATIN, ("Lindenstraße", "Gartenweg", "Rosengasse"),
    ),
    "polish": Language(
        ("Wiśniewska", "Dąbrowski", "Żółkiewski", "Szczęsny", "Łukaszczyk"),
        ("Małgorzata", "Zdzisław", "Łucja", "Grażyna", "Bronisław"),
        ("ISO_IR 101", "ISO_IR 192"), ("ulica Długa", "ulica Piękna"),
    ),
    "hyphenated": Language(
        ("Haugland-Eikanger", "Schmidtke-Rottluff", "Vestby-Nordgård", "O'Halloran"),
        ("Anne-Grethe", "Karl-Heinz", "Marie-Louise", "Jean-Baptiste"),
        LATIN, ("Kirkeveien", "Bahnhofstraße"),
    ),
    "capitals": Language(
        ("BRATTEBAKK", "TVERRELVMO", "FISKERSTRAND", "HOLLINGSWORTH"),
        ("TORGEIR", "SIGRUNN", "HALLVARD", "PRUDENCE"),
        ("", "ISO_IR 100"), ("STORGATEN", "PARKVEIEN"),
    ),
    "short": Language(
        ("Li", "Wu", "Ng", "Vo", "Xu", "Ek", "Ås"), ("Na", "Bo", "Qi", "Yu", "Ai", "Åse", "Pål"),
        ("ISO_IR 100", "ISO_IR 192"), ("Havnegata", "Parkveien"),
    ),
    "chinese": Language(
        ("Zhang", "Ouyang", "Sima"), ("XiaoDong", "Meiling", "Jianguo"),
        ("GB18030", "ISO_IR 192"), ("Havnegata",),
        (("张", "小东"), ("欧阳", "美玲"), ("司马", "建国")),
    ),
    "japanese": Language(
        ("Takahashi", "Watanabe", "Kobayashi"), ("Hanako", "Ichirou", "Sakura"),
        (("", "ISO 2022 IR 87"), "ISO_IR 192"), ("Havnegata",),
        (("高橋", "花子"), ("渡辺", "一郎"), ("小林", "桜子")),
    ),
    "korean": Language(
        ("Hwangbo", "Namgung", "Seomun"), ("Gildong", "Minjeong", "Hyunwoo"),
        (("", "ISO 2022 IR 149"), "ISO_IR 192"), ("Havnegata",),
        (("황보", "길동"), ("남궁", "민정"), ("서문", "현우")),
    ),
    "arabic": Language(
        ("قباني", "المنصوري", "الحداد"), ("لنزار", "عبدالله", "فاطمة"),
        ("ISO_IR 127", "ISO_IR 192"), ("Havnegata",),
    ),
    "hebrew": Language(
        ("אברהמי", "רוזנברג", "גולדשטיין"), ("דבורה", "יהונתן", "מרדכי"),
        ("ISO_IR 138", "ISO_IR 192"), ("Havnegata",),
    ),
    "greek": Language(
        ("Παπαδόπουλος", "Γεωργίου", "Οικονόμου"), ("Ελένη", "Δημήτριος", "Βασίλειος"),
        ("ISO_IR 126", "ISO_IR 192"), ("Havnegata",),
    ),
    "turkish": Language(
        ("Yıldırım", "Çağlayan", "Öztürkoğlu", "Şahin"), ("İbrahim", "Ayşegül", "Gülşen"),
        ("ISO_IR 148", "ISO_IR 192"), ("Atatürk Caddesi",),
    ),
    "czech": Language(
        ("Dvořáková", "Říha", "Němcová", "Szűcs"), ("Jiřina", "Kateřina", "Zdeněk", "László"),
        ("ISO_IR 101", "ISO_IR 192"), ("ulice Dlouhá",),
    ),
    "vietnamese": Language(
        ("Nguyễn", "Trần", "Đặng"), ("Thị Hương", "Văn Dũng", "Quỳnh"),
        ("ISO_IR 192",), ("Havnegata",),
    ),
    "particles": Language(
        ("van der Meulen", "von Hohenfels", "de la Cruzado", "ter Horstman", "al-Rashidi",
         "Mac Cormack", "d'Ambrosio"),
        ("Willem", "Ottilie", "María José", "Anneke", "Yusuf"),
        LATIN, ("Lindenlaan", "Havnegata"),
    ),
    "double": Language(
        ("Larsen Solberg", "García Márquez", "Nilsen Hagebakk", "Lund-Iversen Moe"),
        ("Ole Johan", "José Luis", "Inger Lise", "Per-Olof"), LATIN, ("Kirkeveien",),
    ),
    "wordlike": Language(
        ("Stern", "Hand", "Kopf", "Bauch", "Winter", "Lang", "Berg", "Mark", "Foot"),
        ("Rose", "Angel", "Bo", "Jo", "Sol"), ("", *LATIN), ("Parkveien",),
    ),
    "icelandic": Language(
        ("Þórarinsdóttir", "Sigurðsson", "Ægisdóttir"), ("Ásgerður", "Guðlaugur", "Þóra Björk"),
        LATIN, ("Laugavegi", "Njálsgötu"),
    ),
    "irish": Language(
        ("Ó Súilleabháin", "Ní Dhomhnaill", "MacGiolla Bhríde"), ("Caoimhghín", "Síle", "Pádraig"),
        LATIN, ("Sráid Mhór",),
    ),
    "hungarian": Language(
        ("Kovácsné Szőlősi", "Győrffy", "Széchenyi-Nagy"), ("Ilona", "Jenő", "Zsuzsanna"),
        ("ISO_IR 101", "ISO_IR 192"), ("Kossuth Lajos utca",),
    ),
    "ukrainian": Language(
        ("Дем'яненко", "Їжакевич", "Ґалаґан"), ("Соломія", "Євген", "Ірина"),
        ("ISO_IR 192",), ("вулиця Зелена",),
    ),
    "tamil": Language(
        ("Thirunavukkarasu", "Subramaniam", "Meenakshisundaram"), ("Velu", "K. Lakshmi", "Anbu"),
        ("", "ISO_IR 100"), ("Temple Road",),
    ),
    "tamil script": Language(
        ("திருநாவுக்கரசு", "சுப்பிரமணியம்"), ("வேலு", "மீனாட்சி"), ("ISO_IR 192",), ("Temple Road",),
    ),
    "amharic": Language(
        ("ገብረመድህን", "ወልደማርያም"), ("ጸሃይነሽ", "አበበች"), ("ISO_IR 192",), ("Temple Road",),
    ),
    "russian": Language(
        ("Смирновский", "Кузнецова", "Виноградов"), ("Екатерина", "Дмитрий", "Людмила"),
        ("ISO_IR 144", "ISO_IR 192"), ("Havnegata",),
    ),
}  # fmt: skip
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
