"""Words of an institution's name that tell which one it is are cut; those that many have are not."""

import pytest
from headgate.core.deid.clean import cut_anybody
from headgate.core.deid.identifiers.telling import NOBODY, told_by

INSTITUTION_NAME = 0x00080080


def left_of(text, institution):
    return cut_anybody(text, told_by(INSTITUTION_NAME, [institution]))


@pytest.mark.parametrize(
    ("institution", "text"),
    [
        ("Lillevik sykehus", "T1 Lillevik sag"), ("Lillevik sykehus", "T1 LILLEVIKS sag"),
        ("Universitätsklinikum Heidelberg", "T1 Heidelberg sag"),
        ("Massachusetts General Hospital", "T1 massachusetts sag"), ("AKH - WIEN", "T1 Wien sag"),
    ],
)  # fmt: skip
def test_what_tells_which_institution_it_is_goes(institution, text):
    assert left_of(text, institution) == "T1 sag"


@pytest.mark.parametrize(
    ("institution", "text"),
    [
        ("Brain Institute", "brain axial"), ("GE MEDICAL SYSTEMS", "system medical"),
        ("Lungenklinik Hemer", "Lungen CT"), ("Heart Center Regional", "heart regional"),
        ("National Cancer Center", "cancer national"), ("Advanced Open Imaging", "advanced open"),
        ("Mamma Diagnostik Nord", "mamma diagnostic nord"),
    ],
)  # fmt: skip
def test_what_many_are_called_stays(institution, text):
    assert left_of(text, institution) == text


@pytest.mark.parametrize(
    "place",
    [
        "Lillevik sykehus", "Lillevik univ.sykehus", "St. Halvards hospital", "Lillevik legevakt",
        "Lillevik universitetssjukehus", "Fjordby sentralsjukehus", "Karlsby sjukhuset", "Fana sykehjem",
        "Øvre Lillevik legesenter", "LILLEVIK SYKEHUS", "Lillevik DPS", "Ekby vårdcentral",
        "Koivula sairaala", "Koivulan terveyskeskus", "Lillevik lægehus",
    ],
)  # fmt: skip
def test_so_does_another_place_of_care_that_prose_names(place):
    assert cut_anybody(f"T1 fra {place} sag", NOBODY) in ("T1 fra sag", "T1 fra St. sag")


@pytest.mark.parametrize(
    "text",
    [
        "MR sykehus protokoll", "Annet sykehus", "Eksternt sykehus CT", "Fra sykehus", "CT SYKEHUS",
        "RTG LEGEVAKT", "Rtg Legevakt", "Skulder legevakt", "General Hospital", "Lokalsykehus",
        "CT DPS", "Kontroll sykehus", "Overført sykehus", "Hjerte sykehus",
    ],
)  # fmt: skip
def test_the_kind_of_a_place_alone_stays(text):
    assert cut_anybody(text, NOBODY) == text
