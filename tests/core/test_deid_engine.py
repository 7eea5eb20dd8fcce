"""De-identification, told by data sets made for it."""

import io

import pytest
from deidentifying import deidentify, find_leaks, header_of, identifiers_of
from headgate.core.deid import uids
from headgate.core.deid.engine import deidentify as deidentify_bytes
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.memory import Memory
from headgate.core.dicom.elements import encoding_of
from headgate.core.errors import Rejected
from pydicom import DataElement, Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

SITE_KEY = b"a site's secret of thirty-two b."
CT_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
NAME, NUMBER, BIRTH = "Nordmann^Åsmund", "PID4711-99", "19530214"


def a_recipe(project="LUNG", participant="LUNG-001", **more):
    return Recipe(project, participant, "baseline", project_key(SITE_KEY, project), **more)


def a_dataset(**more):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.SourceApplicationEntityTitle = "SCANNER1"
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.SOPClassUID = CT_STORAGE
    dataset.SOPInstanceUID = "1.2.3.4.1"
    dataset.StudyInstanceUID = "1.2.3.4"
    dataset.SeriesInstanceUID = "1.2.3.4.5"
    dataset.FrameOfReferenceUID = "1.2.3.4.6"
    dataset.PatientName, dataset.PatientID = NAME, NUMBER
    dataset.PatientBirthDate, dataset.StudyDate, dataset.StudyTime = BIRTH, "20200229", "101112"
    dataset.AccessionNumber = "ACC778899"
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    return dataset


def encoded(dataset):
    file = io.BytesIO()
    dcmwrite(file, dataset, enforce_file_format=True)
    return file.getvalue()


def read_back(dataset):
    return dcmread(io.BytesIO(encoded(dataset)))


def nested(depth, **values):
    item = Dataset()
    for keyword, value in values.items():
        setattr(item, keyword, value)
    for _ in range(depth):
        outer = Dataset()
        outer.ReferencedSeriesSequence = Sequence([item])
        item = outer
    return item.ReferencedSeriesSequence


def innermost(dataset, depth):
    for _ in range(depth):
        dataset = dataset.ReferencedSeriesSequence[0]
    return dataset


def test_the_recipe_is_written_where_fiona_writes_it():
    result = deidentify(a_dataset(), a_recipe())
    assert str(result.PatientName) == result.PatientID == result.ClinicalTrialSubjectID
    assert result.PatientID == "LUNG-001"
    assert result.InstitutionName == result.ClinicalTrialProtocolID == "LUNG"
    assert str(result.ReferringPhysicianName) == result.ClinicalTrialTimePointID == "baseline"
    assert result.PatientIdentityRemoved == "YES"
    assert result.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = [item.CodeValue for item in result.DeidentificationMethodCodeSequence]
    assert codes[0] == "113100"
    assert {"113105", "113107", "113108", "113109"} <= set(codes)
    assert {item.CodingSchemeDesignator for item in result.DeidentificationMethodCodeSequence} == {
        "DCM"
    }


def test_the_input_stays_as_it_was():
    dataset = a_dataset(ReferencedSeriesSequence=nested(2, StudyDate="20200101"))
    before = encoded(dataset)
    deidentify(dataset, a_recipe())
    assert encoded(dataset) == before


@pytest.mark.parametrize(
    ("keyword", "value", "expected"),
    [
        ("AccessionNumber", "A1", ""),  # Z
        ("PatientBirthDate", "19530214", ""),  # Z
        ("OperatorsName", "Hansen", "REMOVED"),  # X/Z/D
        ("PatientAddress", "Storgata 1", None),  # X
        ("PatientComments", "free words", None),  # X
        ("ImageComments", "free words", None),  # X
        ("RequestingPhysician", "Hansen", None),  # X
        ("PatientSex", "F", "F"),  # K by 113108
        ("PatientAge", "067Y", "067Y"),
        ("DeviceSerialNumber", "S123", "S123"),  # K by 113109
        ("StationName", "CT3", "CT3"),
        ("DeviceUID", "1.2.3.9", "1.2.3.9"),
        ("StudyTime", "101112", "101112"),
        ("Modality", "CT", "CT"),
        ("SeriesDescription", "Thorax native", "Thorax native"),  # C by 113105
        ("IssuerOfPatientID", "HOSPITAL", None),
    ],
)
def test_each_action(keyword, value, expected):
    result = read_back(deidentify(a_dataset(**{keyword: value}), a_recipe()))
    assert (keyword in result) == (expected is not None)
    if expected is not None:
        assert str(result[keyword].value or "") == expected


