"""The gate: what it finds, and what it knows to be chance."""

import pytest
from deidentifying import find_leaks, identifiers_of
from headgate.core.deid.gate import is_within
from headgate.core.deid.identifiers.patient import Identifiers
from headgate.core.errors import Rejected
from pydicom import Dataset


def a_patient(**values):
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return identifiers_of(dataset)


def with_text(text, keyword="SeriesDescription"):
    dataset = Dataset()
    setattr(dataset, keyword, text)
    return dataset


def with_blob(data):
    dataset = Dataset()
    dataset.add_new(0x00291010, "OB", data + bytes(len(data) % 2))
    return dataset


@pytest.mark.parametrize(
    ("text", "is_leak"),
    [
        ("JANSEN", True),
        ("scan of jansen", True),
        ("xJANSENx", True),  # six letters are found within a word
        ("Piet_2", True),
        ("Pietra", False),  # fewer only as a word
        ("Jansen2", True),
        ("ID 12", True),
        ("12", True),
        ("128", False),
        ("T12", False),
        ("A1234567B", True),
        ("1234568", False),
        ("2000-12-31", True),
        ("31.12.2000", True),
        ("x31122000y", True),
        ("131122000", False),
        ("MR brain", False),
    ],
)
def test_texts(text, is_leak):
    identifiers = a_patient(
        PatientName="Jansen^Piet",
        PatientID="12",
        OtherPatientIDs=["1234567"],
        PatientBirthDate="20001231",
    )
    assert bool(find_leaks(with_text(text), identifiers)) is is_leak


@pytest.mark.parametrize("image_type", ["MAX", "MAX_IP"])
def test_a_short_name_within_a_code_is_chance(image_type):
    identifiers = a_patient(PatientName="Ip^Max")
    dataset = with_text(["DERIVED", image_type], "ImageType")
    assert find_leaks(dataset, identifiers) == []


def test_a_number_within_a_uid_or_a_decimal_is_chance_and_beside_them_is_not():
    identifiers = a_patient(PatientID="123456")
    dataset = Dataset()
    dataset.SOPInstanceUID = "1.2.9123456789.3"
    dataset.SliceLocation = "-7.123456"
    assert find_leaks(dataset, identifiers) == []
    dataset.update(with_blob(b"id=123456"))
    assert find_leaks(dataset, identifiers) == ["(0029,1010)"]


def test_the_birth_date_in_a_shifted_date_is_chance_and_under_its_own_tag_is_not():
    identifiers = a_patient(PatientBirthDate="20001231")
    dataset = with_text("20001231", "StudyDate")
    assert find_leaks(dataset, identifiers) == []
    assert find_leaks(with_text("20001231", "PatientBirthDate"), identifiers)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16-le"])
@pytest.mark.parametrize("name", ["Bjørnstad", "BJØRNSTAD", "bjørnstad"])
def test_bytes_in_every_encoding(name, encoding):
    identifiers = a_patient(SpecificCharacterSet="ISO_IR 100", PatientName="Bjørnstad^Kari")
    places = find_leaks(with_blob(b"\1\2" + name.encode(encoding) + b"\3"), identifiers)
    assert places
    assert "stad" not in " ".join(places).lower()


def test_the_participant_called_like_the_patient_is_reported():
    identifiers = a_patient(PatientID="LUNG-001")
    assert find_leaks(with_text("LUNG-001", "PatientID"), identifiers) == ["PatientID"]


def test_a_place_is_told_at_its_depth():
    outer = Dataset()
    outer.RequestAttributesSequence = [with_text("Jansen")]
    places = find_leaks(outer, Identifiers(names=("Jansen",)))
    assert places == ["RequestAttributesSequence[0].SeriesDescription"]


def test_identifiers_are_taken_from_every_depth():
    inner = Dataset()
    inner.PatientID, inner.PatientName = "OLD-778", "Berg^Anna"
    dataset = Dataset()
    dataset.OtherPatientIDsSequence = [inner]
    dataset.RequestAttributesSequence = [with_text("ACC-991", "AccessionNumber")]
    identifiers = identifiers_of(dataset)
    assert set(identifiers.numbers) == {"OLD-778", "ACC-991"}
    assert set(identifiers.names) == {"Berg", "Anna"}


def test_a_short_name_without_its_marks_is_found_in_bytes_as_a_word_alone():
    identifiers = a_patient(SpecificCharacterSet="ISO_IR 192", PatientName="Trần^Ny")
    assert find_leaks(with_blob(b"\1 tran \2"), identifiers)
    assert not find_leaks(with_text("point transform", "DerivationDescription"), identifiers)
    assert not find_leaks(with_blob(b"\1 transform \2"), identifiers)


def test_placeholders_and_initials_name_nobody():
    assert a_patient(PatientName="Anonymous^J^Li").names == ()


def test_identifiers_show_nothing_of_themselves():
    assert "Jansen" not in repr(a_patient(PatientName="Jansen"))


def test_undecodable_identifiers_are_refused():
    with pytest.raises(Rejected):
        a_patient(SpecificCharacterSet="ISO_IR 192", PatientID="ab\ufffdcd")


def test_texts_and_bytes_are_both_reported():
    identifiers = a_patient(PatientName="Jansen^Piet")
    dataset = with_text("Jansen")
    dataset.update(with_blob(b"\1 jansen \2"))
    assert find_leaks(dataset, identifiers) == ["SeriesDescription", "(0029,1010)"]


def test_a_name_between_other_letters_of_iso_2022_is_found_in_bytes():
    identifiers = a_patient(SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName="山田^太郎")
    blob = "胸部山田様".encode("iso2022_jp")
    assert find_leaks(with_blob(b"\0" + blob), identifiers)


def test_a_name_is_found_wherever_it_stands_in_a_few_bytes():
    patient = a_patient(PatientName="Olsen^Åse", PatientID="AB1234")
    for word in (b"olsen", b"OLSEN", b"ab1234", b"1234"):
        for before in range(9 - len(word)):
            data = (bytes(before) + word).ljust(8, b"\0")
            assert is_within(data, patient) is (word != b"1234"), data
    assert not is_within(b"ols", patient)
    assert not is_within(bytes(8), patient)
