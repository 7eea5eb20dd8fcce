"""process-wsi: slides become levels in the quarantine, without what names somebody, or wait."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import time

import factories
import numpy as np
import pytest
import tifffile
from headgate.demo.processes import script
from headgate.stores.dicomfiles import read_header, read_instance
from killing import KILLED, WITHOUT_RIGHTS

NAME = "process-wsi"
SIDE, TILE = 1024, 256
TOLD = {"patient_id": "01020312345", "patient_name": "Nordmann^Kjersti", "accession_number": "B24-1",
        "birth_date": "19590302", "sex": "F", "slide_id": "B24-1-A"}  # fmt: skip
# what a scanner writes into a slide's own texts
NOTED = "Filename = Solberg Ingrid|User = b414003d|ScanScope ID = SS1302"
MARK = "Aperio Image Library v11.2.1 \n"


def tissue():
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    return np.stack([rows % 256, columns % 256, (rows + columns) % 256], -1).astype(np.uint8)


def a_slide(path):
    """A slide of two levels as a scanner of Aperio's writes it, with label and macro image."""
    picture = tissue()
    options = {"photometric": "rgb", "compression": "jpeg", "metadata": None}
    label = np.full((96, 96, 3), 200, np.uint8)
    with tifffile.TiffWriter(path) as file:
        for step in (1, 4):
            level = np.ascontiguousarray(picture[::step, ::step])
            size = f"{len(level)}x{len(level)}"
            text = f"{MARK}{size} [0,0 {size}] ({TILE}x{TILE}) JPEG/RGB Q=70|AppMag = 20|MPP = 0.5|{NOTED}"
            file.write(level, tile=(TILE, TILE), description=text, **options)
            if step == 1:
                small = np.ascontiguousarray(picture[::8, ::8])
                file.write(small, rowsperstrip=16, description=f"{MARK}thumbnail", **options)
        file.write(label, rowsperstrip=96, photometric="rgb", metadata=None, compression="lzw",
                   description=f"{MARK}label 96x96", subfiletype=1)  # fmt: skip
        file.write(
            label, rowsperstrip=96, description=f"{MARK}macro 96x96", subfiletype=9, **options
        )
    return path


def a_plain_slide(path):
    """A pyramid in a TIFF of no maker."""
    picture = tissue()
    with tifffile.TiffWriter(path) as file:
        for step in (1, 4):
            file.write(
                np.ascontiguousarray(picture[::step, ::step]), tile=(TILE, TILE), photometric="rgb",
                compression="jpeg", metadata=None, subfiletype=int(step > 1),
                resolution=(20000 / step, 20000 / step), resolutionunit="CENTIMETER",
            )  # fmt: skip
    return path


def configure(gateway, **values):
    lines = "".join(f"{name} = {value}\n" if isinstance(value, int) else f'{name} = "{value}"\n'
                    for name, value in values.items())  # fmt: skip
    text = gateway.site.config.read_text().partition("[slides]")[0]
    gateway.site.config.write_text(f"{text}\n[slides]\n{lines}")


def run(gateway, *words, code=0):
    result = gateway.site.run(NAME, *words)
    assert result.code == code, result
    return result


@pytest.fixture
def taking(a_tree):
    """A gateway whose receiver listens, without REDCap and PACS."""
    a_tree.context().prepare()
    a_tree.site.start_receiver()
    yield a_tree
    a_tree.site.stop_receiver()


def put(gateway, name="B24-1 Nordmann.svs", make=a_slide, told=TOLD):
    path = gateway.layout.slides / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if told is not None:
        path.with_name(f"{name}.json").write_text(json.dumps(told))
    return make(path)


def kept(gateway):
    archive = gateway.context().archive
    return [path for study in archive.studies() for path in archive.files_of(study)]


def left(gateway):
    return sorted(path.name for path in gateway.layout.slides.rglob("*") if path.is_file())


def texts(result):
    return " ".join(line["text"] for line in result.lines)


