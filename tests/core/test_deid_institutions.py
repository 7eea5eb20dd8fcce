"""Words of an institution's name that tell which one it is are cut; those that many have are not."""

import pytest
from headgate.core.deid.clean import cut_anybody
from headgate.core.deid.identifiers.telling import told_by

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
