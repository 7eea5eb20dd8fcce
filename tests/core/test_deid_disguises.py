"""Identifiers as people and systems disguise them: in marks, digits and forms of their own."""

import re
import struct

import pytest
from deidentifying import deidentify, leaks_of
from headgate.core.deid.identity import Recipe, project_key
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

KEY = project_key(b"a site's secret of thirty-two b.", "LUNG")
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", KEY)
NUMBER, DIGITS = "FR/2024-00871", "１９６２"


def a_dataset(**values):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = "Müllerup^Åse=山下^春子", NUMBER
    dataset.PatientBirthDate = "19620315"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def described(text, **values):
    result = deidentify(a_dataset(SeriesDescription=f"T1 {text} tse", **values), RECIPE)
    return result.SeriesDescription


@pytest.mark.parametrize(
    "text",
    [
        "M Ü L L E R U P", "m.u.e.l.l.e.r.u.p", "Mül\u00adlerup", "Mül\u200blerup", "山 下",
        "Müller-\r\nup", "山\U000e0100下", "Müll\r\nerup", "Müll-erup",
        "M%C3%BCllerup", "M&uuml;llerup", "M&#252;llerup", "M=C3=BCllerup",
        "TcO8bGxlcnVw",  # base 64
        "15_03_1962", "1962_03_15", "15–03–1962", "15‑03‑1962", "15.III.1962", "15 iii 1962",
        "15.03.'62", "15:03:1962", "15|03|1962", "15. marca 1962", "15 maaliskuuta 1962",
        "15 Μαρτίου 1962", "15. března 1962", "15 de março 1962",
        f"{DIGITS}.０３.１５", "١٥/٠٣/١٩٦٢", "15/MAR/1962", "fifteenth of March 1962",
        "femtende mars", "first of May", "fifth May 1962", "fünfzehnten März 1962",
        "FR202400871", "FR2–02400871", "FR:2024:00871", "FR 2024'00871",
    ],
)  # fmt: skip
def test_a_disguise_is_seen_through(text):
    assert described(text) == "T1 tse"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0042317", "42317"), ("12345", "123-45"), ("12345", "ID12345"), ("ABC99", "ABC 99"),
        ("4711", "0004711"), ("00471122", "47 11 22"), ("A-0098-77/6", "0098776"),
        ("19121212-1212", "121212-1212"), ("19121212-1212", "1212121212"),
        ("G11010519491231002X", "G110105194912310"),  # cut short at 16 characters: SH
        ("PAS4711815", "PAS04711815"), ("PAS-0047-118", "PAS47118"), ("PAS-0047-118", "pas 47 118"),
        ("2024/00123/7", "2024-123-7"), ("20240315-0042", "20240315-42"), ("K123", "K0123"),
        ("02079460958", "ID 7946 0958"),
    ],
)  # fmt: skip
def test_a_number_is_known_without_its_zeros_with_marks_and_cut_short(number, text):
    assert described(text, PatientID=number) in ("T1 tse", "T1 ID tse")


@pytest.mark.parametrize("text", ["1234567", "0.12345", "42", "b1000 2024", "the first may be"])
def test_other_numbers_stay(text):
    assert described(text, PatientID="0012345") in (f"T1 {text} tse", "T1 0. tse")


@pytest.mark.parametrize("text", ["Rm9vdCwgSm8=", "Rm9vdF5Kbw==", "Sm8gRm9vdA=="])
def test_a_short_name_is_seen_in_base_64(text):
    assert described(text, PatientName="Foot^Jo") == "T1 tse"


