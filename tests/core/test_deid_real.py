"""Every real data set leaves clean or is refused with a reason."""

import io
import warnings
from pathlib import Path

import pydicom
import pytest
from deidentifying import judged
from headgate.core.deid.gate import find_leaks
from headgate.core.deid.identifiers.patient import identifiers_of
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.rules.profile import Profile
from headgate.core.errors import Rejected
from headgate.deidentifying.cleaning import clean
from headgate.stores.dicomfiles import read_instance

PACKAGED = Path(pydicom.__file__).parent / "data"
SHARED = Path(__file__).parents[3] / "shared" / "data"
FILES = sorted(
    [*PACKAGED.glob("test_files/*.dcm"), *PACKAGED.glob("charset_files/*.dcm"), *SHARED.glob("*/*")]
)
# pixels have tests of their own: reading each of these files takes minutes
PROFILE = Profile(clean_pixels=False)
RECIPE = Recipe("LUNG", "LUNG-001", "baseline", project_key(b"k" * 32, "LUNG"), profile=PROFILE)
MOST = 0.75  # of the files: a test in which all were refused would prove nothing


def outcome(file):
    try:
        instance = read_instance(file)
        output = clean(instance, RECIPE)
    except Rejected as reason:
        return "refused" if str(reason) else "refused without a reason"
    identifiers = identifiers_of(instance.head, instance.elements, instance.encoding, {})
    assert find_leaks(judged(output.header), instance.encoding, identifiers) == []
    # what is written can be read, with every value decoded
    written = pydicom.dcmread(io.BytesIO(b"".join(output.file)))
    assert str(written[:0x7FE00000])
    return "clean"


def test_every_real_data_set_leaves_clean_or_is_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outcomes = [outcome(file) for file in FILES if file.is_file()]
    assert set(outcomes) <= {"clean", "refused"}
    assert outcomes.count("clean") > MOST * len(outcomes)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "test-SR.dcm"])
def test_packaged_files_are_not_refused(name):
    assert outcome(PACKAGED / "test_files" / name) == "clean"
