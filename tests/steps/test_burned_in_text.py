"""Text burned into pixels is gone from what leaves; what cannot be cleaned does not leave."""

import builtins
import subprocess
import tempfile
from dataclasses import replace

import imaging
import numpy as np
import pytest
from headgate.core.deid.identifiers.telling import Identifiers
from headgate.core.deid.identity import Recipe
from headgate.core.deid.rules.profile import Profile
from headgate.core.dicom.filemeta import file_head
from headgate.core.errors import Rejected
from headgate.core.pixels.boxes import Box, Word
from headgate.core.pixels.regions import Template
from headgate.deidentifying import pixels
from headgate.deidentifying.cleaning import clean
from headgate.stores.dicomfiles import encode, take_apart
from pydicom import Dataset

CT, US = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.6.1"
EXPLICIT, RLE, LS, J2K = (
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.5",
    "1.2.840.10008.1.2.4.80",
    "1.2.840.10008.1.2.4.90",
)
SYNTAXES = [
    *("1.2.840.10008.1.2", EXPLICIT, "1.2.840.10008.1.2.2", "1.2.840.10008.1.2.1.99"),
    *(RLE, LS, J2K, "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.70"),
]
GREY = imaging.KINDS["MONOCHROME2 8 bit"]


def recipe(**options):
    return Recipe(
        "LUNG",
        "LUNG-001",
        "baseline",
        b"k" * 32,
        profile=Profile(**{"clean_pixels": True, **options}),
    )


def plain(text=None, image=GREY):
    return imaging.frame(image, text)


def cleaned(instance, **options):
    return b"".join(clean(instance, recipe(**options)).file)


@pytest.mark.parametrize("kind", imaging.KINDS)
def test_D07_a_name_is_found_and_blanked_in_every_photometric_interpretation(kind):
    image = imaging.KINDS[kind]
    before = imaging.frame(image, imaging.ink())
    (after,) = imaging.frames_of(cleaned(imaging.instance(image, [before])))
    imaging.assert_gone(before, after)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("kind", ["MONOCHROME2 12 bit", "PALETTE COLOR", "RGB"])
def test_a_name_is_gone_in_every_syntax_and_the_syntax_stays(a_reader, kind, syntax):
    image = imaging.KINDS[kind]
    before = imaging.frame(image, imaging.ink())
    file = cleaned(imaging.instance(image, [before], syntax))
    assert take_apart(file).transfer_syntax == syntax
    (after,) = imaging.frames_of(file)
    imaging.assert_gone(before, after)


def test_D07_text_in_a_middle_frame_alone_is_found_and_other_frames_stay(a_reader):
    frames = [plain(), plain(imaging.ink()), plain()]
    file = cleaned(imaging.instance(GREY, frames, RLE, NumberOfFrames=3))
    first, middle, last = imaging.frames_of(file)
    assert np.array_equal(first, frames[0])
    assert np.array_equal(last, frames[2])
    imaging.assert_gone(frames[1], middle)


def test_a_frame_that_comes_again_is_not_read_again(a_reader):
    frames = [plain(imaging.ink())] * 5
    one = len(a_reader)
    cleaned(imaging.instance(GREY, frames[:1]))
    once = len(a_reader) - one
    several = imaging.frames_of(cleaned(imaging.instance(GREY, frames, NumberOfFrames=5)))
    assert len(a_reader) == 2 * once
    assert all(np.array_equal(frame, several[0]) for frame in several)


def test_of_a_moving_picture_what_changes_is_read_and_what_stays_is_blanked(a_reader):
    still, late = plain(), plain(imaging.ink())
    moving = []
    for number, one in enumerate([still, still, late, late, still]):
        frame = one.copy()
        frame[100 + number : 110 + number, 200:220] = 200
        moving.append(frame)
    file = cleaned(imaging.instance(GREY, moving, RLE, NumberOfFrames=5))
    after = imaging.frames_of(file)
    for number in (0, 1, 4):
        assert np.array_equal(after[number], moving[number])
    for number in (2, 3):
        imaging.assert_gone(moving[number], after[number])
    is_whole = [view.image.shape == a_reader[0].image.shape for view in a_reader]
    assert is_whole == sorted(is_whole, reverse=True)
    assert not all(is_whole)


def test_the_output_says_that_its_pixels_were_cleaned(a_reader):
    one = imaging.instance(GREY, [plain(imaging.ink())], BurnedInAnnotation="YES")
    dataset = imaging.read_back(cleaned(one))
    codes = [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]
    assert dataset.BurnedInAnnotation == "NO"
    assert "113101" in codes
    assert codes == sorted(codes)
    assert dataset.ImageType[0] == "ORIGINAL"