@pytest.mark.parametrize(
    "text",
    [
        "SGFtbWVyc21hcmtfUGVy", "SGFtbWVyc21hcmssIFBlcg", "aWQ9SGFtbWVyc21hcmsK", "SABhAG0AbQBlAHIAcwBtAGEAcgBrAA==",
        "SGFtbWVyc21hcms_UGVyPg", "48616d6d6572736d61726b", "0x48616D6D6572736D61726B",
        "48 61 6d 6d 65 72 73 6d 61 72 6b", "48:61:6D:6D:65:72:73:6D:61:72:6B",
        "Hammer=\r\nsmark", "%2548ammersmark",
        "U+0048 U+0061 U+006D U+006D U+0065 U+0072 U+0073 U+006D U+0061 U+0072 U+006B",
        "kramsremmaH", "KRAMSREMMAH", "𝐇𝐚𝐦𝐦𝐞𝐫𝐬𝐦𝐚𝐫𝐤", "HAMMERSM", "phammersm",
    ],
)  # fmt: skip
def test_the_writings_of_machines_are_read(text):
    found = described(text, PatientName="Hammersmark^Per")
    assert re.sub(r"[^\w ]|\bid\b", "", found).split() == ["T1", "tse"]


@pytest.mark.parametrize(
    "text",
    ["deadbeef cafe", "5 100 20 30 40", "b 50 400 800", "0x1F00 0x2F00", "=1.5 =20", "ABCDEF"],
)
def test_other_hexadecimal_digits_and_lists_stay(text):
    assert described(text, PatientName="Hammersmark^Per") == f"T1 {text} tse"


@pytest.mark.parametrize("text", ["prostate", "perfusie", "fatsat16", "mediastinale", "DIXON123"])
def test_words_that_could_be_base_64_stay(text):
    assert described(text) == f"T1 {text} tse"


@pytest.mark.parametrize("text", ["Lie, Per", "Per_Lie", "P. Lie", "Lie P.", "Per & Lie"])
def test_the_short_name_of_a_physician_is_told_by_its_other_half(text):
    assert described(text, ReferringPhysicianName="Lie^Per") == "T1 tse"


@pytest.mark.parametrize("name", ["Abdomen Centre", "仁和医院"])
def test_an_institution_is_known_by_any_word_that_is_not_of_the_field(name):
    assert described(name, InstitutionName=name) == "T1 tse"


def test_arabic_letters_that_are_written_for_one_another_are_one():
    assert described("فاطمــه", PatientName="الخطيب^فاطمة") == "T1 tse"


def test_a_name_of_two_letters_is_no_abbreviation_where_its_letters_are_not_of_ascii():
    assert described("ÅS", PatientName="Ås^Bo") == "T1 tse"


def test_a_number_with_other_marks_and_a_name_as_passports_spell_it_are_told_in_codes():
    dataset = a_dataset(ScanningSequence=["SE", "FR_2024_00871"], ImageType=["A", "MUELLERUP"])
    result = deidentify(dataset, RECIPE)
    assert list(result.ScanningSequence) == ["SE", "REMOVED"]
    assert list(result.ImageType) == ["A", "REMOVED"]


@pytest.mark.parametrize("name", ["Διονυσιος", "Воробьёва", "Юрьевна"])
@pytest.mark.parametrize("terms", ["ISO_IR 126", "ISO_IR 144", "ISO_IR 192"])
def test_what_a_name_is_misread_as_is_not_in_every_text(name, terms):
    encoding = {"ISO_IR 126": "iso8859_7", "ISO_IR 144": "iso8859_5"}.get(terms, "utf-8")
    dataset = a_dataset(SpecificCharacterSet=terms, SeriesDescription="T1 tse")
    dataset.add_new(0x00100010, "PN", name.encode(encoding, "ignore"))
    assert not leaks_of(dataset, RECIPE)
    assert deidentify(dataset, RECIPE).SeriesDescription == "T1 tse"


@pytest.mark.parametrize(
    ("keyword", "expected"), [("SeriesDescription", None), ("Manufacturer", "REMOVED")]
)
@pytest.mark.parametrize("text", ["Müllerup".encode("utf-16-le"), "xÇağrıYıld".encode()])
def test_a_text_whose_bytes_alone_name_the_patient_goes_and_not_the_instance(
    keyword, expected, text
):
    dataset = a_dataset(OtherPatientNames="Yıldırım^Çağrı")
    dataset.add_new(tag_for_keyword(keyword), "LO", text + b" " * (len(text) % 2))
    assert not leaks_of(dataset, RECIPE)
    assert deidentify(dataset, RECIPE).get(keyword) == expected


