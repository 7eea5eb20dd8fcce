"""Profiles of de-identification: TOML files, one for each way that projects want it."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headgate.core.deid.rules.profile import DEFAULT, FULL, MODIFIED, NONE, Profile
from headgate.core.dicom import dictionary
from headgate.core.errors import Misconfigured, Rejected
from headgate.core.fields import (
    EXCLUSION_PATTERN,
    EXCLUSION_TAG,
    EXCLUSIONS_FORM,
    FEATURE_NEVER_REWRITE_PIXELS,
    IMPORT_RULE_PATTERN,
    IMPORT_RULE_TAG,
    PROJECT_FEATURES,
)
from headgate.core.pixels.boxes import Box
from headgate.core.pixels.regions import Template

SECTIONS: Mapping[str, tuple[str, ...]] = {
    "retain": (
        *("dates", "patient_characteristics", "device_identity", "institution_identity"),
        *("uids", "safe_private", "structured_content"),
    ),
    "texts": ("cleaned", "kept", "patterns"),
    "pixels": ("clean", "modalities", "excluded", "templates"),
    "dropped": ("modalities", "sop_classes"),
    "visual_features": ("command", "modalities"),
}
# Attributes that exclude a series from cleaning, as FIONA's rewritepixelexclusions number them
EXCLUDING = {"ImageComments": 1, "SeriesDescription": 2}
TEMPLATE_TEXTS, TEMPLATE_SIZES = ("manufacturer", "model", "modality"), ("rows", "columns")
PLACES = ("{input}", "{output}")
TOP = ("name", "version", "examples")
DATES = (MODIFIED, FULL, NONE)
NUMBER = re.compile(r"\(?([0-9a-fA-F]{4}),? ?([0-9a-fA-F]{4})\)?")


@dataclass(frozen=True)
class Example:
    """An input, as values by keyword, and what must be there afterwards; blank: nothing."""

    before: Mapping[str, str]
    after: Mapping[str, str]


def read_profile(path: Path) -> tuple[Profile, list[Example]]:
    """Given a TOML file, return the profile in it and its examples. Raise Misconfigured."""
    try:
        content = path.read_bytes()
        found = tomllib.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise Misconfigured(f"the profile {path} cannot be read: {error}") from error
    _check_keys(path, found)
    retain, texts = found.get("retain", {}), found.get("texts", {})
    dropped = found.get("dropped", {})
    if retain.get("dates", MODIFIED) not in DATES:
        raise Misconfigured(f"{path}: dates is none of {', '.join(DATES)}")
    wrong = [
        name for name, value in retain.items() if name != "dates" and not isinstance(value, bool)
    ]
    if wrong:
        raise Misconfigured(f"{path}: {wrong[0]} is neither true nor false")
    profile = Profile(
        name=str(found.get("name", path.stem)),
        version=_number(path, found.get("version", 1)),
        digest=hashlib.sha256(content).hexdigest(),
        **retain,
        descriptors=_tags(path, texts["cleaned"]) if "cleaned" in texts else DEFAULT.descriptors,
        kept_texts=_texts(path, texts.get("kept", [])),
        patterns=tuple(
            (tag_of(str(path), name), _pattern(str(path), text))
            for name, text in texts.get("patterns", {}).items()
        ),
        **_pixels(path, found.get("pixels", {})),
        **_visual_features(path, found.get("visual_features", {})),
        dropped_modalities=_texts(path, dropped.get("modalities", [])),
        dropped_classes=_texts(path, dropped.get("sop_classes", [])),
    )
    return profile, [_example(path, one) for one in found.get("examples", [])]


def named(name: str, folder: Path) -> tuple[Profile, list[Example]]:
    """Given a profile's name, or the path of a file, return it. Raise Misconfigured.

    The name "default" is that of the profile built in, where the folder has none.
    """
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    if name == DEFAULT.name and not path.exists():
        return DEFAULT, []
    return read_profile(path)


def with_rules(profile: Profile, row: Mapping[str, Any]) -> Profile:
    """Given a profile and a project's row of REDCap, with its rows of rewritepixelexclusions under
    that name, return the profile with the project's own rules.

    Raise Rejected where one cannot be used: the project's studies wait until it is mended.
    """
    return with_pixel_rules(with_import_rule(profile, row), row)


def with_pixel_rules(profile: Profile, row: Mapping[str, Any]) -> Profile:
    """Given a profile and a project's row, add which series keep their pixels. Raise Rejected."""
    if str(row.get(f"{PROJECT_FEATURES}___{FEATURE_NEVER_REWRITE_PIXELS}", "")) == "1":
        profile = replace(profile, clean_pixels=False)
    wanted = [one for one in row.get(EXCLUSIONS_FORM, ()) if one.get(EXCLUSION_PATTERN)]
    try:
        added = tuple(
            (int(one.get(EXCLUSION_TAG) or 0), str(one[EXCLUSION_PATTERN])) for one in wanted
        )
        return replace(profile, pixel_exclusions=(*profile.pixel_exclusions, *added))
    except (Misconfigured, ValueError) as error:
        raise Rejected(f"{EXCLUSIONS_FORM} of the project in REDCap: {error}") from error