@pytest.mark.parametrize("make", [a_slide, a_plain_slide])
def test_a_slide_becomes_its_levels_without_label_and_what_names_somebody(taking, make):
    name = "B24-1 Nordmann.svs" if make is a_slide else "B24-1 Nordmann.tiff"
    put(taking, name, make)
    result = run(taking)
    assert [line["status"] for line in result.lines] == ["ok"]
    assert "Nordmann" not in str(result.lines) + result.complaints
    headers = [read_header(path) for path in kept(taking)]
    assert sorted(int(one.TotalPixelMatrixColumns) for one in headers) == [SIDE // 4, SIDE]
    for one in headers:
        assert (one.PatientID, one.AccessionNumber, one.Modality) == ("01020312345", "B24-1", "SM")
        assert (one.PatientBirthDate, one.PatientSex) == ("19590302", "F")
        assert one.ContainerIdentifier == "B24-1-A"
        assert one.SpecimenLabelInImage == "NO"
        assert one.ImageType[2] == "VOLUME"
        assert one.file_meta.SourceApplicationEntityTitle == "SLIDES"
    assert len({one.SeriesInstanceUID for one in headers}) == 1
    everything = b"".join(path.read_bytes() for path in kept(taking))
    assert not [word for word in (b"Solberg", b"b414003d", b"SS1302") if word in everything]
    assert left(taking) == []
    assert not list((taking.layout.temp / "slides" / "ready").iterdir())
    assert run(taking).lines == []


def test_the_pixels_are_those_of_the_slide(taking):
    from pydicom import dcmread

    put(taking)
    run(taking)
    (large,) = (path for path in kept(taking) if read_header(path).TotalPixelMatrixColumns == SIDE)
    frame = dcmread(large).pixel_array[5].astype(int)
    wanted = tissue()[TILE : 2 * TILE, TILE : 2 * TILE].astype(int)
    assert np.median(np.abs(frame - wanted)) < 4


def test_slides_of_one_accession_number_are_one_study_and_a_row_tells_as_well(taking, tmp_path):
    rows = [{"file": f"{n}.svs", "patient_id": "P1", "accession_number": "B24-9"} for n in (1, 2)]
    with (tmp_path / "coupling.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    configure(taking, coupling_list=tmp_path / "coupling.csv")
    for number in (1, 2):
        put(taking, f"{number}.svs", told=None)
        with (taking.layout.slides / f"{number}.svs").open("ab") as file:
            file.write(bytes([number]))
    run(taking)
    headers = [read_header(path) for path in kept(taking)]
    assert len({one.StudyInstanceUID for one in headers}) == 1
    assert len({one.SeriesInstanceUID for one in headers}) == 2
    assert len(headers) == 4


def test_what_somebody_still_writes_is_left_and_the_note_may_come_later(taking):
    path = put(taking, told=None)
    assert run(taking).lines == []
    with path.open("ab"):
        path.with_name(f"{path.name}.json").write_text(json.dumps(TOLD))
        assert run(taking).lines == []
    assert run(taking).lines[0]["status"] == "ok"


@pytest.mark.parametrize(
    ("told", "make", "why"),
    [
        (None, a_slide, "nobody tells its patient_id"),
        ({"patient_name": "A^B"}, a_slide, "nobody tells its patient_id"),
        ({"patient_id": "1", "birth_date": "1959"}, a_slide, "no value for birth_date"),
        ({"patient_id": "1\\2"}, a_slide, "no value for patient_id"),
        ({"patient_id": "1", "nam": "x"}, a_slide, "unknown names"),
        (TOLD, lambda path: path.write_bytes(b"no slide" * 1000) and path, "cannot be converted"),
    ],
)
def test_what_cannot_be_taken_is_put_aside_with_its_reason_and_told_once(taking, told, make, why):
    configure(taking, note_minutes=1)
    path = put(taking, told=told, make=make)
    data = path.read_bytes()
    os.utime(path, (time.time() - 100, time.time() - 100))
    result = run(taking, code=1)
    assert why in texts(result)
    assert "Nordmann" not in str(result.lines) + result.complaints
    (place,) = (taking.layout.slides / "failed").iterdir()
    assert place.name == result.lines[0]["item"]
    assert why in (place / "reason.txt").read_text()
    assert (place / path.name).read_bytes() == data
    assert run(taking).lines == []
    assert kept(taking) == []


def test_what_is_no_slide_stops_no_other(taking):
    put(taking, "letter.docx", lambda path: path.write_text("x") and path, TOLD)
    put(taking)
    result = run(taking, code=1)
    assert sorted(line["status"] for line in result.lines) == ["error", "ok"]


def test_without_the_receiver_it_waits_and_is_not_converted_again(a_tree):
    a_tree.context().prepare()
    path = put(a_tree)
    assert run(a_tree, code=69).lines[0]["status"] == "deferred"
    (ready,) = (a_tree.layout.temp / "slides" / "ready").iterdir()
    before = {one.name: one.read_bytes() for one in ready.iterdir()}
    assert path.exists()
    a_tree.site.start_receiver()
    try:
        run(a_tree)
    finally:
        a_tree.site.stop_receiver()
    assert sorted(f"{read_header(one).SOPInstanceUID}.dcm" for one in kept(a_tree)) == sorted(
        before
    )
    assert not path.exists()


def test_lacking_the_converter_it_says_what_to_install(a_tree, monkeypatch):
    from headgate.core.errors import Misconfigured
    from headgate.stores import slides

    put(a_tree)
    context = a_tree.context()
    context.prepare()
    (slide,) = context.slides.each(pytest.fail)
    lacking = a_tree.layout.datadir / "converter.py"
    lacking.write_text("import sys; sys.exit(3)")
    monkeypatch.setattr(slides, "CONVERTER", lacking)
    with pytest.raises(Misconfigured, match=r"headgate\[wsi\]"):
        context.slides.convert(
            slide, {"patient_id": "1"}, {"study": "1.2", "series": "1.3", "key": "00"}
        )


def test_to_a_share_it_comes_whole_and_then_leaves(a_tree, tmp_path):
    a_tree.context().prepare()
    share = tmp_path / "share"
    configure(a_tree, mode="copy", share=share)
    path = put(a_tree, "slide.svs", told=None)
    data = path.read_bytes()
    assert "mount or make it" in texts(run(a_tree, code=69))
    assert path.exists()
    share.mkdir()
    run(a_tree)
    assert {one.name: one.read_bytes() for one in share.iterdir()} == {"slide.svs": data}
    assert left(a_tree) == []
    put(a_tree, "slide.svs", lambda path: path.write_bytes(b"another") and path, None)
    assert "another file of its name" in texts(run(a_tree, code=1))
    assert (share / "slide.svs").read_bytes() == data


def test_what_is_otherwise_in_the_share_never_gets_its_name(a_tree, tmp_path, monkeypatch):
    from headgate.core.errors import Rejected
    from headgate.stores import slides

    put(a_tree, "slide.svs", told=None)
    store = a_tree.context().slides
    (slide,) = store.each(pytest.fail)
    share = tmp_path / "share"
    share.mkdir()
    monkeypatch.setattr(slides.shutil, "copyfile", lambda _from, to: to.write_bytes(b"cut"))
    with pytest.raises(Rejected):
        store.copy(slide, share)
    assert not list(share.iterdir())


def test_the_dry_run_changes_nothing(a_tree):
    a_tree.context().prepare()
    put(a_tree)
    assert run(a_tree, "--dry-run").lines[0]["status"] == "planned"
    assert len(left(a_tree)) == 2


def test_killed_at_any_step_the_next_run_ends_it(taking, zygote):
    at, code, count = 0, KILLED, 0
    while code == KILLED:
        at += 3
        path = put(taking, f"{at}.svs", a_plain_slide, {**TOLD, "accession_number": f"B{at}"})
        code = zygote.run(taking, NAME, at=at).code
        ending = zygote.run(taking, NAME)
        assert ending.code == 0, ending
        assert not path.exists()
        count += 2
        assert len(kept(taking)) == count
        assert len({read_instance(one).digest for one in kept(taking)}) == count
        assert left(taking) == []
        for name in ("work", "ready"):
            folder = taking.layout.temp / "slides" / name
            assert not folder.exists() or not list(folder.iterdir())
    assert code == 0
    assert at > 5


def test_a_folder_of_slides_that_may_not_be_entered_is_told_without_its_name(a_tree):
    a_tree.context().prepare()
    closed = a_tree.layout.slides / factories.PATIENT_NAME
    closed.mkdir(mode=0)
    command = [*WITHOUT_RIGHTS, *script("process-wsi"), "-c", str(a_tree.site.config), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done
    assert f"-inum {closed.stat().st_ino}" in done.stdout
    assert "Nordmann" not in done.stdout + done.stderr
