"""Names as sentences of other languages bend them, and the words of the field that stay beside."""

import pytest
from headgate.core.deid.clean import cut_anybody
from headgate.core.deid.identifiers.patient import together
from headgate.core.deid.identifiers.telling import PATIENT_NAME, told_by


def left_of(text, name):
    patient = together([told_by(PATIENT_NAME, [name])])
    return cut_anybody(f"T1 {text} tse", patient).removeprefix("T1 ").removesuffix("tse").strip()


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("Novák^Jan", "Nováka Novákovi NOVAKEM Novákova"), ("Nováková^Jana", "Novákové Novákovou"),
        ("Marek^Petr", "Marka Markovi"), ("Novotný^Petr", "Novotného Novotnému Novotným"),
        ("Kowalski^Adam", "Kowalskiego Kowalskiemu Kowalskim"), ("Kowalska^Ewa", "Kowalskiej"),
        ("Ivanov^Ivan", "Ivanovovi Ivanova Ivanovem"), ("Horvat^Ivo", "Horvata Horvatu"),
        ("Иванов^Иван", "Иванова Иванову Ивановым Ивановой"), ("Толстой^Лев", "Толстого Толстому"),
        ("Пушкин^Андрей", "Пушкина Андрея Андрею"), ("Дорошенко^Олена", "Дорошенка Олени"),
        ("Virtanen^Pekka", "Virtasen Virtaselle Virtaselta Pekan"),
        ("Lehtimäki^Matti", "Lehtimäen Lehtimäelle Matin"), ("Koskinen^Liisa", "Liisan Liisalle"),
        ("Põldvere^Urmas", "Põldverele Põldverega"), ("Kovács^Béla", "Kovácsné Kovácsnak Bélának"),
        ("Yılmaz^Ayşe", "Yılmaz'ın Yılmaz’a Yilmazin Ayşe'nin"), ("Öz^Ali", "Ali'nin"),
        ("Jónsdóttir^Guðrún", "Jónsdóttur Jonsdottur Guðrúnar"), ("Jónsson^Björn", "Jónssyni"),
        ("Petrauskas^Jonas", "Petrausko Petrauskui Jono"), ("Bērziņš^Jānis", "Bērziņa Bērziņam"),
        ("Παπαδόπουλος^Νίκος", "Παπαδόπουλου Νίκου"), ("Papadopoulos^Nikos", "Papadopoulou"),
    ],
)  # fmt: skip
def test_a_name_is_known_with_its_endings(name, texts):
    assert {text: left_of(text, name) for text in texts.split()} == dict.fromkeys(texts.split(), "")


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("Berg^Jan", "Bergem Bergin BERGEM Bergu Berga"), ("Duda^Ewa", "Dudy Dudę Dudą Dudom"),
        ("Salo^Åke", "Salon Salolle Salossa"), ("Lind^Emma", "Lindin Lindille Emman EMMALLE"),
        ("Tamm^Jaan", "Tammi Tammile Tammiga Jaanile"), ("Koç^Ozan", "Ozanın Ozandan Ozana"),
    ],
)  # fmt: skip
def test_a_name_of_four_letters_is_known_with_its_endings(name, texts):
    assert {text: left_of(text, name) for text in texts.split()} == dict.fromkeys(texts.split(), "")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Lang^Anna", "Lange Achse"),
        ("Salo^Åke", "SALON"),
        ("Duda^Ewa", "dudy"),
        ("Plan^Per", "Plane"),
    ],
)
def test_an_ending_of_one_letter_tells_it_only_beside_a_capital_and_is_none_of_german(name, text):
    assert left_of(text, name) == text


@pytest.mark.parametrize("text", ["Jana Lisa", "Lisa, Jana", "Janu Lisovi"])
def test_the_endings_of_short_names_are_known_where_both_stand(text):
    assert left_of(text, "Lis^Jan") == ""


@pytest.mark.parametrize("text", ["Lisa", "per liegend", "Jana"])
def test_an_ending_on_a_short_name_alone_makes_another_word(text):
    assert left_of(text, "Lis^Jan") == text
    assert left_of("per liegend", "Lie^Per") == "liegend"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Foss^Per", "fossa"), ("Foss^Per", "Fossa posterior"), ("Lung^Eva", "Lunge"), ("Coron^Ola", "corona"),
        ("Nativ^Ada", "native"), ("Stern^Eva", "sternum"),
    ],
)  # fmt: skip
def test_an_ending_that_makes_a_word_of_the_field_is_none(name, text):
    assert left_of(text, name) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Толстой^Лев", "левый коленный сустав слева"), ("Рак^Иван", "раковина"),
        ("Ås^Åse", "påsettes låsevinkel"), ("Bø^Pål", "pålagt"), ("Roy^Zoé", "zoéy"),
        ("علي^حسن", "الأطراف العليا"), ("כהן^רון", "כהנים"), ("Νίκη^Εύα", "νίκησε"),
    ],
)  # fmt: skip
def test_a_short_name_within_a_word_of_any_script_is_chance(name, text):
    assert left_of(text, name) == text


@pytest.mark.parametrize(
    ("name", "text"),
    [("علي^حسن", "وعلي"), ("علي^حسن", "لعلي"), ("כהן^רון", "לכהן"), ("Толстой^Лев", "ЛЕВ")],
)
def test_a_short_name_is_known_with_what_its_script_writes_before_it(name, text):
    assert left_of(text, name) == ""
