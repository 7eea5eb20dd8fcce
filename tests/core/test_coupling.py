"""Coupling lists as people save them."""

import pytest
from headgate.core.coupling import CouplingFile
from headgate.core.errors import Rejected
from headgate.core.model import Assignment

FIRST, SECOND = Assignment("LUNG", "L-1", "visit 1"), Assignment("LUNG", "L-1", "visit 2")


def listed(text):
    return CouplingFile.of_lines(text.splitlines(keepends=True), "LUNG")


@pytest.mark.parametrize(
    "text",
    [
        "patient_id,participant,event\n4711,L-1,visit 1\n",
        "patient_id;participant;event\r\n4711;L-1;visit 1\r\n",  # as Norwegian spreadsheets do
        "patient_id\tparticipant\tevent\n4711\tL-1\tvisit 1\n",
        "Patient_ID , Participant, EVENT\n 4711 ,L-1,visit 1\n",
        '"patient_id";"participant";"event"\n"4711";"L-1";"visit 1"\n',
    ],
)
def test_the_columns_are_found_however_the_spreadsheet_parts_them(text):
    assert listed(text).assignment_of("4711", "") == FIRST


def test_of_two_visits_each_has_its_accession_number():
    text = (
        "patient_id,accession_number,participant,event\n4711,A1,L-1,visit 1\n4711,A2,L-1,visit 2\n"
    )
    assert listed(text).assignment_of("4711", "A1") == FIRST
    assert listed(text).assignment_of("4711", "A2") == SECOND
    with pytest.raises(Rejected, match="accession_number"):
        listed(text).assignment_of("4711", "A3")


def test_rows_that_do_not_agree_who_it_is_are_told_of_and_the_last_one_does_not_win():
    text = "patient_id,participant,event\n4711,L-1,visit 1\n4711,L-2,visit 1\n"
    with pytest.raises(Rejected, match="several participants") as refused:
        listed(text).assignment_of("4711", "")
    assert "4711" not in str(refused.value)


def test_a_project_may_have_no_events():
    text = "patient_id,participant\n4711,L-1\n"
    assert listed(text).assignment_of("4711", "") == Assignment("LUNG", "L-1", "")


@pytest.mark.parametrize("row", ["4711,,visit 1", ",L-1,visit 1", "4711"])
def test_a_row_that_lacks_something_is_told_by_its_line(row):
    with pytest.raises(Rejected, match="line 2 of the coupling list needs"):
        listed(f"patient_id,participant,event\n{row}\n")