SIEMENS = 0x00191000


@pytest.mark.parametrize("vr", ["UN", "OB"])
@pytest.mark.parametrize("text", [b"Anybodys", b"Kirkeby, Torunn ", "Вася".encode(), b"cut short"])
def test_a_text_under_the_name_of_a_safe_number_goes_and_nothing_else(vr, text):
    dataset = a_dataset()
    dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True).add_new(0x0C, "IS", "1000")
    dataset.add_new(SIEMENS | 0x0E, vr, text)
    result = deidentify(dataset, RECIPE)
    assert SIEMENS | 0x0E not in result
    assert result[SIEMENS | 0x0C].value == 1000


@pytest.mark.parametrize("vr", ["UN", "OB", "FD"])
@pytest.mark.parametrize("gradient", [(0.0, -1.0, 6.123233995736766e-17), (0.25, 1e-20, 0.7071)])
def test_a_safe_number_stays_however_it_is_written(vr, gradient):
    dataset = a_dataset()
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0E, vr, list(gradient) if vr == "FD" else struct.pack("<3d", *gradient))
    result = deidentify(dataset, RECIPE)
    assert tuple(result[SIEMENS | 0x0E].value) == gradient


@pytest.mark.parametrize("vr", ["UN", "OB"])
@pytest.mark.parametrize("text", [b"30.09.1971", b"1971-09-30", b"19620315", b"FR20240087"])
def test_what_is_no_decimal_is_emptied_and_what_is_the_patients_a_dummy(vr, text):
    dataset = a_dataset()
    block = dataset.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x09, vr, text)
    assert deidentify(dataset, RECIPE)[0x70531009].value in (None, 0.0)


@pytest.mark.parametrize("text", ["19620315", "15036212343", "15.03.1962"])
def test_what_is_no_time_is_emptied(text):
    dataset = a_dataset()
    dataset.add_new(0x00080030, "TM", text)
    assert not deidentify(dataset, RECIPE).StudyTime


@pytest.mark.parametrize(
    "text", ["101112", "10:11:12", "101112.123456", "93015", "10", "1011-1213"]
)
def test_a_time_stays(text):
    assert str(deidentify(a_dataset(StudyTime=text), RECIPE).StudyTime) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("O'Neill^Liv", "ONeill"), ("ONEILL^LIV", "O'Neill"), ("McBride^Liv", "Mc Bride"),
        ("MacLeod^Liv", "McLeod"), ("McLeod^Liv", "M'Leod"),
        ("van der Berg^Jan", "vanderberg"), ("St. John^Amy", "AmyStJohn"), ("Berg^Mark", "mberg"),
        ("Berg^Mark", "bergm"), ("Олег^Ян", "Oleg"), ("Berg^Kari^Ann", "bergkariann"),
        ("Berg^Kari^Ann", "KariAnnBerg"), ("Hammer^Liv^12345678", "12345678"),
    ],
)  # fmt: skip
def test_a_name_is_known_as_it_is_written_in_one_with_what_is_before_it(name, text):
    assert described(text, PatientName=name) == "T1 tse"


def test_what_a_name_with_an_initial_makes_stays_where_it_is_a_word_of_the_field():
    assert described("Lunge", PatientName="Lung^Eva") == "T1 Lunge tse"


def test_a_name_in_the_place_of_a_number_is_a_name():
    assert described("Per", PatientID="Hammersmark_Per") == "T1 tse"
    assert described("Thorax", PatientID="MR_Thorax") == "T1 Thorax tse"


@pytest.mark.parametrize("phone", ["+47 22 33 44 55", "0047 22334455"])
@pytest.mark.parametrize("text", ["22334455", "2233 4455", "+4722334455"])
def test_a_telephone_number_is_known_without_its_country(phone, text):
    assert described(f"nr {text}", PatientTelephoneNumbers=phone).strip("+ ") == "T1 nr tse"


def test_a_number_of_one_digit_tells_nobody():
    assert described("Serie 1/2", PatientID="1", AccessionNumber="2") == "T1 Serie 1/2 tse"


