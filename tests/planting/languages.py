"""Names of many languages, the character sets they are written in, and streets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """Names of a language, the character sets they are written in, and streets; `bent` is each family
    name as sentences have it.
    """

    families: tuple[str, ...]
    givens: tuple[str, ...]
    charsets: tuple[str | tuple[str, ...], ...]
    streets: tuple[str, ...]
    ideographic: tuple[tuple[str, str], ...] = ()
    bent: tuple[str, ...] = ()


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
        bent=("Wiśniewskiej", "Dąbrowskiego Dąbrowskiemu", "Żółkiewskim", "Szczęsnego", "Łukaszczyka"),
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
        bent=("Παπαδόπουλου", "Γεωργίου", "Οικονόμου"),
    ),
    "turkish": Language(
        ("Yıldırım", "Çağlayan", "Öztürkoğlu", "Şahin"), ("İbrahim", "Ayşegül", "Gülşen"),
        ("ISO_IR 148", "ISO_IR 192"), ("Atatürk Caddesi",),
        bent=("Yıldırım'ın", "Çağlayan'a", "Öztürkoğlu’nun", "Şahin'den"),
    ),
    "czech": Language(
        ("Dvořáková", "Říha", "Němcová", "Szűcs"), ("Jiřina", "Kateřina", "Zdeněk", "László"),
        ("ISO_IR 101", "ISO_IR 192"), ("ulice Dlouhá",),
        bent=("Dvořákové Dvořákovou", "Říhy Říhovi", "Němcové", "Szűcsovi"),
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
        bent=("Смирновского Смирновскому", "Кузнецовой Кузнецову", "Виноградова Виноградовым"),
    ),
    "finnish": Language(
        ("Hämäläinen", "Lehtimäki", "Koskenkorva", "Virtanen"), ("Päivikki", "Jyrki", "Eeva-Liisa"),
        LATIN, ("Mannerheimintie", "Kauppakatu"),
        bent=("Hämäläisen Hämäläiselle", "Lehtimäen Lehtimäelle", "Koskenkorvan", "Virtasen Virtaselta"),
    ),
    "baltic": Language(
        ("Bērziņš", "Petrauskas", "Žemaitis", "Põldvere"), ("Jānis", "Šarūnas", "Eglė", "Ülle"),
        ("ISO_IR 110", "ISO_IR 192"), ("Brīvības iela", "Pärnu maantee"),
        bent=("Bērziņa Bērziņam", "Petrausko Petrauskui", "Žemaitis Žemaitį", "Põldverele"),
    ),
    "croatian": Language(
        ("Đurđević", "Šimunić", "Horvat"), ("Ljiljana", "Džemal", "Željka"),
        ("ISO_IR 101", "ISO_IR 192"), ("ulica Nova",),
        bent=("Đurđevića", "Šimuniću", "Horvata Horvatom"),
    ),
    "portuguese": Language(
        ("Gonçalves", "da Conceição", "Magalhães Pinto"), ("João", "Inês", "Luísa"),
        LATIN, ("Rua Augusta", "Travessa Velha"),
    ),
    "romanian": Language(
        ("Ștefănescu", "Țăranu", "Vlădoiu"), ("Ioniță", "Măriuca", "Costică"),
        ("ISO_IR 192",), ("Strada Lungă",),
    ),
    "persian": Language(
        ("گلپایگانی", "پهلوان", "احمدی‌نژاد"), ("پریسا", "ژاله", "کیوان"), ("ISO_IR 192",), ("Havnegata",),
    ),
    "thai": Language(
        ("สุวรรณภูมิ", "ศรีสวัสดิ์"), ("สมชาย", "มาลี"), ("ISO_IR 166", "ISO_IR 192"), ("Havnegata",),
    ),
    "georgian": Language(
        ("გელოვანი", "ბერიძე"), ("ნინო", "გიორგი"), ("ISO_IR 192",), ("Havnegata",),
    ),
}  # fmt: skip