def with_import_rule(profile: Profile, row: Mapping[str, Any]) -> Profile:
    """Given a profile and a project's row of REDCap, add the row's import rule to it.

    Raise Rejected where it cannot be used: the project's studies wait until it is mended.
    """
    name, pattern = (str(row.get(key) or "") for key in (IMPORT_RULE_TAG, IMPORT_RULE_PATTERN))
    if not name or not pattern:
        return profile
    place = f"{IMPORT_RULE_TAG} of the project in REDCap"
    try:
        rule = tag_of(place, name), _pattern(place, pattern)
    except Misconfigured as error:
        raise Rejected(str(error)) from error
    return replace(profile, patterns=(*profile.patterns, rule))


def tag_of(place: str, name: str) -> int:
    """Given a keyword, or a tag as gggg,eeee, return the tag. Raise Misconfigured."""
    number = NUMBER.fullmatch(name)
    tag = int(number[1] + number[2], 16) if number else dictionary.tag_of(name)
    if tag is None:
        raise Misconfigured(f"{place}: {name!r} is no attribute of DICOM: PS3.6 lists them")
    return tag


def _check_keys(path: Path, found: Mapping[str, Any]) -> None:
    for name, value in found.items():
        if name in TOP:
            continue
        if name not in SECTIONS or not isinstance(value, dict):
            raise Misconfigured(f"{path}: there is no setting {name!r}")
        unknown = sorted(set(value) - set(SECTIONS[name]))
        if unknown:
            raise Misconfigured(f"{path}: there is no setting {name}.{unknown[0]}")


def _pixels(path: Path, section: Mapping[str, Any]) -> dict[str, Any]:
    clean, excluded = section.get("clean", True), section.get("excluded", {})
    if not isinstance(clean, bool):
        raise Misconfigured(f"{path}: pixels.clean is neither true nor false")
    unknown = sorted(set(excluded) - set(EXCLUDING))
    if unknown:
        raise Misconfigured(f"{path}: pixels.excluded knows {', '.join(EXCLUDING)} alone")
    found: dict[str, Any] = {
        "clean_pixels": clean,
        "pixel_exclusions": tuple(
            (EXCLUDING[name], _pattern(str(path), text)) for name, text in excluded.items()
        ),
    }
    found["pixel_templates"] = tuple(
        _template(path, one) for one in _tables(path, section.get("templates", []))
    )
    if "modalities" in section:
        found["pixel_modalities"] = _texts(path, section["modalities"])
    return found


def _visual_features(path: Path, section: Mapping[str, Any]) -> dict[str, Any]:
    found = {f"features_{name}": _texts(path, value) for name, value in section.items()}
    command = found.get("features_command", ())
    if command and not all(any(place in word for word in command) for place in PLACES):
        raise Misconfigured(f"{path}: visual_features.command has {' and '.join(PLACES)} in it")
    return found


def _tables(path: Path, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Misconfigured(f"{path}: [[pixels.templates]] is to be a table for each device")
    return value


def _template(path: Path, found: Mapping[str, Any]) -> Template:
    """PS3.3 C.7.6.3: a place on a frame is told in columns and rows, from its top left corner."""
    place = f"{path}: a table [[pixels.templates]]"
    unknown = sorted(set(found) - {*TEMPLATE_TEXTS, *TEMPLATE_SIZES, "boxes"})
    if unknown:
        raise Misconfigured(f"{place} has no {unknown[0]!r}")
    texts = {name: found.get(name, "") for name in TEMPLATE_TEXTS}
    sizes = {name: found.get(name, 0) for name in TEMPLATE_SIZES}
    if not all(isinstance(text, str) for text in texts.values()) or not any(texts.values()):
        raise Misconfigured(f"{place} names its device by {', '.join(TEMPLATE_TEXTS)}")
    if not all(type(size) is int and size >= 0 for size in sizes.values()):
        raise Misconfigured(f"{place} has rows and columns in pixels")
    boxes = found.get("boxes")
    if not isinstance(boxes, list) or not boxes or not all(map(_is_box, boxes)):
        raise Misconfigured(f"{place} has boxes as [left, top, right, bottom] in pixels")
    return Template(**texts, **sizes, boxes=tuple(Box(*box) for box in boxes))


def _is_box(value: Any) -> bool:
    if not isinstance(value, list) or [type(edge) for edge in value] != [int] * 4:
        return False
    left, top, right, bottom = value
    return 0 <= left < right and 0 <= top < bottom


def _number(path: Path, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Misconfigured(f"{path}: version is no whole number")
    return value


def _texts(path: Path, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Misconfigured(f"{path}: {value!r} is no list of texts")
    return tuple(value)


def _tags(path: Path, value: Any) -> tuple[int, ...]:
    return tuple(tag_of(str(path), name) for name in _texts(path, value))


def _pattern(place: str, text: Any) -> str:
    try:
        re.compile(text)
    except (re.error, TypeError) as error:
        raise Misconfigured(f"{place}: {text!r} is no regular expression: {error}") from error
    return str(text)


def _example(path: Path, found: Any) -> Example:
    before, after = (_values(path, found, name) for name in ("before", "after"))
    return Example(before, after)


def _values(path: Path, found: Any, name: str) -> dict[str, str]:
    part = found.get(name) if isinstance(found, dict) else None
    if not isinstance(part, dict):
        raise Misconfigured(f"{path}: an example has a table before and a table after")
    for keyword in part:
        tag_of(str(path), keyword)
    return {keyword: str(text) for keyword, text in part.items()}
