"""What PS3.6 and PS3.3 name, held against pydicom, which is loaded only where it is needed."""

import pytest
from headgate.core.datamodules import alone
from headgate.core.dicom import dictionary
from headgate.core.dicom.repertoire import WITHOUT_EXTENSIONS
from pydicom import charset, datadict

REPEATING = (0x60003000, 0x60021500, 0x50043000, 0x00203105, 0x00280420, 0x7F020010)
UNKNOWN = (0x00091001, 0x12345678, 0x60013000, 0x00280454)


def test_every_attribute_is_as_pydicom_has_it():
    for tag in (*datadict.DicomDictionary, *REPEATING):
        found = dictionary.vr_of(tag), dictionary.keyword_of(tag)
        assert found == (datadict.dictionary_VR(tag), datadict.keyword_for_tag(tag)), hex(tag)
    for keyword, tag in datadict.keyword_dict.items():
        assert dictionary.tag_of(keyword) == tag


@pytest.mark.parametrize("tag", UNKNOWN)
def test_what_is_not_in_the_standard_has_no_name(tag):
    assert dictionary.vr_of(tag) == "UN"
    assert dictionary.keyword_of(tag) == ""


def test_no_tag_has_a_keyword_that_is_none():
    assert dictionary.tag_of("PatientsFavouriteColour") is None


def test_character_sets_are_named_as_pydicom_names_them():
    later = {"ISO_IR 203"}  # which pydicom 3.0 does not have yet
    several = {term: name for term, name in WITHOUT_EXTENSIONS.items() if term not in later}
    assert {term: charset.python_encoding[term] for term in several} == several


def test_a_table_that_a_package_lacks_is_named():
    with pytest.raises(ModuleNotFoundError, match="pydicom has no no/such"):
        alone("pydicom", "no", "such")
    with pytest.raises(ModuleNotFoundError, match="no_such_package has no table"):
        alone("no_such_package", "table")
