"""New UIDs: keyed ones, and FIONA's bit for bit."""

import hashlib
import uuid

import pytest
from headgate.core.deid.identity import Recipe, project_key
from headgate.core.deid.uids import replace_study_uid, replace_uid
from headgate.core.errors import Misconfigured
from hypothesis import given
from hypothesis import strategies as st

SITE_KEY = b"k" * 32
A_UID = st.lists(st.integers(0, 10**9), min_size=2, max_size=5).map(
    lambda parts: "1.3." + ".".join(map(str, parts))
)
ROOTS = ("1.3.6.1.4.1.45037", "1.2.276.0.7230010.3", "2.999")


def a_recipe(project="P", **more):
    return Recipe(project, "S1", "e1", project_key(SITE_KEY, project), **more)


def is_valid(uid):
    parts = uid.split(".")
    return len(uid) <= 64 and all(part == str(int(part)) for part in parts)


@given(A_UID, st.sampled_from([None, *ROOTS]))
def test_every_new_uid_is_valid_and_stable(uid, root):
    new = replace_uid(uid, a_recipe(uid_root=root))
    assert is_valid(new)
    assert new.startswith((root or "2.25") + ".")
    assert new != uid
    assert new == replace_uid(uid + "\0", a_recipe(uid_root=root))


@given(A_UID)
def test_without_a_root_it_is_a_uuid_of_version_8(uid):
    made = uuid.UUID(int=int(replace_uid(uid, a_recipe()).removeprefix("2.25.")))
    assert made.version == 8
    assert made.variant == uuid.RFC_4122


@given(A_UID, A_UID)
def test_two_uids_stay_two_and_two_projects_do_not_meet(one, other):
    assert (replace_uid(one, a_recipe()) == replace_uid(other, a_recipe())) == (one == other)
    assert replace_uid(one, a_recipe("A")) != replace_uid(one, a_recipe("B"))


@pytest.mark.parametrize("uid", ["", "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1"])
def test_well_known_uids_stay(uid):
    for scheme in ("uuid", "fiona"):
        assert replace_uid(uid, a_recipe(uid_scheme=scheme)) == uid


@pytest.mark.parametrize("root", ["1", "1.02.3", "a.b", "1." + "1" * 40, ""])
def test_a_root_that_is_none_is_refused(root):
    with pytest.raises(Misconfigured, match="uid_root"):
        replace_uid("1.2.3", a_recipe(uid_root=root))


def fiona(stored: bytes, project: bytes) -> str:
    """The construction in the facts about FIONA, written down a second time."""
    letters = {"a": "0", "b": "1", "c": "2", "d": "3", "e": "4", "f": "5"}
    digest = hashlib.sha256(stored + project).hexdigest()
    return "1.3.6.1.4.1.45037." + "".join(letters.get(one, one) for one in digest)[:45]


@given(A_UID)
def test_the_scheme_of_fiona_bit_for_bit(uid):
    recipe = a_recipe("PROJ", uid_scheme="fiona")
    stored = uid.encode() + b"\0" * (len(uid) % 2)
    assert replace_uid(uid, recipe) == fiona(stored, b"PROJ")
    assert replace_study_uid(uid, recipe) == fiona(uid.encode(), b"PROJ")
    assert len(replace_uid(uid, recipe)) == 63


def test_the_recipe_shows_no_key():
    assert "kkkk" not in repr(a_recipe())
    assert project_key(SITE_KEY, "P").hex() not in repr(a_recipe())


@pytest.mark.parametrize(
    "change",
    [
        {"project": ""},
        {"participant": "a\\b"},
        {"participant": "a^b"},
        {"event": "x" * 65},
        {"event": "a\nb"},
        {"key": b"short"},
        {"uid_scheme": "md5"},
        {"date_shift_days": 0},
    ],
)
def test_a_recipe_that_cannot_be_kept_is_refused(change):
    given = {"project": "P", "participant": "S", "event": "E", "key": SITE_KEY}
    with pytest.raises(Misconfigured):
        Recipe(**{**given, **change})