def test_D01_what_no_rule_names_goes():
    """A deny-list keeps what it has not heard of; here the unknown goes."""
    dataset = a_dataset(PatientComments="x", IdentifyingComments="x", ReasonForStudy="x")
    dataset.AdditionalPatientHistory = dataset.Occupation = "x"
    dataset.StudyComments = "x"
    unknown = (0x00091001, 0x00100011, 0x00111010, 0x50000010, 0x60003000, 0x60000010, 0x7FDF0010)
    for tag in unknown:
        dataset[tag] = DataElement(tag, "LO", "words")
    result = deidentify(dataset, a_recipe())
    for keyword in ("PatientComments", "IdentifyingComments", "ReasonForStudy", "Occupation"):
        assert keyword not in result
    assert "AdditionalPatientHistory" not in result
    assert "StudyComments" not in result
    assert not [tag for tag in unknown if tag in result]


def test_D03_a_date_that_is_missing_is_not_invented():
    dataset = a_dataset()
    del dataset.StudyDate
    assert "StudyDate" not in deidentify(dataset, a_recipe())
    dataset.StudyDate = "no date"
    results = {deidentify(dataset, a_recipe()).StudyDate for _ in range(5)}
    assert results == {""}


def test_D04_a_new_uid_cannot_be_made_without_the_key():
    recipe = a_recipe()
    other = Recipe("LUNG", "LUNG-001", "baseline", project_key(b"another secret" * 3, "LUNG"))
    uid = deidentify(a_dataset(), recipe).StudyInstanceUID
    assert uid != deidentify(a_dataset(), other).StudyInstanceUID
    assert uid != deidentify(a_dataset(), a_recipe("HEART")).StudyInstanceUID


def test_D05_a_uid_in_the_form_of_ours_is_replaced_like_any_other():
    forged = "1.3.6.1.4.1.45037.1234567890"
    result = deidentify(a_dataset(StudyInstanceUID=forged, SeriesInstanceUID="2.25.99"), a_recipe())
    assert result.StudyInstanceUID != forged
    assert result.SeriesInstanceUID != "2.25.99"


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
def test_D06_every_depth_has_the_same_rules(depth):
    item = {
        "PatientName": NAME,
        "PatientAddress": "Storgata 1",
        "StudyDate": "20200229",
        "ReferencedSOPInstanceUID": "1.2.3.4.1",
        "ReferencedSOPClassUID": CT_STORAGE,
    }
    dataset = a_dataset(ReferencedSeriesSequence=nested(depth, **item))
    result = deidentify(dataset, a_recipe())
    inner = innermost(result, depth)
    assert not inner.PatientName
    assert "PatientAddress" not in inner
    assert inner.StudyDate == result.StudyDate != "20200229"
    assert inner.ReferencedSOPInstanceUID == result.SOPInstanceUID
    assert inner.ReferencedSOPClassUID == CT_STORAGE


def test_two_participants_of_a_project_have_their_own_offsets():
    days = {deidentify(a_dataset(), a_recipe(participant=f"P{n}")).StudyDate for n in range(9)}
    assert len(days) == 9


def test_references_between_two_instances_still_resolve():
    image = a_dataset()
    plan = a_dataset(SOPInstanceUID="1.2.3.4.77", ReferencedImageSequence=[Dataset()])
    plan.ReferencedImageSequence[0].ReferencedSOPClassUID = CT_STORAGE
    plan.ReferencedImageSequence[0].ReferencedSOPInstanceUID = image.SOPInstanceUID
    new_image, new_plan = deidentify(image, a_recipe()), deidentify(plan, a_recipe())
    reference = new_plan.ReferencedImageSequence[0].ReferencedSOPInstanceUID
    assert reference == new_image.SOPInstanceUID
    assert new_plan.StudyInstanceUID == new_image.StudyInstanceUID
    assert new_plan.FrameOfReferenceUID == new_image.FrameOfReferenceUID


