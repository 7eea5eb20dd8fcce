"""Days in six digits and years of birth are cut; measures that look like them stay."""

import pytest
from deidentifying import deidentify, leaks_of
from headgate.core.deid.identity import Recipe, project_key
from pydicom import Dataset

KEY = project_key(b"a site's secret of thirty-two b.", "LUNG")
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", KEY)


def described(text, birth_date="19570312", study_date="20240131"):
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.PatientName, dataset.PatientID = "Skjelbred^Torgunn", "4711815"
    dataset.PatientBirthDate, dataset.StudyDate = birth_date, study_date
    dataset.SeriesDescription = text
    assert not leaks_of(dataset, RECIPE)
    return deidentify(dataset, RECIPE).get("SeriesDescription") or ""


@pytest.mark.parametrize(
    "day",
    [
        "120357",
        "570312",
        "031257",
        "mars 57",
        "March '57",
        "3/1957",
        "S32.3.12",
        "46/3/12",
        "0460312",
        "12/03/2500",
        "S 32-03-12",
    ],
)
def test_the_day_of_birth_in_six_digits_and_in_other_calendars_is_cut(day):
    assert described(f"T1 {day} sag") == "T1 sag"


def test_days_whose_parts_are_the_same_are_known_too():
    assert described("T1 11.11.2011 11.11.11 sag", study_date="20111111") == "T1 sag"


@pytest.mark.parametrize(
    "day",
    [
        "240131", "310124", "013124", "24-01-31", "31.1.24", "31/1 2024", "31/1-24",
        "31.1.-24", "1/31/24", "24.1.31", "31 01 24", "31. jan", "31jan", "Jan 31", "31 JAN",
        "januar 31", "1/2024", "01/2024", "2024-01",
        "113/01/31", "1130131", "31/1/2567", "R6.1.31", "令和6年1月31日",
    ],
)  # fmt: skip
def test_days_of_the_study_in_six_digits_are_cut(day):
    assert described(f"T1 {day} sag") == "T1 sag"


@pytest.mark.parametrize(
    "number",
    [
        "240132", "2401310", "0.240131", "240131.5", "310224", "130124", "31 01", "13.1", "S6.1.31",
        "113", "1.31", "2024", "31 mm", "3/2024", "T1 2/23",
    ],
)  # fmt: skip
def test_other_numbers_of_six_digits_stay(number):
    assert described(f"T1 {number} sag") == f"T1 {number} sag"


@pytest.mark.parametrize(
    "text",
    [
        "born 1957", "f. 1957", "f1957", "født 1957", "née 1957", "né en 1957", "geb. 1957", "*1957",
        "* 1957", "född 1957", "ur. 1957", "nar. 1957", "nato nel 1957", "nacida en 1957", "s. 1957",
        "DOB 1957", "YOB: 1957", "born in 1957", "born '57", "geb 57", "Jg. 57", "Jahrgang 1957",
        "fødselsår: 1957", "syntynyt 1957", "1957 г.р.", "1957年生", "昭和32年生", "1957년생",
        "γεννηθείς 1957", "kvinne 1957", "født i 1957", "M 1957", "rok urodzenia 1957", "doğum tarihi 1957",
    ],
)  # fmt: skip
def test_the_year_of_birth_beside_what_tells_of_it_is_cut(text):
    assert described(f"T1 {text} sag") == "T1 sag"


@pytest.mark.parametrize("text", ["born 1931", "geboren im Jahre 1931", "1931 г.р.", "YOB 1931"])
def test_so_is_that_of_somebody_else_where_nothing_but_a_birth_is_told(text):
    assert described(f"T1 {text} sag") == "T1 sag"


@pytest.mark.parametrize(
    "text", ["DWI b2000", "W 2000", "f 1958", "TR 1957", "TE 57 f 57", "born", "newborn 57"]
)
def test_measures_that_look_like_years_stay(text):
    assert described(text, "20000312" if "2000" in text else "19570312") == text