def test_a_name_that_two_values_share_goes_and_the_others_stay():
    dataset = a_dataset(SoftwareVersions=["VB10", "Müll", "erup", "A1"])
    assert deidentify(dataset, RECIPE).SoftwareVersions == ["VB10", "", "", "A1"]


def test_what_json_made_of_a_name_is_read():
    dataset = a_dataset(DerivationDescription=r'{"n": "M\u00fcllerup", "kv": 120}')
    assert deidentify(dataset, RECIPE).DerivationDescription == '{"n": " ", "kv": 120}'


def test_an_urls_signs_stay_where_nobody_is_named():
    assert described("a%20b &lt; c=20") == "T1 a%20b &lt; c=20 tse"


@pytest.mark.parametrize("keyword", ["OrderEnteredBy", "HumanPerformerName"])
def test_anybodys_name_is_cut_from_texts_wherever_it_is_told(keyword):
    assert described("Sandvoll", **{keyword: "Sandvoll^Ida"}) == "T1 tse"


def test_a_number_and_a_date_that_are_written_as_texts_stay():
    dataset = a_dataset()
    dataset.add_new("KVP", "LO", "120")
    dataset.add_new("SeriesDate", "SH", "20200102")
    dataset.add_new("PixelSpacing", "LO", "Müllerup")
    result = deidentify(dataset, RECIPE)
    assert (result.KVP, len(result.SeriesDate)) == (120, 8)
    assert "PixelSpacing" not in result
    assert result.SeriesDate != "20200102"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("kontroll 18th of Septembe", "kontroll"),
        ("uke 3. novem", "uke"),
        ("3 decem phases", "3 decem phases"),
    ],
)
def test_a_date_that_a_field_cut_short_is_seen(text, left):
    assert deidentify(a_dataset(SeriesDescription=text), RECIPE).SeriesDescription == left


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Þórarinsdóttir^Ásgerður", "TORARINSDOTTIR"), ("Þórarinsdóttir^Ugla", "Thorarinsdottir"),
        ("Sigurðardóttir^Ugla", "Sigurthardottir"), ("Sigurðardóttir^Ugla", "Sigurdardottir"),
        ("Дем'яненко^Соломія", "Dem'yanenko"), ("Дем'яненко^Соломія", "Demianenko"),
    ],
)  # fmt: skip
def test_letters_that_are_spelled_in_several_ways(name, text):
    assert described(text, PatientName=name) == "T1 tse"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Meenakshisundaram^Velu", "Meenakshisundara"), ("Thirunavukkarasu^S", "Velu Thirunavukk"),
        ("Brzęczyszczykiewicz^Ewa", "kne Brzeczyszczy"), ("Brekkehaug^Liv", "kne Brekkeh."),
    ],
)  # fmt: skip
def test_a_name_that_a_field_cut_short_is_known(name, text):
    found = deidentify(a_dataset(PatientName=name, StationName=text), RECIPE).StationName
    assert found in ("Velu", "kne", "REMOVED")


@pytest.mark.parametrize("text", ["Thorac", "CT Segment", "kne Meenak cor"])
def test_the_beginning_of_a_name_that_no_field_cut_stays(text):
    dataset = a_dataset(PatientName="Segmentier^Thoracsen^Meenakshi", StationName=text)
    assert deidentify(dataset, RECIPE).StationName == text


def test_signs_of_vowels_are_letters_of_a_name_that_is_broken():
    assert described("சுப்பிரமணிய-ம்", PatientName="சுப்பிரமணியம்^வேலு") == "T1 tse"
    assert described("வேலு_01", PatientName="சுப்பிரமணியம்^வேலு") == "T1 _01 tse"


def test_initials_that_are_set_apart_are_known():
    assert described("J P L", PatientName="L'Estrange^J P") == "T1 tse"
    assert described("J. P. L.", PatientName="L'Estrange^J P") == "T1 tse"