def test_sequences_of_undefined_length_are_entered():
    dataset = a_dataset(ReferencedSeriesSequence=nested(3, PatientName=NAME))
    level = dataset
    for _ in range(3):
        level["ReferencedSeriesSequence"].is_undefined_length = True
        level = level.ReferencedSeriesSequence[0]
        level.is_undefined_length_sequence_item = True
    result = deidentify(read_back(dataset), a_recipe())
    assert not innermost(result, 3).PatientName


def test_the_same_input_and_recipe_give_the_same_bytes():
    dataset = a_dataset(ReferencedSeriesSequence=nested(3, StudyDate="20200101"))
    first = encoded(deidentify(dataset, a_recipe()))
    assert first == encoded(deidentify(read_back(dataset), a_recipe()))


def test_the_file_meta_group_is_new():
    result = deidentify(a_dataset(), a_recipe())
    meta = result.file_meta
    assert "SourceApplicationEntityTitle" not in meta
    assert meta.MediaStorageSOPInstanceUID == result.SOPInstanceUID != "1.2.3.4.1"
    assert meta.TransferSyntaxUID == ExplicitVRLittleEndian


def test_pixel_data_pass_untouched():
    dataset = a_dataset()
    dataset[0x7FE00010] = DataElement(0x7FE00010, "OW", b"\1\2\3\4")
    assert deidentify(dataset, a_recipe())[0x7FE00010].value == b"\1\2\3\4"


def test_private_elements_stay_only_where_they_are_listed_as_safe():
    dataset = a_dataset()
    block = dataset.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, "IS", "1000")
    block.add_new(0x08, "CS", "IMAGE NUM 4")
    other = dataset.private_block(0x0029, "SIEMENS MEDCOM HEADER", create=True)
    other.add_new(0x10, "OB", b"Nordmann")
    forged = dataset.private_block(0x0019, "SOMEBODY ELSE", create=True)
    forged.add_new(0x0C, "IS", "1000")
    result = deidentify(read_back(dataset), a_recipe())
    assert sorted(one.tag for one in result if one.tag.is_private) == [0x00190010, 0x0019100C]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"BurnedInAnnotation": "YES"}, "Burned In Annotation"),
        ({"BurnedInAnnotation": "MAYBE"}, "Burned In Annotation"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.104.1"}, "encapsulated PDF"),
        ({"SOPClassUID": "1.3.12.2.1107.5.9.1"}, "SOP class"),
        ({"SOPClassUID": "1.2.840.10008.1.3.10"}, "SOP class"),
        ({"SOPClassUID": ""}, "SOP Class UID"),
        ({"StudyInstanceUID": ""}, "Study Instance UID"),
    ],
)
def test_what_cannot_be_judged_is_refused(change, reason):
    with pytest.raises(Rejected, match=reason) as refused:
        deidentify(a_dataset(**change), a_recipe())
    assert "MAYBE" not in str(refused.value)


def test_a_name_in_an_unknown_character_set_is_refused_without_being_told():
    dataset = a_dataset(SpecificCharacterSet="ISO_IR 192")
    dataset.SpecificCharacterSet = "ISO_IR 999"
    with pytest.raises(Rejected, match="character") as refused:
        deidentify(dataset, a_recipe())
    assert "smund" not in str(refused.value)


@pytest.mark.parametrize(
    ("keyword", "vr"),
    [
        ("InstanceNumber", "IS"),
        ("SliceThickness", "DS"),
        ("StudyTime", "TM"),
        ("PatientAge", "AS"),
        ("SOPClassesInStudy", "UI"),
        ("DeviceUID", "UI"),
        ("ContextGroupVersion", "DT"),
    ],
)
def test_a_word_in_a_number_does_not_leave_and_the_gate_finds_it(keyword, vr):
    dataset = a_dataset()
    dataset[keyword] = DataElement(keyword, vr, "NORDMANN", already_converted=True)
    result = deidentify(dataset, a_recipe())
    assert b"NORDMANN" not in encoded(result)
    identifiers = identifiers_of(a_dataset())
    result[keyword] = dataset[keyword]
    assert find_leaks(result, identifiers)


def test_a_broken_value_is_refused_by_its_place():
    inner = nested(1)
    inner[0].ExposureTimeInms = 1.5
    header = header_of(a_dataset(ReferencedSeriesSequence=inner)).replace(b"FD\x08", b"ZZ\x08")
    with pytest.raises(Rejected, match=r"ReferencedSeriesSequence\[0\].ExposureTimeInms cannot"):
        deidentify_bytes(header, encoding_of(ExplicitVRLittleEndian), a_recipe(), Memory())