def test_what_was_not_cleaned_does_not_say_so(a_reader):
    values = {"SOPClassUID": CT, "Modality": "CT"}
    one = imaging.instance(GREY, [plain(imaging.ink())], **values)
    again = imaging.instance(GREY, [plain(imaging.ink())], BurnedInAnnotation="YES", **values)
    for instance, is_clean in ((again, True), (one, False), (again, True)):
        dataset = imaging.read_back(cleaned(instance))
        codes = [item.CodeValue for item in dataset.DeidentificationMethodCodeSequence]
        assert ("113101" in codes) == is_clean


def test_an_excluded_series_keeps_its_pixels_byte_for_byte(a_reader):
    one = imaging.instance(GREY, [plain(imaging.ink())], LS, SeriesDescription="Fetal heart")
    output = clean(one, recipe(pixel_exclusions=((2, "^Fetal"),)))
    assert b"".join(output.pixels) == b"".join(one.pixels)
    assert not a_reader


@pytest.mark.parametrize(
    "options", [{"clean_pixels": False}, {"pixel_exclusions": ((2, "Serie"),)}]
)
def test_what_says_that_it_is_burned_in_does_not_leave_as_it_is(a_reader, options):
    one = imaging.instance(GREY, [plain(imaging.ink())], BurnedInAnnotation="YES")
    with pytest.raises(Rejected, match="Burned In Annotation"):
        cleaned(one, **options)


def test_orientation_marks_stay():
    marked = plain(imaging.ink())
    mark = imaging.ink("R", (4, 88), 16)
    marked[mark] = 255
    (after,) = imaging.frames_of(cleaned(imaging.instance(GREY, [marked])))
    imaging.assert_gone(marked, after)
    assert (after[mark] == 255).all()


def test_outside_ultrasound_regions_all_is_blank_and_inside_text_is_read(a_reader):
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 30
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 255, 150
    values = {"SOPClassUID": US, "Modality": "US", "SequenceOfUltrasoundRegions": [region]}
    before = plain(imaging.ink())
    (after,) = imaging.frames_of(cleaned(imaging.instance(GREY, [before], **values)))
    assert not after[:30].any()
    assert not after[151:].any()
    imaging.assert_gone(masked(before), after)


def masked(frame):
    result = frame.copy()
    result[:30], result[151:] = 0, 0
    return result


def test_a_devices_place_is_blank_whatever_is_read(a_reader):
    template = Template("siemens", "", imaging.ROWS, imaging.COLUMNS, (Box(0, 150, 40, 192),))
    before = plain()
    one = imaging.instance(GREY, [before])
    (after,) = imaging.frames_of(cleaned(one, pixel_templates=(template,)))
    assert not after[150:, :40].any()
    assert np.array_equal(after[:150], before[:150])


def test_an_overlay_in_bits_of_the_pixels_is_gone(a_reader):
    image = imaging.KINDS["MONOCHROME2 12 bit"]
    before = imaging.frame(image, None)
    values = {"SOPClassUID": CT, "Modality": "CT"}
    overlaid = before | np.where(imaging.ink(place=(20, 140)), 0x8000, 0).astype("u2")
    plane = {0x60000100: 16, 0x60000102: 15}
    one = imaging.instance(image, [overlaid], elements=plane, **values)
    assert clean(one, recipe(clean_pixels=False)).pixels == one.pixels
    dataset = imaging.read_back(cleaned(one))
    assert np.array_equal(np.frombuffer(dataset.PixelData, "<u2").reshape(before.shape), before)
    assert 0x60000102 not in dataset


def test_overlays_and_icons_never_leave_with_text(a_reader):
    icon = Dataset()
    icon.Rows = icon.Columns = 16
    icon.BitsAllocated = 8
    icon.PixelData = b"ICON" * 64
    plane = np.packbits(imaging.ink(), bitorder="little").tobytes()
    values = {"SOPClassUID": CT, "Modality": "CT", "IconImageSequence": [icon]}
    header, pixels = imaging.dataset(GREY, [plain()], **values)
    header.add_new(0x60000010, "US", imaging.ROWS)
    header.add_new(0x60001500, "LO", "NORDMANN")
    header.add_new(0x60003000, "OB", plane)
    _, body = encode(header, pixels, EXPLICIT)
    head = file_head(header.SOPClassUID, header.SOPInstanceUID, EXPLICIT)
    for profile in ({}, {"clean_pixels": False}):
        file = cleaned(take_apart(head + body), **profile)
        assert plane not in file
        assert b"ICON" not in file
        assert not [one.tag for one in imaging.read_back(file) if one.tag.group == 0x6000]


