"""Names and dates as people write them who spell otherwise than the file's own elements."""

import re

import pytest
from deidentifying import deidentify, leaks_of
from headgate.core.deid.clean import cut_anybody
from headgate.core.deid.identifiers.telling import NOBODY
from headgate.core.deid.identity import Recipe, project_key
from pydicom import Dataset

KEY = project_key(b"a site's secret of thirty-two b.", "LUNG")
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", KEY)


def described(text, patient, **values):
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.4", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = patient, "4711815"
    dataset.SeriesDescription = f"T2 {text} tse"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    assert not leaks_of(dataset, RECIPE)
    return deidentify(dataset, RECIPE).SeriesDescription


@pytest.mark.parametrize(
    ("patient", "text"),
    [
        ("Ouyang^Xiaodong", "Ou Yang"), ("Ouyang^Xiaodong", "XIAO_DONG"),
        ("Hong^Gildong", "Gil Dong"), ("Alshammari^Noura", "Al Shammari"),
        ("Преображенский^Свят", "Preobrazhensky"), ("Преображенский^Свят", "Preobrazhenskij"),
        ("Øverås^Bjørnhild", "%D8ver%E5s"), ("Øverås^Bjørnhild", "=D8ver=E5s"),
        ("Takahashi^Setsuko=高橋^節子", "髙橋"), ("Watanabe^Ken=渡邊^健", "渡辺健"),
        ("Szőke^Űrs", "Szoeke"), ("Şahin^Çağla", "Shahin Chaghla"), ("Nuñez^Iñaki", "Nunyez"),
        ("Zhang^Guorong=張^國榮", "张国荣"), ("=张^国荣", "張 國榮"), ("=刘^德华", "劉德華"),
        ("=鈴木^鉄男", "鈴木鐵男"), ("=澤田^龍子", "沢田"), ("=澤田^龍子", "泽田龙子"),
    ],
)  # fmt: skip
def test_a_name_is_known_as_others_spell_it(patient, text):
    assert described(text, patient) == "T2 tse"


@pytest.mark.parametrize(
    ("patient", "text"),
    [
        ("Bjørnås^Åse", "BJ|RN}S"), ("Bjørnås^Åse", "Bj|rn}s ]se"), ("Næss^Pål", "N{ss P}l"),
        ("Næss^Pål", "N[SS"), ("Mäkelä^Väinö", "M{kel{"), ("Åkerström^Göran", "}kerstr|m G|ran"),
        ("Bjørnås^Åse", "Bj¢rn}s"), ("Bjørnås^Åse", "Bj√∏rn√•s"),
        ("Åkerström^Göran", "\x8fkerstr\x94m"),
    ],
)  # fmt: skip
def test_a_name_is_known_in_seven_bits_and_in_the_signs_of_other_systems(patient, text):
    found = described(text, patient)
    assert re.findall(r"\w+", "".join(found)) == ["T2", "tse"]


@pytest.mark.parametrize("text", ["[T1]se", "kn{s", "a|b", "[tra]se", "{SS}", "n ss"])
def test_brackets_beside_other_letters_stay(text):
    assert described(text, "Næss^Åse") == f"T2 {text} tse"


@pytest.mark.parametrize("text", ["張力性気胸", "张力性气胸", "國立", "術後"])
def test_words_of_the_field_stay_in_either_writing(text):
    assert described(text, "=張^國榮") == f"T2 {text} tse"


@pytest.mark.parametrize("text", ["ნ.ბ.", "Dr. ბერიძე", "Frau ბერიძე", "ბ. ნ."])
def test_a_script_without_capitals_has_initials_and_names_after_titles(text):
    assert described(text, "ბოლქვაძე^ნინო") == "T2 tse"


@pytest.mark.parametrize(
    ("patient", "text"),
    [
        ("van den Berg^Jan-Willem", "JW Berg"), ("Berg^Kjell Ove", "KO Berg"),
        ("Berg^Kjell Ove", "Berg KO"), ("Müller^Hans-Jörg", "H.-J. Müller"),
        ("الراشدي^فاطمة", "للراشدي"), ("=鈴木^いちろう", "イチロー"),
        ("Dąbrowska^Małgorzata", "Małgorzacie"), ("Duda^Ewa", "Dudzie"),
    ],
)  # fmt: skip
def test_a_name_is_known_with_what_stands_beside_it_or_bends_it(patient, text):
    assert described(text, patient) == "T2 tse"


@pytest.mark.parametrize("text", ["AP Berg", "Berg AP"])
def test_an_abbreviation_of_the_field_beside_a_name_stays(text):
    assert described(text, "Berg^Anna Pia") == "T2 AP tse"


@pytest.mark.parametrize("text", ["KvistvTorb", "KviTor", "TOR_KVI", "KvisTor", "tor-kvistv"])
def test_the_beginnings_of_two_names_as_one_word_are_known(text):
    assert described(text, "Kvistvåg^Torbjørn") == "T2 tse"


@pytest.mark.parametrize(
    ("patient", "text"),
    [
        ("Kvistvåg^Torbjørn", "kvitorp"),
        ("Perkins^Fusun", "perfusion"),
        ("Transvik^Versa", "transverse"),
    ],
)
def test_beginnings_of_names_within_another_word_stay(patient, text):
    assert described(text, patient) == f"T2 {text} tse"


@pytest.mark.parametrize("text", ["in grid", "hans arm", "and ers"])
def test_two_words_of_others_stay(text):
    assert described(text, "Ingrid^Hanssen") == f"T2 {text} tse"


@pytest.mark.parametrize(
    "text",
    [
        "Mar-12-1961", "mars 12, 1961", "Feb 29th 2004", "2 de agosto de 1979", "1971년 4월 19일",
        "昭和12年9月23日",
    ],
)  # fmt: skip
def test_a_date_goes_and_the_weighting_before_it_stays(text):
    left = cut_anybody(f"T2 {text} tse", NOBODY)
    assert re.findall(r"\w+", left) == ["T2", "tse"]


def test_the_weighting_before_the_patients_number_of_telephone_stays():
    number = {"PatientTelephoneNumbers": "+47 913 57 246"}
    for text in ("91 35 72 46", "913.57.246", "0047 91357246"):
        assert described(text, "Berg^Liv", **number) == "T2 tse"


@pytest.mark.parametrize("text", ["1971년 4월 19일", "1971年4月19日", "19 de abril de 1971"])
def test_the_birth_date_is_known_as_other_countries_write_it(text):
    born = {"PatientBirthDate": "19710419"}
    assert described(text, "Hong^Gildong", **born) == "T2 tse"