def test_a_number_that_is_cut_short_is_refused():
    header = header_of(a_dataset(SamplesPerPixel=1)).replace(
        b"US\x02\x00\x01\x00", b"US\x01\x00\x01"
    )
    with pytest.raises(Rejected, match="SamplesPerPixel cannot be decoded"):
        deidentify_bytes(header, encoding_of(ExplicitVRLittleEndian), a_recipe(), Memory())


def test_a_text_under_a_numeric_tag_goes():
    dataset = a_dataset()
    dataset[0x00280010] = DataElement(0x00280010, "LO", NAME)  # Rows
    dataset[0x00080060] = DataElement(0x00080060, "OB", b"Nordmann")  # Modality
    result = deidentify(dataset, a_recipe())
    assert "Rows" not in result
    assert b"ordmann" not in encoded(result)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Thorax Nordmann kontroll", "Thorax kontroll"),
        ("NORDMANN, ASMUND", ""),
        ("Thorax nordmånn", "Thorax"),
        ("CT 14.02.1953", "CT"),
        ("ring +47 22 33 44 55", "ring"),
        ("fnr 14025312345", "fnr"),
        ("PID471199 CT", "CT"),
        ("T2 tse tra 512", "T2 tse tra 512"),
    ],
)
def test_descriptors_lose_what_names_the_patient(before, after):
    result = deidentify(a_dataset(SeriesDescription=before, ProtocolName=before), a_recipe())
    assert result.get("SeriesDescription", "") == after
    assert result.ProtocolName == (after or "REMOVED")


def test_a_structured_report_keeps_its_structure_and_loses_its_texts():
    item = Dataset()
    item.ValueType, item.TextValue, item.PersonName = "TEXT", "Nordmann has a lump", "Hansen"
    item.ConceptNameCodeSequence = [Dataset()]
    item.ConceptNameCodeSequence[0].CodeMeaning = "Finding"
    result = deidentify(a_dataset(ContentSequence=[item]), a_recipe())
    [kept] = result.ContentSequence
    assert kept.TextValue == "REMOVED"
    assert str(kept.PersonName) == "REMOVED"
    assert kept.ConceptNameCodeSequence[0].CodeMeaning == "Finding"


def test_the_observer_is_told_of_every_element_that_changes():
    told = {}
    dataset = a_dataset(PatientAddress="Storgata 1", Modality="CT")
    deidentify(dataset, a_recipe(), lambda path, rule, old, new: told.update({path: (rule, old)}))
    assert told["PatientAddress"][0] == "X"
    assert told["StudyDate"] == ("shift", "20200229")
    assert told["StudyInstanceUID"][0] == "U"
    assert told["PatientID"][0] == "written"
    assert "Modality" not in told


def test_a_participant_beyond_ascii_is_written_in_unicode():
    dataset = a_dataset(SpecificCharacterSet="ISO_IR 100")
    result = read_back(deidentify(dataset, a_recipe(participant="Prøve-1", project="LUNG")))
    assert result.PatientID == "Prøve-1"
    assert result.SpecificCharacterSet == "ISO_IR 192"


TEXTS = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT", "UR", "UN", "OB")
PLACES = {
    "AE": 0x00080055, "CS": 0x00180015, "LO": 0x00081030, "LT": 0x00104000, "PN": 0x00081070,
    "SH": 0x00081010, "ST": 0x00082111, "UC": 0x00083005, "UT": 0x0040A160, "UR": 0x00081190,
    "UN": 0x00091010, "OB": 0x00291010,
}  # fmt: skip


