"""Table E.1-1 as it is used here, held against what is known of it."""

from collections import Counter

import pytest
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2024b as edition
from headgate.core.deid.rules import options, private, profile, table
from pydicom.datadict import DicomDictionary, tag_for_keyword

ACTIONS = profile.actions()


def test_the_edition_has_the_rows_it_is_known_to_have():
    assert len(set(edition.ALL_TAGS)) == 620
    rows = Counter(table.basic_column().values())
    assert rows["D"] == 93
    assert rows["U"] == 55
    assert rows["Z"] == 42
    assert (rows["X/D"], rows["X/Z"], rows["X/Z/D"], rows["Z/D"], rows["X/Z/U*"]) == (
        23, 11, 8, 6, 2,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("keyword", "written", "action"),
    [
        ("PatientName", "Z", "Z"),
        ("PatientID", "Z/D", "D"),
        ("PatientAddress", "X", "X"),
        ("SOPInstanceUID", "U", "U"),
        ("OperatorsName", "X/Z/D", "D"),
        ("ContentSequence", "D", "enter"),
        ("SourceImageSequence", "X/Z/U*", "enter"),
        ("AcquisitionContextSequence", "X/Z", "enter"),
        ("OperatorIdentificationSequence", "X/D", "X"),
        ("StudyDate", "Z", "shift"),
        ("PatientBirthDate", "Z", "Z"),
        ("PatientBirthTime", "X", "X"),
        ("SeriesDescription", "X", "C"),
        ("StationAETitle", "X", "X"),
        ("OriginalAttributesSequence", "X", "X"),
        ("PatientSex", "Z", "K"),
        ("DeviceSerialNumber", "X/Z/D", "K"),
    ],
)
def test_known_rows(keyword, written, action):
    tag = tag_for_keyword(keyword)
    assert table.basic_column()[tag] == written
    assert ACTIONS[tag][0] == action


@pytest.mark.parametrize(
    ("keyword", "action"),
    [
        ("DocumentAuthorIdentifierCodeSequenceTrial", "X"),
        ("DocumentingObserverIdentifierCodeSequenceTrial", "X"),
        ("DocumentingOrganizationIdentifierCodeSequenceTrial", "X"),
        ("HangingProtocolCreator", "D"),
        ("HangingProtocolUserIdentificationCodeSequence", "Z"),
        ("BreedRegistrationSequence", "Z"),
        ("BoardingPassID", "X"),
    ],
)
def test_people_are_not_told_of_by_codes_that_the_table_does_not_name(keyword, action):
    tag = tag_for_keyword(keyword)
    assert tag not in table.basic_column()
    assert ACTIONS[tag][0] == action


def test_every_standard_attribute_has_an_action():
    assert set(ACTIONS) == set(DicomDictionary)


def test_every_standard_date_is_shifted_or_emptied():
    kept = {
        tag
        for tag, (vr, *_) in DicomDictionary.items()
        if vr in ("DA", "DT") and ACTIONS[tag][0] == table.KEEP
    }
    assert kept == set(profile.CODE_SET_VERSIONS)


def test_no_name_and_no_title_is_kept():
    kept = [
        tag
        for tag, (vr, *_) in DicomDictionary.items()
        if vr in ("PN", "AE") and ACTIONS[tag][0] in (table.KEEP, table.CLEAN)
    ]
    assert kept == []


def test_a_row_that_no_option_lifts_is_never_kept():
    lifted = {
        *options.PATIENT_CHARACTERISTICS,
        *options.DEVICE_IDENTITY,
        *profile.CODE_SET_VERSIONS,
        *options.DESCRIPTORS,
    }
    for tag, written in table.basic_column().items():
        if written == "X" and tag in ACTIONS and tag not in lifted:
            is_time = DicomDictionary[tag][0] in ("DA", "DT", "TM")
            assert ACTIONS[tag][0] in ("X", "Z") or is_time  # nothing of it is left


def test_options_lift_only_what_the_table_names():
    rows = table.basic_column()
    for tag in (*options.PATIENT_CHARACTERISTICS, *options.DEVICE_IDENTITY, *options.DESCRIPTORS):
        assert tag in rows


def test_safe_private_elements_are_in_odd_groups_and_numbered_within_a_block():
    assert all(group % 2 and 0 <= number <= 0xFF for _, group, number, _ in private.SAFE_PRIVATE)


@pytest.mark.parametrize(
    "keyword",
    ["IssuerOfAccessionNumberSequence", "OrderPlacerIdentifierSequence", "ContactDisplayName",
     "PlacerOrderNumberProcedure", "FillerOrderNumberProcedure", "NTPSourceAddress"],
)  # fmt: skip
def test_what_names_an_organization_or_an_order_beside_the_table_goes(keyword):
    assert ACTIONS[tag_for_keyword(keyword)][0] == "X"
