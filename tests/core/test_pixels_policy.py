"""Which instances' pixels are cleaned: told by their headers and the profile."""

import pytest
from headgate.core import fields, transfer
from headgate.core.deid.rules.profile import Profile
from headgate.core.errors import Misconfigured
from headgate.core.pixels import policy
from headgate.core.pixels.policy import Facts, decide

CT, MR, SC, US, VL = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.4",
    "1.2.840.10008.5.1.4.1.1.7",
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.77.1.1",
)


DEFAULT = Profile(clean_pixels=True)


def is_cleaned(profile=DEFAULT, has_frames=True, overlay=False, **texts):
    tags = {
        "sop_class": policy.SOP_CLASS,
        "modality": policy.MODALITY,
        "image_type": policy.IMAGE_TYPE,
        "burned_in": policy.BURNED_IN_ANNOTATION,
        "conversion": policy.CONVERSION_TYPE,
        "series": policy.SERIES_DESCRIPTION,
        "comments": policy.IMAGE_COMMENTS,
    }
    facts = Facts({tags[name]: text for name, text in texts.items()}, overlay)
    return decide(facts, has_frames, profile).is_cleaned


@pytest.mark.parametrize(
    "texts",
    [
        {"modality": "US"},
        {"sop_class": US, "modality": "OTHER"},
        {"sop_class": SC, "modality": "CT"},
        {"sop_class": SC + ".4", "modality": "OT"},
        {"sop_class": CT, "modality": "CT", "burned_in": "YES"},
        {"sop_class": CT, "modality": "CT", "burned_in": "yes"},
        {"sop_class": CT, "modality": "CT", "burned_in": "MAYBE"},
        {"sop_class": CT, "modality": "CT", "image_type": "DERIVED\\SECONDARY\\SCREEN SAVE"},
        {"sop_class": CT, "modality": "CT", "conversion": "WSD"},
        {"sop_class": US, "modality": "US", "burned_in": "NO"},
        {"sop_class": VL, "modality": "ES"},
        {"sop_class": CT, "modality": "CT", "overlay": True},
    ],
)
def test_what_may_have_text_burned_in_is_cleaned(texts):
    assert is_cleaned(**texts)


@pytest.mark.parametrize(
    "texts",
    [
        {"sop_class": CT, "modality": "CT", "image_type": "ORIGINAL\\PRIMARY\\AXIAL"},
        {"sop_class": MR, "modality": "MR", "burned_in": "NO"},
        {"sop_class": "1.2.840.10008.5.1.4.1.1.12.1", "modality": "XA"},
        {"sop_class": "1.2.840.10008.5.1.4.1.1.77.1.6", "modality": "SM"},
    ],
)
def test_what_comes_from_a_detector_is_left(texts):
    assert not is_cleaned(**texts)


def test_what_has_no_frames_is_left():
    assert not is_cleaned(modality="US", has_frames=False)


@pytest.mark.parametrize(
    ("row", "is_left"),
    [
        ((2, "^Fetal"), True),
        ((1, "volume$"), True),
        ((1, "^Fetal"), False),
        ((2, "volume"), False),
    ],
)
def test_a_row_of_FIONAs_exclusions_leaves_what_matches(row, is_left):
    texts = {"modality": "US", "series": "Fetal heart", "comments": "a 3D volume"}
    assert is_cleaned(Profile(clean_pixels=True, pixel_exclusions=(row,)), **texts) != is_left


@pytest.mark.parametrize("row", [(3, "x"), (2, "(")])
def test_an_exclusion_that_cannot_be_used_is_a_matter_of_configuration(row):
    with pytest.raises(Misconfigured):
        Profile(clean_pixels=True, pixel_exclusions=(row,))


def test_a_profile_without_pixel_cleaning_leaves_all():
    assert not is_cleaned(Profile(clean_pixels=False), modality="US", burned_in="YES")


@pytest.mark.parametrize(
    ("sop_class", "is_dropped"), [(SC, True), (SC + ".4", True), (VL, False), (CT, False)]
)
def test_a_project_drops_secondary_captures_and_nothing_that_is_numbered_alike(
    sop_class, is_dropped
):
    feature = f"{fields.PROJECT_FEATURES}___{fields.FEATURE_DROP_SECONDARY_CAPTURE}"
    assert bool(transfer.exclusion(sop_class, {feature: "1"})) == is_dropped
