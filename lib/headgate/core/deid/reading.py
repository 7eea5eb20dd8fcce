"""Places and values told to people, and places alone where a value must not be told."""

import struct

from headgate.core.dicom import repertoire
from headgate.core.dicom.dictionary import keyword_of
from headgate.core.dicom.values import LETTERS, SIZES, WORDS

Path = tuple[int, ...]  # tags and item numbers, in turn


def place(path: Path) -> str:
    """Given a path, return it for people: keywords, with item numbers from 0 in brackets."""
    steps = [
        f"[{step}]" if position % 2 else f".{name_of(step)}" for position, step in enumerate(path)
    ]
    return "".join(steps).lstrip(".")


def name_of(tag: int) -> str:
    """Given a tag, return its keyword, or its number where it has none: PS3.6."""
    return keyword_of(tag) or f"({tag >> 16:04x},{tag & 0xFFFF:04x})"


def shown(vr: bytes, value: bytes, terms: tuple[str, ...], order: str) -> str:
    """Given a value, return it as people read it: a text, numbers, or how many bytes it has."""
    if vr in WORDS:
        return repertoire.decode(value, terms)
    if vr in LETTERS and value and len(value) % SIZES[vr] == 0:
        count = len(value) // SIZES[vr]
        return "\\".join(map(str, struct.unpack(f"{order}{count}{LETTERS[vr]}", value)))
    return f"{len(value)} bytes" if value else ""
