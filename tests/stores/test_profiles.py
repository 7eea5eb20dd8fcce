"""Profiles as files: read whole, or refused by name of what is wrong."""

import dataclasses

import pytest
from headgate.core.deid.rules.profile import DEFAULT
from headgate.core.errors import Misconfigured, Rejected
from headgate.core.pixels.boxes import Box
from headgate.core.pixels.regions import Template
from headgate.environment import shipped
from headgate.stores.profiles import named, read_profile, tag_of, with_import_rule, with_rules


def test_the_shipped_file_is_the_profile_that_is_built_in():
    profile, examples = read_profile(shipped("config/deid") / "default.toml")
    assert dataclasses.replace(profile, digest="") == DEFAULT
    assert len(profile.digest) == 64
    assert len(examples) == 2


def test_a_file_says_everything_that_a_profile_has(tmp_path):
    (tmp_path / "trial.toml").write_text(
        'version = 4\n[retain]\ndates = "full"\nuids = true\n[texts]\ncleaned = ["0008,1030"]\n'
        'kept = ["T1"]\n[texts.patterns]\nPatientComments = "(a)"\n[dropped]\nmodalities = ["PR"]\n'
        'sop_classes = ["1.2"]\n'
    )
    profile, _ = named("trial", tmp_path)
    assert (profile.name, profile.version, profile.dates, profile.uids) == (
        "trial",
        4,
        "full",
        True,
    )
    assert (profile.descriptors, profile.kept_texts) == ((0x00081030,), ("T1",))
    assert profile.patterns == ((0x00104000, "(a)"),)
    assert (profile.dropped_modalities, profile.dropped_classes) == (("PR",), ("1.2",))
    assert named(str(tmp_path / "trial.toml"), tmp_path / "elsewhere")[0] == profile


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("retian = 1", "retian"),
        ("[retain]\ndate = 'full'", "retain.date"),
        ("[retain]\ndates = 'some'", "dates"),
        ("[retain]\nuids = 'yes'", "uids"),
        ("[texts]\ncleaned = ['NoSuchThing']", "NoSuchThing"),
        ("[texts]\nkept = 'T1'", "list of texts"),
        ("[texts.patterns]\nPatientComments = '('", "regular expression"),
        ("version = '1'", "version"),
        ("[[pixels.templates]]\nmodel = 'x'", "boxes"),
        ("[[pixels.templates]]\nboxes = [[0, 0, 9, 9]]", "names its device"),
        ("[[pixels.templates]]\nmodel = 'x'\nboxes = [[9, 0, 0, 9]]", "boxes"),
        ("[[pixels.templates]]\nmodel = 'x'\nrows = '9'\nboxes = [[0, 0, 9, 9]]", "rows"),
        ("[[pixels.templates]]\nmodle = 'x'", "modle"),
        ("[pixels]\ntemplates = 'x'", "templates"),
        ("[[examples]]\nbefore = {}", "example"),
        ("[[examples]]\nbefore = {Nothing = ''}\nafter = {}", "Nothing"),
        ("= 3", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, told):
    (tmp_path / "wrong.toml").write_text(text)
    with pytest.raises(Misconfigured, match=told):
        named("wrong", tmp_path)


def test_a_profile_that_is_not_there_is_misconfigured_but_for_the_default(tmp_path):
    assert named("default", tmp_path) == (DEFAULT, [])
    with pytest.raises(Misconfigured, match="absent"):
        named("absent", tmp_path)


@pytest.mark.parametrize("name", ["00081030", "(0008,1030)", "0008, 1030", "StudyDescription"])
def test_an_attribute_is_named_by_keyword_or_number(name):
    assert tag_of("here", name) == 0x00081030


def test_the_import_rule_of_redcap_is_a_pattern_of_the_profile():
    row = {"project_import_rule_1_tag": "0032,4000", "project_import_rule_1_regexp": r"(\d+)"}
    assert with_import_rule(DEFAULT, row).patterns == ((0x00324000, r"(\d+)"),)
    assert with_import_rule(DEFAULT, {}) is DEFAULT
    for wrong in ({"project_import_rule_1_tag": "x"}, {"project_import_rule_1_regexp": "("}):
        with pytest.raises(Rejected, match="project_import_rule_1_tag"):
            with_import_rule(DEFAULT, {**row, **wrong})


def test_a_template_of_a_device_is_read(tmp_path):
    (tmp_path / "trial.toml").write_text(
        '[[pixels.templates]]\nmanufacturer = "acme"\nmodality = "US"\nrows = 480\n'
        "boxes = [[0, 0, 640, 30], [10, 40, 20, 50]]"
    )
    (template,) = named("trial", tmp_path)[0].pixel_templates
    boxes = (Box(0, 0, 640, 30), Box(10, 40, 20, 50))
    assert template == Template("acme", "", 480, 0, boxes, "US")


def test_the_exclusions_of_redcap_are_those_of_the_profile():
    rows = [
        {"rewrite_ex_tag": "2", "rewrite_ex_reg": "^SUM"},
        {"rewrite_ex_tag": "1", "rewrite_ex_reg": "3D"},
        {"rewrite_ex_tag": "", "rewrite_ex_reg": ""},
    ]
    assert with_rules(DEFAULT, {"rewritepixelexclusions": rows}).pixel_exclusions == (
        (2, "^SUM"),
        (1, "3D"),
    )
    assert with_rules(DEFAULT, {}) == DEFAULT
    assert not with_rules(DEFAULT, {"project_features___1": "1"}).clean_pixels
    for wrong in ({"rewrite_ex_tag": "2", "rewrite_ex_reg": "("}, {"rewrite_ex_reg": "a"}):
        with pytest.raises(Rejected, match="rewritepixelexclusions"):
            with_rules(DEFAULT, {"rewritepixelexclusions": [wrong]})
