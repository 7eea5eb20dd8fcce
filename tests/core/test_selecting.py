"""Select statements: which series of a study a workflow is given, and where a bad one is wrong."""

from __future__ import annotations

import pytest
from headgate.core.selecting import Unreadable, parsed

STUDY = [
    {
        "SeriesInstanceUID": "1", "Modality": "NM", "NumFiles": 30, "ClassifyType": ["T1", "axial"],
        "SeriesDescription": "Head T1 mprage", "PatientAge": "065Y",
    },
    {"SeriesInstanceUID": "2", "Modality": "CT", "NumFiles": 3, "SliceThickness": 1.5},
]  # fmt: skip
ALL, NONE = ["1", "2"], []


@pytest.mark.parametrize(
    ("statement", "series"),
    [
        ("", ALL),
        ("SELECT study", ALL),
        ('SELECT study FROM study WHERE series named "x" has Modality regexp "(NM)"', ALL),
        ('SELECT study FROM study WHERE series named "x" has Modality regexp "(MR)"', NONE),
        ('SELECT series FROM study WHERE series named "x" has Modality regexp "(NM)"', ["1"]),
        ("select series where Modality == 'NM'", ["1"]),
        ("select series where Modality = NM", ["1"]),
        ("SELECT series WHERE series has Modality = NM and NumFiles > 20", ["1"]),
        ("select series where NumFiles > 30", NONE),
        ("select series where NumFiles >= 30 or NumImages <= 3", ALL),
        ("select series where NumFiles = 30", ["1"]),
        ("select series where NumFiles == '30.0'", ["1"]),
        ("select series where NumFiles < 3", NONE),
        # and, or: from left to right
        ("select series where Modality = CT or Modality = NM and NumFiles > 20", ["1"]),
        ("select series where Modality = CT or (Modality = NM and NumFiles > 20)", ALL),
        ("select series where not Modality = CT", ["1"]),
        ("select series where not (Modality = CT or NumFiles > 20)", NONE),
        ("select series where not not Modality = CT", ["2"]),
        ('select series where ClassifyType containing "T1"', ["1"]),
        ("select series where ClassifyType contains T", NONE),
        ("select series where ClassifyType = axial", ["1"]),
        ("select series where SeriesDescription containing mprage", ["1"]),
        ("select series where SeriesDescription regexp '^mprage'", NONE),
        ("select series where SeriesDescription regexp 't1'", NONE),
        # what is not there meets nothing
        ('select series where Modality != "CT"', ["1"]),
        ('select series where EchoTime != "CT"', NONE),
        ("select series where EchoTime < 5", NONE),
        ("select series where PatientAge > 5", NONE),
        ("select series where not EchoTime < 5", ALL),
        ("select series where (0018,0050) > 1", ["2"]),
        ('select series where ("0x0018", "0x0050") = 1.5', ["2"]),
        # several named series: each has to be there
        (
            "select series where series has Modality = NM also where series named b has Modality = CT",
            ALL,
        ),
        (
            "select series where series has Modality = NM and where series named b has Modality = MR",
            NONE,
        ),
        (
            "select series where series has Modality = NM and series named b has NumFiles < 5",
            ALL,
        ),
        ("select study where series named a has Modality = NM and Modality = CT", NONE),
        ("select study where study has Modality = NM and Modality = CT", ALL),
    ],
)
def test_a_statement_selects(statement, series):
    assert parsed(statement).chosen(STUDY) == series


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("selct study", "line 1, column 1: 'selct'"),
        ("SELECT patient FROM study", "line 1, column 8: .* not patient"),
        ("select study\nwhere Modality = = x", "line 2, column 18"),
        ("select study where", "'where' is not expected|missing"),
        ('select study where Modality regexp "("', "line 1, column 36.*no pattern"),
        ("select study where NumFiles > lots", "line 1, column 31: lots is no number"),
        ("select study where (9999,0001) = 1", "no element has the tag"),
        ("select study where (zzzz,0001) = 1", "two hexadecimal numbers"),
        ('select study where Modality = "x', "line 1, column 31"),
        ("select study where (Modality = x", "missing after"),
        ("select study " + "x" * 20_000, "longer than"),
        ("select study where " + "not " * 2000 + "x = 1", "more than 100"),
        ("select study where " + "(" * 2000 + "x = 1" + ")" * 2000, "more than 100"),
    ],
)
def test_a_bad_statement_is_told_with_its_place(statement, words):
    with pytest.raises(Unreadable, match=words):
        parsed(statement)


def test_a_long_statement_is_no_deep_one():
    words = " or ".join(["Modality = MR"] * 500)
    assert parsed(f"select series where {words} or Modality = CT").chosen(STUDY) == ["2"]