@pytest.mark.parametrize("syntax", [RLE, LS, J2K])
def test_D07_what_cannot_be_decoded_is_rejected_and_nothing_is_made(syntax):
    one = imaging.instance(GREY, [plain(imaging.ink())], syntax)
    broken = bytearray(one.dataset)
    start = len(one.head) + 12 + 8 + 4 + 8  # element, its offset table, head of the fragment
    broken[start:-8] = bytes(len(broken) - 8 - start)
    broken = replace(one, dataset=memoryview(broken))
    with pytest.raises(Rejected, match="frame 1 cannot be decoded"):
        clean(broken, recipe())


PATIENT = Identifiers(names=("NORDMANN",))
THERE, BESIDE = Box(40, 40, 80, 60), Box(200, 150, 220, 160)


def reader_of(*several):
    """A reader that returns what it is told, reading by reading, and the last for ever."""
    answers = list(several)
    return lambda _: answers.pop(0) if len(answers) > 1 else answers[0]


@pytest.mark.parametrize(
    "answers",
    [
        [[Word("TROMSO", THERE, 0.9)]],  # it is not gone, whatever is blanked
        [[Word("NORDMANN", THERE, 0.31)]],  # doubtful, yet the patient's
        [[Word("N0RDMAMN", THERE, 0.31)]],  # and misread
        [[], [Word("TROMSO", BESIDE, 0.9)]],  # missed at first, and placed wrongly
    ],
)
def test_text_that_stays_holds_the_instance_and_is_not_told(answers):
    one = imaging.instance(GREY, [plain()])
    with pytest.raises(Rejected) as held:
        pixels.clean_pixels(one, Profile(), PATIENT, reader_of(*answers))
    assert str(held.value) == "text is left in frame 1 after blanking"


def test_what_a_reader_misses_at_first_is_found_when_it_reads_the_other_way_round():
    def half_blind(view):
        is_dark_on_light = view[-1, -1] > 127 and view[50, 60] < 50
        return [Word("NORDMANN", THERE, 0.9)] if is_dark_on_light else []

    before = plain()
    before[10:15, 10:20] = 255  # THERE, in a view of four times the size
    one = imaging.instance(GREY, [before])
    written = pixels.clean_pixels(one, Profile(), PATIENT, half_blind)
    after = np.frombuffer(written.pixels[1], np.uint8).reshape(before.shape)
    assert not after[10:15, 10:20].any()
    assert np.array_equal(after[30:], before[30:])


def test_the_name_in_the_header_is_looked_for_in_the_pixels(monkeypatch):
    looked_for = []
    real = pixels.clean_pixels

    def noted(one, profile, identifiers):
        looked_for.append(identifiers)
        return real(one, profile, identifiers, lambda _: [])

    monkeypatch.setattr(pixels, "clean_pixels", noted)
    cleaned(imaging.instance(GREY, [plain()], PatientName="Nordmann^Kjersti", PatientID="471100"))
    assert "Nordmann" in looked_for[0].names
    assert "471100" in looked_for[0].numbers


def test_D08_no_pixel_is_written_to_disk(monkeypatch):
    cleaned(imaging.instance(GREY, [plain()]))  # the reader is loaded
    written = []
    real = builtins.open

    def watched(file, mode="r", *rest, **more):
        if set(mode) & set("wax+"):
            written.append(file)
        return real(file, mode, *rest, **more)

    def no_file(*_, **__):
        raise AssertionError("a temporary file")

    monkeypatch.setattr(builtins, "open", watched)
    for name in (
        "mkstemp",
        "TemporaryFile",
        "NamedTemporaryFile",
        "mkdtemp",
        "SpooledTemporaryFile",
    ):
        monkeypatch.setattr(tempfile, name, no_file)
    monkeypatch.setattr(subprocess, "Popen", no_file)
    assert cleaned(imaging.instance(GREY, [plain(imaging.ink())], LS))
    assert written == []


def test_the_same_instance_gives_the_same_bytes(a_reader):
    one = imaging.instance(GREY, [plain(imaging.ink())], J2K)
    assert cleaned(one) == cleaned(one)
