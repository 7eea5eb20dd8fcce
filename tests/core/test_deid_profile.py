"""The options of a profile, each shown by what it makes of a study, and told in the output."""

import re

import pytest
from deidentifying import deidentify
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.rules.profile import DEFAULT, Profile
from headgate.core.errors import Excluded
from pydicom import Dataset
from pydicom.sequence import Sequence

KEY = project_key(b"a site's secret of thirty-two b.", "LUNG")
BASIC = "113100"


def with_profile(**options):
    return Recipe("LUNG", "LUNG-001", "baseline", KEY, profile=Profile(**options))


def instance(**more):
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.StudyDate, dataset.StudyTime, dataset.Modality = "20240229", "101112", "CT"
    dataset.PatientName, dataset.PatientID = "Nordmann^Kari", "PID4711"
    dataset.PatientBirthDate, dataset.PatientSex, dataset.PatientAge = "19530214", "F", "070Y"
    dataset.InstitutionAddress = "Storgata 1, Oslo"
    dataset.DeviceSerialNumber, dataset.StationName = "SN-1", "CT-ROOM-2"
    dataset.StudyDescription = "visit 3 of Kari Nordmann"
    dataset.PatientComments = "Kari is calm"
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")
    item = Dataset()
    item.ConceptNameCodeSequence = []
    item.ValueType, item.TextValue = "TEXT", "lesion of 4 mm"
    dataset.ContentSequence = Sequence([item])
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    return dataset


def methods(result):
    return {item.CodeValue for item in result.DeidentificationMethodCodeSequence}


@pytest.mark.parametrize(
    ("options", "code", "is_told", "keyword", "value"),
    [
        ({}, "113107", True, "StudyTime", "101112"),
        ({"dates": "full"}, "113106", True, "StudyDate", "20240229"),
        ({"dates": "full"}, "113107", False, "StudyTime", "101112"),
        ({"dates": "removed"}, "113107", False, "StudyDate", ""),
        ({"dates": "removed"}, "113106", False, "StudyTime", ""),
        ({}, "113108", True, "PatientAge", "070Y"),
        ({"patient_characteristics": False}, "113108", False, "PatientAge", None),
        ({}, "113109", True, "DeviceSerialNumber", "SN-1"),
        ({"device_identity": False}, "113109", False, "DeviceSerialNumber", "REMOVED"),
        ({}, "113112", False, "InstitutionAddress", None),
        ({"institution_identity": True}, "113112", True, "InstitutionAddress", "Storgata 1, Oslo"),
        ({"uids": True}, "113110", True, "SOPInstanceUID", "1.2.3.4.1"),
        ({"descriptors": ()}, "113105", False, "StudyDescription", None),
        ({}, "113105", True, "StudyDescription", "visit 3 of"),
        ({"structured_content": False}, "113104", False, "ContentSequence", None),
        ({}, BASIC, True, "PatientComments", None),
        ({"descriptors": (0x00104000,)}, "113105", True, "PatientComments", "is calm"),
    ],
)
def test_each_option_does_what_it_says_and_is_told(options, code, is_told, keyword, value):
    result = deidentify(instance(), with_profile(**options))
    assert (code in methods(result)) is is_told
    assert BASIC in methods(result)
    assert str(result[keyword].value or "") == value if value is not None else keyword not in result


@pytest.mark.parametrize(
    ("dates", "told"), [("modified", "MODIFIED"), ("full", "UNMODIFIED"), ("removed", "REMOVED")]
)
def test_what_happened_to_the_dates_is_told(dates, told):
    result = deidentify(instance(), with_profile(dates=dates))
    assert result.LongitudinalTemporalInformationModified == told
    assert not result.PatientBirthDate


def test_without_dates_nothing_tells_how_long_it_was_between_two_visits():
    dates = {"AcquisitionDateTime": "20200304101112.5", "DateOfLastCalibration": "20200102"}
    dates |= {"ContentDate": "20200304", "ContentTime": "101112", "TimeOfLastCalibration": "0815"}
    first, second = instance(), instance()
    for keyword, value in dates.items():
        setattr(first, keyword, value)
        setattr(second, keyword, value.replace("2020", "2021").replace("1011", "1213"))
    one, other = (deidentify(each, with_profile(dates="removed")) for each in (first, second))
    assert [one.get(keyword) for keyword in dates] == [other.get(keyword) for keyword in dates]
    assert one.AcquisitionDateTime == "19000101000000"  # it may have to have a value
    assert "DateOfLastCalibration" not in one


def test_safe_private_elements_are_an_option():
    assert (0x0019, 0x100C) in deidentify(instance(), with_profile())
    result = deidentify(instance(), with_profile(safe_private=False))
    assert not [element for element in result if element.tag.is_private]
    assert "113111" not in methods(result)


def test_the_profile_is_named_in_every_output():
    recipe = with_profile(name="trial 7", version=3, digest="ab" * 32)
    told = deidentify(instance(), recipe).DeidentificationMethod
    assert list(told)[1] == "trial 7 3 abababababababab"
    assert all(len(value) <= 64 for value in told)


def test_a_text_that_was_read_by_a_person_stays_as_it_is():
    text = "follow-up 010203 12345"
    kept = deidentify(instance(StudyDescription=text), with_profile(kept_texts=(text,)))
    assert kept.StudyDescription == text
    assert deidentify(instance(StudyDescription=text), with_profile()).StudyDescription != text


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        (r"(?P<visit>visit \d+)", "visit 3"),
        (r"(visit) (\d)", "visit 3"),
        (r"(?P<who>Kari Nordmann)", "REMOVED"),
        (r"nowhere (\d)", None),
    ],
)
def test_of_a_text_only_the_groups_of_a_pattern_stay(pattern, left):
    result = deidentify(instance(), with_profile(patterns=((0x00081030, pattern),)))
    assert result.get("StudyDescription") in ({left} if left != "REMOVED" else {None, ""})


@pytest.mark.parametrize(
    "options",
    [{"dropped_modalities": ("CT",)}, {"dropped_classes": ("1.2.840.10008.5.1.4.1.1.2",)}],
)
def test_what_a_profile_drops_is_excluded_and_not_rejected(options):
    with pytest.raises(Excluded):
        deidentify(instance(), with_profile(**options))


def test_the_default_is_what_the_table_of_the_design_says():
    assert DEFAULT.dates == "modified"
    assert not DEFAULT.uids
    assert not DEFAULT.institution_identity
    assert re.fullmatch(r"[0-9a-f]*", DEFAULT.digest)
