"""Profiles as files: read whole, or refused by name of what is wrong."""

import dataclasses

import pytest
from headgate.context import shipped
from headgate.core.deid.profile import DEFAULT
from headgate.core.errors import Misconfigured, Rejected
from headgate.stores.profiles import named, read_profile, tag_of, with_import_rule


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
