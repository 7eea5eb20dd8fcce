"""What is remembered is what it would be anew: for every mixture of patients, projects and files."""

import random

import pytest
from damaging import damaged
from deidentifying import header_of, syntax_of
from headgate.core.deid.engine import deidentify
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.memory import Memory
from headgate.core.dicom.elements import encoding_of
from headgate.core.errors import Rejected
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

SITE_KEY = b"a site's secret of thirty-two b."


def recipe(project="LUNG", participant="LUNG-001", **more):
    return Recipe(project, participant, "baseline", project_key(SITE_KEY, project), **more)


def instance(number=1, patient="Nordmann^Kari", identifier="PID4711", charset="ISO_IR 100", **more):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = more.pop("syntax", ExplicitVRLittleEndian)
    dataset.SpecificCharacterSet = charset
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.{number}"
    dataset.StudyDate, dataset.Modality = "20240229", "CT"
    dataset.SeriesDescription = "Kari Nordmann thorax, also Berg"
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate = (
        patient,
        identifier,
        "19530214",
    )
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.4", "1.2.3.4.5"
    dataset.InstanceNumber = number
    inner = Dataset()
    inner.ReferencedSOPInstanceUID = f"1.2.9.{number}"
    inner.SeriesDescription = "Kari"
    dataset.ReferencedSeriesSequence = Sequence([inner])
    for keyword, value in more.items():
        setattr(dataset, keyword, value)
    return dataset


def with_block(dataset, group, creator, element, vr, value):
    dataset.private_block(group, creator, create=True).add_new(element, vr, value)
    return dataset


def result(dataset, whom, memory):
    try:
        cleaned = deidentify(header_of(dataset), encoding_of(syntax_of(dataset)), whom, memory)
    except Rejected as reason:
        return str(reason)
    return cleaned.header(), cleaned.leaks


def swapped(first, second):
    """Two private creators that trade blocks: the same element numbers mean other things."""
    dataset = instance(21)
    dataset.add_new(0x00190010, "LO", first)
    dataset.add_new(0x00190011, "LO", second)
    dataset.add_new(0x0019100C, "IS", "1000")
    dataset.add_new(0x0019110C, "IS", "1000")
    return dataset


SAFE, OTHER = "SIEMENS MR HEADER", "SOMEBODY ELSE"
CASES = [
    *((instance(number), recipe()) for number in range(1, 6)),
    (instance(1), recipe(participant="LUNG-002")),
    (instance(1), recipe("HEART", "H-1")),
    (instance(2), recipe(date_shift_days=-3)),
    (instance(2), recipe(uid_scheme="fiona")),
    (instance(3), recipe(participant="Prøve-1")),
    (instance(6, patient="Berg^Anna", identifier="PID9999"), recipe()),
    (instance(7, patient="Berg^Anna", identifier="PID9999"), recipe()),
    (instance(8, charset="ISO_IR 192", SeriesDescription="Kari på Nordmann"), recipe()),
    (instance(8, charset="ISO_IR 100", SeriesDescription="Kari på Nordmann"), recipe()),
    (instance(9, syntax=ImplicitVRLittleEndian), recipe()),
    (instance(10, SeriesInstanceUID="1.2.3.4.66"), recipe()),
    (instance(11, StudyInstanceUID="1.2.9.11"), recipe(uid_scheme="fiona")),
    (instance(12, BurnedInAnnotation="YES"), recipe()),
    (instance(13, SOPClassUID="1.2.3"), recipe()),
    (instance(14, AccessionNumber="ACC778"), recipe()),
    (instance(14, AccessionNumber="ACC778", StudyDescription="see ACC778"), recipe()),
    (swapped(SAFE, OTHER), recipe()),
    (swapped(OTHER, SAFE), recipe()),
    (with_block(instance(15), 0x0019, SAFE, 0x0C, "IS", "1000"), recipe()),
    (with_block(instance(15), 0x0019, OTHER, 0x0C, "IS", "1000"), recipe()),
    (with_block(instance(15), 0x0019, SAFE, 0x08, "IS", "1000"), recipe()),
    (instance(16, ImageType=["ORIGINAL", "NORDMANN"]), recipe()),
    (instance(16, patient="Berg^Anna", ImageType=["ORIGINAL", "NORDMANN"]), recipe()),
    (instance(17), recipe(participant="NORDMANN")),
]
ANEW = [result(dataset, whom, Memory()) for dataset, whom in CASES]


@pytest.mark.parametrize("seed", range(12))
def test_in_any_order_each_is_as_it_would_be_alone(seed):
    memory, order = Memory(), list(range(len(CASES))) * 3
    random.Random(seed).shuffle(order)
    for place in order:
        assert result(*CASES[place], memory) == ANEW[place], CASES[place][0]


def test_the_cases_are_not_all_alike():
    assert len({repr(one) for one in ANEW}) >= len(CASES) - 1
    assert sum(isinstance(one, str) for one in ANEW) == 2
    assert any(leaks for one in ANEW if not isinstance(one, str) for leaks in [one[1]])


def test_an_element_seen_within_an_item_is_searched_for_leaks_at_the_top_too():
    whom = recipe(participant="NORDMANN")  # called like the patient: reported wherever it stands
    memory = Memory()
    first = result(instance(1), whom, memory)
    assert first == result(instance(1), whom, Memory())
    assert first[1]


def test_the_next_of_a_series_changes_what_differs_and_nothing_else():
    memory = Memory()
    for number in (9, 10, 99, 100, 101):
        header, leaks = result(instance(number), recipe(), memory)
        assert header == result(instance(number), recipe(), Memory())[0]
        assert not leaks
    assert len(memory.previous) == 1


@pytest.mark.parametrize("seed", range(40))
def test_a_header_with_changed_bytes_is_judged_as_it_would_be_alone(seed):
    """Flipped, cut and added bytes: whatever follow makes of them, anew says the same."""
    source, dice = header_of(instance(5)), random.Random(seed)
    encoding, memory = encoding_of(ExplicitVRLittleEndian), Memory()
    result(instance(4), recipe(), memory)
    for _ in range(25):
        times = dice.randint(1, 4)
        data = damaged(source, dice, 0, times, lambda _: dice.randbytes(dice.randint(1, 8)))
        assert outcome(data, encoding, memory) == outcome(data, encoding, Memory())


def outcome(data, encoding, memory):
    try:
        cleaned = deidentify(data, encoding, recipe(), memory)
    except Exception as error:  # noqa: BLE001 (the same error must come from both)
        return type(error), str(error)
    return cleaned.header(), cleaned.leaks


def test_what_has_grown_large_is_forgotten(monkeypatch):
    monkeypatch.setattr("headgate.core.deid.memory.MOST", 50)
    memory = Memory()
    for number in range(40):
        result(instance(number), recipe(), memory)
        assert len(memory.told) + sum(map(len, memory.results.values())) < 150