@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("vr", TEXTS)
@pytest.mark.parametrize("word", ["NORDMANN", "PID4711-99", "ACC778899", "14.02.1953", "Åsmund"])
def test_planted_identifiers_do_not_leave_and_the_gate_finds_them(vr, word, depth):
    dataset = a_dataset(ReferencedSeriesSequence=nested(max(depth, 1), Modality="CT"))
    text = f"X {word} Y"
    value = f"\0SV10{text}\0".encode() if vr in ("UN", "OB") else text
    element = DataElement(PLACES[vr], vr, value, already_converted=vr != "PN")
    innermost(dataset, depth)[PLACES[vr]] = element
    identifiers = identifiers_of(a_dataset())
    bare = Dataset()
    bare[PLACES[vr]] = element
    bare.file_meta, bare.SpecificCharacterSet = dataset.file_meta, "ISO_IR 192"
    file = io.BytesIO()
    dcmwrite(file, bare, enforce_file_format=False)
    assert find_leaks(bare, identifiers)
    result = deidentify(dataset, a_recipe())
    assert word.encode() not in encoded(result)
    assert find_leaks(result, identifiers) == []


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(
    ("charset", "name", "text"),
    [
        (["", "ISO 2022 IR 87"], "Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部 山田 様"),
        (["ISO 2022 IR 13", "ISO 2022 IR 87"], "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", "山田"),
        ("GB18030", "Wang^XiaoDong=王^小东", "王小东 胸部"),
        ("ISO_IR 192", "Müller^Jürgen", "MULLER thorax"),
        ("ISO_IR 100", "Müller^Jürgen", "müller thorax"),
        (["", "ISO 2022 IR 149"], "Hong^Gildong=洪^吉洞=홍^길동", "홍길동"),
    ],
)
def test_names_in_every_character_set(charset, name, text, syntax):
    dataset = a_dataset(SpecificCharacterSet=charset, PatientName=name, SeriesDescription=text)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.ReferencedSeriesSequence = nested(2, SeriesDescription=text, PatientName=name)
    dataset = read_back(dataset)
    identifiers = identifiers_of(dataset)
    assert find_leaks(dataset, identifiers)
    result = deidentify(dataset, a_recipe())
    again = read_back(result)
    assert find_leaks(again, identifiers) == []
    for word in name.replace("=", "^").split("^"):
        assert len(word) < 2 or word not in str(again)


def test_well_known_uids_stay_and_the_mapping_is_that_of_uids():
    dataset = a_dataset(FrameOfReferenceUID="1.2.840.10008.1.4.1.1")
    result = deidentify(dataset, a_recipe())
    assert result.FrameOfReferenceUID == "1.2.840.10008.1.4.1.1"
    assert result.SOPInstanceUID == uids.replace_uid("1.2.3.4.1", a_recipe())


def test_under_the_scheme_of_fiona_a_study_is_the_same_wherever_it_is_referred_to():
    recipe = a_recipe(uid_scheme="fiona")
    dataset = a_dataset(ReferencedSeriesSequence=nested(1, ReferencedSOPInstanceUID="1.2.3.4"))
    result = deidentify(dataset, recipe)
    assert result.StudyInstanceUID == uids.replace_study_uid("1.2.3.4", recipe)
    inner = innermost(result, 1)
    assert inner.ReferencedSOPInstanceUID == result.StudyInstanceUID


def test_the_cut_is_exact_where_letters_fold_to_two():
    dataset = a_dataset(SeriesDescription="Ærlig Nordmann rest")
    assert deidentify(dataset, a_recipe()).SeriesDescription == "Ærlig rest"


def test_a_name_of_single_characters_is_cut_as_a_whole():
    dataset = a_dataset(PatientName="Wang^Wu=王^五", SeriesDescription="胸部 王五 様")
    assert deidentify(dataset, a_recipe()).SeriesDescription == "胸部 様"


def test_a_value_that_was_nothing_but_an_identifier_becomes_a_dummy_and_an_empty_one_stays():
    dataset = a_dataset(StackID=NUMBER, PositionReferenceIndicator="")
    result = deidentify(dataset, a_recipe())
    assert result.StackID == "REMOVED"
    assert not result.PositionReferenceIndicator


def test_a_sequence_that_may_not_be_empty_goes():
    dataset = a_dataset(ReferencedStudySequence=nested(1))
    assert "ReferencedStudySequence" not in deidentify(dataset, a_recipe())


def test_what_is_measured_stays_in_the_acquisition_context_and_what_is_written_does_not():
    items = [Dataset(), Dataset(), Dataset()]
    items[0].ValueType, items[0].NumericValue = "NUMERIC", "12.5"
    items[1].ValueType, items[1].TextValue = "TEXT", "Kari was here"
    items[2].ValueType, items[2].PersonName = "PNAME", "Berg^Ola"
    result = deidentify(a_dataset(AcquisitionContextSequence=items), a_recipe())
    number, text, person = result.AcquisitionContextSequence
    assert number.NumericValue == 12.5
    assert text.TextValue == "REMOVED"
    assert "Berg" not in str(person)
