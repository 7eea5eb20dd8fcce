"""The header of a data set as plain values: texts, numbers, and lists where there are several.

A value is decoded when it is asked for, so that one that breaks the standard hides no other.
"""

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from headgate.core.dicom import repertoire
from headgate.core.dicom.dictionary import private_vr, tag_of, vr_of
from headgate.core.dicom.elements import (
    Data,
    Element,
    Encoding,
    Malformed,
    header_end,
    inner_encoding,
    items,
    walk,
)
from headgate.core.dicom.private import block_of, is_creator
from headgate.core.dicom.repertoire import DEFAULT, terms_of
from headgate.core.dicom.values import LETTERS, SINGLE, SIZES, TEXTS, WORDS, is_whole

CHARACTER_SET, PIXEL_REPRESENTATION = 0x00080005, 0x00280103
NAME, FRACTION, WHOLE, TAG = b"PN", b"DS", b"IS", b"AT"
IN_CHARACTER_SET = TEXTS | {NAME}


class Header:
    """The elements of a data set, or of an item in it; `meta` is the file meta information."""

    def __init__(
        self,
        data: Data,
        encoding: Encoding,
        place: tuple[int, int] | None = None,
        terms: tuple[str, ...] = DEFAULT,
        meta: Mapping[int, str] | None = None,
    ) -> None:
        """Given an encoded data set, where in it the elements stand, and the character sets that
        hold around it, take note of them, up to the pixels or to where they break off.
        """
        start, end = place or (0, _end(data, encoding))
        self._data, self._encoding, self.meta = data, encoding, meta or {}
        self._elements: dict[int, Element] = {}
        with suppress(Malformed):
            for one in walk(data, encoding, start, end):
                self._elements[one.tag] = one
        is_declared = CHARACTER_SET in self._elements
        self._terms = terms_of(self.raw(CHARACTER_SET)) if is_declared else terms

    @property
    def tags(self) -> Iterable[int]:
        """The tags, in their order."""
        return self._elements

    def get(self, keyword: str) -> Any:
        """Given a keyword, return the value; None: there is none, or it cannot be decoded."""
        tag = tag_of(keyword)
        return None if tag is None else self.value(tag)

    def text(self, keyword: str) -> str:
        """Given a keyword, return the value as one text, several parted by backslashes."""
        value = self.get(keyword)
        several = value if isinstance(value, list) else [value]
        return "\\".join("" if one is None else str(one) for one in several)

    def raw(self, tag: int) -> bytes:
        """Given a tag, return the bytes of its value; none: no bytes."""
        one = self._elements.get(tag)
        return bytes(self._data[one.value : one.end]) if one else b""

    def value(self, tag: int) -> Any:
        """Given a tag, return its value; None: there is none, or nothing that a text can tell."""
        raw, vr = self.raw(tag), self._vr(tag)
        if vr in LETTERS or vr == TAG:
            return self._numbers(vr, raw)
        if vr not in WORDS:
            return None
        text = repertoire.decode(raw, self._terms) if vr in IN_CHARACTER_SET else _plain(raw)
        several = [text] if vr in SINGLE else text.split("\\")
        try:
            return _single([_one(vr, one.rstrip(" \0")) for one in several])
        except ValueError:
            return None

    def items(self, keyword: str) -> Iterator["Header"]:
        """Given the keyword of a sequence, yield its items, as far as they can be told."""
        tag = tag_of(keyword)
        element = None if tag is None else self._elements.get(tag)
        if element is None:
            return
        inner = inner_encoding(self._data, element, self._encoding)
        with suppress(Malformed):
            for place in items(self._data, element, inner):
                yield Header(self._data, inner, place, self._terms)

    def _vr(self, tag: int) -> bytes:
        """Return the VR as it is written, or that of the dictionaries: PS3.5 6.2.2."""
        element: Element | None = self._elements.get(tag)
        if element is None or element.vr not in (b"", b"UN"):
            return element.vr if element else b""
        if tag & 0x10000:
            return self._private_vr(tag)
        known = vr_of(tag)
        if known == "US or SS":
            return b"SS" if self.value(PIXEL_REPRESENTATION) else b"US"
        return known.encode()

    def _private_vr(self, tag: int) -> bytes:
        if is_creator(tag):
            return b"LO"
        group, block = block_of(tag)
        creator = self.raw(group << 16 | block)
        return private_vr(_plain(creator).strip(), tag).encode()

    def _numbers(self, vr: bytes, raw: bytes) -> Any:
        if not is_whole(vr, raw):
            return None
        letter, size = ("H", 2) if vr == TAG else (LETTERS[vr], SIZES[vr])
        found = list(struct.unpack(f"{self._encoding.order}{len(raw) // size}{letter}", raw))
        if vr == TAG:
            pairs = zip(found[::2], found[1::2], strict=True)
            found = [group << 16 | number for group, number in pairs]
        return _single(found)


def _end(data: Data, encoding: Encoding) -> int:
    """Return where the pixels begin, of which nothing is read: they may be gigabytes."""
    try:
        return header_end(data, encoding)
    except Malformed:
        return len(data)


def _plain(raw: bytes) -> str:
    return raw.decode("latin-1").rstrip(" \0")


def _one(vr: bytes, text: str) -> Any:
    """Return a value. Raise ValueError where a number is none."""
    if not text.strip():
        return text if vr not in (FRACTION, WHOLE) else None
    if vr == NAME:
        return text.rstrip("=")  # PS3.5 6.2.1.2: component groups that are empty
    if vr not in (FRACTION, WHOLE):
        return text
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return int(number) if vr == WHOLE and number.is_integer() else number


def _single(several: list[Any]) -> Any:
    if len(several) > 1:
        return several
    return several[0] if several and several[0] != "" else None
