"""What a project says of its pixels: in a profile for bin/anonymize, and in REDCap."""

import json
import subprocess

import imaging
import numpy as np
from headgate.core.model import Assignment
from headgate.demo.processes import script

GREY = imaging.KINDS["MONOCHROME2 8 bit"]
WHO = ["--project", "P", "--participant", "P-001", "--event", "E1", "--json"]
PR = "1.2.840.10008.5.1.4.1.1.11.1"
PROFILE = """
[pixels.excluded]
SeriesDescription = '^SUM'
[[pixels.templates]]
manufacturer = "{manufacturer}"
boxes = [[0, 150, 40, 192]]
[dropped]
modalities = ["PR"]
sop_classes = ["1.2.840.10008.5.1.4.1.1.7.2"]
"""


def anonymized(folder, profile, **several):
    """Given instances by name, return what bin/anonymize says of each, and their outputs."""
    (folder / "in").mkdir()
    for name, file in several.items():
        (folder / "in" / name).write_bytes(file)
    (folder / "trial.toml").write_text(profile)
    words = [folder / "in", folder / "out", *WHO, "--profile", folder / "trial.toml"]
    done = subprocess.run(
        [*script("anonymize"), *map(str, words)], capture_output=True, text=True, check=False
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    told = {line["item"]: line for line in lines if "item" in line}
    return told, {
        name: (folder / "out" / line["text"]).read_bytes()
        for name, line in told.items()
        if line["status"] == "ok"
    }


def test_a_profile_drops_whole_objects_excludes_series_and_masks_a_devices_place(tmp_path):
    frame = imaging.frame(GREY, imaging.ink())
    files = {
        "state": imaging.file_of(GREY, [frame], SOPClassUID=PR, Modality="PR"),
        "capture": imaging.file_of(GREY, [frame], SOPClassUID="1.2.840.10008.5.1.4.1.1.7.2"),
        "sum": imaging.file_of(GREY, [frame], SeriesDescription="SUM of all", Manufacturer="none"),
        "scan": imaging.file_of(GREY, [frame], Manufacturer="Acme", SOPInstanceUID="2.25.7"),
    }
    told, outputs = anonymized(tmp_path, PROFILE.format(manufacturer="acme"), **files)
    assert {name: told[name]["text"] for name in ("state", "capture")} == {
        "state": "excluded: the profile drops its modality",
        "capture": "excluded: the profile drops its SOP class",
    }
    (kept,) = imaging.frames_of(outputs["sum"])
    assert np.array_equal(kept, frame)
    (cleaned,) = imaging.frames_of(outputs["scan"])
    assert not cleaned[150:, :40].any()
    assert not cleaned[imaging.box_of(imaging.PLACE)].any()


def test_the_rows_of_a_project_in_redcap_reach_its_recipe(a_gateway):
    a_gateway.project("P")
    a_gateway.project("Q", project_features___1="1")
    rows = [
        {
            "record_id": "P",
            "redcap_repeat_instrument": "rewritepixelexclusions",
            "redcap_repeat_instance": number,
            "rewrite_ex_tag": tag,
            "rewrite_ex_reg": pattern,
        }
        for number, (tag, pattern) in enumerate([("2", "^SUM"), ("1", "3D")], 1)
    ]
    context = a_gateway.context()
    context.tables.projects.write(rows)
    profiles = {
        name: context.recipe(Assignment(name, f"{name}-001", "E1"), context.projects[name]).profile
        for name in ("P", "Q")
    }
    assert profiles["P"].pixel_exclusions == ((2, "^SUM"), (1, "3D"))
    assert profiles["P"].clean_pixels
    assert not profiles["Q"].clean_pixels
