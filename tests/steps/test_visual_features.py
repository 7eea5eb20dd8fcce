"""Visual features are cleaned by a program of the site, or the instance does not leave."""

import sys

import imaging
import numpy as np
import pytest
from headgate.core.deid.identity import Recipe
from headgate.core.deid.rules.profile import Profile
from headgate.core.errors import Rejected
from headgate.core.pixels.description import Description
from headgate.deidentifying.cleaning import clean
from pydicom import Dataset

CT, PR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.11.1"
GREY: Description = imaging.KINDS["MONOCHROME2 8 bit"]
PROGRAM = """
import sys
from pydicom import dcmread
one = dcmread(sys.argv[1])
assert one.PatientName == 'LUNG-001'
one.PatientComments = 'written by the program'
one.PixelData = bytes(len(one.PixelData))
{more}
one.save_as(sys.argv[2])
"""


def recipe(*command):
    profile = Profile(features_command=command)
    return Recipe("LUNG", "LUNG-001", "baseline", b"k" * 32, profile=profile)


def program(more=""):
    return (sys.executable, "-c", PROGRAM.format(more=more), "{input}", "{output}")


def scan(**values):
    frame = imaging.frame(GREY, None)
    return imaging.instance(GREY, [frame], **{"SOPClassUID": CT, "Modality": "CT", **values})


def result(instance, recipe):
    dataset = imaging.read_back(b"".join(clean(instance, recipe).file))
    return dataset, [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]


def test_the_pixels_of_the_program_leave_and_nothing_else_of_it():
    dataset, codes = result(scan(), recipe(*program()))
    assert not np.frombuffer(dataset.PixelData, np.uint8).any()
    assert "PatientComments" not in dataset
    assert "113102" in codes
    assert dataset.RecognizableVisualFeatures == "NO"


def test_without_a_program_nothing_is_claimed():
    dataset, codes = result(scan(), recipe())
    assert "113102" not in codes
    assert "RecognizableVisualFeatures" not in dataset


def test_what_is_of_no_modality_for_the_program_is_left_and_claims_nothing():
    _, codes = result(scan(Modality="XA"), recipe("false", "{input}", "{output}"))
    assert "113102" not in codes


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("false",), "ended with 1"),
        (("true",), "wrote no output"),
        (("/there/is/none",), "cannot be run"),
        (program("one.Rows, one.Columns = one.Columns, one.Rows"), "of another kind"),
    ],
)
def test_where_the_program_fails_the_instance_does_not_leave(command, told):
    with pytest.raises(Rejected, match=told):
        clean(scan(), recipe(*command))


def test_graphics_that_are_kept_without_their_text_are_told_of():
    layer = Dataset()
    layer.GraphicLayer = "LAYER"
    text = Dataset()
    text.UnformattedTextValue = "Nordmann"
    layer.TextObjectSequence = [text]
    values = {"SOPClassUID": PR, "Modality": "PR", "GraphicAnnotationSequence": [layer]}
    dataset, codes = result(scan(**values), recipe())
    assert "113103" in codes
    assert "Nordmann" not in str(dataset)
    assert "113103" not in result(scan(), recipe())[1]