@pytest.mark.parametrize(
    ("text", "rest"), [("bø", ""), ("bØ", ""), ("Bøs", ""), ("BØ", ""), ("bø_2", "_2 ")]
)
def test_a_name_of_two_letters_is_known_where_ascii_lacks_one(text, rest):
    person = {"PatientName": "Bø^Ida", "PatientID": "H-1"}
    assert described(text, **person) == f"T1 {rest}tse"
    assert described("på bord", **person) == "T1 på bord tse"


def test_a_manufacturer_that_a_hospital_is_called_like_stays():
    dataset = a_dataset(Manufacturer="Northwind Imaging", InstitutionName="Northwind")
    assert deidentify(dataset, RECIPE).Manufacturer == "Northwind Imaging"


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("ZMGN", {"PatientName": "Grabowska-Nowicka^Zaneta^Maria"}),
        ("AGV", {"PatientName": "Vestbyen^Anne-Grethe"}),
        ("RXQ 46213/W", {"PatientID": "RXQ-0046213/W"}),
        ("rxq46213w", {"PatientID": "RXQ-0046213/W"}),
        ("62-03-15", {}), ("62/3/15", {}),
    ],
)  # fmt: skip
def test_initials_of_halves_numbers_without_their_filling_and_years_that_come_first(text, values):
    assert described(text, **values) == "T1 tse"


@pytest.mark.parametrize(
    "text", ["PS1962", "SP-1962", "P.S.62", "P. S. 1962", "SPK62", "PKS 1962", "S.P.'62"]
)
def test_initials_with_the_year_of_birth_are_a_name(text):
    assert described(text, PatientName="Stolt^Per^Kåre") == "T1 tse"


@pytest.mark.parametrize("text", ["TE62", "TE 62", "PS1964", "TE1963"])
def test_other_numbers_after_letters_stay(text):
    assert described(text, PatientName="Tveit^Eva", PatientID="H-1") == f"T1 {text} tse"


def test_the_initials_of_two_names_after_two_others_are_known_in_their_order():
    assert described("JLGM", PatientName="García Márquez^José Luis") == "T1 tse"


@pytest.mark.parametrize(
    ("address", "texts"),
    [
        ("Fjellgata 12, 5020 Kongsvinger", "5020 Kongsvinger|Kongsvinger|Fjellgata|Fjellgata 12"),
        ("Lindenstraße 7a^^München^^80331", "München|MUENCHEN|80331|Lindenstrasse|80331 München"),
        ("221B Baker Street, London NW1 6XE", "NW1 6XE|NW16XE|Baker Street"),
        ("Keizersgracht 5\r\n1015 CJ Amsterdam", "1015 CJ|Amsterdam|Keizersgracht"),
    ],
)  # fmt: skip
def test_the_parts_of_an_address_are_known(address, texts):
    found = {text: described(f"a {text}", PatientAddress=address) for text in texts.split("|")}
    assert found == dict.fromkeys(found, "T1 a tse")


@pytest.mark.parametrize("text", ["5020", "Brain", "12", "7a"])
def test_what_an_address_has_in_common_with_the_field_stays(text):
    address = "Fjellgata 12, 5020 Kongsvinger, Brain, Weg 7a"
    assert described(text, PatientAddress=address) == f"T1 {text} tse"


@pytest.mark.parametrize(
    ("keyword", "number", "text"),
    [
        ("StudyID", "ST778899", "ST778899"), ("StudyID", "ST778899", "st-778899"),
        ("StudyID", "ST778899", "778899"), ("PerformedProcedureStepID", "PPS5512", "PPS-5512"),
        ("ReferringPhysicianTelephoneNumbers", "22 33 44 55", "22334455"),
    ],
)  # fmt: skip
def test_numbers_of_studies_steps_and_staff_are_known_with_other_marks(keyword, number, text):
    assert described(text, **{keyword: number}) == "T1 tse"


@pytest.mark.parametrize("number", ["1", "CT HEAD", "KNEE2", "Neuro-Basic"])
def test_the_name_of_what_is_done_is_no_number_of_an_order(number):
    assert described(number, StudyID=number) == f"T1 {number} tse"
